import { CloudTrailClient, GetTrailCommand, StopLoggingCommand, UpdateTrailCommand } from '@aws-sdk/client-cloudtrail';
import {
  CloudWatchLogsClient,
  CreateLogGroupCommand,
  DeleteLogGroupCommand,
  DeleteMetricFilterCommand,
  PutMetricFilterCommand,
  PutRetentionPolicyCommand,
} from '@aws-sdk/client-cloudwatch-logs';
import {
  AttachRolePolicyCommand,
  CreateRoleCommand,
  DeleteRoleCommand,
  DeleteRolePolicyCommand,
  IAMClient,
  PutRolePolicyCommand,
  UpdateAssumeRolePolicyCommand,
} from '@aws-sdk/client-iam';
import { CreateKeyCommand, DisableKeyCommand, KMSClient, ScheduleKeyDeletionCommand } from '@aws-sdk/client-kms';
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import {
  DeleteBucketCommand,
  DeleteBucketLifecycleCommand,
  DeleteBucketPolicyCommand,
  DeleteObjectCommand,
  ListObjectVersionsCommand,
  PutBucketLifecycleConfigurationCommand,
  PutBucketPolicyCommand,
  PutBucketVersioningCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Context } from '../../handlers/context.ts';
import type { Kept } from '../../handlers/steps/keep-baseline.ts';
import { readPipeline } from '../../handlers/trails/read-pipeline.ts';
import type { Incident } from '../../playbooks/incident.ts';
import { canonical, type TrailBaseline } from '../../playbooks/trail-baseline.ts';
import { as, type Stage } from '../../simulate/attack.ts';
import { Desk } from './harness/desk.ts';
import { actionOn, section, summaries, theIncident, theTreated, theTreatedSummary } from './harness/expectations.ts';
import { answerTo, makeOffender, type Offender } from './harness/offender.ts';
import { runAgain } from './harness/run-again.ts';
import { startTestAws, type TestAws } from './harness/test-aws.ts';
import { undo } from './harness/undo.ts';

const logGroupName = '/cordon/trail';
const RoleName = 'cordon-trail-delivery';
const SETTINGS = { cap: '100' };

let aws: TestAws;
let desk: Desk;
let stage: Stage;
let baseline: TrailBaseline;
let key: string;
let offender: Offender;
let count = 0;

// The trail's log group, bucket, role and key are taken away here: no other file could rely on them.
beforeAll(async () => {
  // More offenders than the cap lets be disabled within an hour.
  aws = await startTestAws({ eventLane: true, settings: SETTINGS });
  desk = await Desk.open('trail-pipeline-tampering', aws.shared);
  stage = desk.stage();
  const made = await new KMSClient(as(stage, stage.administrator)).send(new CreateKeyCommand({}));
  key = made.KeyMetadata?.Arn ?? '';
  await aws.local.redeploy({ ...SETTINGS, trailKey: key });
  const trails = new CloudTrailClient(as(stage, stage.administrator));
  await trails.send(new UpdateTrailCommand({ Name: 'cordon', KmsKeyId: key }));
  const trail = `arn:aws:cloudtrail:${stage.region}:${stage.account}:trail/cordon`;
  const Bucket = (await trails.send(new GetTrailCommand({ Name: 'cordon' }))).Trail?.S3BucketName;
  const rule = { ID: 'old', Status: 'Enabled' as const, Filter: { Prefix: '' } };
  await unseen(S3Client).send(
    new PutBucketLifecycleConfigurationCommand({
      Bucket,
      LifecycleConfiguration: { Rules: [{ ...rule, NoncurrentVersionExpiration: { NoncurrentDays: 365 } }] },
    }),
  );
  const accept = { trail, by: `arn:aws:iam::${stage.account}:user/soc-admin`, reason: 'now with a key' };
  const kept = await keepBaseline({ accept });
  expect(kept, JSON.stringify(kept)).toMatchObject([{ kept: 'changed' }]);
  baseline = (await desk.ledger.baselines.of(trail)) as TrailBaseline;
});
afterAll(async () => {
  await desk?.close();
  await aws?.close();
});

beforeEach(async () => {
  count += 1;
  offender = await makeOffender(stage, `mallory-${count}-${stage.mark}`, [
    'logs:*',
    'iam:*',
    's3:*',
    'kms:*',
    'cloudtrail:StopLogging',
  ]);
});

/** The client of a service whose calls nothing records. */
const unseen = <C>(type: new (config: object) => C): C =>
  new type({ ...as(stage, stage.root), endpoint: aws.shared.unrecorded, forcePathStyle: true });

async function keepBaseline(input: object = {}): Promise<Kept[]> {
  const { endpoint, region, soc: credentials } = aws.shared;
  const lambda = new LambdaClient({ endpoint, region, credentials });
  const { Payload } = await lambda.send(
    new InvokeCommand({ FunctionName: 'cordon-keep-baseline', Payload: JSON.stringify(input) }),
  );
  return (JSON.parse(Buffer.from(Payload ?? []).toString()) as { trails: Kept[] }).trails;
}

/** What the trail delivers through, as the product reads it. */
async function pipeline() {
  const config = { ...as(stage, stage.administrator), forcePathStyle: true };
  const client = ((type: new (given: object) => unknown) => new type(config)) as unknown as Context['client'];
  return readPipeline(baseline.state, { client, log: console } as unknown as Context);
}

/** Where the pipeline has what an action puts back. */
const FIELDS = {
  'restore-log-group': 'logGroup',
  'restore-log-bucket': 'bucket',
  'restore-delivery-role': 'role',
  'enable-key': 'keyState',
} as const;

const bucket = () => baseline.state.settings.bucket;
const logs = () => new CloudWatchLogsClient(as(stage, offender.key));
const iam = () => new IAMClient(as(stage, offender.key));
const s3 = () => new S3Client({ ...as(stage, offender.key), forcePathStyle: true });
const kms = () => new KMSClient(as(stage, offender.key));
const policy = (name: string) => baseline.pipeline.role?.inline[name] ?? '';
const policyName = () => Object.keys(baseline.pipeline.role?.inline ?? {})[0] ?? '';

const expireSoon = () =>
  new PutBucketLifecycleConfigurationCommand({
    Bucket: bucket(),
    LifecycleConfiguration: {
      Rules: [{ ID: 'all', Status: 'Enabled', Filter: { Prefix: '' }, Expiration: { Days: 1 } }],
    },
  });
const denyDelivery = () =>
  JSON.stringify({
    Version: '2012-10-17',
    Statement: [
      { Effect: 'Deny', Principal: { Service: 'cloudtrail.amazonaws.com' }, Action: 's3:PutObject', Resource: '*' },
    ],
  });

type Variant = [
  name: string,
  attack: () => Promise<unknown>,
  action: keyof typeof FIELDS,
  label: () => string,
  lost: RegExp,
];
const variants: Variant[] = [
  [
    'log group deleted',
    () => logs().send(new DeleteLogGroupCommand({ logGroupName })),
    'restore-log-group',
    () => `log group ${logGroupName}`,
    /^log group: deleted$/,
  ],
  [
    'metric filter deleted',
    () => logs().send(new DeleteMetricFilterCommand({ logGroupName, filterName: 'cordon-trail-tampering' })),
    'restore-log-group',
    () => `log group ${logGroupName}`,
    /^metric filters gone or changed: cordon-trail-tampering$/,
  ],
  [
    'metric filter changed to match nothing',
    () =>
      logs().send(
        new PutMetricFilterCommand({
          logGroupName,
          filterName: 'cordon-root-usage',
          filterPattern: '{ $.eventName = "nothing" }',
          metricTransformations: [{ metricName: 'root-usage', metricNamespace: 'cordon', metricValue: '1' }],
        }),
      ),
    'restore-log-group',
    () => `log group ${logGroupName}`,
    /^metric filters gone or changed: cordon-root-usage$/,
  ],
  [
    'retention shortened',
    () => logs().send(new PutRetentionPolicyCommand({ logGroupName, retentionInDays: 1 })),
    'restore-log-group',
    () => `log group ${logGroupName}`,
    /^events kept 1 days instead of 365 days$/,
  ],
  [
    'policy of the delivery role deleted',
    () => iam().send(new DeleteRolePolicyCommand({ RoleName, PolicyName: policyName() })),
    'restore-delivery-role',
    () => `role ${RoleName}`,
    /^inline policies gone, changed or added: /,
  ],
  [
    'policy of the delivery role changed',
    () =>
      iam().send(
        new PutRolePolicyCommand({
          RoleName,
          PolicyName: policyName(),
          PolicyDocument: policy(policyName()).replaceAll('"Allow"', '"Deny"'),
        }),
      ),
    'restore-delivery-role',
    () => `role ${RoleName}`,
    /^inline policies gone, changed or added: /,
  ],
  [
    'policy that denies attached to the delivery role',
    () => iam().send(new AttachRolePolicyCommand({ RoleName, PolicyArn: 'arn:aws:iam::aws:policy/AWSDenyAll' })),
    'restore-delivery-role',
    () => `role ${RoleName}`,
    /^policies attached: arn:aws:iam::aws:policy\/AWSDenyAll$/,
  ],
  [
    'trust policy of the delivery role changed',
    () =>
      iam().send(
        new UpdateAssumeRolePolicyCommand({
          RoleName,
          PolicyDocument: (baseline.pipeline.role?.trust ?? '').replace('cloudtrail.', 'ec2.'),
        }),
      ),
    'restore-delivery-role',
    () => `role ${RoleName}`,
    /^trust policy: changed$/,
  ],
  [
    'policy of the log bucket deleted',
    () => s3().send(new DeleteBucketPolicyCommand({ Bucket: bucket() })),
    'restore-log-bucket',
    () => `bucket ${bucket()}`,
    /^bucket policy: deleted$/,
  ],
  [
    'policy of the log bucket changed',
    () => s3().send(new PutBucketPolicyCommand({ Bucket: bucket(), Policy: denyDelivery() })),
    'restore-log-bucket',
    () => `bucket ${bucket()}`,
    /^bucket policy: changed$/,
  ],
  [
    'lifecycle of the log bucket changed',
    () => s3().send(expireSoon()),
    'restore-log-bucket',
    () => `bucket ${bucket()}`,
    /^lifecycle rules: changed$/,
  ],
  [
    'lifecycle of the log bucket deleted',
    () => s3().send(new DeleteBucketLifecycleCommand({ Bucket: bucket() })),
    'restore-log-bucket',
    () => `bucket ${bucket()}`,
    /^lifecycle rules: deleted$/,
  ],
  [
    'versioning of the log bucket suspended',
    () =>
      s3().send(new PutBucketVersioningCommand({ Bucket: bucket(), VersioningConfiguration: { Status: 'Suspended' } })),
    'restore-log-bucket',
    () => `bucket ${bucket()}`,
    /^versioning: suspended$/,
  ],
  [
    'key disabled',
    () => kms().send(new DisableKeyCommand({ KeyId: key })),
    'enable-key',
    () => `key ${key.split('/')[1]}`,
    /^disabled$/,
  ],
  [
    'key scheduled for deletion',
    () => kms().send(new ScheduleKeyDeletionCommand({ KeyId: key, PendingWindowInDays: 10 })),
    'enable-key',
    () => `key ${key.split('/')[1]}`,
    /^pending deletion, to be deleted on \d{4}-/,
  ],
];

describe('what the trail delivers through', () => {
  /** Whatever was done to it, it is as it was. */
  afterEach(async () => {
    expect(canonical(await pipeline())).toBe(canonical(baseline.pipeline));
  });

  it.each(variants)(
    'row: trail: %s: detected, put back and read back, the actor disabled, undone and put back',
    async (_, attack, action, label, lost) => {
      // Act
      const played = await desk.play({ attack });

      // Assess
      const incident = theTreated(played);
      expect(incident).toMatchObject({ outcome: 'contained', failures: [] });
      const restored = actionOn(incident, action, label());
      expect(restored.status).toBe('verified');
      expect(restored.beforeWords).toMatch(lost);
      expect(canonical(await pipeline())).toBe(canonical(baseline.pipeline));
      expect(await answerTo(stage, offender.key)).toBe('InvalidAccessKeyId');
      expect(section(theTreatedSummary(played), 'THE TRAIL')).toEqual([
        expect.stringMatching(/^- Trail cordon is logging, delivers as in its baseline \d+ \(read back\)$/),
      ]);

      // Act
      const harmless = await desk.playHarmless(async () => {
        const undone = await undo(desk, incident, restored, { reason: 'to see it undone' });
        expect(undone.status, undone.cause).toBe('SUCCEEDED');
      });

      // Assess
      expect(harmless.alarm).toEqual([]);
      const { state } = restored.before as { state?: unknown };
      expect(canonical((await pipeline())[FIELDS[action]])).toBe(canonical(state));

      // Act
      const again = await runAgain(desk, incident, restored);

      // Assess
      expect(again.status).toBe('verified');
    },
  );
});

describe('what takes nothing away', () => {
  it('row: trail: the same calls on other resources: set nothing off', async () => {
    // Prepare
    const other = `other-${stage.mark}`;
    const administrator = as(stage, stage.administrator);
    const logGroup = { logGroupName: `/app/${other}` };
    await new CloudWatchLogsClient(administrator).send(new CreateLogGroupCommand(logGroup));
    const trust = JSON.stringify({
      Version: '2012-10-17',
      Statement: [{ Effect: 'Allow', Principal: { Service: 'ec2.amazonaws.com' }, Action: 'sts:AssumeRole' }],
    });
    const PolicyDocument = JSON.stringify({
      Version: '2012-10-17',
      Statement: [{ Effect: 'Allow', Action: 's3:GetObject', Resource: '*' }],
    });
    await new IAMClient(administrator).send(
      new CreateRoleCommand({ RoleName: other, AssumeRolePolicyDocument: trust }),
    );
    const made = await new KMSClient(administrator).send(new CreateKeyCommand({}));

    // Act
    const came = await desk.playHarmless(async () => {
      await logs().send(new PutRetentionPolicyCommand({ ...logGroup, retentionInDays: 1 }));
      await logs().send(new DeleteLogGroupCommand(logGroup));
      await iam().send(new PutRolePolicyCommand({ RoleName: other, PolicyName: 'read', PolicyDocument }));
      await iam().send(new DeleteRolePolicyCommand({ RoleName: other, PolicyName: 'read' }));
      await kms().send(new DisableKeyCommand({ KeyId: made.KeyMetadata?.KeyId }));
    });

    // Assess
    const recorded = await desk.delivered(({ userIdentity }) => userIdentity?.userName === offender.name);
    expect(recorded.map(({ eventName }) => eventName)).toContain('DisableKey');
    expect(came).toEqual({ alarm: [], mails: [] });
    expect(await answerTo(stage, offender.key)).toBe('allowed');
  });

  it('row: trail: a longer retention and a further metric filter: benign, and nobody is disabled', async () => {
    const filter = {
      ...{ logGroupName, filterName: `further-${stage.mark}`, filterPattern: '{ $.a = 1 }' },
      metricTransformations: [{ metricName: 'further', metricNamespace: 'app', metricValue: '1' }],
    };

    // Act
    const played = await desk.play({
      attack: async () => {
        await logs().send(new PutRetentionPolicyCommand({ logGroupName, retentionInDays: 400 }));
        await logs().send(new PutMetricFilterCommand(filter));
      },
    });

    // Assess
    const events = played.incidents.flatMap((incident) => incident.events);
    expect(events.map(({ record, verdict }) => `${record.eventName}: ${verdict}`).sort()).toEqual([
      'PutMetricFilter: benign',
      'PutRetentionPolicy: benign',
    ]);
    expect(played.incidents.flatMap(({ actions }) => actions)).toEqual([]);
    expect(await answerTo(stage, offender.key)).toBe('allowed');
    await unseen(CloudWatchLogsClient).send(new DeleteMetricFilterCommand(filter));
    await unseen(CloudWatchLogsClient).send(new PutRetentionPolicyCommand({ logGroupName, retentionInDays: 365 }));
  });

  it('row: trail: a refused deletion of the log group: an attempt, with nothing to restore', async () => {
    // Prepare
    const eve = await makeOffender(stage, `eve-${stage.mark}`, []);

    // Act
    const played = await desk.play({
      attack: () =>
        expect(
          new CloudWatchLogsClient(as(stage, eve.key)).send(new DeleteLogGroupCommand({ logGroupName })),
        ).rejects.toThrow('not authorized'),
    });

    // Assess
    const incident = theTreated(played);
    expect(incident).toMatchObject({ outcome: 'attempt', failures: [] });
    expect(incident.lane).toBeUndefined();
    expect(incident.actions.map(({ action }) => action)).toEqual(['tag-iam-user']);
  });
});

describe('a metric filter that was deleted and put back', () => {
  it('row: trail: metric filter put back: the next attack is detected by it', async () => {
    // Prepare
    const eve = await makeOffender(stage, `trent-${stage.mark}`, []);
    const tampering = await Desk.open('trail-tampering', aws.shared);
    await desk.play({
      attack: () => logs().send(new DeleteMetricFilterCommand({ logGroupName, filterName: 'cordon-trail-tampering' })),
    });

    // Act: a refused call starts nothing by its event, so only the filter can have seen it.
    const played = await tampering.play({
      attack: () =>
        expect(
          new CloudTrailClient(as(stage, eve.key)).send(new StopLoggingCommand({ Name: 'cordon' })),
        ).rejects.toThrow('not authorized'),
    });

    // Assess
    expect(theIncident(played)).toMatchObject({ outcome: 'attempt', failures: [] });
    expect(played.alarm).toEqual(['ALARM', 'OK']);
    await tampering.close();
  });
});

// The last ones: what they delete is not made again.
describe('what is not made again', () => {
  it('row: trail: delivery role deleted: said, with the commands that make it again, the actor disabled', async () => {
    // Act
    const played = await desk.play({
      attack: async () => {
        await iam().send(new DeleteRolePolicyCommand({ RoleName, PolicyName: policyName() }));
        await iam().send(new DeleteRoleCommand({ RoleName }));
      },
    });

    // Assess
    const [deleted] = played.incidents.filter(({ events }) =>
      events.some(({ record }) => record.eventName === 'DeleteRole'),
    );
    expect(deleted).toMatchObject({ outcome: 'needs-analyst', status: 'handed-over', failures: [] });
    const action = actionOn(deleted as Incident, 'restore-delivery-role', `role ${RoleName}`);
    expect(action.status).toBe('failed');
    expect(action.reason).toContain(`Role ${RoleName} is deleted, and no function may make roles`);
    const mail = summaries(played, deleted as Incident).at(-1);
    expect(mail?.body).toContain(`$ aws iam create-role --role-name ${RoleName}`);
    expect(mail?.body).toContain('delivery role: deleted');
    expect(await answerTo(stage, offender.key)).toBe('InvalidAccessKeyId');
  });

  it('row: trail: log bucket deleted: said, with the commands that make it again, the actor disabled', async () => {
    // Act
    const played = await desk.play({
      attack: () => deleted(bucket()),
    });

    // Assess
    const incident = theTreated(played);
    expect(incident).toMatchObject({ outcome: 'needs-analyst', status: 'handed-over', failures: [] });
    const action = actionOn(incident, 'restore-log-bucket', `bucket ${bucket()}`);
    expect(action.status).toBe('failed');
    expect(action.reason).toContain('is deleted, and whoever made it must make it again');
    expect(theTreatedSummary(played).body).toContain(`$ aws s3api create-bucket --bucket ${bucket()}`);
    expect(await answerTo(stage, offender.key)).toBe('InvalidAccessKeyId');
  });
});

/** Deletes a bucket that the trail goes on delivering to, as whoever means it would. */
async function deleted(Bucket: string, tries = 10): Promise<void> {
  await emptied(Bucket);
  try {
    await s3().send(new DeleteBucketCommand({ Bucket }));
  } catch (error) {
    if (tries === 1 || !(error instanceof Error) || error.name !== 'BucketNotEmpty') throw error;
    await deleted(Bucket, tries - 1);
  }
}

/** Deletes every version of every object of a bucket, as far as a page of its list goes. */
async function emptied(Bucket: string): Promise<void> {
  const client = new S3Client({ ...as(stage, stage.administrator), forcePathStyle: true });
  const { Versions = [], DeleteMarkers = [] } = await client.send(new ListObjectVersionsCommand({ Bucket }));
  for (const { Key, VersionId } of [...Versions, ...DeleteMarkers]) {
    await client.send(new DeleteObjectCommand({ Bucket, Key, VersionId }));
  }
}
