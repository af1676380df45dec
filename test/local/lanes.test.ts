import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { CreateBucketCommand, DeletePublicAccessBlockCommand, ListBucketsCommand, S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { CloudTrailRecord } from '../../playbooks/cloudtrail.ts';
import { as, from, makeAttacker, type Stage, signIn } from '../../simulate/attack.ts';
import type { AccessKey } from '../../simulate/scene.ts';
import { Desk, type Played } from './harness/desk.ts';
import { switchEventLane, switchRule } from './harness/event-lane.ts';
import { eventually } from './harness/eventually.ts';
import { actionOn, summaries, theIncident, theTreated } from './harness/expectations.ts';
import { alarmInput, callInput, second } from './harness/lanes.ts';
import { deliveredTwice } from './harness/second-delivery.ts';
import { startTestAws, type TestAws } from './harness/test-aws.ts';

const SOURCE = '198.51.100.48';

let aws: TestAws;

// Rules are switched off and on: no other file could rely on them.
beforeAll(async () => {
  // An alarm that returns before the playbook has looked twice would make two incidents of what is one.
  aws = await startTestAws({ returnSpeed: 8 });
});
afterAll(() => aws?.close());

/** Which of the two rules of a detection start its playbook. */
async function only(detection: string, lanes: { alarm: boolean; event: boolean }): Promise<void> {
  await switchRule(aws.shared, `cordon-${detection}`, lanes.alarm ? 'on' : 'off');
  await switchEventLane(aws.shared, lanes.event ? 'on' : 'off');
}

describe('a bucket that is opened to everybody, with both lanes', () => {
  let desk: Desk;
  let stage: Stage;
  let key: AccessKey;
  let bucket: string;
  let count = 0;
  beforeAll(async () => {
    desk = await Desk.open('s3-public-exposure', aws.shared);
    stage = desk.stage();
    key = await makeAttacker(stage, `trudy-${stage.mark}`, ['s3:PutBucketPublicAccessBlock']);
  });
  afterAll(() => desk?.close());

  /** Takes the block of a new bucket away. */
  async function play(): Promise<Played> {
    count += 1;
    bucket = `payroll-${count}-${stage.mark}`;
    await new S3Client(as(stage, stage.administrator)).send(new CreateBucketCommand({ Bucket: bucket }));
    const s3 = from(SOURCE, new S3Client(as(stage, key)));
    return desk.play({ attack: () => s3.send(new DeletePublicAccessBlockCommand({ Bucket: bucket })) });
  }

  const recordsOf = (eventName: string): Promise<CloudTrailRecord[]> =>
    desk.delivered(
      (one) =>
        one.eventName === eventName && (one.requestParameters as { bucketName?: string } | null)?.bucketName === bucket,
    );

  /** What must hold, however many came: one incident has the record, one mail tells of it, the block was put back once. */
  async function expectTreatedOnce(played: Played): Promise<void> {
    const incident = theTreated(played);
    expect(incident).toMatchObject({ outcome: 'contained', failures: [] });
    expect(incident.events.map(({ record }) => record.eventName)).toEqual(['DeleteBucketPublicAccessBlock']);
    expect(actionOn(incident, 'block-public-access', `bucket ${bucket}`).status).toBe('verified');
    expect(summaries(played, incident)).toHaveLength(1);
    expect(await recordsOf('PutBucketPublicAccessBlock')).toHaveLength(1);
  }

  it('row: lanes: event, then alarm: the event’s incident treats it, the alarm’s finds it claimed, one mail, one containment', async () => {
    // Prepare
    await only(desk.detection, { alarm: false, event: true });

    // Act
    const played = await play();
    const late = await second(desk, await alarmInput(stage, 'cordon-s3-public-exposure'));

    // Assess
    const incident = theIncident(played);
    expect(incident.lane).toBe('event');
    await expectTreatedOnce(played);
    expect(late.incidents).toMatchObject([{ outcome: 'duplicate', claimedBy: [incident.id], events: [], actions: [] }]);
    expect(late.mails.filter(({ subject }) => !subject.startsWith('ALARM'))).toEqual([]);
    expect(await desk.ledger.incident(incident.id)).toEqual(incident);
  });

  it('row: lanes: alarm, then event: the alarm’s incident treats it, the event opens none, one mail, one containment', async () => {
    // Prepare
    await only(desk.detection, { alarm: true, event: false });

    // Act
    const played = await play();
    const [record] = await recordsOf('DeleteBucketPublicAccessBlock');
    const late = await second(desk, callInput(stage, desk.detection, record as CloudTrailRecord));

    // Assess
    expect(theIncident(played).lane).toBeUndefined();
    await expectTreatedOnce(played);
    expect(late).toMatchObject({ incidents: [], mails: [], states: ['Claim', 'New?', 'Delivered twice'] });
  });

  it('row: lanes: event and alarm at once, each delivered twice: one incident treats it, one mail, one containment', async () => {
    // Prepare
    await only(desk.detection, { alarm: true, event: true });

    // Act
    const played = await deliveredTwice(desk, () => deliveredTwice(desk, play, 'cordon-s3-public-exposure-event'));

    // Assess
    await expectTreatedOnce(played);
    expect(played.executions.map(({ status }) => status)).toEqual(['SUCCEEDED', 'SUCCEEDED', 'SUCCEEDED', 'SUCCEEDED']);
    expect(played.incidents.length).toBeLessThanOrEqual(2);
  });

  it('row: lanes: an event that somebody else than AWS sends: starts nothing', async () => {
    // Prepare
    await only(desk.detection, { alarm: false, event: true });
    const known = await desk.everything();
    const [genuine] = await recordsOf('DeleteBucketPublicAccessBlock');
    const events = new EventBridgeClient(as(stage, stage.administrator));
    const forged = { ...genuine, eventID: 'forged', userIdentity: { type: 'IAMUser', userName: 'alice' } };

    // Act
    await desk.playHarmless(async () => {
      const DetailType = 'AWS API Call via CloudTrail';
      const entry = { DetailType, Detail: JSON.stringify(forged), Source: 's3.amazonaws.com' };
      expect(await events.send(new PutEventsCommand({ Entries: [entry] }))).toMatchObject({ FailedEntryCount: 0 });
    });

    // Assess
    expect((await desk.everything()).executions).toEqual(known.executions);
  });
});

describe('root, by events alone', () => {
  let desk: Desk;
  let stage: Stage;
  beforeAll(async () => {
    desk = await Desk.open('root-usage', aws.shared);
    stage = desk.stage();
    await only('root-usage', { alarm: false, event: true });
  });
  afterAll(() => desk?.close());

  it('row: lanes: a console sign-in, whose event has a type of its own: starts the playbook', async () => {
    const played = await desk.play({
      attack: () => signIn(stage, { root: true, password: stage.rootPassword, sourceIPAddress: SOURCE }),
    });

    const incident = theTreated(played);
    expect(incident).toMatchObject({ lane: 'event', failures: [] });
    expect(incident.events.map(({ record }) => record.eventName)).toEqual(['ConsoleLogin']);
  });

  it('row: lanes: a call that only reads: starts the playbook of a detection that looks for it', async () => {
    const s3 = from(SOURCE, new S3Client(as(stage, stage.root)));
    const played = await desk.play({ attack: () => s3.send(new ListBucketsCommand({})) });

    const incident = theTreated(played);
    expect(incident).toMatchObject({ lane: 'event', failures: [] });
    expect(incident.events.map(({ record }) => record.eventName)).toEqual(['ListBuckets']);
  });

  it('row: lanes: a sign-in that failed: starts nothing by its event, so that nobody outside can', async () => {
    const { executions } = await desk.everything();
    await desk.playHarmless(() => signIn(stage, { root: true, password: 'guessed', sourceIPAddress: SOURCE }));

    expect((await desk.everything()).executions).toEqual(executions);
  });

  it('row: lanes: a storm of calls by root: one incident, one execution each, and no other incident', async () => {
    // Prepare
    const s3 = from(SOURCE, new S3Client(as(stage, stage.root)));
    const call = () => s3.send(new ListBucketsCommand({}));
    const before = new Set((await desk.everything()).incidents.map(({ id }) => id));

    // Act
    const played = await desk.play({
      attack: async () => {
        await call();
        // What comes at the very same moment may not see that an incident is open.
        await eventually(
          'the first incident',
          async () => (await desk.ledger.recent(1)).find(({ id }) => !before.has(id)),
          async () => 'none is open',
        );
        for (let n = 1; n < 12; n += 1) await call();
      },
    });

    // Assess
    const incident = theTreated(played);
    expect(incident.events.filter(({ record }) => record.eventName === 'ListBuckets')).toHaveLength(12);
    expect(played.executions).toHaveLength(12);
    expect(played.incidents).toHaveLength(1);
  });
});
