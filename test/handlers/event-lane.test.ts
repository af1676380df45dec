import { beforeEach, describe, expect, it } from 'vitest';
import { claim } from '../../handlers/steps/claim.ts';
import { collect } from '../../handlers/steps/collect.ts';
import { summarize } from '../../handlers/steps/summarize.ts';
import { cloudTrailRecord } from '../../playbooks/cloudtrail.ts';
import { iamUser } from '../../playbooks/detections/samples.ts';
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
const started = (record: Record<string, unknown>, execution = 'run-1') =>
  claim(
    {
      execution,
      event: {
        lane: 'event',
        detection: 'trail-pipeline-tampering',
        event: {
          'detail-type': 'AWS API Call via CloudTrail',
          account: ACCOUNT,
          region: 'us-east-1',
          detail: cloudTrailRecord.parse(record),
        },
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

  it('takes what comes while it is open, and the incident of that waits for it and is a duplicate', async () => {
    withoutLogGroup();
    const first = await started(deleted());
    await collected(first.incidentId);
    desk.pass(20);
    const again = await started(deleted(), 'run-2');
    expect([first.after, again.after]).toEqual([0, 30]);

    const looked = await collect({ incidentId: first.incidentId, round: 1, empty: 0 }, desk.context);
    expect(looked).toMatchObject({ fresh: 1 });
    expect(await collected(again.incidentId)).toMatchObject({ fresh: 0, explained: true, restore: [] });
    expect(await summarize({ incidentId: again.incidentId, round: 0 }, desk.context)).toEqual({ outcome: 'duplicate' });
  });

  it('treats its record itself where the one before is done with, or is old', async () => {
    withoutLogGroup();
    const first = await started(deleted());
    desk.pass(1);
    const record = deleted();
    const second = await started(record, 'run-2');
    desk.pass(30);
    expect(await started(record, 'run-2')).toEqual({ ...second, after: 30 });
    await desk.context.ledger.updateHead(first.incidentId, { status: 'closed' });

    expect(await started(record, 'run-2')).toEqual({ ...second, after: 0 });
    expect(await collected(second.incidentId)).toMatchObject({ fresh: 1 });
    desk.pass(61);
    expect(await started(deleted(), 'run-3')).toMatchObject({ after: 0 });
  });

  it('waits for no other longer than five minutes, and never for one that came later', async () => {
    const record = deleted();
    const first = await started(record);
    desk.pass(1);
    const other = deleted();
    await started(other, 'run-2');
    expect(await started(record)).toEqual({ ...first, after: 0 });
    desk.pass(301);
    expect(await started(other, 'run-2')).toMatchObject({ proceed: true, after: 0 });
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
    const { incidentId } = await claim({ execution: 'run-1', event: alarm('trail-pipeline-tampering') }, desk.context);

    await expect(collected(incidentId)).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
  });

  it('is a duplicate without a mail when an alarm’s incident has its record', async () => {
    const record = deleted();
    desk.account.logs = [JSON.stringify(record)];
    const byAlarm = await desk.open('trail-pipeline-tampering');
    await collected(byAlarm);
    const { incidentId } = await started(record);

    expect(await collected(incidentId)).toEqual({ fresh: 0, explained: true, restore: [], left: false });
    expect(await summarize({ incidentId, round: 0 }, desk.context)).toEqual({ outcome: 'duplicate' });
    expect(desk.account.mails).toEqual([]);
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

  it('takes no record that its detection does not look for', async () => {
    withoutLogGroup();
    const { incidentId } = await started(deleted({}, '/somebody/elses'));

    expect(await collected(incidentId)).toMatchObject({ fresh: 0, restore: [] });
  });
});
