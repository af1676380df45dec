import { beforeEach, describe, expect, it } from 'vitest';
import { claim, input } from '../../handlers/steps/claim.ts';
import { collect } from '../../handlers/steps/collect.ts';
import { summarize } from '../../handlers/steps/summarize.ts';
import { cloudTrailRecord } from '../../playbooks/cloudtrail.ts';
import { iamUser, root } from '../../playbooks/detections/samples.ts';
import type { TrailBaseline } from '../../playbooks/trail-baseline.ts';
import { ACCOUNT, alarm, callAt, Desk, TRAIL } from './desk.ts';
import { refusal } from './fake-account.ts';

const GROUP = '/aws/cloudtrail/cordon';
const baseline: TrailBaseline = {
  trail: TRAIL,
  version: 1,
  takenAt: '2026-05-01T02:00:00.000Z',
  because: 'first seen healthy',
  state: {
    settings: {
      ...{ bucket: 'records', globalEvents: true, multiRegion: true, organization: false, validation: true },
      logGroup: `arn:aws:logs:us-east-1:${ACCOUNT}:log-group:${GROUP}:*`,
    },
    ...{ eventSelectors: [], advancedEventSelectors: [], insights: [], tags: {} },
  },
  pipeline: { logGroup: { retention: 365, filters: [] } },
};

let desk: Desk;
beforeEach(async () => {
  desk = new Desk();
  await desk.context.ledger.baselines.keep(baseline);
});

const deleted = (rest: Record<string, unknown> = {}, logGroupName = GROUP) =>
  callAt('03:00:00', 'logs.amazonaws.com', 'DeleteLogGroup', iamUser('mallory'), {
    requestParameters: { logGroupName },
    ...rest,
  });
/** The event of a record comes, in an execution that began so many seconds before. */
const started = (record: Record<string, unknown>, execution = 'run-1', ago = 0, rest: Record<string, unknown> = {}) =>
  claim(
    {
      execution,
      startedAt: new Date(desk.account.now.getTime() - ago * 1000).toISOString(),
      event: {
        lane: 'event',
        detection: 'trail-pipeline-tampering',
        event: {
          'detail-type': 'AWS API Call via CloudTrail',
          source: 'aws.logs',
          account: ACCOUNT,
          region: 'us-east-1',
          detail: cloudTrailRecord.parse(record),
        },
        ...rest,
      },
    },
    desk.context,
  );
const collected = (incidentId: string) => collect({ incidentId, round: 0, empty: 0 }, desk.context);
/** The log group is what was deleted. */
const withoutLogGroup = () => {
  desk.account.before = (operation) => {
    if (operation === 'FilterLogEvents') throw refusal('ResourceNotFoundException');
  };
};

describe('an incident that the event of a call opens', () => {
  it('has an id that follows from the record, and is opened once', async () => {
    const record = deleted();
    const first = await started(record);

    expect(first).toMatchObject({ proceed: true });
    expect(first.incidentId).toMatch(/^trail-pipeline-tampering-20260501-030000-[0-9a-f]{4}$/);
    expect(await desk.head(first.incidentId)).toMatchObject({ lane: 'event', alarmAt: '2026-05-01T03:00:00.000Z' });
    expect(await started(record)).toEqual(first);
    expect(await started(record, 'run-2')).toEqual({ ...first, proceed: false });
    expect((await started(deleted())).incidentId).not.toBe(first.incidentId);
  });

  it('takes what comes while it is open; nothing is opened for that, and its execution ends once it is taken', async () => {
    withoutLogGroup();
    const first = await started(deleted());
    await collected(first.incidentId);
    desk.pass(20);
    const record = deleted();
    const again = await started(record, 'run-2');
    expect([first.after, again.after]).toEqual([0, 30]);
    expect(await started(record, 'run-2', 1)).toEqual(again);

    const looked = await collect({ incidentId: first.incidentId, round: 1, empty: 0 }, desk.context);
    expect(looked).toMatchObject({ fresh: 1 });
    expect(await started(record, 'run-2', 30)).toEqual({ ...again, proceed: false, after: 0 });
    expect((await desk.context.ledger.recent(10)).map(({ id }) => id)).toEqual([first.incidentId]);
  });

  it('is for a record that the one before has not taken, where that is done with or old', async () => {
    withoutLogGroup();
    const first = await started(deleted());
    desk.pass(1);
    const record = deleted();
    const second = await started(record, 'run-2');
    desk.pass(30);
    expect(await started(record, 'run-2', 30)).toEqual({ ...second, after: 30 });
    await desk.context.ledger.updateHead(first.incidentId, { status: 'closed' });

    expect(await started(record, 'run-2', 30)).toEqual({ ...second, after: 0 });
    expect(await collected(second.incidentId)).toMatchObject({ fresh: 1 });
    desk.pass(61);
    expect(await started(deleted(), 'run-3')).toMatchObject({ after: 0 });
  });

  it('is opened after five minutes, whatever is open, and then waits for none that came later', async () => {
    await started(deleted());
    const record = deleted();
    expect(await started(record, 'run-2')).toMatchObject({ after: 30 });
    desk.pass(301);
    const own = await started(record, 'run-2', 301);
    expect(own).toMatchObject({ proceed: true, after: 0 });
    await started(deleted(), 'run-3');
    expect(await started(record, 'run-2', 302)).toEqual(own);
  });

  it('takes all that comes as long as it is open, where its playbook puts nothing back', async () => {
    const detection = 'root-usage';
    const use = (eventName: string, at = '03:00:00') => callAt(at, 'iam.amazonaws.com', eventName, root, {});
    desk.account.logs = [use('ListUsers')].map((one) => JSON.stringify(one));
    const byAlarm = await desk.open(detection);
    await collected(byAlarm);
    desk.pass(600);
    const record = use('CreateUser', '03:11:00');

    expect(await started(record, 'run-2', 0, { detection })).toMatchObject({ proceed: true, after: 30 });
    expect(await collect({ incidentId: byAlarm, round: 1, empty: 0 }, desk.context)).toMatchObject({ fresh: 1 });
    expect(await started(record, 'run-2', 30, { detection })).toMatchObject({ proceed: false });
    expect(await desk.context.ledger.recent(10)).toHaveLength(1);
  });

  it('takes its record although the log group is gone, and plans to make it again', async () => {
    withoutLogGroup();
    const { incidentId } = await started(deleted());

    expect(await collected(incidentId)).toMatchObject({
      fresh: 1,
      restore: [{ action: 'restore-log-group', status: 'planned' }],
    });
    expect((await desk.context.ledger.incident(incidentId)).events).toMatchObject([{ verdict: 'offence' }]);
  });

  it('takes what the log group has as well, each record once', async () => {
    const record = deleted();
    const other = deleted();
    desk.account.logs = [record, other].map((one) => JSON.stringify(one));
    const { incidentId } = await started(record);

    expect(await collected(incidentId)).toMatchObject({ fresh: 2 });
  });

  it('is a failure of the step when an alarm opened it and the log group is gone', async () => {
    withoutLogGroup();
    const { incidentId } = await desk.claim('run-1', alarm('trail-pipeline-tampering'));

    await expect(collected(incidentId)).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
  });

  it('is not opened for a record that an alarm’s incident has', async () => {
    const record = deleted();
    desk.account.logs = [JSON.stringify(record)];
    const byAlarm = await desk.open('trail-pipeline-tampering');
    await collected(byAlarm);

    expect(await started(record)).toMatchObject({ proceed: false, after: 0 });
    expect((await desk.context.ledger.recent(10)).map(({ id }) => id)).toEqual([byAlarm]);
  });

  it('leaves what restoring did before out, when the other lane’s incident has the records', async () => {
    const record = deleted();
    const own = callAt(
      '03:00:05',
      'logs.amazonaws.com',
      'PutMetricFilter',
      {
        type: 'AssumedRole',
        accountId: ACCOUNT,
        sessionContext: { sessionIssuer: { userName: 'cordon-contain-restore-log-group' } },
      },
      { requestParameters: { logGroupName: GROUP, filterName: 'x' } },
    );
    desk.context.environment.ownRoles.push('cordon-contain-restore-log-group');
    desk.account.logs = [record, own].map((one) => JSON.stringify(one));
    await collected((await started(record)).incidentId);
    const byAlarm = await desk.open('trail-pipeline-tampering');
    await collected(byAlarm);

    expect(await summarize({ incidentId: byAlarm, round: 0 }, desk.context)).toEqual({ outcome: 'duplicate' });
  });

  it('judges its record as any other: a call on what no baseline names, and a refused one, restore nothing', async () => {
    withoutLogGroup();
    desk.context.environment.logGroup = '/other';
    const { incidentId } = await started(deleted({}, '/other'));
    expect(await collected(incidentId)).toMatchObject({ fresh: 1, restore: [] });
    const [event] = (await desk.context.ledger.incident(incidentId)).events;
    expect(event).toMatchObject({
      verdict: 'benign',
      reason: 'no trail with a baseline delivers through what it names',
    });
  });

  it('is not opened for a record that its detection does not look for, where the rule takes more', async () => {
    expect(await started(deleted({}, '/somebody/elses'))).toMatchObject({ proceed: false, after: 0 });
    expect(await desk.context.ledger.recent(10)).toEqual([]);
  });
});

describe('an event that may open an incident', () => {
  const event = (detailType: string, source: string) => ({
    execution: 'run-1',
    startedAt: '2026-05-01T03:00:02.123Z',
    event: {
      lane: 'event',
      detection: 'root-usage',
      event: {
        'detail-type': detailType,
        source,
        account: ACCOUNT,
        region: 'us-east-1',
        detail: callAt('03:00:00', `${source.replace('aws.', '')}.amazonaws.com`, 'Any', root, {}),
      },
    },
  });

  it.each([
    ['AWS API Call via CloudTrail', 'aws.iam'],
    ['AWS Console Sign In via CloudTrail', 'aws.signin'],
    ['AWS Console Signin via CloudTrail', 'aws.signin'],
    ['AWS Console Action via CloudTrail', 'aws.health'],
    ['AWS Service Event via CloudTrail', 'aws.kms'],
  ])('has the type %s from %s', (detailType, source) => {
    expect(input.safeParse(event(detailType, source)).error).toBeUndefined();
  });

  it.each([
    ['a type that is not CloudTrail’s', 'EC2 Instance State-change Notification', 'aws.ec2'],
    ['a source that anybody can send from', 'AWS API Call via CloudTrail', 'iam'],
  ])('has not %s', (_, detailType, source) => {
    expect(input.safeParse(event(detailType, source)).success).toBe(false);
  });
});
