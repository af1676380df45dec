import { randomUUID } from 'node:crypto';
import { CloudWatchLogsClient, CreateLogStreamCommand, PutLogEventsCommand } from '@aws-sdk/client-cloudwatch-logs';
import { DeleteRolePolicyCommand, IAMClient, PutRolePolicyCommand } from '@aws-sdk/client-iam';
import {
  CreateBucketCommand,
  DeletePublicAccessBlockCommand,
  GetPublicAccessBlockCommand,
  PutBucketPolicyCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { StartExecutionCommand } from '@aws-sdk/client-sfn';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { as, makeAttacker, type Stage } from '../../local/attacks/attack.ts';
import { Desk, type Played } from './harness/desk.ts';
import { ended } from './harness/executions.ts';
import { theIncident, theSummary } from './harness/expectations.ts';
import { startTestAws, type TestAws } from './harness/test-aws.ts';

let aws: TestAws;
let desk: Desk;
let stage: Stage;

// An AWS of its own: a hundred offenders would be in everybody's way.
beforeAll(async () => {
  aws = await startTestAws({ settings: { cap: '500' } });
  desk = await Desk.open('s3-public-exposure', aws.shared);
  stage = desk.stage();
});
afterAll(async () => {
  await desk?.close();
  await aws?.close();
});

const numbered = (count: number) => Array.from({ length: count }, (_, index) => String(index).padStart(3, '0'));

/** A bucket without a block, and a user who may open it. */
async function prepareOpening(mark: string): Promise<{ user: string; bucket: string; open: () => Promise<unknown> }> {
  const user = `opener-${mark}-${stage.mark}`;
  const bucket = `open-${mark}-${stage.mark}`;
  const administrator = new S3Client(as(stage, stage.administrator));
  await administrator.send(new CreateBucketCommand({ Bucket: bucket }));
  administrator.destroy();
  // A new bucket has a block. Taking it away is an incident of its own, so it is done where nothing records it.
  const unseen = new S3Client({ ...as(stage, stage.root), endpoint: aws.shared.unrecorded });
  await unseen.send(new DeletePublicAccessBlockCommand({ Bucket: bucket }));
  unseen.destroy();
  const key = await makeAttacker(stage, user, ['s3:PutBucketPolicy']);
  // A program's name may be long; a hundred such records are more than the state of an execution may hold.
  const s3 = new S3Client({ ...as(stage, key), customUserAgent: 'x'.repeat(2500) });
  const Policy = JSON.stringify({
    Version: '2012-10-17',
    Statement: [{ Effect: 'Allow', Principal: '*', Action: 's3:GetObject', Resource: `arn:aws:s3:::${bucket}/*` }],
  });
  return { user, bucket, open: () => s3.send(new PutBucketPolicyCommand({ Bucket: bucket, Policy })) };
}

const settingsOn = async (bucket: string): Promise<number> => {
  const s3 = new S3Client(as(stage, stage.administrator));
  const { PublicAccessBlockConfiguration: block = {} } = await s3.send(
    new GetPublicAccessBlockCommand({ Bucket: bucket }),
  );
  s3.destroy();
  return Object.values(block).filter(Boolean).length;
};

describe('a hundred offenders in one window', () => {
  let openings: Awaited<ReturnType<typeof prepareOpening>>[];
  let played: Played;
  beforeAll(async () => {
    // Prepare
    openings = [];
    for (const mark of numbered(100)) openings.push(await prepareOpening(mark));

    // Act
    played = await desk.play({ attack: () => Promise.all(openings.map(({ open }) => open())) });
  });

  it('row: settle: a hundred offenders in one window: all are treated, in one incident', async () => {
    const incident = theIncident(played);
    const done = incident.actions.map(({ action, label, status }) => `${action}, ${label}: ${status}`);
    expect(incident).toMatchObject({ outcome: 'contained', failures: [] });
    expect(new Set(incident.events.map(({ actor }) => actor.name)).size).toBe(100);
    for (const { user, bucket } of openings) {
      expect(done).toContain(`block-public-access, bucket ${bucket}: verified`);
      expect(done).toContain(`tag-iam-user, IAM user ${user}: verified`);
      expect(await settingsOn(bucket)).toBe(4);
    }
  });

  it('row: settle: more than 256 KB of events: go by reference, none is lost', async () => {
    const incident = theIncident(played);
    const records = await desk.evidence(incident, 'records.ndjson');
    expect(records.length).toBeGreaterThan(262_144);
    expect(records.trimEnd().split('\n')).toHaveLength(100);
    expect(played.executions.map(({ status }) => status)).toEqual(['SUCCEEDED']);
  });

  it('row: settle: an event that arrives late, for a closed incident: opens a linked one', async () => {
    // Prepare
    const before = theIncident(played);
    const late = {
      ...before.events[0]?.record,
      eventID: randomUUID(),
      eventTime: `${new Date(Date.now() - 120_000).toISOString().slice(0, 19)}Z`,
    };

    // Act
    const after = await desk.play({ attack: () => deliverByHand(late) });

    // Assess
    const incident = theIncident(after);
    expect(before.closedAt).toBeDefined();
    expect(incident.id).not.toBe(before.id);
    expect(incident.events.map(({ record }) => record.eventID)).toEqual([late.eventID]);
    expect(theSummary(after).body).toContain(`Linked    ${before.id}`);
  });
});

async function deliverByHand(record: object): Promise<void> {
  const logs = new CloudWatchLogsClient(as(stage, stage.administrator));
  const stream = { logGroupName: '/cordon/trail', logStreamName: `late-${randomUUID()}` };
  await logs.send(new CreateLogStreamCommand(stream));
  const logEvents = [{ timestamp: Date.now(), message: JSON.stringify(record) }];
  await logs.send(new PutLogEventsCommand({ ...stream, logEvents }));
  logs.destroy();
}

describe('what the playbook cannot do', () => {
  it('row: input: access denied to the playbook itself: the rest goes on, and the incident says what an analyst must do', async () => {
    // Prepare
    const iam = new IAMClient(as(stage, stage.administrator));
    const policy = { RoleName: 'cordon-contain-block-public-access', PolicyName: 'in-the-way' };
    const statement = { Effect: 'Deny', Action: 's3:PutBucketPublicAccessBlock', Resource: '*' };
    const PolicyDocument = JSON.stringify({ Version: '2012-10-17', Statement: [statement] });
    await iam.send(new PutRolePolicyCommand({ ...policy, PolicyDocument }));
    const { user, bucket, open } = await prepareOpening('denied');

    // Act
    const played = await desk.play({ attack: open });
    await iam.send(new DeleteRolePolicyCommand(policy));

    // Assess
    const incident = theIncident(played);
    const [block] = incident.actions.filter(({ action }) => action === 'block-public-access');
    expect(incident).toMatchObject({ outcome: 'needs-analyst', status: 'handed-over' });
    expect(block).toMatchObject({ status: 'failed', label: `bucket ${bucket}` });
    expect(block?.reason).toMatch(/not authorized to perform: s3:PutBucketPublicAccessBlock/);
    expect(incident.actions).toContainEqual(
      expect.objectContaining({ action: 'tag-iam-user', label: `IAM user ${user}`, status: 'verified' }),
    );
    expect(theSummary(played).subject).toContain('NEEDS AN ANALYST');
    expect(theSummary(played).body).toMatch(/FAILED: restore the public access block/);
  });

  it('row: input: an alarm for a detection that no longer exists: mailed by the playbook, nothing is lost', async () => {
    // Act
    const { executionArn = '' } = await desk.clients.sfn.send(
      new StartExecutionCommand({
        stateMachineArn: desk.machine,
        input: JSON.stringify({
          'detail-type': 'CloudWatch Alarm State Change',
          account: stage.account,
          region: stage.region,
          detail: {
            alarmName: 'cordon-gone-detection',
            state: { value: 'ALARM', timestamp: '2026-05-01T03:00:00.000+0000' },
          },
        }),
      }),
    );

    // Assess
    const mail = await desk.mail(
      ({ subject, body }) => subject.includes('PLAYBOOK FAILED') && body.includes(executionArn),
    );
    expect(mail.body).toContain("There is no detection 'gone-detection' in the catalog");
    expect((await ended(desk.clients.sfn, executionArn)).status).toBe('FAILED');
  });
});
