import { describe, expect, it } from 'vitest';
import { cloudTrailRecord } from '../../playbooks/cloudtrail.ts';
import { call, iamUser } from '../../playbooks/detections/samples.ts';
import type { PipelineState } from '../../playbooks/trail-baseline.ts';
import { partOf, pipelineHarm } from '../../playbooks/trail-pipeline.ts';

const ACCOUNT = '111122223333';
const KEY = `arn:aws:kms:us-east-1:${ACCOUNT}:key/1234abcd-12ab-34cd-56ef-1234567890ab`;
const policy = (Effect: string) => ({ Version: '2012-10-17', Statement: [{ Effect, Action: 's3:PutObject' }] });

const baseline: PipelineState = {
  logGroup: {
    retention: 365,
    key: KEY,
    filters: [{ name: 'root', pattern: '{ $.a = 1 }', transformations: [{ metricName: 'root', metricValue: '1' }] }],
  },
  bucket: {
    policy: JSON.stringify(policy('Allow')),
    lifecycle: [
      {
        ID: 'old',
        Status: 'Enabled',
        Filter: { And: { Prefix: 'AWSLogs/', Tags: [{ Key: 'a', Value: 'b' }] } },
        Transitions: [{ Days: 90, StorageClass: 'GLACIER' }],
        NoncurrentVersionExpiration: { NoncurrentDays: 365 },
      },
    ],
    versioning: 'Enabled',
  },
  role: {
    trust: JSON.stringify(policy('Trust')),
    inline: { deliver: JSON.stringify(policy('Allow')) },
    attached: ['arn:aws:iam::aws:policy/Deliver'],
  },
  keyState: 'Enabled',
};
const rule = {
  ID: 'old',
  Status: 'Enabled',
  Filter: { And: { Prefix: 'AWSLogs/', Tag: { Key: 'a', Value: 'b' } } },
  Transition: { Days: 90, StorageClass: 'GLACIER' },
  NoncurrentVersionExpiration: { NoncurrentDays: 365 },
};

const record = (service: string, eventName: string, requestParameters: unknown) =>
  cloudTrailRecord.parse(call(`${service}.amazonaws.com`, eventName, iamUser('mallory'), { requestParameters }));

describe('what a call takes from what a trail delivers through', () => {
  it.each<[string, string, unknown, string | undefined]>([
    ['logs', 'PutRetentionPolicy', { retentionInDays: 30 }, 'events kept 30 days only'],
    ['logs', 'PutRetentionPolicy', { retentionInDays: 400 }, undefined],
    ['logs', 'DeleteRetentionPolicy', {}, undefined],
    ['logs', 'DeleteMetricFilter', { filterName: 'root' }, 'metric filter root deleted'],
    ['logs', 'DeleteMetricFilter', { filterName: 'somebody-elses' }, undefined],
    [
      'logs',
      'PutMetricFilter',
      {
        filterName: 'root',
        filterPattern: '{ $.a = 1 }',
        metricTransformations: [{ metricValue: '1', metricName: 'root' }],
      },
      undefined,
    ],
    ['logs', 'PutMetricFilter', { filterName: 'root', filterPattern: '{ $.a = 2 }' }, 'metric filter root changed'],
    ['logs', 'PutMetricFilter', { filterName: 'new', filterPattern: '{ $.a = 2 }' }, undefined],
    ['logs', 'AssociateKmsKey', { kmsKeyId: KEY }, undefined],
    ['logs', 'AssociateKmsKey', { kmsKeyId: `${KEY}0` }, 'key of the log group changed'],
    ['logs', 'DisassociateKmsKey', {}, 'key of the log group taken away'],
    ['s3', 'PutBucketPolicy', { bucketPolicy: policy('Allow') }, undefined],
    ['s3', 'PutBucketPolicy', { bucketPolicy: policy('Deny') }, 'bucket policy changed'],
    ['s3', 'PutBucketLifecycle', { LifecycleConfiguration: { xmlns: 'x', Rule: rule } }, undefined],
    ['s3', 'PutBucketLifecycle', { LifecycleConfiguration: { Rule: [rule] } }, undefined],
    [
      's3',
      'PutBucketLifecycle',
      { LifecycleConfiguration: { Rule: { ...rule, Expiration: { Days: 1 } } } },
      'lifecycle rules changed',
    ],
    ['s3', 'PutBucketVersioning', { VersioningConfiguration: { Status: 'Enabled' } }, undefined],
    ['s3', 'PutBucketVersioning', { VersioningConfiguration: { Status: 'Suspended' } }, 'versioning suspended'],
    [
      'iam',
      'PutRolePolicy',
      { policyName: 'deliver', policyDocument: JSON.stringify(policy('Allow'), null, 2) },
      undefined,
    ],
    ['iam', 'PutRolePolicy', { policyName: 'more', policyDocument: '{}' }, 'policy more of the delivery role put'],
    ['iam', 'DeleteRolePolicy', { policyName: 'none' }, undefined],
    ['iam', 'AttachRolePolicy', { policyArn: 'arn:aws:iam::aws:policy/Deliver' }, undefined],
    [
      'iam',
      'AttachRolePolicy',
      { policyArn: 'arn:aws:iam::aws:policy/AWSDenyAll' },
      'policy arn:aws:iam::aws:policy/AWSDenyAll attached to the delivery role',
    ],
    ['iam', 'DetachRolePolicy', { policyArn: 'arn:aws:iam::aws:policy/None' }, undefined],
    ['iam', 'UpdateAssumeRolePolicy', { policyDocument: JSON.stringify(policy('Trust')) }, undefined],
  ])('%s %s with %j: %s', (service, eventName, parameters, harm) => {
    expect(pipelineHarm(record(service, eventName, parameters), baseline)).toBe(harm);
  });

  it('is taken for harm where there is no baseline to measure by', () => {
    const without = (service: string, name: string, parameters: object) =>
      pipelineHarm(record(service, name, parameters), {});

    expect(without('logs', 'PutMetricFilter', { filterName: 'root' })).toBeDefined();
    expect(without('s3', 'PutBucketLifecycle', { LifecycleConfiguration: { Rule: rule } })).toBeDefined();
    expect(without('iam', 'DeleteRolePolicy', { policyName: 'deliver' })).toBeDefined();
  });
});

describe('the part that a call names', () => {
  it.each([
    ['logs', { logGroupName: '/trail' }, { kind: 'log-group', region: 'us-east-1', name: '/trail' }],
    [
      'logs',
      { resourceIdentifier: `arn:aws:logs:eu-west-1:${ACCOUNT}:log-group:/trail` },
      { kind: 'log-group', region: 'eu-west-1', name: '/trail' },
    ],
    ['s3', { bucketName: 'records' }, { kind: 'bucket', name: 'records' }],
    ['iam', { roleName: 'delivery' }, { kind: 'role', name: 'delivery' }],
    ['kms', { keyId: KEY }, { kind: 'key', name: KEY }],
    ['kms', { keyId: KEY.split('/')[1] }, { kind: 'key', name: KEY }],
    ['logs', null, undefined],
    ['ec2', { logGroupName: '/trail' }, undefined],
  ])('of %s with %j', (service, parameters, part) => {
    expect(partOf(record(service, 'Any', parameters), ACCOUNT)).toEqual(part);
  });
});
