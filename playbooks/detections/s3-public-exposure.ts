import { detection } from '../detection.ts';
import { all, any, is, isFalse, missing, oneOf } from '../matching/match.ts';
import { call, iamUser } from './samples.ts';

const setting = (name: string) => `requestParameters.PublicAccessBlockConfiguration.${name}`;
const settings = ['BlockPublicAcls', 'IgnorePublicAcls', 'BlockPublicPolicy', 'RestrictPublicBuckets'].map(setting);

const s3 = (eventName: string, requestParameters: Record<string, unknown>, rest: Record<string, unknown> = {}) =>
  call('s3.amazonaws.com', eventName, iamUser('mallory'), { requestParameters, ...rest });
const block = (on: boolean, rest: Record<string, boolean> = {}) => ({
  xmlns: 'http://s3.amazonaws.com/doc/2006-03-01/',
  BlockPublicAcls: on,
  IgnorePublicAcls: on,
  BlockPublicPolicy: on,
  RestrictPublicBuckets: on,
  ...rest,
});
const reports = { bucketName: 'reports', Host: 'reports.s3.us-east-1.amazonaws.com' };

export default detection({
  title: 'S3 bucket opened to the public',
  why: 'A public bucket can be read, listed or written by anybody on the internet, and scanners find it within minutes. The call that opens it is often a mistake, and as often the last step before data is taken out.',
  severity: 'HIGH',
  // The API is called DeletePublicAccessBlock; CloudTrail records DeleteBucket... and DeleteAccount...: all three are taken.
  // An access point opens nothing before it has a policy, so the call that makes it does not count. The same Put... call restores and weakens: it counts when a setting is off or left out.
  when: all(
    is('eventSource', 's3.amazonaws.com'),
    any(
      oneOf('eventName', ['PutBucketAcl', 'PutBucketPolicy', 'PutAccessPointPolicy']),
      oneOf('eventName', [
        'DeleteBucketPublicAccessBlock',
        'DeleteAccountPublicAccessBlock',
        'DeletePublicAccessBlock',
      ]),
      all(
        oneOf('eventName', ['PutBucketPublicAccessBlock', 'PutAccountPublicAccessBlock']),
        any(...settings.flatMap((path) => [isFalse(path), missing(path)])),
      ),
    ),
  ),
  alarm: { atLeast: 1, withinMinutes: 1 },
  response: 'close-bucket',
  attack: ['T1530', 'T1562.001'],
  references: [
    { name: 'CIS AWS Foundations Benchmark v3.0.0 (and v1.4.0), 4.8: S3 bucket policy changes are monitored' },
    { name: 'CIS AWS Foundations Benchmark v5.0.0 (and v3.0.0), 2.1.4: S3 blocks public access' },
    {
      name: 'Security Hub CloudWatch.8: metric filter and alarm for S3 bucket policy changes',
      url: 'https://docs.aws.amazon.com/securityhub/latest/userguide/cloudwatch-controls.html#cloudwatch-8',
    },
    {
      name: 'Security Hub S3.1: the account blocks public access',
      url: 'https://docs.aws.amazon.com/securityhub/latest/userguide/s3-controls.html#s3-1',
    },
    {
      name: 'Security Hub S3.8: buckets block public access',
      url: 'https://docs.aws.amazon.com/securityhub/latest/userguide/s3-controls.html#s3-8',
    },
  ],
  falsePositives: [
    'A bucket policy or ACL that names no stranger: the playbook judges what is effectively public and closes the incident as benign.',
    'A website or download bucket that is meant to be public: serve it through CloudFront, and keep the block on.',
  ],
  samples: {
    matching: [
      { name: 'public-read ACL', record: s3('PutBucketAcl', { ...reports, acl: '', 'x-amz-acl': 'public-read' }) },
      {
        name: 'policy for everyone',
        record: s3('PutBucketPolicy', {
          ...reports,
          policy: '',
          bucketPolicy: {
            Version: '2012-10-17',
            Statement: [
              { Effect: 'Allow', Principal: '*', Action: 's3:GetObject', Resource: 'arn:aws:s3:::reports/*' },
            ],
          },
        }),
      },
      {
        name: 'access point policy',
        record: s3(
          'PutAccessPointPolicy',
          {
            Host: '111122223333.s3-control.us-east-1.amazonaws.com',
            name: 'reports-ap',
            PutAccessPointPolicyRequest: { xmlns: 'http://awss3control.amazonaws.com/doc/2018-08-20/', Policy: '{}' },
          },
          {
            resources: [
              {
                accountId: '111122223333',
                type: 'AWS::S3::AccessPoint',
                ARN: 'arn:aws:s3:us-east-1:111122223333:accesspoint/reports-ap',
              },
            ],
          },
        ),
      },
      {
        name: 'the bucket’s block removed, as recorded',
        record: s3('DeleteBucketPublicAccessBlock', { ...reports, publicAccessBlock: '' }),
      },
      {
        name: 'the bucket’s block removed, by the API’s name',
        record: s3('DeletePublicAccessBlock', { ...reports, publicAccessBlock: '' }),
      },
      {
        name: 'the account’s block removed',
        record: s3('DeleteAccountPublicAccessBlock', { Host: '111122223333.s3-control.us-east-1.amazonaws.com' }),
      },
      {
        name: 'one setting turned off',
        record: s3('PutBucketPublicAccessBlock', {
          ...reports,
          PublicAccessBlockConfiguration: block(true, { IgnorePublicAcls: false }),
        }),
      },
      {
        name: 'three settings left out, which turns them off',
        record: s3('PutBucketPublicAccessBlock', {
          ...reports,
          PublicAccessBlockConfiguration: { BlockPublicAcls: true },
        }),
      },
      {
        name: 'the account’s block turned off',
        record: s3('PutAccountPublicAccessBlock', {
          Host: '111122223333.s3-control.us-east-1.amazonaws.com',
          PublicAccessBlockConfiguration: block(false),
        }),
      },
      {
        name: 'refused attempt',
        record: s3('DeleteBucketPublicAccessBlock', { ...reports }, { errorCode: 'AccessDenied' }),
      },
    ],
    other: [
      {
        name: 'the block put back',
        record: s3('PutBucketPublicAccessBlock', { ...reports, PublicAccessBlockConfiguration: block(true) }),
      },
      {
        name: 'an access point made, which has no policy yet',
        record: s3('CreateAccessPoint', {
          Host: '111122223333.s3-control.us-east-1.amazonaws.com',
          name: 'reports-ap',
        }),
      },
      { name: 'the policy removed', record: s3('DeleteBucketPolicy', { ...reports, policy: '' }) },
      { name: 'the block read', record: s3('GetBucketPublicAccessBlock', { ...reports }, { readOnly: true }) },
      {
        name: 'a call of that name to another service',
        record: call('s3-outposts.amazonaws.com', 'PutBucketPolicy', iamUser('alice')),
      },
    ],
  },
});
