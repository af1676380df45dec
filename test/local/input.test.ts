import { randomUUID } from 'node:crypto';
import { CloudTrailClient, GetTrailStatusCommand, StopLoggingCommand } from '@aws-sdk/client-cloudtrail';
import {
  CreateBucketCommand,
  DeletePublicAccessBlockCommand,
  PutBucketPolicyCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { as, makeAttacker, signIn } from '../../simulate/attack.ts';
import { releaseAndRun } from './harness/approve.ts';
import { withEndpoint } from './harness/between.ts';
import { deliverByHand, recordOf } from './harness/by-hand.ts';
import { Desk, type Played } from './harness/desk.ts';
import { actionOn, actionsOf, section, theIncident, theSummary } from './harness/expectations.ts';
import { answerTo, makeOffender } from './harness/offender.ts';
import { type Refusal, startRefusing } from './harness/refusing.ts';
import { startTestAws, type TestAws } from './harness/test-aws.ts';

const CLOUDTRAIL = 'cloudtrail.amazonaws.com';
const S3 = 's3.amazonaws.com';

let aws: TestAws;
let trail: Desk;
let s3: Desk;
let logins: Desk;
let root: Desk;
let stage: ReturnType<Desk['stage']>;

// Records that no call gives, and refusals: no other file could tell them from its own.
beforeAll(async () => {
  aws = await startTestAws({ returnSpeed: 10 });
  const open = (detection: string) => Desk.open(detection, aws.shared);
  [trail, s3, logins, root] = await Promise.all([
    open('trail-tampering'),
    open('s3-public-exposure'),
    open('failed-console-logins'),
    open('root-usage'),
  ]);
  stage = trail.stage();
});
afterAll(async () => {
  await Promise.all([trail, s3, logins, root].map((desk) => desk?.close()));
  await aws?.close();
});

const user = (userName: string) => ({
  ...{ type: 'IAMUser', userName, accountId: stage.account },
  arn: `arn:aws:iam::${stage.account}:user/${userName}`,
});

/** A bucket without a block, open by its policy; made where nothing records it. */
async function openBucket(name: string): Promise<string> {
  const Bucket = `${name}-${stage.mark}`;
  const unseen = new S3Client({ ...as(stage, stage.administrator), endpoint: aws.shared.unrecorded });
  await unseen.send(new CreateBucketCommand({ Bucket }));
  await unseen.send(new DeletePublicAccessBlockCommand({ Bucket }));
  await unseen.send(new PutBucketPolicyCommand({ Bucket, Policy: publicPolicy(Bucket) }));
  return Bucket;
}
const publicPolicy = (bucket: string) =>
  JSON.stringify({
    Version: '2012-10-17',
    Statement: [{ Effect: 'Allow', Principal: '*', Action: 's3:GetObject', Resource: `arn:aws:s3:::${bucket}/*` }],
  });

describe('records of calls on a trail with missing or odd fields', () => {
  const twice = randomUUID();
  const stop = (rest: object) =>
    recordOf(stage, CLOUDTRAIL, 'StopLogging', { requestParameters: { name: 'cordon' }, ...rest }) as {
      eventID: string;
    };
  const session = { type: 'AssumedRole', sessionContext: { sessionIssuer: {} } };
  const denied = (arn: string) => ({
    ...{ requestParameters: null, errorCode: 'AccessDenied' },
    errorMessage: `User: ${arn} is not authorized to perform: cloudtrail:StopLogging on resource: arn:aws:cloudtrail:${stage.region}:${stage.account}:trail/cordon because no identity-based policy allows the cloudtrail:StopLogging action`,
  });
  const VARIANTS: [string, string, string, () => { eventID: string }][] = [
    ['userIdentity {}', 'an unknown principal', 'offence', () => stop({ userIdentity: {} })],
    ['userIdentity absent', 'an unknown principal', 'offence', () => stop({})],
    ['userIdentity null', 'an unknown principal', 'offence', () => stop({ userIdentity: null })],
    ['no type', 'AIDAEXAMPLE', 'offence', () => stop({ userIdentity: { principalId: 'AIDAEXAMPLE' } })],
    ['sessionIssuer {}', 'an unknown principal', 'offence', () => stop({ userIdentity: session })],
    [
      'sourceIPAddress a service’s name',
      'AWS service cloudformation.amazonaws.com',
      'offence',
      () =>
        stop({
          userIdentity: { invokedBy: 'cloudformation.amazonaws.com' },
          sourceIPAddress: 'cloudformation.amazonaws.com',
        }),
    ],
    [
      'requestParameters null, the target in the message only',
      'IAM user mallory-in-a-message',
      'attempt',
      () => stop({ userIdentity: user('mallory-in-a-message'), ...denied('mallory') }),
    ],
    [
      'fields that are lists or numbers',
      'an unknown principal',
      'offence',
      () => stop({ userIdentity: ['x'], userAgent: 7, sourceIPAddress: ['AWS Internal'] }),
    ],
    ['the same eventID twice', 'an unknown principal', 'offence', () => stop({ eventID: twice, userIdentity: {} })],
  ];
  const records = new Map<string, { eventID: string }>();
  let played: Played;
  beforeAll(async () => {
    // Prepare
    await makeAttacker(stage, 'mallory-in-a-message', ['s3:ListAllMyBuckets']);
    for (const [name, , , make] of VARIANTS) records.set(name, make());
    const insight = {
      eventVersion: '1.09',
      eventType: 'AwsCloudTrailInsight',
      eventID: randomUUID(),
      insightDetails: {},
    };

    // Act
    played = await trail.play({
      attack: () =>
        deliverByHand(
          stage,
          ...records.values(),
          stop({ eventID: twice, userIdentity: {} }),
          insight,
          'no JSON at all',
          { eventSource: CLOUDTRAIL, eventName: 'StopLogging' },
        ),
    });
  });

  it.each(VARIANTS)('row: input: trail record, %s: is in the incident, of %s, an %s', (name, label, verdict) => {
    const { eventID = '' } = records.get(name) ?? {};
    const events = theIncident(played).events.filter(({ record }) => record.eventID === eventID);
    expect(events).toMatchObject([{ verdict, actor: { label } }]);
  });

  it('row: input: trail records with odd fields: nobody is contained, and a person is told', () => {
    const incident = theIncident(played);
    expect(incident.events).toHaveLength(VARIANTS.length);
    expect(incident).toMatchObject({ outcome: 'needs-analyst', status: 'handed-over', failures: [] });
    expect(actionsOf(incident)).toEqual([
      'start-logging, trail cordon: not-needed',
      'tag-iam-user, IAM user mallory-in-a-message: verified',
    ]);
    expect(theSummary(played).subject).toContain('NEEDS AN ANALYST');
  });
});

const throttled = (calls: RegExp, times: number): Refusal => ({
  ...{ calls, times, status: 400 },
  body: '<ErrorResponse><Error><Type>Sender</Type><Code>Throttling</Code><Message>Rate exceeded</Message></Error><RequestId>r</RequestId></ErrorResponse>',
});
const slowDown = (calls: RegExp, times: number): Refusal => ({
  ...{ calls, times, status: 503 },
  body: '<Error><Code>SlowDown</Code><Message>Please reduce your request rate.</Message></Error>',
});

/** Plays an attack while a function's calls to a service are refused. */
async function refusedPlay(
  desk: Desk,
  unit: string,
  service: string,
  refusal: Refusal,
  attack: () => Promise<unknown>,
) {
  const refusing = await startRefusing(stage.endpoint, refusal);
  try {
    const play = () => desk.play({ attack, stopsTrail: desk === trail });
    const played = await withEndpoint(stage, `cordon-${unit}`, service, refusing.url, play);
    return { played, refused: refusing.refused };
  } finally {
    await refusing.close();
  }
}

describe('a service that is too busy for the playbook’s calls', () => {
  const stopLogging = (key: Parameters<typeof as>[1]) =>
    new CloudTrailClient(as(stage, key)).send(new StopLoggingCommand({ Name: 'cordon' }));
  const offender = (name: string) => makeOffender(stage, `${name}-${stage.mark}`, ['cloudtrail:StopLogging']);

  it('row: input: throttling for a while: everything is done in the end, and read back', async () => {
    const mallory = await offender('busy');
    const refusal = throttled(/Action=PutUserPolicy/, 5);

    const { played, refused } = await refusedPlay(trail, 'contain-disable-iam-user', 'IAM', refusal, () =>
      stopLogging(mallory.key),
    );

    expect(refused).toBe(5);
    expect(theIncident(played)).toMatchObject({ outcome: 'contained', failures: [] });
    expect(actionOn(theIncident(played), 'disable-iam-user', `IAM user ${mallory.name}`).status).toBe('verified');
    expect(await answerTo(stage, mallory.session)).toBe('AccessDenied');
  });

  it('row: input: throttling for good: the rest is done, and the mail says what is not and how it is done by hand', async () => {
    const mallory = await offender('busier');
    const refusal = throttled(/Action=(PutUserPolicy|UpdateAccessKey)/, Number.POSITIVE_INFINITY);

    const { played } = await refusedPlay(trail, 'contain-disable-iam-user', 'IAM', refusal, () =>
      stopLogging(mallory.key),
    );

    const incident = theIncident(played);
    expect(incident).toMatchObject({ outcome: 'needs-analyst', status: 'handed-over' });
    expect(actionsOf(incident)).toEqual([
      `disable-iam-user, IAM user ${mallory.name}: failed`,
      'start-logging, trail cordon: verified',
      `tag-iam-user, IAM user ${mallory.name}: verified`,
    ]);
    const done = section(theSummary(played), 'WHAT CORDON DID').join('\n');
    expect(done).toMatch(/FAILED: disable the IAM user.*\n.*because: .*Rate exceeded/);
    expect(done).toContain(`$ aws iam put-user-policy --user-name ${mallory.name}`);
    expect(section(theSummary(played), 'STILL OPEN').join('\n')).toContain('Rate exceeded');
  });

  it.each([
    ['for a while: the block is put, and read back', 4, 'verified', 'contained'],
    ['for good: the bucket is said to be open, with the command that closes it', Infinity, 'failed', 'needs-analyst'],
  ])('row: input: 503 SlowDown of S3 %s', async (how, times, status, outcome) => {
    const Bucket = await openBucket(how.startsWith('for good') ? 'slow' : 'slower');
    const key = await makeAttacker(stage, `opener-${Bucket}`, ['s3:PutBucketPolicy']);
    const open = () =>
      new S3Client(as(stage, key)).send(new PutBucketPolicyCommand({ Bucket, Policy: publicPolicy(Bucket) }));

    const refusal = slowDown(/^PUT \S*\?publicAccessBlock/, times);
    const { played } = await refusedPlay(s3, 'contain-block-public-access', 'S3', refusal, open);

    expect(theIncident(played)).toMatchObject({ outcome });
    expect(actionOn(theIncident(played), 'block-public-access', `bucket ${Bucket}`).status).toBe(status);
    if (status === 'verified') return;
    expect(section(theSummary(played), 'STILL OPEN').join('\n')).toContain(`bucket ${Bucket} is still open`);
    expect(theSummary(played).body).toContain('Please reduce your request rate');
    expect(theSummary(played).body).toContain(`$ aws s3api put-public-access-block --bucket ${Bucket}`);
  });
});

describe('records of calls on buckets with odd fields', () => {
  const SHAPES: [string, string, (bucket: string) => object][] = [
    [
      'Host a text',
      'PutBucketPolicy',
      (bucketName) => ({ bucketName, Host: `${bucketName}.s3.amazonaws.com`, bucketPolicy: {} }),
    ],
    [
      'Host a list',
      'PutBucketPolicy',
      (bucketName) => ({ bucketName, Host: [`${bucketName}.s3.amazonaws.com`], policy: [''] }),
    ],
    ['Host an object', 'PutBucketPolicy', (bucketName) => ({ bucketName, Host: { value: 's3.amazonaws.com' } })],
    ['bucketName a list', 'PutBucketPolicy', (bucket) => ({ bucketName: [bucket] })],
    ['acl a text', 'PutBucketAcl', (bucketName) => ({ bucketName, acl: '', 'x-amz-acl': 'public-read' })],
    ['acl a list', 'PutBucketAcl', (bucketName) => ({ bucketName, acl: [''], 'x-amz-acl': ['public-read'] })],
    [
      'Grant an object',
      'PutBucketAcl',
      (bucketName) => ({ bucketName, AccessControlPolicy: { AccessControlList: { Grant: { Permission: 'READ' } } } }),
    ],
    [
      'Grant a list',
      'PutBucketAcl',
      (bucketName) => ({ bucketName, AccessControlPolicy: { AccessControlList: { Grant: [{ Permission: 'READ' }] } } }),
    ],
  ];
  const buckets = new Map<string, string>();
  let played: Played;
  beforeAll(async () => {
    for (const [index, [name]] of SHAPES.entries()) buckets.set(name, await openBucket(`odd${index}`));
    const calls = SHAPES.map(([name, call, shape]) =>
      recordOf(stage, S3, call, { userIdentity: {}, requestParameters: shape(buckets.get(name) ?? '') }),
    );
    const ofAccount = ['text', ['text'], { name: 'text' }].map((shape) =>
      recordOf(stage, S3, 'DeleteAccountPublicAccessBlock', { userIdentity: {}, requestParameters: { Host: shape } }),
    );
    const without = recordOf(stage, S3, 'PutBucketPolicy', { userIdentity: {}, requestParameters: null });
    played = await s3.play({ attack: () => deliverByHand(stage, ...calls, ...ofAccount, without) });
  });

  it.each(SHAPES)('row: input: S3 record, %s in %s: the bucket is closed, read back', async (name) => {
    expect(actionOn(theIncident(played), 'block-public-access', `bucket ${buckets.get(name)}`).status).toBe('verified');
  });

  it('row: input: S3 records with odd fields: the account’s block is put once, nobody is contained, all records are there', () => {
    const incident = theIncident(played);
    expect(incident.events).toHaveLength(SHAPES.length + 4);
    expect(actionOn(incident, 'block-account-public-access', `account ${stage.account}`).status).toBe('verified');
    expect(incident.actions.filter(({ action }) => /user|role/.test(action))).toEqual([]);
    expect(incident.failures).toEqual([]);
  });
});

describe('failed sign-ins of root and of a hidden name', () => {
  let failed: Played;
  let used: Played;
  beforeAll(async () => {
    const attempt = () => signIn(stage, { root: true, password: 'a guess' });
    const hidden = recordOf(stage, 'signin.amazonaws.com', 'ConsoleLogin', {
      ...{ eventType: 'AwsConsoleSignIn', errorMessage: 'No username found in supplied account' },
      userIdentity: {
        type: 'IAMUser',
        userName: 'HIDDEN_DUE_TO_SECURITY_REASONS',
        accountId: stage.account,
        accessKeyId: '',
      },
      ...{ requestParameters: null, responseElements: { ConsoleLogin: 'Failure' }, sourceIPAddress: 'AWS Internal' },
    });
    [used, failed] = await Promise.all([
      root.play({ attack: async () => undefined }),
      logins.play({
        attack: async () => {
          for (let count = 0; count < 4; count += 1) await attempt();
          await deliverByHand(stage, hidden, { ...hidden, eventID: randomUUID(), userIdentity: {} });
        },
      }),
    ]);
  });

  it('row: root: a failed sign-in of root: an incident of both detections, each with its own question', () => {
    expect(theIncident(failed).events.filter(({ actor }) => actor.kind === 'root')).toHaveLength(4);
    const rootEvents = used.incidents.flatMap(({ events }) => events.map(({ verdict }) => verdict));
    expect(rootEvents).toEqual(['attempt', 'attempt', 'attempt', 'attempt']);
    expect(section(theSummary(failed), 'FOR YOU TO DO').join('\n')).toContain('Ask who holds the root credentials');
    expect(used.incidents.map(({ outcome }) => outcome)).toContain('needs-analyst');
  });

  it('row: input: a sign-in of a hidden name or of nobody: named as such, nobody is tagged or disabled', () => {
    const incident = theIncident(failed);
    expect(incident.events).toHaveLength(6);
    expect(incident.actions).toEqual([]);
    expect(section(theSummary(failed), 'USERS').join('\n')).toContain('(no such user in this account)');
  });
});

describe('targets that are gone by then', () => {
  it('row: input: an IAM user, a role and a trail that are gone: each is said, and the others are treated', async () => {
    // Prepare
    const bob = `bob-${stage.mark}`;
    await makeAttacker(stage, bob, ['s3:ListAllMyBuckets']);
    const role = {
      ...{ type: 'AssumedRole', accountId: stage.account, arn: `arn:aws:sts::${stage.account}:assumed-role/gone/s` },
      sessionContext: {
        sessionIssuer: { type: 'Role', userName: 'gone', arn: `arn:aws:iam::${stage.account}:role/gone` },
      },
    };
    const call = (name: string, userIdentity: object) =>
      recordOf(stage, CLOUDTRAIL, name, {
        userIdentity,
        requestParameters: { name: name === 'DeleteTrail' ? 'gone' : 'cordon' },
      });

    // Act
    const played = await trail.play({
      attack: () =>
        deliverByHand(
          stage,
          call('StopLogging', user('ghost')),
          call('StopLogging', role),
          call('DeleteTrail', user(bob)),
        ),
    });

    // Assess
    const incident = theIncident(played);
    expect(incident).toMatchObject({ outcome: 'needs-analyst', failures: [] });
    for (const action of ['disable-iam-user', 'tag-iam-user']) {
      expect(actionOn(incident, action, 'IAM user ghost')).toMatchObject({
        ...{ status: 'failed', reason: expect.stringContaining('IAM user ghost does not exist any more') },
      });
      expect(actionOn(incident, action, `IAM user ${bob}`).status).toBe('verified');
    }
    const revoke = actionOn(incident, 'revoke-role-sessions', 'role gone');
    expect(revoke.status).toBe('proposed');
    expect(await releaseAndRun(trail, incident, revoke)).toMatchObject({
      ...{ status: 'failed', reason: expect.stringContaining('Role gone does not exist any more') },
    });
    expect(section(theSummary(played), 'STILL OPEN').join('\n')).toMatch(/trail gone/);
  });

  it('row: input: an access key that is gone: said when its containment is approved', async () => {
    const played = await root.play({
      attack: () =>
        deliverByHand(
          stage,
          recordOf(stage, 'iam.amazonaws.com', 'CreateAccessKey', {
            ...{ userIdentity: { type: 'Root', accountId: stage.account }, requestParameters: { userName: 'ghost' } },
            responseElements: { accessKey: { userName: 'ghost', accessKeyId: 'AKIAEXAMPLEGONE00001' } },
          }),
        ),
    });
    const incident = theIncident(played);
    const [key] = incident.actions.filter(({ action }) => action === 'deactivate-access-key');
    expect(key).toMatchObject({ status: 'proposed' });
    expect(await releaseAndRun(root, incident, key as never)).toMatchObject({
      status: 'failed',
      reason: expect.stringContaining('Access key AKIAEXAMPLEGONE00001 of IAM user ghost does not exist any more'),
    });
    const status = await trail.clients.cloudTrail.send(new GetTrailStatusCommand({ Name: 'cordon' }));
    expect(status.IsLogging).toBe(true);
  });
});
