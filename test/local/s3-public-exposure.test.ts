import {
  CreateBucketCommand,
  DeletePublicAccessBlockCommand,
  GetBucketPolicyCommand,
  GetPublicAccessBlockCommand,
  PutBucketPolicyCommand,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { AccessKey } from '../../local/account.ts';
import { as, makeAttacker, type Prepared, type Stage } from '../../simulate/attack.ts';
import s3PublicExposure from '../../simulate/s3-public-exposure.ts';
import { Desk, type Played } from './harness/desk.ts';
import {
  actionOn,
  actionsOf,
  callsOf,
  expectDoneInMail,
  expectEvidence,
  expectNothingElse,
  expectOneAnsweredAlarm,
  section,
  theIncident,
  theSummary,
} from './harness/expectations.ts';
import { answerTo, readUser } from './harness/offender.ts';
import { undo } from './harness/undo.ts';

const SOURCE = '198.51.100.48';
const ALL_ON = {
  BlockPublicAcls: true,
  IgnorePublicAcls: true,
  BlockPublicPolicy: true,
  RestrictPublicBuckets: true,
};

let desk: Desk;
let stage: Stage;
let administrator: S3Client;
const incidents: string[] = [];
let executions = 0;

beforeAll(async () => {
  desk = await Desk.open('s3-public-exposure');
  stage = desk.stage();
  administrator = new S3Client(as(stage, stage.administrator));
});
afterAll(() => desk?.close());

async function play(attack: () => Promise<unknown>): Promise<Played> {
  const played = await desk.play({ attack });
  incidents.push(...played.incidents.map(({ id }) => id));
  executions += played.executions.length;
  return played;
}

/** The status with which an object is answered without credentials. */
const anonymously = async (path: string): Promise<number> => (await fetch(`${stage.endpoint}/${path}`)).status;

async function blockOf(Bucket: string): Promise<unknown> {
  return (await administrator.send(new GetPublicAccessBlockCommand({ Bucket }))).PublicAccessBlockConfiguration;
}

const policy = (bucket: string, Principal: unknown): string =>
  JSON.stringify({
    Version: '2012-10-17',
    Statement: [
      { Sid: 'Readers', Effect: 'Allow', Principal, Action: 's3:GetObject', Resource: `arn:aws:s3:::${bucket}/*` },
    ],
  });

/** A bucket with one object, and a user who may open it. */
async function bucketWithUser(user: string, bucket: string): Promise<AccessKey> {
  await administrator.send(new CreateBucketCommand({ Bucket: bucket }));
  await administrator.send(new PutObjectCommand({ Bucket: bucket, Key: 'list.csv', Body: 'id\n1\n' }));
  return makeAttacker(stage, user, ['s3:PutBucketPublicAccessBlock', 's3:PutBucketPolicy', 's3:ListAllMyBuckets']);
}

describe('an IAM user opens a bucket to everybody', () => {
  let prepared: Prepared;
  let object: string;
  let bucket: string;
  const seen: number[] = [];
  let played: Played;
  beforeAll(async () => {
    // Prepare
    prepared = await s3PublicExposure.prepare(stage);
    bucket = `payroll-${stage.mark}`;
    object = `${bucket}/2026/salaries.csv`;
    seen.push(await anonymously(object));

    // Act
    played = await play(async () => {
      await prepared.attack(() => {});
      seen.push(await anonymously(object));
    });
  });

  it('sets off one alarm, which one execution answers', () => {
    expectOneAnsweredAlarm(played, 's3-public-exposure');
  });

  it('is undone: who could read the object without credentials cannot any more', async () => {
    expect(seen).toEqual([403, 200]);
    expect(await anonymously(object)).toBe(403);
    expect(await blockOf(bucket)).toEqual(ALL_ON);
  });

  it('stands in the ledger with bucket, responsible user, scope and public access removed', async () => {
    const incident = theIncident(played);
    expect(incident).toMatchObject({ ...s3PublicExposure.expected, failures: [] });
    expect(callsOf(incident)).toEqual(
      ['DeleteBucketPublicAccessBlock', 'PutBucketPolicy'].map((call) => ({
        call,
        by: `IAM user ${prepared.actor}`,
        verdict: 'offence',
      })),
    );
    expect(incident.findings['bucket-exposure']).toMatchObject([
      {
        bucket,
        public: true,
        protectionRemoved: true,
        closed: true,
        objects: { count: 1, atLeast: false },
        ways: [{ via: 'policy', who: 'everyone', access: ['read'] }],
      },
    ]);
    expect(actionsOf(incident)).toEqual([
      `block-public-access, bucket ${bucket}: verified`,
      `disable-iam-user, IAM user ${prepared.actor}: proposed`,
      `remove-public-access, bucket ${bucket}: proposed`,
      `tag-iam-user, IAM user ${prepared.actor}: verified`,
    ]);
    const { tags, policies } = await readUser(stage, prepared.actor);
    expect(tags['cordon:incident']).toBe(incident.id);
    expect(policies).toEqual(['work']);
  });

  it('is mailed with bucket, responsible user, scope, public access removed, and what was done', () => {
    const incident = theIncident(played);
    const mail = theSummary(played);
    expect(mail.subject).toContain(`s3-public-exposure, bucket ${bucket}`);
    expect(section(mail, 'WHAT HAPPENED').join('\n')).toMatch(
      new RegExp(
        `DeleteBucketPublicAccessBlock, bucket ${bucket}, by IAM user ${prepared.actor}.*\n.*PutBucketPolicy, bucket ${bucket}, by IAM user ${prepared.actor}`,
      ),
    );
    const exposure = section(mail, 'EXPOSURE').join('\n');
    expect(exposure).toContain(`Bucket ${bucket}, 1 object, 22 B`);
    expect(exposure).toMatch(/open to everyone by its policy \(.*Everybody.*\): read/);
    expect(exposure).toContain('its public access block was removed or weakened');
    expect(exposure).toContain('public access is removed (read back)');
    expect(section(mail, 'WHO')[0]).toBe(`- IAM user ${prepared.actor}, from ${SOURCE}`);
    for (const action of incident.actions.filter(({ status }) => status === 'verified')) {
      expectDoneInMail(mail, incident, action);
    }
    expect(section(mail, 'FOR YOU TO DECIDE')[0]).toContain(`IAM user ${prepared.actor}: not done`);
  });

  it('leaves its evidence where the mail says', () => expectEvidence(desk, played));
});

describe('a policy of a bucket without a block lets in nobody but the account', () => {
  const bucket = () => `shared-${stage.mark}`;
  const user = () => `alice-${stage.mark}`;
  let key: AccessKey;
  let played: Played;
  beforeAll(async () => {
    // Prepare
    key = await bucketWithUser(user(), bucket());
    // A bucket that is older than the trail may never have had a block.
    const unrecorded = new S3Client({ ...as(stage, stage.administrator), endpoint: desk.aws.unrecorded });
    await unrecorded.send(new DeletePublicAccessBlockCommand({ Bucket: bucket() }));
    const Policy = policy(bucket(), { AWS: `arn:aws:iam::${stage.account}:root` });

    // Act
    played = await play(() =>
      new S3Client(as(stage, key)).send(new PutBucketPolicyCommand({ Bucket: bucket(), Policy })),
    );
  });

  it('is closed as benign, with the reason', () => {
    const incident = theIncident(played);
    const reason = `bucket ${bucket()}: not public: neither policy nor ACL lets strangers in`;
    expect(incident).toMatchObject({ outcome: 'benign', status: 'closed', failures: [] });
    expect(incident.events).toMatchObject([{ verdict: 'benign', reason }]);
    const mail = theSummary(played);
    expect(mail.subject).toContain('BENIGN: s3-public-exposure');
    expect(section(mail, 'WHAT HAPPENED').join('\n')).toContain(reason);
  });

  it('leaves policy and user as they are', async () => {
    expect(actionsOf(theIncident(played))).toEqual([`block-public-access, bucket ${bucket()}: not-needed`]);
    expect(await readUser(stage, user())).toEqual({
      keys: { [key.accessKeyId]: 'Active' },
      policies: ['work'],
      tags: {},
    });
    expect(await answerTo(stage, key)).toBe('allowed');
    const { Policy } = await administrator.send(new GetBucketPolicyCommand({ Bucket: bucket() }));
    expect(Policy).toContain('Readers');
  });
});

describe('two users open a bucket each at the same time', () => {
  const names = () => ['mike', 'nina'].map((who) => ({ user: `${who}-${stage.mark}`, bucket: `${who}-${stage.mark}` }));
  let played: Played;
  beforeAll(async () => {
    // Prepare
    const offenders = await Promise.all(
      names().map(async ({ user, bucket }) => ({ bucket, key: await bucketWithUser(user, bucket) })),
    );

    // Act
    played = await play(() =>
      Promise.all(
        offenders.map(async ({ bucket, key }) => {
          const s3 = new S3Client(as(stage, key));
          await s3.send(new DeletePublicAccessBlockCommand({ Bucket: bucket }));
          await s3.send(new PutBucketPolicyCommand({ Bucket: bucket, Policy: policy(bucket, '*') }));
        }),
      ),
    );
  });

  it('is one incident, in which both buckets are closed and both users are tagged', async () => {
    expectOneAnsweredAlarm(played, 's3-public-exposure');
    const incident = theIncident(played);
    expect(incident.events).toHaveLength(4);
    for (const { user, bucket } of names()) {
      expect(actionOn(incident, 'block-public-access', `bucket ${bucket}`).status).toBe('verified');
      expect(actionOn(incident, 'tag-iam-user', `IAM user ${user}`).status).toBe('verified');
      expect(await blockOf(bucket)).toEqual(ALL_ON);
      expect(await anonymously(`${bucket}/list.csv`)).toBe(403);
      expect((await readUser(stage, user)).tags['cordon:incident']).toBe(incident.id);
      expect(section(theSummary(played), 'EXPOSURE').join('\n')).toContain(`Bucket ${bucket}`);
    }
  });

  it('is opened again by an undo, which sets nothing off', async () => {
    // Prepare
    const bucket = names()[0]?.bucket ?? '';
    const incident = theIncident(played);
    const action = actionOn(incident, 'block-public-access', `bucket ${bucket}`);

    // Act
    let status = '';
    const came = await desk.playHarmless(async () => {
      ({ status } = await undo(desk, incident, action, { reason: 'meant to be public' }));
    });

    // Assess
    expect(status).toBe('SUCCEEDED');
    expect(await anonymously(`${bucket}/list.csv`)).toBe(200);
    expect(came.alarm).toEqual([]);
    expect(came.mails.map(({ subject }) => subject)).toEqual([
      expect.stringMatching(/UNDONE: s3-public-exposure, bucket /),
    ]);
  });

  it('is all that came', () => expectNothingElse(desk, { incidents, executions }));
});
