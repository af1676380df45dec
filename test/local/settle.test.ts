import { randomUUID } from 'node:crypto';
import { CloudTrailClient, StopLoggingCommand } from '@aws-sdk/client-cloudtrail';
import { DeleteRolePolicyCommand, IAMClient, PutRolePolicyCommand } from '@aws-sdk/client-iam';
import {
  CreateBucketCommand,
  DeletePublicAccessBlockCommand,
  PutBucketPolicyCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { StartExecutionCommand } from '@aws-sdk/client-sfn';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { as, makeAttacker, type Stage } from '../../simulate/attack.ts';
import { deliverByHand } from './harness/by-hand.ts';
import { Desk, type Played } from './harness/desk.ts';
import { ended } from './harness/executions.ts';
import { theIncident, theSummary } from './harness/expectations.ts';
import { startTestAws, type TestAws } from './harness/test-aws.ts';

let aws: TestAws;
let buckets: Desk;
let trail: Desk;
let stage: Stage;

// An AWS of its own: a hundred offenders would be in everybody's way.
beforeAll(async () => {
  aws = await startTestAws();
  buckets = await Desk.open('s3-public-exposure', aws.shared);
  trail = await Desk.open('trail-tampering', aws.shared);
  stage = trail.stage();
});
afterAll(async () => {
  await buckets?.close();
  await trail?.close();
  await aws?.close();
});

const numbered = (count: number) => Array.from({ length: count }, (_, index) => String(index).padStart(3, '0'));

/** A user who may do nothing, and tries to stop the trail. */
async function prepareAttempt(mark: string): Promise<{ user: string; attempt: () => Promise<string> }> {
  const user = `trier-${mark}-${stage.mark}`;
  const key = await makeAttacker(stage, user, ['s3:ListAllMyBuckets']);
  // A program's name may be long; a hundred such records are more than the state of an execution may hold.
  const cloudTrail = new CloudTrailClient({ ...as(stage, key), customUserAgent: 'x'.repeat(2600) });
  const attempt = () =>
    cloudTrail.send(new StopLoggingCommand({ Name: 'cordon' })).then(
      () => 'stopped',
      (error: Error) => error.name,
    );
  return { user, attempt };
}

describe('a hundred offenders in one window', () => {
  let users: string[];
  let answers: string[];
  let played: Played;
  beforeAll(async () => {
    // Prepare
    const attempts = await Promise.all(numbered(100).map(prepareAttempt));
    users = attempts.map(({ user }) => user);

    // Act
    played = await trail.play({
      attack: async () => {
        answers = await Promise.all(attempts.map(({ attempt }) => attempt()));
      },
    });
  });

  it('row: settle: a hundred offenders in one window: all are treated, in one incident', () => {
    const incident = theIncident(played);
    const done = incident.actions.map(({ action, label, status }) => `${action}, ${label}: ${status}`);
    expect(new Set(answers)).toEqual(new Set(['AccessDeniedException']));
    expect(incident).toMatchObject({ outcome: 'attempt', failures: [] });
    expect(done.sort()).toEqual(users.map((user) => `tag-iam-user, IAM user ${user}: verified`).sort());
  });

  it('row: settle: more than 256 KB of events: go by reference, none is lost', async () => {
    const records = await trail.evidence(theIncident(played), 'records.ndjson');
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
    const after = await trail.play({ attack: () => deliverByHand(stage, late) });

    // Assess
    const incident = theIncident(after);
    expect(before.closedAt).toBeDefined();
    expect(incident.id).not.toBe(before.id);
    expect(incident.events.map(({ record }) => record.eventID)).toEqual([late.eventID]);
    expect(theSummary(after).body).toContain(`Linked    ${before.id}`);
  });
});

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
  const Policy = JSON.stringify({
    Version: '2012-10-17',
    Statement: [{ Effect: 'Allow', Principal: '*', Action: 's3:GetObject', Resource: `arn:aws:s3:::${bucket}/*` }],
  });
  const s3 = new S3Client(as(stage, key));
  return { user, bucket, open: () => s3.send(new PutBucketPolicyCommand({ Bucket: bucket, Policy })) };
}

describe('what the playbook cannot do', () => {
  it('row: input: access denied to the playbook itself: the rest goes on, and the incident says what an analyst must do', async () => {
    // Prepare
    // Where it were seen, cordon would put its own role back first.
    const iam = new IAMClient({ ...as(stage, stage.administrator), endpoint: aws.shared.unrecorded });
    const policy = { RoleName: 'cordon-contain-block-public-access', PolicyName: 'in-the-way' };
    const statement = { Effect: 'Deny', Action: 's3:PutBucketPublicAccessBlock', Resource: '*' };
    const PolicyDocument = JSON.stringify({ Version: '2012-10-17', Statement: [statement] });
    await iam.send(new PutRolePolicyCommand({ ...policy, PolicyDocument }));
    const { user, bucket, open } = await prepareOpening('denied');

    // Act
    const played = await buckets.play({ attack: open });
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
    const { executionArn = '' } = await trail.clients.sfn.send(
      new StartExecutionCommand({
        stateMachineArn: trail.machine,
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
    const mail = await trail.mail(
      ({ subject, body }) => subject.includes('PLAYBOOK FAILED') && body.includes(executionArn),
    );
    expect(mail.body).toContain("There is no detection 'gone-detection' in the catalog");
    expect((await ended(trail.clients.sfn, executionArn)).status).toBe('FAILED');
  });
});
