import { rmSync } from 'node:fs';
import { encode } from 'cborg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventName, eventSource, isManagement, isReadOnly } from '../../local/recorder/event-names.ts';
import type { SeenRequest, SeenResponse } from '../../local/recorder/exchange.ts';
import { type Call, identify, isObjectRequest } from '../../local/recorder/identify.ts';
import { executionKeyId } from '../../local/recorder/lambda-sessions.ts';
import { Models, ModelsMissing } from '../../local/recorder/models.ts';
import { decodeExchange, writeRecord } from '../../local/recorder/record.ts';
import { writeServiceModels } from './service-models.ts';

let folder: string;
let models: Models;
beforeAll(() => {
  folder = writeServiceModels();
  models = new Models(folder);
});
afterAll(() => rmSync(folder, { recursive: true }));

function request(
  service: string,
  method: string,
  target: string,
  headers: Record<string, string> = {},
  body: string | Buffer = '',
): SeenRequest {
  const bytes = Buffer.from(body);
  const authorization = `AWS4-HMAC-SHA256 Credential=AKIAEXAMPLE/20260304/eu-west-1/${service}/aws4_request, SignedHeaders=host, Signature=0`;
  return {
    method,
    target,
    headers: { host: '127.0.0.1:4599', ...(service && { authorization }), ...headers },
    body: bytes,
    bytes: bytes.length,
    sourceAddress: '127.0.0.1',
    at: new Date('2026-03-04T05:06:07Z'),
  };
}

const form = { 'content-type': 'application/x-www-form-urlencoded; charset=utf-8' };
const OK: SeenResponse = { status: 200, headers: {}, bytes: 0 };

function identified(seen: SeenRequest): Call {
  const call = identify(models, seen, 'us-east-1');
  if (!call) throw new Error(`not identified: ${seen.method} ${seen.target}`);
  return call;
}
const record = (seen: SeenRequest, response = OK) =>
  writeRecord(decodeExchange(identified(seen), response, '111122223333'), {}, '111122223333');

describe('protocols', () => {
  it('reads EC2 lists and writes them as sets of items', () => {
    const body =
      'Action=DescribeInstances&Version=2016-11-15&InstanceId.1=i-1&InstanceId.2=i-2&Filter.1.Name=vpc-id&Filter.1.Value.1=vpc-1';
    expect(record(request('ec2', 'POST', '/', form, body))).toMatchObject({
      eventSource: 'ec2.amazonaws.com',
      awsRegion: 'eu-west-1',
      requestParameters: {
        instancesSet: { items: [{ instanceId: 'i-1' }, { instanceId: 'i-2' }] },
        filterSet: { items: [{ name: 'vpc-id', valueSet: { items: [{ value: 'vpc-1' }] } }] },
      },
      responseElements: null,
      readOnly: true,
    });
  });

  it('writes what EC2 answers to a change', () => {
    const body =
      'Action=AuthorizeSecurityGroupIngress&Version=2016-11-15&GroupId=sg-1&IpPermissions.1.FromPort=22&IpPermissions.1.IpRanges.1.CidrIp=0.0.0.0/0';
    const answer = Buffer.from(
      '<AuthorizeSecurityGroupIngressResponse><requestId>r</requestId><return>true</return></AuthorizeSecurityGroupIngressResponse>',
    );
    expect(record(request('ec2', 'POST', '/', form, body), { ...OK, body: answer })).toMatchObject({
      requestParameters: {
        groupId: 'sg-1',
        ipPermissions: { items: [{ fromPort: 22, ipRanges: { items: [{ cidrIp: '0.0.0.0/0' }] } }] },
      },
      responseElements: { requestId: 'r', _return: true },
    });
  });

  it('keeps the parameters of a call that EC2 refuses', () => {
    const body = Buffer.from(
      '<Response><Errors><Error><Code>UnauthorizedOperation</Code><Message>User: x is not authorized</Message></Error></Errors></Response>',
    );
    const refused = record(request('ec2', 'POST', '/', form, 'Action=DescribeInstances&InstanceId.1=i-1'), {
      status: 403,
      headers: {},
      body,
      bytes: 1,
    });
    expect(refused).toMatchObject({
      errorCode: 'Client.UnauthorizedOperation',
      errorMessage: 'You are not authorized to perform this operation. User: x is not authorized',
      requestParameters: { instancesSet: { items: [{ instanceId: 'i-1' }] } },
    });
  });

  it('reads smithy RPC calls in CBOR, and JSON calls of the same service', () => {
    const cbor = { 'smithy-protocol': 'rpc-v2-cbor', 'content-type': 'application/cbor' };
    const path = '/service/GraniteServiceVersion20100801/operation/DeleteAlarms';
    const json = { 'x-amz-target': 'GraniteServiceVersion20100801.DeleteAlarms' };
    const expected = {
      eventSource: 'monitoring.amazonaws.com',
      eventName: 'DeleteAlarms',
      requestParameters: { alarmNames: ['a'] },
    };
    expect(record(request('monitoring', 'POST', path, cbor, Buffer.from(encode({ AlarmNames: ['a'] }))))).toMatchObject(
      expected,
    );
    expect(record(request('monitoring', 'POST', '/', json, '{"AlarmNames":["a"]}'))).toMatchObject(expected);
  });

  it('reads the long and the short target of CloudTrail', () => {
    for (const prefix of ['CloudTrail_20131101', 'com.amazonaws.cloudtrail.v20131101.CloudTrail_20131101']) {
      const seen = request('cloudtrail', 'POST', '/', { 'x-amz-target': `${prefix}.StopLogging` }, '{"Name":"main"}');
      expect(record(seen)).toMatchObject({ eventName: 'StopLogging', requestParameters: { name: 'main' } });
    }
  });

  it('reads REST calls, and leaves code and environment out', () => {
    const code = request('lambda', 'PUT', '/2015-03-31/functions/fn/code', {}, '{"ZipFile":"UEsDBA==","Publish":true}');
    expect(record(code)).toMatchObject({
      eventName: 'UpdateFunctionCode20150331v2',
      requestParameters: { functionName: 'fn', publish: true },
    });
    expect(JSON.stringify(record(code))).not.toContain('UEsDBA');
    const settings = request(
      'lambda',
      'PUT',
      '/2015-03-31/functions/fn/configuration',
      {},
      '{"Environment":{"Variables":{"TOKEN":"s3cret"}}}',
    );
    expect(record(settings).requestParameters).toEqual({ functionName: 'fn', environment: {} });
  });

  it('survives bodies that are none', () => {
    expect(
      record(request('cloudtrail', 'POST', '/', { 'x-amz-target': 'CloudTrail_20131101.StopLogging' }, '{"Name":'))
        .requestParameters,
    ).toBeNull();
    expect(record(request('s3', 'PUT', '/bucket?acl', {}, '<AccessControlPolicy><')).requestParameters).toMatchObject({
      bucketName: 'bucket',
    });
    expect(identify(models, request('nothing', 'POST', '/'), 'us-east-1')).toBeUndefined();
  });

  it('leaves a field out that is too big, and says so', () => {
    const seen = request('s3', 'PUT', '/bucket?policy', {}, JSON.stringify({ Statement: 'x'.repeat(110_000) }));
    expect(record(seen).requestParameters).toMatchObject({ omitted: true });
  });
});

describe('S3 addresses', () => {
  it.each([
    ['path style', '127.0.0.1:4599', '/bucket?policy', 's3.eu-west-1.amazonaws.com'],
    ['virtual host on loopback', 'bucket.localhost:4599', '/?policy', 'bucket.s3.eu-west-1.amazonaws.com'],
    ['virtual host on AWS', 'bucket.s3.eu-west-1.amazonaws.com', '/?policy', 'bucket.s3.eu-west-1.amazonaws.com'],
  ])('finds the bucket: %s', (_, host, target, awsHost) => {
    expect(record(request('s3', 'GET', target, { host }))).toMatchObject({
      eventName: 'GetBucketPolicy',
      requestParameters: { bucketName: 'bucket', Host: awsHost, policy: '' },
    });
  });

  it('tells object requests from bucket requests', () => {
    expect(isObjectRequest(request('s3', 'PUT', '/bucket/a/b.txt'))).toBe(true);
    expect(isObjectRequest(request('s3', 'PUT', '/key', { host: 'bucket.localhost' }))).toBe(true);
    expect(isObjectRequest(request('s3', 'PUT', '/bucket?acl'))).toBe(false);
    expect(isObjectRequest(request('lambda', 'POST', '/2015-03-31/functions'))).toBe(false);
  });

  it('records the account-level block with its account in Host and without a bucket', () => {
    const seen = request('s3', 'DELETE', '/v20180820/configuration/publicAccessBlock', {
      host: '111122223333.localhost',
      'x-amz-account-id': '111122223333',
    });
    expect(record(seen)).toMatchObject({
      eventSource: 's3.amazonaws.com',
      eventName: 'DeleteAccountPublicAccessBlock',
      requestParameters: { Host: '111122223333.s3-control.eu-west-1.amazonaws.com', publicAccessBlock: '' },
    });
    expect(record(seen).requestParameters).not.toHaveProperty('bucketName');
  });
});

describe('what is recorded', () => {
  const judged = (model: string, operation: string) => {
    const service = models.byName(model);
    const found = service?.operations[operation];
    if (!service || !found) throw new Error(`${model} ${operation}`);
    return {
      management: isManagement(service, found),
      name: eventName(service, found),
      source: eventSource(service),
      readOnly: isReadOnly(service, found),
    };
  };

  it.each([
    ['s3', 'PutObject', false],
    ['s3', 'ListObjectsV2', false],
    ['s3', 'CreateBucket', true],
    ['logs', 'PutLogEvents', false],
    ['logs', 'DeleteLogGroup', true],
    ['cloudwatch', 'PutMetricData', false],
    ['lambda', 'Invoke', false],
    ['sts', 'GetCallerIdentity', true],
  ])('%s %s is a management event: %s', (model, operation, expected) => {
    expect(judged(model, operation).management).toBe(expected);
  });

  it('spells the names of events as CloudTrail does', () => {
    expect(judged('lambda', 'CreateFunctionUrlConfig').name).toBe('CreateFunctionUrlConfig');
    expect(judged('s3', 'PutBucketLifecycleConfiguration').name).toBe('PutBucketLifecycle');
    expect(identified(request('s3', 'PUT', '/bucket?lifecycle')).operation.name).toBe(
      'PutBucketLifecycleConfiguration',
    );
    expect(judged('sts', 'AssumeRole').readOnly).toBe(true);
  });

  it('wants a folder of models', () => {
    expect(() => new Models(`${folder}/nowhere`)).toThrow(ModelsMissing);
  });
});

it('derives the key of a function session from its ARNs', () => {
  const key = executionKeyId('arn:aws:lambda:us-east-1:111122223333:function:fn', 'arn:aws:iam::111122223333:role/r');
  expect(key).toMatch(/^ASIA[0-9A-F]{16}$/);
  expect(
    executionKeyId('arn:aws:lambda:us-east-1:111122223333:function:fn', 'arn:aws:iam::111122223333:role/other'),
  ).not.toBe(key);
});
