import { audited } from '../cis.ts';
import { stratus } from '../stratus-techniques.ts';
import { call, iamUser } from './samples.ts';

const made = (eventName: string, requestParameters: unknown, rest: Record<string, unknown> = {}) =>
  call('s3.amazonaws.com', eventName, iamUser('alice'), { requestParameters, ...rest });

export default audited({
  control: 8,
  section: '4.8',
  monitors: 'S3 bucket policy changes',
  title: 'S3 bucket’s policy or configuration changed',
  why: 'A bucket’s policy, ACL, replication and lifecycle decide who reads it and how long it keeps what is in it. The detection s3-public-exposure answers what may open a bucket; this one tells of the rest.',
  severity: 'LOW',
  published: [
    '{($.eventSource=s3.amazonaws.com) && (($.eventName=PutBucketAcl) || ($.eventName=PutBucketPolicy) || ($.eventName=PutBucketCors) || ($.eventName=PutBucketLifecycle) || ($.eventName=PutBucketReplication) || ($.eventName=DeleteBucketPolicy) || ($.eventName=DeleteBucketCors) || ($.eventName=DeleteBucketLifecycle) || ($.eventName=DeleteBucketReplication))}',
  ],
  attack: ['T1530'],
  references: [
    stratus('aws.exfiltration.s3-backdoor-bucket-policy'),
    stratus('aws.defense-evasion.cloudtrail-lifecycle-rule'),
  ],
  falsePositives: ['A deployment that makes or changes buckets: let its role be a protected principal.'],
  samples: {
    matching: [
      { name: 'policy put', record: made('PutBucketPolicy', { bucketName: 'reports' }) },
      { name: 'replication to elsewhere', record: made('PutBucketReplication', { bucketName: 'reports' }) },
      { name: 'lifecycle deleted', record: made('DeleteBucketLifecycle', { bucketName: 'reports' }) },
      {
        name: 'refused',
        record: made('PutBucketAcl', null, {
          errorCode: 'AccessDenied',
          errorMessage: 'User: arn:aws:iam::111122223333:user/alice is not authorized to perform this action',
        }),
      },
    ],
    other: [
      { name: 'policy read', record: made('GetBucketPolicy', { bucketName: 'reports' }, { readOnly: true }) },
      {
        name: 'a call of that name to another service',
        record: call('s3-outposts.amazonaws.com', 'PutBucketPolicy', iamUser('alice')),
      },
    ],
  },
});
