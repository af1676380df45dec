import { beforeEach, describe, expect, it } from 'vitest';
import { answer } from '../../handlers/answers/answer.ts';
import { planContainments } from '../../handlers/plan.ts';
import { askAnalyst, isAsking } from '../../handlers/steps/ask-analyst.ts';
import { awaitAnswer } from '../../handlers/steps/await-answer.ts';
import { close } from '../../handlers/steps/close.ts';
import { concludeQuestion } from '../../handlers/steps/conclude-question.ts';
import { remindAnalyst } from '../../handlers/steps/remind-analyst.ts';
import { settleQuestion } from '../../handlers/steps/settle-question.ts';
import { actorOf } from '../../playbooks/actor.ts';
import { responseOf } from '../../playbooks/catalog.ts';
import { cloudTrailRecord } from '../../playbooks/cloudtrail.ts';
import { iamUser } from '../../playbooks/detections/samples.ts';
import type { IncidentEvent } from '../../playbooks/incident.ts';
import { isWaiting } from '../../playbooks/question.ts';
import { ACCOUNT, callAt, Desk, TRAIL } from './desk.ts';
import { refusal } from './fake-account.ts';

const ALICE = `arn:aws:iam::${ACCOUNT}:user/alice`;
const BOB = `arn:aws:iam::${ACCOUNT}:user/bob`;
const MALLORY = `arn:aws:iam::${ACCOUNT}:user/mallory`;

let desk: Desk;
let incidentId: string;

/** A trail stopped by mallory, in a deployment that may do nothing unasked. */
beforeEach(async () => {
  desk = new Desk({ mode: 'approve' });
  incidentId = await desk.open('trail-tampering');
  const parsed = cloudTrailRecord.parse(
    callAt('03:00:05', 'cloudtrail.amazonaws.com', 'StopLogging', iamUser('mallory'), {
      requestParameters: { name: TRAIL },
    }),
  );
  const event: IncidentEvent = { record: parsed, actor: actorOf(parsed, ACCOUNT), verdict: 'offence' };
  await desk.context.ledger.claimEvent(incidentId, 'trail-tampering', event, { round: 0, order: 0 });
  desk.account.users.mallory = { keys: [{ id: 'AKIA1', status: 'Active' }], policies: {}, tags: {} };
  await planContainments(await desk.context.ledger.incident(incidentId), desk.context);
});

const questions = async () => (await desk.context.ledger.incident(incidentId)).questions;
const find = async (action: string) => {
  const found = (await questions()).find((one) => one.action === action);
  return found?.key ?? '';
};
const task = async () => (await questions()).find(({ kind }) => kind === 'task')?.key ?? '';
const action = async (key: string) => desk.context.ledger.action(incidentId, key);

/** An answer as API Gateway hands it on. */
async function sent(by: string, body: object, raw?: string): Promise<{ status: number; text: string }> {
  const request = {
    requestContext: { http: { sourceIp: '203.0.113.7' }, authorizer: { iam: { userArn: by } } },
    body: raw ?? JSON.stringify({ incidentId, note: 'seen', ...body }),
  };
  const { statusCode = 0, body: text = '' } = await answer(request, desk.context);
  return { status: statusCode, text };
}

/** What Step Functions does when a wait begins. */
async function wait(key: string, token: string, number = 1): Promise<void> {
  desk.account.tokens.add(token);
  const [execution = ''] = Object.entries(desk.account.executions).find(([, { input }]) => input.includes(key)) ?? [];
  await awaitAnswer({ incidentId, key, number, token, execution }, desk.context);
}

/** All that was asked begins to wait. */
async function waitForAll(): Promise<void> {
  for (const { key, number } of await questions()) await wait(key, `token of ${key}`, number);
}

describe('asking', () => {
  it('asks about each proposed action and each manual step once, each in an execution of its own', async () => {
    const first = await askAnalyst({ incidentId }, desk.context);
    await waitForAll();
    const second = await askAnalyst({ incidentId }, desk.context);

    const asked = await questions();
    expect(first.asked).toBe(asked.length);
    expect(second).toEqual({ asked: 0, withdrawn: 0 });
    expect(asked.map(({ action: id, kind }) => id ?? kind).sort()).toEqual([
      'disable-iam-user',
      'tag-iam-user',
      'task',
    ]);
    expect(Object.keys(desk.account.executions)).toHaveLength(asked.length);
  });

  it('keeps manual steps in the order in which the response declares them', async () => {
    await askAnalyst({ incidentId }, desk.context);

    const incident = await desk.context.ledger.incident(incidentId);
    const declared = responseOf('restore-trail')
      .byHand(incident)
      .map(({ what }) => what);
    const asked = incident.questions.filter(({ kind }) => kind === 'task').map(({ what }) => what);
    expect(asked.filter((what) => declared.includes(what))).toEqual(declared);
    expect(incident.questions.map(({ order }) => order)).toEqual(incident.questions.map((_, order) => order));
  });

  it('starts what a crash has left without an execution, and never a second one', async () => {
    desk.account.before = (operation) => {
      if (operation === 'StartExecution') throw refusal('ThrottlingException');
    };
    await expect(askAnalyst({ incidentId }, desk.context)).rejects.toThrow('ThrottlingException');
    desk.account.before = () => undefined;

    await askAnalyst({ incidentId }, desk.context);
    await askAnalyst({ incidentId }, desk.context);

    expect(Object.keys(desk.account.executions)).toHaveLength((await questions()).length);
  });

  it('takes an answer that comes before anything waits, and starts nothing else for it', async () => {
    await askAnalyst({ incidentId }, desk.context);
    const key = await find('disable-iam-user');
    const before = Object.keys(desk.account.executions).length;

    const { status } = await sent(ALICE, { answer: 'approve', key });

    expect(status).toBe(200);
    expect(Object.keys(desk.account.executions)).toHaveLength(before);
  });

  it('withdraws what is settled otherwise, and ends its wait', async () => {
    await askAnalyst({ incidentId }, desk.context);
    const key = await find('tag-iam-user');
    await wait(key, 'token-1');
    await desk.context.ledger.advance(incidentId, await action(key), 'not-needed');

    const { withdrawn } = await askAnalyst({ incidentId }, desk.context);

    expect(withdrawn).toBe(1);
    expect((await questions()).find((one) => one.key === key)?.status).toBe('withdrawn');
    expect(desk.account.tokens.size).toBe(0);
  });

  it('leaves what failed or was withheld to a person as a manual step, with the commands', async () => {
    await askAnalyst({ incidentId }, desk.context);
    const key = await find('disable-iam-user');
    await desk.context.ledger.advance(incidentId, await action(key), 'failed', { reason: 'AccessDenied: no' });

    await askAnalyst({ incidentId }, desk.context);

    const left = (await questions()).find(({ what }) => /FAILED/.test(what));
    expect(left).toMatchObject({ kind: 'task', status: 'open' });
    expect(left?.what).toContain('IAM user mallory: it FAILED, so do it by hand. AccessDenied: no');
    expect(left?.commands.length).toBeGreaterThan(0);
  });
});

describe('answering', () => {
  beforeEach(async () => {
    await askAnalyst({ incidentId }, desk.context);
  });

  it('row: guard: an approval: is in the ledger with who, when, from where and the note, and ends the wait', async () => {
    const key = await find('disable-iam-user');
    await wait(key, 'token-1');

    const { status } = await sent(ALICE, { answer: 'approve', key, note: 'not one of ours' });
    const settled = await settleQuestion({ incidentId, key, number: 1 }, desk.context);

    expect(status).toBe(200);
    expect(desk.account.tokens.size).toBe(0);
    expect((await questions()).find((one) => one.key === key)).toMatchObject({
      status: 'approved',
      answers: [
        {
          answer: 'approve',
          by: ALICE,
          from: '203.0.113.7',
          at: desk.account.now.toISOString(),
          note: 'not one of ours',
        },
      ],
    });
    expect(settled).toEqual({ run: true, action: 'disable-iam-user', key });
    expect(await action(key)).toMatchObject({ status: 'planned', approvedBy: [ALICE] });
  });

  it('row: guard: a second answer to a settled question: is refused, and says who settled it', async () => {
    const key = await find('disable-iam-user');
    await sent(ALICE, { answer: 'approve', key });

    const { status, text } = await sent(BOB, { answer: 'reject', key });

    expect(status).toBe(409);
    expect(JSON.parse(text).message).toContain(`approved already, by ${ALICE} at `);
  });

  it('row: guard: two answers at once: one of them counts', async () => {
    const key = await find('disable-iam-user');

    const both = await Promise.all([sent(ALICE, { answer: 'approve', key }), sent(BOB, { answer: 'reject', key })]);

    expect(both.map(({ status }) => status).sort()).toEqual([200, 409]);
    expect((await questions()).find((one) => one.key === key)?.answers).toHaveLength(1);
  });

  it('row: guard: a question that takes two people: stays open after the first, and takes no second answer of the same one', async () => {
    const key = await find('disable-iam-user');
    await desk.context.ledger.questions.change(incidentId, key, () => ({ twoPersons: true }));

    const first = await sent(ALICE, { answer: 'approve', key });
    const again = await sent(ALICE, { answer: 'approve', key });
    const between = await settleQuestion({ incidentId, key, number: 1 }, desk.context);
    const second = await sent(BOB, { answer: 'approve', key });
    const settled = await settleQuestion({ incidentId, key, number: 1 }, desk.context);

    expect([first.status, again.status, second.status]).toEqual([200, 403, 200]);
    expect(again.text).toContain('the approval of a second person');
    expect([between.run, settled.run]).toEqual([false, true]);
    expect(await action(key)).toMatchObject({ approvedBy: [ALICE, BOB] });
  });

  it('row: guard: the offender: cannot answer, whatever the body says', async () => {
    const key = await find('disable-iam-user');

    const own = await sent(MALLORY, { answer: 'reject', key });
    const claimed = await sent(MALLORY, { answer: 'reject', key, by: ALICE });

    expect(own).toMatchObject({ status: 403, text: expect.stringContaining('is one of those') });
    expect(claimed.status).toBe(400);
    expect((await questions()).find((one) => one.key === key)).toMatchObject({ status: 'open', answers: [] });
  });

  it('a rejected action is not done, and the report says by whom and why', async () => {
    const key = await find('disable-iam-user');
    await sent(ALICE, { answer: 'reject', key, note: 'she was told to' });

    const settled = await settleQuestion({ incidentId, key, number: 1 }, desk.context);

    expect(settled.run).toBe(false);
    expect(await action(key)).toMatchObject({ status: 'rejected', reason: `rejected by ${ALICE}: she was told to` });
  });

  it('an action that is proposed again after a rejection is a new question', async () => {
    const key = await find('disable-iam-user');
    await sent(ALICE, { answer: 'reject', key });
    await settleQuestion({ incidentId, key, number: 1 }, desk.context);
    await desk.context.ledger.advance(incidentId, await action(key), 'proposed');

    await askAnalyst({ incidentId }, desk.context);

    expect((await questions()).find((one) => one.key === key)).toMatchObject({
      number: 2,
      status: 'open',
      answers: [],
    });
    expect(await settleQuestion({ incidentId, key, number: 1 }, desk.context)).toMatchObject({ run: false });
  });

  it('an answer on its way to its action is not asked anew, and not lost, when a round of the playbook comes between', async () => {
    const key = await find('disable-iam-user');
    desk.pass(60);
    await sent(ALICE, { answer: 'approve', key });

    await askAnalyst({ incidentId }, desk.context);
    const settled = await settleQuestion({ incidentId, key, number: 1 }, desk.context);

    expect((await questions()).find((one) => one.key === key)).toMatchObject({ number: 1, status: 'approved' });
    expect(settled).toMatchObject({ run: true });
  });

  it('an answer that comes between two waits ends the next one at once', async () => {
    const key = await find('disable-iam-user');
    await wait(key, 'token-1');
    desk.account.tokens.delete('token-1');

    await sent(ALICE, { answer: 'approve', key });
    await wait(key, 'token-2');

    expect(desk.account.tokens.size).toBe(0);
    const running = Object.values(desk.account.executions).filter(({ input }) => input.includes(key));
    expect(running).toHaveLength(1);
  });

  it('a late answer to a question that timed out is taken, and something new takes it up', async () => {
    const key = await find('disable-iam-user');
    await remindAnalyst({ incidentId, key, number: 1, stage: 'timed-out' }, desk.context);
    for (const execution of Object.values(desk.account.executions)) execution.status = 'SUCCEEDED';

    const { status } = await sent(ALICE, { answer: 'approve', key });

    expect(status).toBe(200);
    const started = Object.values(desk.account.executions).filter(({ input }) => input.includes(key));
    expect(started.map((one) => one.status)).toEqual(['SUCCEEDED', 'RUNNING']);
    expect(await settleQuestion({ incidentId, key, number: 1 }, desk.context)).toMatchObject({ run: true });
  });

  it('what fits no question is refused, and says what would', async () => {
    const key = await find('disable-iam-user');

    expect(await sent(ALICE, { answer: 'done', key })).toMatchObject({
      status: 400,
      text: expect.stringContaining('use approvals approve or approvals reject'),
    });
    expect((await sent(ALICE, { answer: 'approve', key: 'task-000000' })).status).toBe(404);
    expect((await sent(ALICE, { answer: 'approve', key, note: '  ' })).status).toBe(400);
    expect((await sent(ALICE, {}, 'no JSON')).status).toBe(400);
    expect((await sent('mallory', { answer: 'approve', key })).status).toBe(400);
  });

  it('an answer that could not be written down says so', async () => {
    const key = await find('disable-iam-user');
    desk.table.before = (operation) => {
      if (operation === 'Put') throw refusal('InternalServerError');
    };
    expect(await sent(ALICE, { answer: 'approve', key })).toMatchObject({
      status: 500,
      text: expect.stringContaining('it is not written down'),
    });
  });

  it('an undo goes to the undo machine in the name of the caller', async () => {
    const key = await find('disable-iam-user');

    const { status } = await sent(ALICE, { answer: 'undo', key, note: 'a drill' });
    const refused = await sent(MALLORY, { answer: 'undo', key, note: 'please' });

    expect([status, refused.status]).toEqual([200, 403]);
    const started = Object.entries(desk.account.executions).find(([arn]) => arn.includes('cordon-undo'));
    expect(JSON.parse(started?.[1].input ?? '')).toEqual({
      ...{ incidentId, key, action: 'disable-iam-user', by: ALICE, reason: 'a drill', force: false },
    });
  });
});

describe('when nobody answers', () => {
  beforeEach(async () => {
    await askAnalyst({ incidentId }, desk.context);
  });

  it('row: guard: a question that nobody answers: one reminder names all, and the escalation goes to another topic', async () => {
    const topics: unknown[] = [];
    const keys = (await questions()).map(({ key }) => key);

    for (const stage of ['reminded', 'escalated', 'timed-out'] as const) {
      desk.pass(3600);
      for (const key of keys) await remindAnalyst({ incidentId, key, number: 1, stage }, desk.context);
    }
    for (const { operation, input } of desk.account.calls) if (operation === 'Publish') topics.push(input.TopicArn);

    const { topic, escalationTopic } = desk.context.environment;
    expect(topics).toEqual([topic, escalationTopic, escalationTopic]);
    expect(desk.account.mails.map(({ subject }) => subject)).toEqual([
      `[cordon] CRITICAL REMINDER: 3 open questions, ${incidentId}`,
      `[cordon] CRITICAL ESCALATED: 3 open questions, ${incidentId}`,
      `[cordon] CRITICAL TIMED OUT: 3 open questions, ${incidentId}`,
    ]);
    for (const key of keys) expect(desk.account.mails[0]?.text).toContain(key);
    for (const { text } of desk.account.mails) expect(text).toContain('npx cordon runbook restore-trail');
  });

  it('a question that was answered meanwhile is not reminded of', async () => {
    const key = await find('disable-iam-user');
    await sent(ALICE, { answer: 'approve', key });

    const { unanswered } = await remindAnalyst({ incidentId, key, number: 1, stage: 'reminded' }, desk.context);

    expect(unanswered).toBe(false);
    expect(desk.account.mails).toEqual([]);
  });

  it('row: guard: a timeout: leaves things as they are unless the response declares otherwise', async () => {
    const left = await find('disable-iam-user');
    const declared = await find('tag-iam-user');
    await desk.context.ledger.questions.change(incidentId, declared, () => ({ onTimeout: 'contain' }));

    for (const key of [left, declared]) {
      await remindAnalyst({ incidentId, key, number: 1, stage: 'timed-out' }, desk.context);
    }

    expect(await settleQuestion({ incidentId, key: left, number: 1 }, desk.context)).toMatchObject({ run: false });
    expect(await action(left)).toMatchObject({ status: 'proposed' });
    expect(await settleQuestion({ incidentId, key: declared, number: 1 }, desk.context)).toMatchObject({ run: true });
    expect((await sent(ALICE, { answer: 'reject', key: declared })).status).toBe(409);
  });
});

describe('an incident', () => {
  it('is not closed while an answer is on its way, nor while somebody is still to be asked', async () => {
    await askAnalyst({ incidentId }, desk.context);
    const [rejected = '', ...others] = (await desk.context.ledger.actions(incidentId)).map(({ key }) => key);
    for (const key of others) await desk.context.ledger.advance(incidentId, await action(key), 'verified', {});
    await askAnalyst({ incidentId }, desk.context);
    for (const { key, kind } of (await questions()).filter(isWaiting)) {
      await sent(ALICE, { answer: kind === 'task' ? 'done' : 'reject', key });
    }
    await desk.context.ledger.updateHead(incidentId, { outcome: 'contained' });
    const incident = await desk.context.ledger.incident(incidentId);
    expect(incident.questions.filter(isWaiting)).toEqual([]);
    expect(isAsking(incident)).toBe(true);

    const { status } = await close({ incidentId }, desk.context);

    expect(status).toBe('handed-over');
    await settleQuestion({ incidentId, key: rejected, number: 1 }, desk.context);
    await concludeQuestion({ incidentId, key: rejected, number: 1 }, desk.context);
    await askAnalyst({ incidentId }, desk.context);
    expect(isAsking(await desk.context.ledger.incident(incidentId))).toBe(false);
  });

  it('is handed over while something waits for an answer, and closed with the last one', async () => {
    await askAnalyst({ incidentId }, desk.context);
    for (const { key } of await desk.context.ledger.actions(incidentId)) {
      const one = await action(key);
      await desk.context.ledger.advance(incidentId, one, 'verified', { afterWords: 'so' });
    }
    await askAnalyst({ incidentId }, desk.context);
    await desk.context.ledger.addFinding(incidentId, 'logging-gap', [{ trail: TRAIL, logging: true }]);
    await desk.context.ledger.updateHead(incidentId, { outcome: 'contained' });
    const { status } = await close({ incidentId }, desk.context);
    const key = await task();

    await sent(ALICE, { answer: 'done', key, note: 'read it: nothing else' });
    await concludeQuestion({ incidentId, key, number: 1 }, desk.context);

    expect(status).toBe('handed-over');
    expect(await desk.head(incidentId)).toMatchObject({ status: 'closed' });
    expect(desk.account.mails.at(-1)?.text).toContain('read it: nothing else');
    expect(desk.account.mails.at(-1)?.text).toContain('\nRunbook   npx cordon runbook restore-trail\n');
  });
});

describe('what is announced', () => {
  const told = () =>
    desk.account.announced
      .filter(({ type }) => !type.startsWith('Incident Opened'))
      .map(({ type, detail }) => {
        const {
          decision,
          action: acted,
          slack,
          pagerduty,
        } = detail as {
          decision?: { key: string; status: string };
          action?: { key: string; status: string };
          slack?: object;
          pagerduty?: { event_action: string };
        };
        const what = decision ?? acted;
        return `${type}: ${what?.key} ${what?.status}, ${slack ? 'slack' : '-'}, ${pagerduty?.event_action ?? '-'}`;
      });

  it('of a question is each step, and channel and pager hear of what no summary says', async () => {
    await askAnalyst({ incidentId }, desk.context);
    const [disable, tag] = [await find('disable-iam-user'), await find('tag-iam-user')];
    desk.account.announced.length = 0;

    for (const key of [disable, tag])
      await remindAnalyst({ incidentId, key, number: 1, stage: 'reminded' }, desk.context);
    await sent(ALICE, { answer: 'reject', key: disable });
    await settleQuestion({ incidentId, key: disable, number: 1 }, desk.context);
    await sent(BOB, { answer: 'approve', key: tag });
    await settleQuestion({ incidentId, key: tag, number: 1 }, desk.context);

    expect(told()).toEqual([
      `Approval Reminded: ${disable} open, slack, trigger`,
      `Approval Reminded: ${tag} open, -, -`,
      `Approval Answered: ${disable} rejected, slack, acknowledge`,
      `Action Changed: ${disable} rejected, -, -`,
      `Approval Answered: ${tag} approved, slack, acknowledge`,
      `Action Changed: ${tag} planned, -, -`,
    ]);
  });

  it('when they are asked and withdrawn goes onto the bus only: the summary that follows says it', async () => {
    desk.account.announced.length = 0;
    await askAnalyst({ incidentId }, desk.context);
    await waitForAll();
    const key = await find('tag-iam-user');
    await desk.context.ledger.advance(incidentId, await action(key), 'not-needed');
    await askAnalyst({ incidentId }, desk.context);

    const steps = told();
    expect(steps.filter((one) => /^(Approval|Task) Asked: .* open, -, -$/.test(one))).toHaveLength(3);
    expect(steps.at(-1)).toBe(`Approval Withdrawn: ${key} withdrawn, -, -`);
  });
});
