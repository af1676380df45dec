import { rmSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { CloudFormationClient, UpdateStackCommand } from '@aws-sdk/client-cloudformation';
import {
  CreateBucketCommand,
  DeletePublicAccessBlockCommand as DeleteBucketBlockCommand,
  GetPublicAccessBlockCommand as GetBucketBlockCommand,
  PutPublicAccessBlockCommand as PutBucketBlockCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import {
  DeletePublicAccessBlockCommand,
  GetPublicAccessBlockCommand,
  PutPublicAccessBlockCommand,
  S3ControlClient,
} from '@aws-sdk/client-s3-control';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { type Recorder, startRecorder } from '../../local/recorder/recorder.ts';
import { type Block, makeBlock, readBlock, writeBlock } from '../../local/recorder/s3-answers.ts';
import { Signals } from '../../local/signals.ts';
import type { CloudTrailRecord } from '../../playbooks/cloudtrail.ts';
import { type Answer, type FakeEmulator, startFakeEmulator, xml } from './fake-emulator.ts';
import { writeServiceModels } from './service-models.ts';

const AccountId = '111122223333';
const ROOT = { accessKeyId: 'AKIAROOTEXAMPLE00001', secretAccessKey: 'root-secret' };
const EVE = { accessKeyId: 'AKIAEVEEXAMPLE000001', secretAccessKey: 'eve-secret' };
const FULL = makeBlock(() => true);
const CONTROL = '/v20180820/configuration/publicAccessBlock';

let models: string;
let emulator: FakeEmulator;
let recorder: Recorder;
let records: CloudTrailRecord[];
/** The buckets in the emulator's place, with the block of each. */
let buckets: Map<string, Block | undefined>;

beforeAll(() => {
  models = writeServiceModels();
});
afterAll(() => rmSync(models, { recursive: true }));

beforeEach(async () => {
  emulator = await startFakeEmulator();
  buckets = new Map();
  records = [];
  for (const verb of ['GET', 'PUT', 'DELETE']) {
    const unknown = '<Code>InvalidURI</Code><Message>The URI could not be parsed.</Message>';
    emulator.answers.set(`${verb} ${CONTROL}`, () =>
      xml(`<ErrorResponse><Error>${unknown}</Error></ErrorResponse>`, 400),
    );
  }
  emulator.answers.set('GET /?x-id=ListBuckets', () => {
    const listed = [...buckets.keys()].map((name) => `<Bucket><Name>${name}</Name></Bucket>`);
    return xml(`<ListAllMyBucketsResult><Buckets>${listed.join('')}</Buckets></ListAllMyBucketsResult>`);
  });
  const signals = new Signals();
  signals.on('record', (record) => records.push(record));
  recorder = await startRecorder({
    upstream: emulator.url,
    port: 0,
    account: AccountId,
    region: 'us-east-1',
    root: ROOT,
    rootPassword: 'root-password',
    models,
    signals,
  });
});
afterEach(async () => {
  vi.restoreAllMocks();
  await recorder.close();
  await emulator.close();
});

/** A bucket in the emulator's place. */
function bucket(name: string, block?: Block): void {
  buckets.set(name, block);
  const none = '<Error><Code>NoSuchPublicAccessBlockConfiguration</Code><Message>none</Message></Error>';
  const answers: Record<string, (body: Buffer) => Answer> = {
    GET: () => {
      const found = buckets.get(name);
      return found ? xml(writeBlock(found, 'http://s3.amazonaws.com/doc/2006-03-01/')) : xml(none, 404);
    },
    PUT: (body) => {
      buckets.set(name, readBlock(body));
      return xml('');
    },
    DELETE: () => {
      buckets.set(name, undefined);
      return { status: 204, body: '' };
    },
  };
  for (const [verb, answer] of Object.entries(answers)) {
    emulator.answers.set(`${verb} /${name}/?publicAccessBlock=`, ({ body }) => answer(body));
  }
}

/** Whatever the name before `.localhost`, it is this machine. */
const agent = new Agent({
  lookup: (_host, options, done) =>
    options.all ? done(null, [{ address: '127.0.0.1', family: 4 }]) : done(null, '127.0.0.1', 4),
});
const control = (credentials = ROOT) =>
  new S3ControlClient({
    endpoint: `http://localhost:${recorder.port}`,
    region: 'us-east-1',
    credentials,
    maxAttempts: 1,
    requestHandler: { httpAgent: agent },
  });
const s3 = () =>
  new S3Client({
    endpoint: recorder.url,
    region: 'us-east-1',
    credentials: ROOT,
    maxAttempts: 1,
    forcePathStyle: true,
  });
const put = (block: Block) =>
  control().send(new PutPublicAccessBlockCommand({ AccountId, PublicAccessBlockConfiguration: block }));
const remove = () => control().send(new DeletePublicAccessBlockCommand({ AccountId }));
const get = async () =>
  (await control().send(new GetPublicAccessBlockCommand({ AccountId }))).PublicAccessBlockConfiguration;
const bucketBlock = async (Bucket: string) =>
  (await s3().send(new GetBucketBlockCommand({ Bucket }))).PublicAccessBlockConfiguration;
const NONE = {
  name: 'NoSuchPublicAccessBlockConfiguration',
  $metadata: expect.objectContaining({ httpStatusCode: 404 }),
};

describe('the account’s block', () => {
  it('is put, read and taken away, each recorded as it went', async () => {
    // Act
    await expect(get()).rejects.toMatchObject(NONE);
    const made = await put({ ...FULL, BlockPublicPolicy: false });
    const read = await get();
    const removed = await remove();
    await expect(get()).rejects.toMatchObject(NONE);
    await recorder.flush();

    // Assess
    expect(made.$metadata.httpStatusCode).toBe(201);
    expect(read).toEqual({ ...FULL, BlockPublicPolicy: false });
    expect(removed.$metadata.httpStatusCode).toBe(204);
    expect(records.map(({ eventName, errorCode }) => [eventName, errorCode])).toEqual([
      ['GetAccountPublicAccessBlock', 'NoSuchPublicAccessBlockConfiguration'],
      ['PutAccountPublicAccessBlock', undefined],
      ['GetAccountPublicAccessBlock', undefined],
      ['DeleteAccountPublicAccessBlock', undefined],
      ['GetAccountPublicAccessBlock', 'NoSuchPublicAccessBlockConfiguration'],
    ]);
    expect(records[1]).toMatchObject({
      eventSource: 's3.amazonaws.com',
      requestParameters: {
        PublicAccessBlockConfiguration: { BlockPublicAcls: true, BlockPublicPolicy: false },
        Host: `${AccountId}.s3-control.us-east-1.amazonaws.com`,
      },
      responseElements: null,
    });
  });

  it('takes settings that are not named for off, and refuses what is no block', async () => {
    await control().send(
      new PutPublicAccessBlockCommand({ AccountId, PublicAccessBlockConfiguration: { BlockPublicAcls: true } }),
    );
    expect(await get()).toEqual(makeBlock((name) => name === 'BlockPublicAcls'));
    const headers = { authorization: signed(ROOT.accessKeyId), 'x-amz-account-id': AccountId };
    const refused = await fetch(recorder.url + CONTROL, { method: 'PUT', headers, body: '<Other/>' });
    expect([refused.status, await refused.text()]).toEqual([400, expect.stringContaining('MalformedXML')]);
  });

  it('leaves the emulator its refusal of credentials, and writes no record then', async () => {
    const refusal = '<Error><Code>SignatureDoesNotMatch</Code><Message>no</Message></Error>';
    emulator.answers.set(`GET ${CONTROL}`, () => xml(`<ErrorResponse>${refusal}</ErrorResponse>`, 403));
    await expect(get()).rejects.toMatchObject({ name: 'SignatureDoesNotMatch' });
    await recorder.flush();
    expect(records).toEqual([]);
  });

  it('refuses a user who is denied everything, and changes nothing', async () => {
    // Prepare
    const answers: Record<string, string> = {
      GetAccessKeyLastUsed: '<UserName>eve</UserName>',
      GetUser: `<User><UserName>eve</UserName><UserId>AIDAEVE</UserId><Arn>arn:aws:iam::${AccountId}:user/eve</Arn></User>`,
      ListUserPolicies: '<PolicyNames><member>work</member><member>contained</member></PolicyNames>',
      ListAttachedUserPolicies: '<AttachedPolicies/>',
      ListGroupsForUser: '<Groups/>',
    };
    for (const [name, content] of Object.entries(answers)) {
      emulator.answers.set(name, () => xml(`<R><${name}Result>${content}</${name}Result></R>`));
    }
    emulator.answers.set('GetUserPolicy', ({ body }) => {
      const Effect = body.toString().includes('PolicyName=contained') ? 'Deny' : 'Allow';
      const text = encodeURIComponent(JSON.stringify({ Statement: [{ Effect, Action: '*', Resource: '*' }] }));
      return xml(`<R><GetUserPolicyResult><PolicyDocument>${text}</PolicyDocument></GetUserPolicyResult></R>`);
    });
    await put(FULL);

    // Act
    const call = control(EVE).send(new DeletePublicAccessBlockCommand({ AccountId }));

    // Assess
    const message = `User: arn:aws:iam::${AccountId}:user/eve is not authorized to perform: s3:PutAccountPublicAccessBlock with an explicit deny in an identity-based policy`;
    await expect(call).rejects.toMatchObject({ name: 'AccessDenied', message });
    expect(await get()).toEqual(FULL);
    await recorder.flush();
    expect(records.find(({ eventName }) => eventName === 'DeleteAccountPublicAccessBlock')).toMatchObject({
      errorCode: 'AccessDenied',
      errorMessage: message,
      userIdentity: { userName: 'eve' },
    });
  });

  it('refuses another account’s, an unnamed one’s and a caller without a signature', async () => {
    const other = control().send(new GetPublicAccessBlockCommand({ AccountId: '999999999999' }));
    await expect(other).rejects.toMatchObject({ name: 'AccessDenied' });
    const asked = (headers: Record<string, string>) => fetch(recorder.url + CONTROL, { headers });
    expect((await asked({ 'x-amz-account-id': AccountId })).status).toBe(403);
    expect((await asked({ authorization: signed(ROOT.accessKeyId) })).status).toBe(400);
  });

  it('is within reach of a client that has the recorder for its proxy, whatever its machine resolves', async () => {
    const host = `${AccountId}.localhost:${recorder.port}`;
    const headers = { host, authorization: signed(ROOT.accessKeyId), 'x-amz-account-id': AccountId };
    const status = await new Promise((resolve, reject) => {
      const path = `http://${host}${CONTROL}`;
      request({ host: '127.0.0.1', port: recorder.port, method: 'DELETE', path, headers }, (answer) => {
        answer.resume();
        resolve(answer.statusCode);
      })
        .on('error', reject)
        .end();
    });
    expect(status).toBe(204);
    expect(emulator.arrived.map(({ what }) => what)).toContain(`DELETE ${CONTROL}`);
  });

  it('fails with an error of its own when it cannot be put into effect', async () => {
    emulator.answers.set('GET /?x-id=ListBuckets', () =>
      xml('<Error><Code>InternalError</Code><Message>no room</Message></Error>', 500),
    );
    await expect(put(FULL)).rejects.toMatchObject({
      name: 'InternalError',
      message: expect.stringContaining('no room'),
    });
    await expect(get()).rejects.toMatchObject(NONE);
    bucket('made');
    await s3().send(new CreateBucketCommand({ Bucket: 'made' }));
    expect(buckets.get('made')).toBeUndefined();
  });
});

describe('buckets under the account’s block', () => {
  it('have the most restrictive of both in the emulator, and their own for their owner', async () => {
    // Prepare
    bucket('open');
    bucket(
      'half',
      makeBlock((name) => name === 'BlockPublicAcls'),
    );

    // Act
    await put(makeBlock((name) => name === 'RestrictPublicBuckets'));

    // Assess
    expect(buckets.get('open')).toEqual(makeBlock((name) => name === 'RestrictPublicBuckets'));
    expect(buckets.get('half')).toEqual(
      makeBlock((name) => name === 'BlockPublicAcls' || name === 'RestrictPublicBuckets'),
    );
    await expect(bucketBlock('open')).rejects.toMatchObject(NONE);
    expect(await bucketBlock('half')).toEqual(makeBlock((name) => name === 'BlockPublicAcls'));
    await recorder.flush();
    expect(records.filter(({ eventName }) => eventName === 'GetBucketPublicAccessBlock')).toMatchObject([
      { errorCode: 'NoSuchPublicAccessBlockConfiguration', userIdentity: { type: 'Root' } },
      { requestParameters: { bucketName: 'half' } },
    ]);
  });

  it('get their own back when it is taken away', async () => {
    bucket('open');
    bucket(
      'half',
      makeBlock((name) => name === 'BlockPublicAcls'),
    );
    await put(FULL);
    await remove();
    expect(buckets).toEqual(
      new Map([
        ['open', undefined],
        ['half', makeBlock((name) => name === 'BlockPublicAcls')],
      ]),
    );
  });

  it('stay closed when their own block is weakened or taken away', async () => {
    bucket('reports', FULL);
    await put(FULL);
    const off = makeBlock(() => false);

    await s3().send(new PutBucketBlockCommand({ Bucket: 'reports', PublicAccessBlockConfiguration: off }));
    expect(buckets.get('reports')).toEqual(FULL);
    expect(await bucketBlock('reports')).toEqual(off);

    await s3().send(new DeleteBucketBlockCommand({ Bucket: 'reports' }));
    expect(buckets.get('reports')).toEqual(FULL);
    await expect(bucketBlock('reports')).rejects.toMatchObject(NONE);

    await remove();
    expect(buckets.get('reports')).toBeUndefined();
  });

  it('come under it when they are made, by a call or by a stack', async () => {
    // Prepare
    await put(FULL);
    bucket('called');
    emulator.answers.set('UpdateStack', () => {
      bucket('stacked');
      return xml('<UpdateStackResponse><UpdateStackResult/></UpdateStackResponse>');
    });

    // Act
    await s3().send(new CreateBucketCommand({ Bucket: 'called' }));
    const made = buckets.get('called');
    await new CloudFormationClient({
      endpoint: recorder.url,
      region: 'us-east-1',
      credentials: ROOT,
      maxAttempts: 1,
    }).send(new UpdateStackCommand({ StackName: 'stack', TemplateBody: '{}' }));

    // Assess
    expect(made).toEqual(FULL);
    expect(buckets.get('stacked')).toEqual(FULL);
    await remove();
    expect([...buckets.values()]).toEqual([undefined, undefined]);
  });

  it('cost nothing while the account has no block', async () => {
    bucket('reports', FULL);
    await s3().send(new DeleteBucketBlockCommand({ Bucket: 'reports' }));
    const calls = emulator.arrived.filter(({ url }) => url.includes('publicAccessBlock'));
    expect(calls.map(({ method }) => method)).toEqual(['DELETE']);
  });

  it('do not lose a record when it cannot be put into effect on one', async () => {
    // Prepare
    const told = vi.spyOn(console, 'error').mockImplementation(() => undefined);
    bucket('reports', FULL);
    await put(FULL);
    emulator.answers.set('GET /reports/?publicAccessBlock=', () =>
      xml('<Error><Code>InternalError</Code><Message>no</Message></Error>', 500),
    );

    // Act
    await s3().send(new DeleteBucketBlockCommand({ Bucket: 'reports' }));
    await recorder.flush();

    // Assess
    expect(records.map(({ eventName }) => eventName)).toContain('DeleteBucketPublicAccessBlock');
    expect(told).toHaveBeenCalledWith(expect.stringContaining('could not be put into effect'));
  });
});

/** The head of a signature: the emulator in these tests takes every one for good. */
function signed(keyId: string): string {
  return `AWS4-HMAC-SHA256 Credential=${keyId}/20260501/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=00`;
}
