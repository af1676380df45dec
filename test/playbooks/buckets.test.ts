import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bucketOf, isAccountBlock, weakensBlock } from '../../playbooks/buckets.ts';
import { type CloudTrailRecord, cloudTrailRecord } from '../../playbooks/cloudtrail.ts';

const record = (eventName: string, requestParameters: unknown): CloudTrailRecord =>
  cloudTrailRecord.parse({ eventID: 'e-1', eventTime: '2026-05-01T03:00:00Z', eventName, requestParameters });

const control = '111122223333.s3-control.us-east-1.amazonaws.com';
const s3 = 'reports.s3.us-east-1.amazonaws.com';

describe('bucketOf and isAccountBlock', () => {
  it.each([
    ['a policy, host as a text', record('PutBucketPolicy', { bucketName: 'reports', Host: s3 }), 'reports', false],
    ['an ACL, host as a list', record('PutBucketAcl', { bucketName: 'reports', host: [s3] }), 'reports', false],
    ['an old record without host', record('PutBucketAcl', { bucketName: 'reports' }), 'reports', false],
    ['a name in a list', record('PutBucketAcl', { bucketName: ['reports'], acl: [''] }), 'reports', false],
    [
      "the bucket's block",
      record('DeleteBucketPublicAccessBlock', { bucketName: 'reports', Host: s3, publicAccessBlock: '' }),
      'reports',
      false,
    ],
    ["the account's block, by its name", record('DeleteAccountPublicAccessBlock', {}), undefined, true],
    ["the account's block put", record('PutAccountPublicAccessBlock', { Host: control }), undefined, true],
    ["the account's block, by the host", record('DeletePublicAccessBlock', { Host: control }), undefined, true],
    ["the account's block, host in a list", record('PutPublicAccessBlock', { host: [control] }), undefined, true],
    [
      "the account's block with an unrelated bucket",
      record('PutAccountPublicAccessBlock', { bucketName: 'reports', Host: control }),
      undefined,
      true,
    ],
    ['a refused call without parameters', record('PutBucketPolicy', null), undefined, false],
    ['a name that is none', record('PutBucketPolicy', { bucketName: {} }), undefined, false],
  ])('read %s', (_, call, bucket, account) => {
    expect(bucketOf(call)).toBe(bucket);
    expect(isAccountBlock(call)).toBe(account);
  });

  it('never throw, whatever the parameters are', () => {
    const odd = fc.dictionary(fc.constantFrom('Host', 'host', 'bucketName'), fc.jsonValue());
    const host = fc.constant({ Host: { toString: 1 } });
    const property = fc.property(fc.oneof(odd, host), (parameters) => {
      expect(typeof isAccountBlock(record('DeletePublicAccessBlock', parameters))).toBe('boolean');
      expect(bucketOf(record('PutBucketAcl', parameters))).not.toBe('');
    });

    fc.assert(property, { numRuns: 300 });
  });
});

describe('weakensBlock', () => {
  it.each([
    ['DeletePublicAccessBlock', true],
    ['DeleteBucketPublicAccessBlock', true],
    ['PutAccountPublicAccessBlock', true],
    ['PutBucketPolicy', false],
    ['PutBucketAcl', false],
  ])('of %s is %s', (name, expected) => {
    expect(weakensBlock(record(name, {}))).toBe(expected);
  });
});
