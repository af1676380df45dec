import {
  AddTagsCommand,
  CloudTrailClient,
  type CloudTrailServiceException,
  DeleteTrailCommand,
  PutEventSelectorsCommand,
  PutInsightSelectorsCommand,
  StopLoggingCommand,
  UpdateTrailCommand,
} from '@aws-sdk/client-cloudtrail';
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Context } from '../../handlers/context.ts';
import type { Kept } from '../../handlers/steps/keep-baseline.ts';
import { readTrail, type TrailReading } from '../../handlers/trails/read-trail.ts';
import { as, from, type Stage } from '../../simulate/attack.ts';
import { Desk, type Played } from './harness/desk.ts';
import { eventually } from './harness/eventually.ts';
import { actionOn, section, theIncident, theSummary } from './harness/expectations.ts';
import { answerTo, makeOffender, type Offender } from './harness/offender.ts';
import { startTestAws, type TestAws } from './harness/test-aws.ts';

const SOURCE = '198.51.100.23';
const CALLS = ['StopLogging', 'DeleteTrail', 'UpdateTrail', 'PutEventSelectors', 'PutInsightSelectors'];

let aws: TestAws;
let desk: Desk;
let stage: Stage;
let healthy: TrailReading | undefined;
let offender: Offender;
let count = 0;

// The trail is deleted and narrowed here: no other file could rely on it, so this one has a local AWS of its own.
beforeAll(async () => {
  aws = await startTestAws();
  desk = await Desk.open('trail-tampering', aws.shared);
  stage = desk.stage();
  const cloudTrail = new CloudTrailClient(as(stage, stage.administrator));
  // The detection looks at this call too: what is played next must not join its incident.
  await desk.play({
    attack: () =>
      cloudTrail.send(
        new PutInsightSelectorsCommand({
          TrailName: 'cordon',
          InsightSelectors: [{ InsightType: 'ApiCallRateInsight' }],
        }),
      ),
  });
  await cloudTrail.send(
    new AddTagsCommand({ ResourceId: trailArn(), TagsList: [{ Key: 'owner', Value: 'security' }] }),
  );
  const kept = await keepBaseline();
  expect(kept, JSON.stringify(kept)).toMatchObject([{ kept: 'changed' }]);
  healthy = await trail();
});
afterAll(async () => {
  await desk?.close();
  await aws?.close();
});

beforeEach(async () => {
  count += 1;
  offender = await makeOffender(
    stage,
    `mallory-${count}-${stage.mark}`,
    CALLS.map((call) => `cloudtrail:${call}`).concat('iam:PassRole'),
  );
});
/** Whatever was done to it, the trail is as it was. */
afterEach(async () => {
  expect(await trail()).toMatchObject({ state: healthy?.state, logging: true });
});

const trailArn = () => `arn:aws:cloudtrail:${stage.region}:${stage.account}:trail/cordon`;
const attacker = (region = stage.region) => from(SOURCE, new CloudTrailClient({ ...as(stage, offender.key), region }));

/** The trail as the product reads it. */
async function trail(): Promise<TrailReading | undefined> {
  const made: CloudTrailClient = new CloudTrailClient(as(stage, stage.administrator));
  const client = (() => made) as unknown as Context['client'];
  return readTrail(trailArn(), { client } as Context);
}

async function keepBaseline(): Promise<Kept[]> {
  const { endpoint, region, soc: credentials } = aws.shared;
  const lambda = new LambdaClient({ endpoint, region, credentials });
  const { Payload } = await lambda.send(new InvokeCommand({ FunctionName: 'cordon-keep-baseline', Payload: '{}' }));
  return (JSON.parse(Buffer.from(Payload ?? []).toString()) as { trails: Kept[] }).trails;
}

const recordsAgain = () =>
  eventually(
    'the trail records again',
    async () => ((await trail())?.logging ? true : undefined),
    async () => JSON.stringify(await trail()),
  );

const play = (attack: () => Promise<unknown>): Promise<Played> =>
  desk.play({
    attack: async () => {
      await attack();
      await recordsAgain();
    },
  });

it('row: trail: baseline: holds the trail with its log group, filters, bucket and role', async () => {
  const baseline = await desk.ledger.baselines.of(trailArn());

  expect(baseline).toMatchObject({ version: 2, state: healthy?.state });
  const { logGroup, bucket, role } = baseline?.pipeline ?? {};
  expect(logGroup?.retention).toBe(365);
  expect(logGroup?.filters.map(({ name }) => name)).toContain('cordon-trail-tampering');
  expect(bucket).toMatchObject({ policy: expect.stringContaining('cloudtrail.amazonaws.com'), versioning: 'Enabled' });
  expect(role?.trust).toContain('cloudtrail.amazonaws.com');
});

describe('StopLogging', () => {
  it.each([
    ['by name', () => 'cordon'],
    ['by ARN', trailArn],
  ])('row: trail: StopLogging %s: restarted in the home region, off-time in the report', async (_, name) => {
    const played = await play(() => attacker().send(new StopLoggingCommand({ Name: name() })));

    const incident = theIncident(played);
    expect(incident).toMatchObject({ outcome: 'contained', failures: [] });
    const [gap] = incident.findings['logging-gap'] ?? [];
    expect(gap?.offSeconds).toBe(
      Math.max(0, Math.round((Date.parse(gap?.restartedAt ?? '') - Date.parse(gap?.stoppedAt ?? '')) / 1000)),
    );
    expect(section(theSummary(played), 'LOGGING')[0]).toMatch(
      /Trail cordon is logging \(read back\), was off for \d+ second/,
    );
  });

  it('row: trail: StopLogging from another region than the home region: an attempt, with nothing to restore', async () => {
    const played = await play(async () => {
      const error = await attacker('eu-west-1')
        .send(new StopLoggingCommand({ Name: trailArn() }))
        .catch((refusal: CloudTrailServiceException) => refusal);
      expect(error).toMatchObject({ name: 'InvalidHomeRegionException' });
    });

    expect(theIncident(played)).toMatchObject({ outcome: 'attempt' });
    expect(theIncident(played).actions.map(({ action }) => action)).toEqual(['tag-iam-user']);
  });
});

describe('DeleteTrail', () => {
  it('row: trail: DeleteTrail: made again from the baseline, field by field, and started', async () => {
    const played = await play(() => attacker().send(new DeleteTrailCommand({ Name: 'cordon' })));

    const incident = theIncident(played);
    expect(incident).toMatchObject({ outcome: 'contained', failures: [] });
    const action = actionOn(incident, 'restore-trail', 'trail cordon');
    expect(action).toMatchObject({
      status: 'verified',
      before: { losses: ['deleted'] },
      after: { losses: [], logging: true },
    });
    expect(await trail()).toMatchObject({ state: healthy?.state, logging: true });
    expect(healthy?.state).toMatchObject({
      insights: ['ApiCallRateInsight'],
      tags: { owner: 'security' },
      settings: { multiRegion: true, validation: true, logGroup: expect.any(String), role: expect.any(String) },
    });
    expect(await answerTo(stage, offender.key)).toBe('InvalidAccessKeyId');
  });

  it('row: trail: StopLogging, then DeleteTrail: one restoring, which records', async () => {
    const played = await play(async () => {
      await attacker().send(new StopLoggingCommand({ Name: 'cordon' }));
      await attacker().send(new DeleteTrailCommand({ Name: 'cordon' }));
    });

    expect(theIncident(played)).toMatchObject({ outcome: 'contained', failures: [] });
  });
});

describe('a trail that is narrowed', () => {
  it.each([
    [
      'UpdateTrail',
      'to one region',
      () => new UpdateTrailCommand({ Name: 'cordon', IsMultiRegionTrail: false }),
      'other regions: off instead of on',
    ],
    [
      'UpdateTrail',
      'without global services',
      () => new UpdateTrailCommand({ Name: 'cordon', IncludeGlobalServiceEvents: false, IsMultiRegionTrail: false }),
      'events of global services: off instead of on',
    ],
    [
      'UpdateTrail',
      'without validation',
      () => new UpdateTrailCommand({ Name: 'cordon', EnableLogFileValidation: false }),
      'log file validation: off instead of on',
    ],
    [
      'PutEventSelectors',
      'without management events',
      () =>
        new PutEventSelectorsCommand({
          TrailName: 'cordon',
          EventSelectors: [
            {
              ReadWriteType: 'All',
              IncludeManagementEvents: false,
              DataResources: [{ Type: 'AWS::S3::Object', Values: ['arn:aws:s3'] }],
            },
          ],
        }),
      'event selectors take less',
    ],
    [
      'PutInsightSelectors',
      'to none',
      () => new PutInsightSelectorsCommand({ TrailName: 'cordon', InsightSelectors: [] }),
      'Insights off: ApiCallRateInsight',
    ],
  ])('row: trail: %s %s: what was narrowed is put back, and read back', async (_, __, command, lost) => {
    const played = await play(() => attacker().send(command() as UpdateTrailCommand));

    const incident = theIncident(played);
    expect(incident).toMatchObject({ outcome: 'contained', failures: [] });
    const action = actionOn(incident, 'restore-trail', 'trail cordon');
    expect(action).toMatchObject({ status: 'verified', after: { losses: [], logging: true } });
    expect(action.beforeWords).toContain(lost);
  });

  it('row: trail: an UpdateTrail that sets what the baseline has: benign', async () => {
    const bucket = healthy?.state.settings.bucket;
    const played = await play(() => attacker().send(new UpdateTrailCommand({ Name: 'cordon', S3BucketName: bucket })));

    expect(theIncident(played)).toMatchObject({ outcome: 'benign', actions: [] });
    expect(await answerTo(stage, offender.key)).toBe('allowed');
  });
});
