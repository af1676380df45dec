import { CloudTrailClient, StopLoggingCommand } from '@aws-sdk/client-cloudtrail';
import { EventBridgeClient, PutRuleCommand, PutTargetsCommand } from '@aws-sdk/client-eventbridge';
import { DeleteRolePolicyCommand, IAMClient, PutRolePolicyCommand } from '@aws-sdk/client-iam';
import { CreateQueueCommand, SQSClient } from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { busEvent } from '../../playbooks/messages/events.ts';
import { as, type Stage } from '../../simulate/attack.ts';
import { pagerDutyEvent, slackMessage } from '../playbooks/documented.ts';
import { answerAs } from './harness/approve.ts';
import { Desk, type Played } from './harness/desk.ts';
import { eventually } from './harness/eventually.ts';
import { ended, start } from './harness/executions.ts';
import { actionsOf, section, theIncident, theSummary } from './harness/expectations.ts';
import { makeOffender } from './harness/offender.ts';
import { drain, type QueueMessage } from './harness/queue.ts';
import { type Received, Receiver } from './harness/receiver.ts';
import { startTestAws, type TestAws } from './harness/test-aws.ts';
import { undo } from './harness/undo.ts';

const ROUTING_KEY = '0123456789abcdef0123456789abcdef';
const UNDELIVERED = 'cordon-undelivered-messages';
const FOLLOWER = 'follower';

// An AWS of its own: only here are Slack and PagerDuty configured, with receivers of these tests in their place.
let aws: TestAws;
let slack: Receiver;
let pagerduty: Receiver;
let desk: Desk;
let stage: Stage;
let sqs: SQSClient;
const events: QueueMessage['body'][] = [];
const undelivered: QueueMessage[] = [];

beforeAll(async () => {
  [slack, pagerduty] = await Promise.all([Receiver.open(200), Receiver.open(202)]);
  aws = await startTestAws({
    secrets: { 'cordon/slack': `${slack.url}/services/T000/B000/secret`, 'cordon/pagerduty': ROUTING_KEY },
    settings: {
      slack: 'cordon/slack',
      pagerduty: 'cordon/pagerduty',
      pagerdutyUrl: `${pagerduty.url}/v2/enqueue`,
    },
  });
  desk = await Desk.open('trail-tampering', aws.shared);
  stage = desk.stage();
  const { endpoint, region, accountAdministrator: credentials } = aws.shared;
  sqs = new SQSClient({ endpoint, region, credentials });
  await follow();
});
afterAll(async () => {
  await desk?.close();
  await aws?.close();
  sqs?.destroy();
  await Promise.all([slack?.close(), pagerduty?.close()]);
});
beforeEach(() => {
  for (const receiver of [slack, pagerduty]) receiver.clear();
  events.length = 0;
  undelivered.length = 0;
});

/** Follows the bus as anybody can: a rule that takes all of cordon's events to a queue. */
async function follow(): Promise<void> {
  const { endpoint, region, account, accountAdministrator: credentials } = aws.shared;
  const client = new EventBridgeClient({ endpoint, region, credentials });
  await sqs.send(new CreateQueueCommand({ QueueName: FOLLOWER }));
  const where = { Rule: FOLLOWER, EventBusName: 'cordon-incidents' };
  await client.send(
    new PutRuleCommand({ Name: FOLLOWER, EventBusName: where.EventBusName, EventPattern: '{"source":["cordon"]}' }),
  );
  const Arn = `arn:aws:sqs:${region}:${account}:${FOLLOWER}`;
  await client.send(new PutTargetsCommand({ ...where, Targets: [{ Id: 'queue', Arn }] }));
  client.destroy();
}

/** A user stops the trail, who is to be contained. */
async function play(name: string): Promise<Played> {
  const { key } = await makeOffender(stage, `${name}-${stage.mark}`, ['cloudtrail:StopLogging']);
  const stop = () => new CloudTrailClient(as(stage, key)).send(new StopLoggingCommand({ Name: 'cordon' }));
  return desk.play({ attack: stop, stopsTrail: true });
}

const byAction = (action: string) => (request: Received) =>
  (request.body as { event_action?: string }).event_action === action;
const heading = ({ body }: Received): string => {
  const { blocks } = body as { blocks: { text: { text: string } }[] };
  return blocks[0]?.text.text ?? '';
};

/** Waits for a request that `wanted` accepts. */
const came = (receiver: Receiver, wanted: (request: Received) => boolean): Promise<Received> =>
  eventually(
    'a request',
    async () => receiver.requests.find(wanted),
    async () => `There came: ${JSON.stringify(receiver.requests.map(({ body, status }) => ({ body, status })))}`,
  );

/** Waits until `count` messages were accepted. */
const cameAll = (receiver: Receiver, count: number): Promise<true> =>
  eventually(
    `${count} messages accepted`,
    async () => receiver.requests.filter(({ status = 500 }) => status < 300).length >= count || undefined,
    async () => `There came: ${JSON.stringify(receiver.requests.map(({ body, status }) => ({ body, status })))}`,
  );

/** Waits for events on the bus until one is `type`. */
const published = (type: string): Promise<QueueMessage['body']> =>
  eventually(
    `the event ${type}`,
    async () => {
      events.push(...(await drain(sqs, FOLLOWER)).map(({ body }) => body));
      return events.find((event) => event['detail-type'] === type);
    },
    async () => `There were: ${events.map((event) => event['detail-type']).join(', ')}`,
  );

/** Waits until so many messages are given up. */
const givenUp = (count: number): Promise<QueueMessage[]> =>
  eventually(
    `${count} messages in ${UNDELIVERED}`,
    async () => {
      undelivered.push(...(await drain(sqs, UNDELIVERED)));
      return undelivered.length >= count ? undelivered : undefined;
    },
    async () => `There were ${undelivered.length}: ${JSON.stringify(undelivered.map(({ attributes }) => attributes))}`,
  );

const expectContained = (played: Played, user: string): void => {
  const incident = theIncident(played);
  expect(incident).toMatchObject({ outcome: 'contained', status: 'handed-over', failures: [] });
  expect(actionsOf(incident)).toContain(`disable-iam-user, IAM user ${user}-${stage.mark}: verified`);
  expect(incident.unannounced ?? []).toEqual([]);
};

describe('messages to receivers that accept', () => {
  let played: Played;

  const actionsTold = () => {
    const pages = pagerduty.requests.map(({ body }) => (body as { event_action: string }).event_action);
    return { slack: slack.requests.map(heading).map((text) => text.split(':')[0]), pages };
  };

  it('row: messages: accepted: channel, pager and every follower of the bus are told how an incident goes', async () => {
    // Act
    played = await play('mallory');
    await came(slack, (request) => heading(request).includes('HANDED OVER'));
    await cameAll(pagerduty, 2);
    await published('Incident Handed Over');

    // Assess
    const incident = theIncident(played);
    expectContained(played, 'mallory');
    for (const { path, headers, body } of slack.requests) {
      expect(path).toBe('/services/T000/B000/secret');
      expect(headers['content-type']).toMatch(/^application\/json/);
      expect(slackMessage.parse(body)).toEqual(body);
    }
    for (const { path, body } of pagerduty.requests) {
      expect(path).toBe('/v2/enqueue');
      expect(pagerDutyEvent.parse(body)).toMatchObject({ routing_key: ROUTING_KEY, dedup_key: incident.id });
    }
    expect(actionsTold()).toEqual({
      slack: ['CRITICAL OPENED', 'CRITICAL CONTAINED', 'CRITICAL HANDED OVER to an analyst, CONTAINED'],
      pages: ['trigger', 'trigger'],
    });
    expect(JSON.stringify(slack.requests[1]?.body)).toContain(`By IAM user mallory-${stage.mark}`);
    expect(JSON.stringify([slack.requests, events])).not.toContain(ROUTING_KEY);
    const details = events.map((event) => busEvent.parse(event).detail);
    expect(new Set(details.map((detail) => ('incident' in detail ? detail.incident.id : undefined)))).toEqual(
      new Set([incident.id]),
    );
    const changes = events.map((event) => event['detail-type']);
    expect(changes.filter((type) => type !== 'Action Changed').sort()).toEqual([
      ...['Incident Changed', 'Incident Handed Over', 'Incident Opened', 'Task Asked'],
    ]);
    const actions = events.flatMap(({ detail }) => {
      const { action } = detail as { action?: { action: string; status: string } };
      return action ? `${action.action}: ${action.status}` : [];
    });
    expect(actions.sort()).toEqual(
      ['disable-iam-user', 'start-logging', 'tag-iam-user'].flatMap((action) =>
        ['planned', 'verified'].map((status) => `${action}: ${status}`),
      ),
    );
    expect(await drain(sqs, UNDELIVERED)).toEqual([]);
  });

  it('row: messages: answered and closed: an answer acknowledges, closing resolves, an undo is told', async () => {
    // Prepare
    const { id, questions, actions } = await desk.ledger.incident(theIncident(played).id);
    const [task] = questions;

    // Act
    await answerAs(desk, { answer: 'done', incidentId: id, key: task?.key ?? '', note: 'read it, nothing else' });
    await came(slack, (request) => heading(request).includes('CLOSED'));
    await came(pagerduty, byAction('resolve'));
    await published('Incident Closed');

    // Assess
    expect(await desk.ledger.head(id)).toMatchObject({ status: 'closed', outcome: 'contained' });
    const told = actionsTold();
    expect(told.pages).toEqual(['acknowledge', 'resolve']);
    // The last two come at the same time, and Slack's order is nobody's promise.
    expect(told.slack.sort()).toEqual([
      'CRITICAL CLOSED, CONTAINED',
      'CRITICAL CONTAINED',
      'CRITICAL TASK ANSWERED (done)',
    ]);
    const answered = events.find((event) => event['detail-type'] === 'Task Answered');
    expect(answered?.detail).toMatchObject({
      decision: { key: task?.key, status: 'done', answer: 'done', by: expect.stringContaining(':user/soc-admin') },
    });

    // Act
    const tag = actions.find(({ action }) => action === 'tag-iam-user');
    if (tag) await undo(desk, theIncident(played), tag, { reason: 'a drill' });

    // Assess
    await came(slack, (request) => heading(request).includes('undone: tag the IAM user'));
    await cameAll(pagerduty, 3);
    expect(actionsTold().pages).toEqual(['acknowledge', 'resolve', 'acknowledge']);
  });
});

describe('messages to receivers that do not accept', () => {
  it('row: messages: refused for now, and slow: tried again until accepted; the playbook waits for neither', async () => {
    // Prepare
    slack.answer = (_, before) => ({ status: before.length < 2 ? 503 : 200 });
    pagerduty.answer = (_, before) => (before.length < 1 ? 'silence' : { status: 202 });

    // Act
    const played = await play('trudy');
    const opened = await came(slack, (request) => heading(request).includes('OPENED') && request.status === 200);

    await Promise.all([cameAll(slack, 3), cameAll(pagerduty, 2)]);

    // Assess
    expectContained(played, 'trudy');
    expect(slack.requests.slice(0, slack.requests.indexOf(opened)).map(({ status }) => status)).toContain(503);
    const silent = pagerduty.requests.find(({ status }) => status === undefined);
    expect(silent?.status).toBeUndefined();
    expect((silent?.over ?? 0) - (silent?.at ?? 0)).toBeGreaterThan(4_500);
    expect(pagerduty.requests.filter(({ body }) => JSON.stringify(body) === JSON.stringify(silent?.body))).toHaveLength(
      2,
    );
    const disabled = theIncident(played).actions.find(({ action }) => action === 'disable-iam-user');
    expect(Date.parse(disabled?.at.verified ?? '')).toBeLessThan(silent?.over ?? 0);
    expect(await drain(sqs, UNDELIVERED)).toEqual([]);
  });

  it('row: messages: refused for good, and dead: kept in the queue with the reason, and contained all the same', async () => {
    // Prepare
    slack.answer = () => ({ status: 404 });
    await pagerduty.close();

    // Act
    const played = await play('oscar');
    const messages = await givenUp(5);
    await pagerduty.listen();

    // Assess
    expectContained(played, 'oscar');
    const { id } = theIncident(played);
    expect(slack.requests).toHaveLength(3);
    const reasons = messages.map(({ attributes }) => attributes);
    const toSlack = reasons.filter(({ RULE_ARN }) => RULE_ARN?.endsWith('rule/cordon-incidents/cordon-slack'));
    expect(toSlack).toHaveLength(3);
    for (const one of toSlack) {
      expect(one).toMatchObject({ ERROR_CODE: 'ERROR_FROM_TARGET', ERROR_MESSAGE: expect.stringContaining('404') });
      expect(one).toMatchObject({ RETRY_ATTEMPTS: '0' });
    }
    const toPager = reasons.filter(({ RULE_ARN }) => RULE_ARN?.endsWith('rule/cordon-incidents/cordon-pagerduty'));
    expect(toPager).toHaveLength(2);
    for (const one of toPager) {
      expect(one).toMatchObject({
        ERROR_CODE: 'CONNECTION_FAILURE',
        EXHAUSTED_RETRY_CONDITION: 'MaximumRetryAttempts',
      });
    }
    for (const { body } of messages) expect(body.detail).toMatchObject({ incident: { id } });
  });
});

describe('an event bus that refuses', () => {
  it('row: messages: bus refused: the incident is contained, mail and ledger say what was not announced', async () => {
    // Prepare
    // Where it were seen, cordon would put its own role back first.
    const iam = new IAMClient({ ...as(stage, stage.administrator), endpoint: aws.shared.unrecorded });
    const denied = { RoleName: 'cordon-claim', PolicyName: 'no-events' };
    const Statement = [{ Effect: 'Deny', Action: 'events:PutEvents', Resource: '*' }];
    const PolicyDocument = JSON.stringify({ Version: '2012-10-17', Statement });
    await iam.send(new PutRolePolicyCommand({ ...denied, PolicyDocument }));

    // Act
    const played = await play('eve').finally(() => iam.send(new DeleteRolePolicyCommand(denied)));

    // Assess
    const incident = theIncident(played);
    expect(incident).toMatchObject({ outcome: 'contained', status: 'handed-over', failures: [] });
    expect(incident.unannounced).toMatchObject([
      { what: 'Incident Opened', error: expect.stringMatching(/AccessDenied/) },
    ]);
    expect(section(theSummary(played), 'NOT PUT ONTO THE EVENT BUS')[0]).toMatch(/^- Incident Opened, .*AccessDenied/);
    await Promise.all([cameAll(slack, 2), cameAll(pagerduty, 1)]);
  });
});

describe('a playbook that fails', () => {
  it('row: messages: playbook failed: Step Functions itself mails it, and tells channel, pager and bus', async () => {
    // Prepare
    const { account, region } = aws.shared;
    const state = { value: 'ALARM', timestamp: '2026-05-01T03:00:00.000+0000' };
    const detail = { alarmName: 'cordon-retired-<!channel>', state };
    const event = { 'detail-type': 'CloudWatch Alarm State Change', account, region, detail };

    // Act
    const execution = await start(desk.clients.sfn, desk.machine, JSON.stringify(event));
    const { status } = await ended(desk.clients.sfn, execution);

    // Assess
    expect(status).toBe('FAILED');
    const mail = await desk.mail(({ subject }) => subject.includes('PLAYBOOK FAILED'));
    expect(mail.subject).toBe(`[cordon] CRITICAL PLAYBOOK FAILED: cordon-retired-<!channel>, ${account}`);
    const said = await came(slack, (request) => heading(request).includes('PLAYBOOK FAILED'));
    expect(slackMessage.parse(said.body)).toEqual(said.body);
    expect(JSON.stringify(said.body)).not.toContain('<!channel>');
    const paged = await came(pagerduty, byAction('trigger'));
    expect(pagerDutyEvent.parse(paged.body)).toMatchObject({ dedup_key: execution, payload: { severity: 'critical' } });
    expect(busEvent.parse(await published('Playbook Failed')).detail).toMatchObject({ execution });
  });
});
