import { rmSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import {
  CloudTrailClient,
  CreateTrailCommand,
  DescribeTrailsCommand,
  GetInsightSelectorsCommand,
  GetTrailStatusCommand,
  LookupEventsCommand,
  PutEventSelectorsCommand,
  PutInsightSelectorsCommand,
  StartLoggingCommand,
  StopLoggingCommand,
} from '@aws-sdk/client-cloudtrail';
import { CreateAccessKeyCommand, CreateLoginProfileCommand, GetUserCommand, IAMClient } from '@aws-sdk/client-iam';
import {
  DeletePublicAccessBlockCommand,
  GetObjectCommand,
  PutBucketPolicyCommand,
  PutObjectCommand,
  PutPublicAccessBlockCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { AssumeRoleCommand, GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Recorder, startRecorder } from '../../local/recorder/recorder.ts';
import { type LogsWritten, Signals } from '../../local/signals.ts';
import type { CloudTrailRecord } from '../../playbooks/cloudtrail.ts';
import { type FakeEmulator, refused, startFakeEmulator, xml } from './fake-emulator.ts';
import { writeServiceModels } from './service-models.ts';

const ACCOUNT = '111122223333';
const ROOT = { accessKeyId: 'AKIAROOTEXAMPLE00001', secretAccessKey: 'root-secret' };
const EVE = { accessKeyId: 'AKIAEVEEXAMPLE000001', secretAccessKey: 'eve-secret' };
const EVE_IDENTITY = {
  type: 'IAMUser',
  principalId: 'AIDAEVE',
  arn: `arn:aws:iam::${ACCOUNT}:user/staff/eve`,
  accountId: ACCOUNT,
  accessKeyId: EVE.accessKeyId,
  userName: 'eve',
};
const TRAIL_ARN = `arn:aws:cloudtrail:us-east-1:${ACCOUNT}:trail/main`;
const GROUP_ARN = `arn:aws:logs:us-east-1:${ACCOUNT}:log-group:trail:*`;
const NOW = new Date('2026-03-04T05:06:07.890Z');

let models: string;
let emulator: FakeEmulator;
let recorder: Recorder;
let records: { record: CloudTrailRecord; trails: string[] }[];
let logs: LogsWritten[];
let signals: Signals;

beforeAll(() => {
  models = writeServiceModels();
});
afterAll(() => rmSync(models, { recursive: true }));

beforeEach(async () => {
  emulator = await startFakeEmulator();
  emulator.answers.set('GetAccessKeyLastUsed', () =>
    xml('<R><GetAccessKeyLastUsedResult><UserName>eve</UserName></GetAccessKeyLastUsedResult></R>'),
  );
  emulator.answers.set('GetUser', ({ body }) =>
    body.toString().includes('UserName=eve')
      ? xml(
          `<R><GetUserResult><User><UserName>eve</UserName><UserId>AIDAEVE</UserId><Arn>${EVE_IDENTITY.arn}</Arn></User></GetUserResult></R>`,
        )
      : xml(
          '<ErrorResponse><Error><Code>NoSuchEntity</Code><Message>The user with name bob cannot be found.</Message></Error></ErrorResponse>',
          404,
        ),
  );
  emulator.answers.set('CreateLoginProfile', () => xml('<R><CreateLoginProfileResult/></R>'));
  signals = new Signals();
  records = [];
  logs = [];
  signals.on('record', (record, trails) => records.push({ record, trails }));
  signals.on('logs', (written) => logs.push(written));
  recorder = await startRecorder({
    upstream: emulator.url,
    port: 0,
    account: ACCOUNT,
    region: 'us-east-1',
    root: ROOT,
    rootPassword: 'root-password',
    models,
    signals,
    now: () => NOW,
  });
  emulator.arrived.length = 0;
});
afterEach(async () => {
  await recorder.close();
  await emulator.close();
});

const client = (credentials: { accessKeyId: string; secretAccessKey: string } = EVE) => ({
  endpoint: recorder.url,
  region: 'us-east-1',
  credentials,
  maxAttempts: 1,
});
const s3 = () => new S3Client({ ...client(), forcePathStyle: true });
const only = (name: string) => {
  const found = records.filter(({ record }) => record.eventName === name);
  expect(found, name).toHaveLength(1);
  return found[0]?.record as CloudTrailRecord;
};

async function makeTrail(): Promise<CloudTrailClient> {
  emulator.answers.set('CreateTrail', () => ({
    body: JSON.stringify({ Name: 'main', S3BucketName: 'trail-bucket', TrailARN: TRAIL_ARN, IsMultiRegionTrail: true }),
  }));
  emulator.answers.set('ListTags', () => ({ body: JSON.stringify({ ResourceTagList: [] }) }));
  const cloudtrail = new CloudTrailClient(client());
  const CloudWatchLogsRoleArn = `arn:aws:iam::${ACCOUNT}:role/delivery`;
  await cloudtrail.send(
    new CreateTrailCommand({
      Name: 'main',
      S3BucketName: 'trail-bucket',
      IsMultiRegionTrail: true,
      CloudWatchLogsLogGroupArn: GROUP_ARN,
      CloudWatchLogsRoleArn,
    }),
  );
  await cloudtrail.send(new StartLoggingCommand({ Name: 'main' }));
  return cloudtrail;
}

describe('records', () => {
  it('writes a StopLogging of an IAM user in full', async () => {
    // Act
    await new CloudTrailClient({ ...client(), customUserAgent: 'attack' }).send(
      new StopLoggingCommand({ Name: 'main' }),
    );
    await recorder.flush();

    // Assess
    const { eventID, userAgent, ...record } = only('StopLogging');
    expect(record).toEqual({
      eventVersion: '1.11',
      userIdentity: EVE_IDENTITY,
      eventTime: '2026-03-04T05:06:07Z',
      eventSource: 'cloudtrail.amazonaws.com',
      eventName: 'StopLogging',
      awsRegion: 'us-east-1',
      sourceIPAddress: '127.0.0.1',
      requestParameters: { name: 'main' },
      responseElements: null,
      requestID: 'request-1',
      readOnly: false,
      eventType: 'AwsApiCall',
      managementEvent: true,
      recipientAccountId: ACCOUNT,
      eventCategory: 'Management',
    });
    expect(eventID).toMatch(/^[0-9a-f-]{36}$/);
    expect(userAgent).toContain('attack');
  });

  it('writes a refusal without parameters and with the target in its message', async () => {
    // Prepare
    const denial = `User: ${EVE_IDENTITY.arn} is not authorized to perform: cloudtrail:StopLogging because no identity-based policy allows the cloudtrail:StopLogging action`;
    emulator.answers.set('StopLogging', () => refused('AccessDeniedException', denial));

    // Act
    const call = new CloudTrailClient(client()).send(new StopLoggingCommand({ Name: 'main' }));
    await expect(call).rejects.toThrow(denial);
    await recorder.flush();

    // Assess
    expect(only('StopLogging')).toMatchObject({
      errorCode: 'AccessDenied',
      errorMessage: denial.replace(' because', ` on resource: ${TRAIL_ARN} because`),
      requestParameters: null,
      responseElements: null,
    });
  });

  it('names a failed query call by its exception', async () => {
    await expect(new IAMClient(client()).send(new GetUserCommand({ UserName: 'bob' }))).rejects.toThrow(
      'cannot be found',
    );
    await recorder.flush();
    expect(only('GetUser')).toMatchObject({
      errorCode: 'NoSuchEntityException',
      requestParameters: { userName: 'bob' },
      readOnly: true,
    });
  });

  it('writes nothing of a call whose credentials are not valid', async () => {
    emulator.answers.set('StopLogging', () =>
      refused('UnrecognizedClientException', 'The security token included in the request is invalid.'),
    );
    await expect(new CloudTrailClient(client()).send(new StopLoggingCommand({ Name: 'main' }))).rejects.toThrow(
      'security token',
    );
    await recorder.flush();
    expect(records).toEqual([]);
  });

  it('writes S3 calls under the names and in the form that S3 uses', async () => {
    // Prepare
    const policy = {
      Version: '2012-10-17',
      Statement: [{ Effect: 'Allow', Principal: '*', Action: 's3:GetObject', Resource: 'arn:aws:s3:::b/*' }],
    };

    // Act
    await s3().send(new PutBucketPolicyCommand({ Bucket: 'b', Policy: JSON.stringify(policy) }));
    await s3().send(
      new PutPublicAccessBlockCommand({ Bucket: 'b', PublicAccessBlockConfiguration: { BlockPublicAcls: false } }),
    );
    await s3().send(new DeletePublicAccessBlockCommand({ Bucket: 'b' }));
    await s3().send(new PutObjectCommand({ Bucket: 'b', Key: 'k', Body: 'data' }));
    await recorder.flush();

    // Assess
    const Host = 's3.us-east-1.amazonaws.com';
    expect(only('PutBucketPolicy').requestParameters).toEqual({
      bucketName: 'b',
      bucketPolicy: policy,
      Host,
      policy: '',
    });
    expect(only('PutBucketPolicy').resources).toEqual([
      { accountId: ACCOUNT, type: 'AWS::S3::Bucket', ARN: 'arn:aws:s3:::b' },
    ]);
    expect(only('PutBucketPublicAccessBlock').requestParameters).toEqual({
      bucketName: 'b',
      PublicAccessBlockConfiguration: { xmlns: 'http://s3.amazonaws.com/doc/2006-03-01/', BlockPublicAcls: false },
      Host,
      publicAccessBlock: '',
    });
    expect(only('DeleteBucketPublicAccessBlock').requestParameters).toEqual({
      bucketName: 'b',
      Host,
      publicAccessBlock: '',
    });
    expect(only('DeleteBucketPublicAccessBlock').additionalEventData).toMatchObject({
      SignatureVersion: 'SigV4',
      AuthenticationMethod: 'AuthHeader',
    });
    expect(records).toHaveLength(3);
  });

  it('learns the keys that are handed out, and writes down no secret', async () => {
    // Prepare
    const secret = 'wJalrXUtnFEMI-secret';
    emulator.answers.set('CreateAccessKey', () =>
      xml(
        `<R><CreateAccessKeyResult><AccessKey><UserName>eve</UserName><AccessKeyId>AKIANEW</AccessKeyId><Status>Active</Status><SecretAccessKey>${secret}</SecretAccessKey><CreateDate>2023-11-05T04:29:11Z</CreateDate></AccessKey></CreateAccessKeyResult></R>`,
      ),
    );
    emulator.answers.set('AssumeRole', () =>
      xml(
        `<R><AssumeRoleResult><Credentials><AccessKeyId>ASIASESSION</AccessKeyId><SecretAccessKey>${secret}</SecretAccessKey><SessionToken>${secret}</SessionToken><Expiration>2026-03-04T06:06:07Z</Expiration></Credentials><AssumedRoleUser><AssumedRoleId>AROAADMIN:night</AssumedRoleId><Arn>arn:aws:sts::${ACCOUNT}:assumed-role/admin/night</Arn></AssumedRoleUser></AssumeRoleResult></R>`,
      ),
    );
    emulator.answers.set('GetRole', () =>
      xml(
        `<R><GetRoleResult><Role><RoleId>AROAADMIN</RoleId><RoleName>admin</RoleName><Arn>arn:aws:iam::${ACCOUNT}:role/ops/admin</Arn></Role></GetRoleResult></R>`,
      ),
    );
    emulator.answers.set('GetCallerIdentity', () => xml('<R><GetCallerIdentityResult/></R>'));

    // Act
    await new IAMClient(client(ROOT)).send(new CreateAccessKeyCommand({ UserName: 'eve' }));
    await new IAMClient(client(ROOT)).send(new CreateLoginProfileCommand({ UserName: 'eve', Password: secret }));
    await new STSClient(client()).send(
      new AssumeRoleCommand({ RoleArn: `arn:aws:iam::${ACCOUNT}:role/ops/admin`, RoleSessionName: 'night' }),
    );
    await new STSClient(client({ accessKeyId: 'ASIASESSION', secretAccessKey: secret })).send(
      new GetCallerIdentityCommand({}),
    );
    await recorder.flush();

    // Assess
    expect(only('CreateAccessKey')).toMatchObject({
      userIdentity: {
        type: 'Root',
        principalId: ACCOUNT,
        arn: `arn:aws:iam::${ACCOUNT}:root`,
        accessKeyId: ROOT.accessKeyId,
      },
      responseElements: {
        accessKey: { userName: 'eve', accessKeyId: 'AKIANEW', status: 'Active', createDate: 'Nov 5, 2023, 4:29:11 AM' },
      },
    });
    expect(only('CreateAccessKey').userIdentity).not.toHaveProperty('userName');
    expect(only('CreateLoginProfile').requestParameters).toEqual({ userName: 'eve' });
    expect(only('GetCallerIdentity').userIdentity).toEqual({
      type: 'AssumedRole',
      principalId: 'AROAADMIN:night',
      arn: `arn:aws:sts::${ACCOUNT}:assumed-role/admin/night`,
      accountId: ACCOUNT,
      accessKeyId: 'ASIASESSION',
      sessionContext: {
        sessionIssuer: {
          type: 'Role',
          principalId: 'AROAADMIN',
          arn: `arn:aws:iam::${ACCOUNT}:role/ops/admin`,
          accountId: ACCOUNT,
          userName: 'admin',
        },
        attributes: { creationDate: '2026-03-04T05:06:07Z', mfaAuthenticated: 'false' },
      },
    });
    expect(JSON.stringify(records)).not.toContain(secret);
  });
});

describe('trails', () => {
  it('keeps what the emulator drops', async () => {
    // Prepare
    emulator.answers.set('DescribeTrails', () => ({
      body: JSON.stringify({ trailList: [{ Name: 'main', TrailARN: TRAIL_ARN, HasInsightSelectors: false }] }),
    }));
    const lacking = (name: string) => () =>
      refused('InvalidParameterException', `Unknown CloudTrail action: '${name}'`);
    emulator.answers.set('PutInsightSelectors', lacking('PutInsightSelectors'));
    emulator.answers.set('GetInsightSelectors', lacking('GetInsightSelectors'));
    const cloudtrail = await makeTrail();

    // Act
    const InsightSelectors = [{ InsightType: 'ApiCallRateInsight' as const }];
    await cloudtrail.send(new PutInsightSelectorsCommand({ TrailName: 'main', InsightSelectors }));
    const insights = await cloudtrail.send(new GetInsightSelectorsCommand({ TrailName: 'main' }));
    const { trailList } = await cloudtrail.send(new DescribeTrailsCommand({}));
    await cloudtrail.send(new StopLoggingCommand({ Name: 'main' }));
    const afterStop = cloudtrail.send(new GetInsightSelectorsCommand({ TrailName: 'main' }));

    // Assess
    expect(insights.InsightSelectors).toEqual(InsightSelectors);
    expect(trailList).toMatchObject([{ CloudWatchLogsLogGroupArn: GROUP_ARN, HasInsightSelectors: true }]);
    await expect(afterStop).rejects.toMatchObject({ name: 'InsightNotEnabledException' });
    await recorder.flush();
    expect(only('PutInsightSelectors').errorCode).toBeUndefined();
    expect(only('CreateTrail').responseElements).toMatchObject({ cloudWatchLogsLogGroupArn: GROUP_ARN });
  });

  it('delivers a StopLogging itself, and nothing after it', async () => {
    // Prepare
    const cloudtrail = await makeTrail();

    // Act
    await cloudtrail.send(new StopLoggingCommand({ Name: 'main' }));
    await cloudtrail.send(new GetTrailStatusCommand({ Name: 'main' }));
    await recorder.flush();
    const status = await cloudtrail.send(new GetTrailStatusCommand({ Name: 'main' }));

    // Assess
    const delivered = records.filter(({ trails }) => trails.includes(TRAIL_ARN)).map(({ record }) => record.eventName);
    expect(delivered).toEqual(['StartLogging', 'StopLogging']);
    const written = emulator.arrived
      .filter(({ what }) => what === 'PutLogEvents')
      .map(({ body }) => JSON.parse(body.toString()));
    expect(
      written.flatMap(({ logEvents }) =>
        logEvents.map(({ message }: { message: string }) => JSON.parse(message).eventName),
      ),
    ).toEqual(delivered);
    expect(written[0]).toMatchObject({ logGroupName: 'trail', logStreamName: `${ACCOUNT}_CloudTrail_us-east-1` });
    expect(logs.flatMap(({ events }) => events)).toHaveLength(2);
    const file = emulator.arrived.find(
      ({ method, url }) => method === 'PUT' && url.startsWith('/trail-bucket/AWSLogs/'),
    );
    expect(file?.url).toMatch(
      new RegExp(
        `^/trail-bucket/AWSLogs/${ACCOUNT}/CloudTrail/us-east-1/2026/03/04/${ACCOUNT}_CloudTrail_us-east-1_20260304T0506Z_\\w{16}\\.json\\.gz`,
      ),
    );
    expect(gunzipSync(file?.body ?? Buffer.alloc(0)).toString()).toContain('"eventName":"StopLogging"');
    expect(status).toMatchObject({
      IsLogging: false,
      StopLoggingTime: new Date('2026-03-04T05:06:07Z'),
      LatestCloudWatchLogsDeliveryTime: new Date('2026-03-04T05:06:07Z'),
    });
  });

  it('says in the status why nothing reaches the log group', async () => {
    emulator.answers.set('PutLogEvents', () =>
      refused('ResourceNotFoundException', 'The specified log group does not exist.'),
    );
    emulator.answers.set('CreateLogStream', () =>
      refused('ResourceNotFoundException', 'The specified log group does not exist.'),
    );
    const cloudtrail = await makeTrail();
    await recorder.flush();
    const status = await cloudtrail.send(new GetTrailStatusCommand({ Name: 'main' }));
    expect(status.LatestCloudWatchLogsDeliveryError).toBe('ResourceNotFoundException');
  });

  it('delivers the call that narrows the selectors, and then only what they take', async () => {
    const cloudtrail = await makeTrail();
    const EventSelectors = [{ ReadWriteType: 'All' as const, IncludeManagementEvents: false }];
    emulator.answers.set('PutEventSelectors', () => ({
      body: JSON.stringify({ TrailARN: TRAIL_ARN, EventSelectors }),
    }));
    await cloudtrail.send(new PutEventSelectorsCommand({ TrailName: 'main', EventSelectors }));
    await cloudtrail.send(new StopLoggingCommand({ Name: 'main' }));
    await recorder.flush();
    expect(records.map(({ record, trails }) => [record.eventName, trails.length])).toEqual([
      ['CreateTrail', 0],
      ['StartLogging', 1],
      ['PutEventSelectors', 1],
      ['StopLogging', 0],
    ]);
  });
});

describe('LookupEvents', () => {
  it('answers from history, newest first, by attribute and page by page', async () => {
    // Prepare
    const cloudtrail = new CloudTrailClient(client());
    for (const Name of ['one', 'two', 'three']) await cloudtrail.send(new StopLoggingCommand({ Name }));
    const LookupAttributes = [{ AttributeKey: 'EventName' as const, AttributeValue: 'StopLogging' }];

    // Act
    const first = await cloudtrail.send(new LookupEventsCommand({ LookupAttributes, MaxResults: 2 }));
    const second = await cloudtrail.send(
      new LookupEventsCommand({ LookupAttributes, MaxResults: 2, NextToken: first.NextToken }),
    );

    // Assess
    const names = [...(first.Events ?? []), ...(second.Events ?? [])].map(
      ({ CloudTrailEvent = '' }) => JSON.parse(CloudTrailEvent).requestParameters.name,
    );
    expect(names).toEqual(['three', 'two', 'one']);
    expect(second.NextToken).toBeUndefined();
    expect(first.Events?.[0]).toMatchObject({
      EventName: 'StopLogging',
      Username: 'eve',
      ReadOnly: 'false',
      EventTime: new Date('2026-03-04T05:06:07Z'),
      Resources: [{ ResourceType: 'AWS::CloudTrail::Trail', ResourceName: 'three' }],
    });
  });

  it('leaves the emulator its refusal', async () => {
    emulator.answers.set('LookupEvents', () =>
      refused('AccessDeniedException', 'User: x is not authorized to perform: cloudtrail:LookupEvents because'),
    );
    await expect(new CloudTrailClient(client()).send(new LookupEventsCommand({}))).rejects.toMatchObject({
      name: 'AccessDeniedException',
    });
  });

  it('refuses more than one attribute', async () => {
    const attribute = { AttributeKey: 'EventName' as const, AttributeValue: 'x' };
    const call = new CloudTrailClient(client()).send(
      new LookupEventsCommand({ LookupAttributes: [attribute, attribute] }),
    );
    await expect(call).rejects.toMatchObject({ name: 'InvalidLookupAttributesException' });
  });
});

describe('passing through', () => {
  it('leaves requests as they are, and takes the source address off', async () => {
    const response = await fetch(`${recorder.url}/b?policy`, {
      headers: { 'X-Cordon-Source-Address': '203.0.113.7', 'X-Other': 'stays' },
    });
    await recorder.flush();
    expect(response.status).toBe(200);
    expect(emulator.arrived[0]?.headers).toMatchObject({ host: recorder.url.slice(7), 'x-other': 'stays' });
    expect(emulator.arrived[0]?.headers).not.toHaveProperty('x-cordon-source-address');
    expect(only('GetBucketPolicy')).toMatchObject({
      sourceIPAddress: '203.0.113.7',
      userIdentity: { type: 'AWSAccount', accountId: 'ANONYMOUS_PRINCIPAL' },
    });
  });

  it('carries big objects unchanged both ways', async () => {
    const body = Buffer.alloc(12 * 1024 * 1024, 'cordon');
    emulator.answers.set('GET /b/big?x-id=GetObject', () => ({
      body,
      headers: { 'Content-Type': 'application/octet-stream' },
    }));
    await s3().send(new PutObjectCommand({ Bucket: 'b', Key: 'big', Body: body, ChecksumAlgorithm: undefined }));
    const got = await (await s3().send(new GetObjectCommand({ Bucket: 'b', Key: 'big' }))).Body?.transformToByteArray();
    expect(Buffer.from(got ?? []).equals(body)).toBe(true);
    expect(emulator.arrived[0]?.body.includes(body.subarray(0, 1024))).toBe(true);
    expect(records).toEqual([]);
  });

  it('records a call whose caller hangs up before the answer', async () => {
    // Prepare
    const caller = new AbortController();
    const recorded = new Promise<CloudTrailRecord>((resolve) => signals.once('record', resolve));
    let release = (): void => {};
    const released = new Promise<void>((resolve) => {
      release = resolve;
    });
    const arrived = new Promise<void>((resolve) => {
      emulator.answers.set('DELETE /b?publicAccessBlock', async () => {
        resolve();
        await released;
        return { status: 204, body: '' };
      });
    });

    // Act
    const call = fetch(`${recorder.url}/b?publicAccessBlock`, { method: 'DELETE', signal: caller.signal });
    await arrived;
    caller.abort();
    await expect(call).rejects.toThrow('aborted');
    release();

    // Assess
    expect((await recorded).eventName).toBe('DeleteBucketPublicAccessBlock');
  });

  it('writes a redirect to another region as the error that it is', async () => {
    const body = '<Error><Code>PermanentRedirect</Code><Message>The bucket is elsewhere.</Message></Error>';
    emulator.answers.set('DELETE /b?publicAccessBlock', () => xml(body, 301));
    await fetch(`${recorder.url}/b?publicAccessBlock`, { method: 'DELETE', redirect: 'manual' });
    await recorder.flush();
    expect(only('DeleteBucketPublicAccessBlock').errorCode).toBe('PermanentRedirect');
  });

  it('says that the emulator is gone', async () => {
    await emulator.close();
    const response = await fetch(`${recorder.url}/b?policy`);
    expect(response.status).toBe(503);
    expect(await response.json()).toMatchObject({
      __type: 'ServiceUnavailable',
      message: expect.stringContaining('does not answer'),
    });
  });

  it('tells that it is well', async () => {
    const response = await fetch(`${recorder.url}/_cordon/health`);
    expect(await response.json()).toEqual({ status: 'ok' });
  });
});

describe('what functions log', () => {
  const hand = (body: object) =>
    fetch(`${recorder.url}/_cordon/function-logs`, { method: 'POST', body: JSON.stringify(body) });

  it('is told on as any other log events are, and refused where it is none', async () => {
    const written = {
      ...{ region: 'us-east-1', logGroupName: '/cordon/playbooks' },
      events: [{ timestamp: NOW.getTime(), message: '{"message":"canary came through"}' }],
    };

    expect((await hand(written)).status).toBe(204);
    expect((await hand({ ...written, events: ['a line'] })).status).toBe(400);
    expect(logs).toEqual([written]);
    expect(records).toEqual([]);
  });
});

describe('console sign-in', () => {
  const signIn = (body: object) =>
    fetch(`${recorder.url}/_cordon/console-sign-in`, { method: 'POST', body: JSON.stringify(body) });

  it('tells right passwords from wrong ones, and records both', async () => {
    // Prepare
    await new IAMClient(client(ROOT)).send(
      new CreateLoginProfileCommand({ UserName: 'eve', Password: 'Correct-Horse-1' }),
    );

    // Act
    const statuses = [
      await signIn({ userName: 'eve', password: 'wrong', sourceIPAddress: '203.0.113.7' }),
      await signIn({ userName: 'eve', password: 'Correct-Horse-1', mfa: true }),
      await signIn({ userName: 'bob', password: 'x' }),
      await signIn({ root: true, password: 'root-password' }),
    ].map(({ status }) => status);

    // Assess
    expect(statuses).toEqual([401, 200, 401, 200]);
    const [failed, succeeded, unknown, root] = records
      .filter(({ record }) => record.eventName === 'ConsoleLogin')
      .map(({ record }) => record);
    expect(failed).toMatchObject({
      eventSource: 'signin.amazonaws.com',
      eventType: 'AwsConsoleSignIn',
      sourceIPAddress: '203.0.113.7',
      errorMessage: 'Failed authentication',
      responseElements: { ConsoleLogin: 'Failure' },
      userIdentity: { type: 'IAMUser', userName: 'eve', accountId: ACCOUNT },
    });
    expect(failed).not.toHaveProperty('errorCode');
    expect(succeeded).toMatchObject({
      responseElements: { ConsoleLogin: 'Success' },
      additionalEventData: { MFAUsed: 'Yes' },
      userIdentity: { arn: EVE_IDENTITY.arn },
    });
    expect(succeeded).not.toHaveProperty('errorMessage');
    expect(unknown?.errorMessage).toBe('No username found in supplied account');
    expect(unknown?.userIdentity).toEqual({
      type: 'IAMUser',
      accountId: ACCOUNT,
      accessKeyId: '',
      userName: 'HIDDEN_DUE_TO_SECURITY_REASONS',
    });
    expect(root?.userIdentity?.type).toBe('Root');
  });

  it('refuses what is no sign-in', async () => {
    expect((await signIn({ password: 'x' })).status).toBe(400);
    expect((await signIn({ userName: 'eve', root: true, password: 'x' })).status).toBe(400);
    expect(records).toEqual([]);
  });
});
