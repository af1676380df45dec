import { detection, type KnownTrail } from '../detection.ts';
import { all, any, is, like, type Match, oneOf } from '../matching/match.ts';
import { stratus } from '../stratus-techniques.ts';
import { call, iamUser } from './samples.ts';

/** The calls that bear on a part, by its service, and how they name it. */
const parts = {
  logs: {
    calls: ['DeleteLogGroup', 'DeleteLogStream', 'DeleteMetricFilter', 'PutMetricFilter', 'PutRetentionPolicy'].concat([
      'DeleteRetentionPolicy',
      'AssociateKmsKey',
      'DisassociateKmsKey',
    ]),
    // A key may be given to a group that is named by its ARN. A refused call names it in the message only.
    of: ({ logGroup }: KnownTrail) =>
      any(
        is('requestParameters.logGroupName', logGroup),
        like('requestParameters.resourceIdentifier', `*:log-group:${logGroup}`),
        like('errorMessage', `*:log-group:${logGroup}:*`),
        like('errorMessage', `*:log-group:${logGroup} *`),
      ),
  },
  // CloudTrail's name for PutBucketLifecycleConfiguration is the older one; both are taken. S3 keeps the parameters of refused calls.
  s3: {
    calls: [
      'DeleteBucket',
      'DeleteBucketPolicy',
      'DeleteBucketLifecycle',
      'PutBucketPolicy',
      'PutBucketVersioning',
    ].concat(['PutBucketLifecycle', 'PutBucketLifecycleConfiguration']),
    of: ({ bucket }: KnownTrail) => bucket && is('requestParameters.bucketName', bucket),
  },
  iam: {
    calls: ['DeleteRole', 'DeleteRolePolicy', 'PutRolePolicy', 'AttachRolePolicy', 'DetachRolePolicy'].concat([
      'UpdateAssumeRolePolicy',
      'PutRolePermissionsBoundary',
    ]),
    of: ({ role }: KnownTrail) =>
      role && any(is('requestParameters.roleName', role), like('errorMessage', `*role ${role} *`)),
  },
  // A key is named by its id or its ARN, and never by an alias here.
  kms: {
    calls: ['DisableKey', 'ScheduleKeyDeletion'],
    of: ({ key }: KnownTrail) =>
      key &&
      any(
        like('requestParameters.keyId', `*${key.slice(key.indexOf('/') + 1)}`),
        like('errorMessage', `*${key.slice(key.indexOf('/'))} *`),
      ),
  },
};

const callsOf = (service: string, calls: string[]): Match =>
  all(is('eventSource', `${service}.amazonaws.com`), oneOf('eventName', calls));

const by = (service: string, eventName: string, requestParameters: unknown, rest: Record<string, unknown> = {}) =>
  call(`${service}.amazonaws.com`, eventName, iamUser('mallory'), { requestParameters, ...rest });
const logGroupName = '/cordon/trail';
const bucket = { bucketName: 'cordon-trail-records', Host: 'cordon-trail-records.s3.us-east-1.amazonaws.com' };
const roleName = 'cordon-trail-delivery';

export default detection({
  title: 'What CloudTrail delivers through was deleted, cut off or weakened',
  why: 'A trail goes on logging while its log group, metric filters, bucket, delivery role or key is taken away, and yet nothing arrives or nothing is noticed any more. It is the quieter way to blind an account.',
  severity: 'CRITICAL',
  when: any(...Object.entries(parts).map(([service, { calls }]) => callsOf(service, calls))),
  // On other resources these calls are everyday work.
  within: (trail) =>
    any(
      ...Object.entries(parts).flatMap(([service, { calls, of }]) => {
        const named = of(trail);
        return named ? [all(callsOf(service, calls), named)] : [];
      }),
    ),
  alarm: { atLeast: 1, withinMinutes: 1 },
  response: 'restore-trail-pipeline',
  attack: ['T1562.008', 'T1485'],
  references: [
    {
      name: 'Security Hub CloudWatch.7: metric filter and alarm for keys that are disabled or to be deleted',
      url: 'https://docs.aws.amazon.com/securityhub/latest/userguide/cloudwatch-controls.html#cloudwatch-7',
    },
    {
      name: 'Security Hub CloudWatch.8: metric filter and alarm for bucket policy changes',
      url: 'https://docs.aws.amazon.com/securityhub/latest/userguide/cloudwatch-controls.html#cloudwatch-8',
    },
    {
      name: 'Security Hub CloudTrail.5: trails deliver to CloudWatch Logs',
      url: 'https://docs.aws.amazon.com/securityhub/latest/userguide/cloudtrail-controls.html#cloudtrail-5',
    },
    stratus('aws.defense-evasion.cloudtrail-lifecycle-rule'),
  ],
  falsePositives: [
    'A deployment that changes what the trail delivers through: let its role be a protected principal, and the incident closes as benign.',
    'A longer retention, a further metric filter, a policy put as it is: the playbook measures by the baseline and closes the incident as benign.',
  ],
  samples: {
    matching: [
      { name: 'log group deleted', record: by('logs', 'DeleteLogGroup', { logGroupName }) },
      { name: 'log stream deleted', record: by('logs', 'DeleteLogStream', { logGroupName, logStreamName: 'a' }) },
      {
        name: 'metric filter deleted',
        record: by('logs', 'DeleteMetricFilter', { logGroupName, filterName: 'cordon-trail-tampering' }),
      },
      {
        name: 'metric filter changed',
        record: by('logs', 'PutMetricFilter', {
          logGroupName,
          filterName: 'cordon-trail-tampering',
          filterPattern: '{ $.eventName = "nothing" }',
          metricTransformations: [
            { metricName: 'trail-tampering', metricNamespace: 'cordon', metricValue: '1', unit: 'Count' },
          ],
        }),
      },
      {
        name: 'retention shortened',
        record: by('logs', 'PutRetentionPolicy', { logGroupName, retentionInDays: 1 }),
      },
      {
        name: 'key of the log group taken away, the group named by its ARN',
        record: by('logs', 'DisassociateKmsKey', {
          resourceIdentifier: 'arn:aws:logs:us-east-1:111122223333:log-group:/cordon/trail',
        }),
      },
      {
        name: 'refused deletion of the log group, which stands only in the message',
        record: by('logs', 'DeleteLogGroup', null, {
          errorCode: 'AccessDenied',
          errorMessage:
            'User: arn:aws:iam::111122223333:user/mallory is not authorized to perform: logs:DeleteLogGroup on resource: arn:aws:logs:us-east-1:111122223333:log-group:/cordon/trail:log-stream: because no identity-based policy allows the logs:DeleteLogGroup action',
        }),
      },
      {
        name: 'refused deletion of a metric filter, whose group stands in the message without its streams',
        record: by('logs', 'DeleteMetricFilter', null, {
          errorCode: 'AccessDenied',
          errorMessage:
            'User: arn:aws:iam::111122223333:user/mallory is not authorized to perform: logs:DeleteMetricFilter on resource: arn:aws:logs:us-east-1:111122223333:log-group:/cordon/trail because no identity-based policy allows the logs:DeleteMetricFilter action',
        }),
      },
      { name: 'bucket deleted', record: by('s3', 'DeleteBucket', bucket) },
      { name: 'bucket policy deleted', record: by('s3', 'DeleteBucketPolicy', { ...bucket, policy: '' }) },
      {
        name: 'lifecycle that expires the records after a day',
        record: by('s3', 'PutBucketLifecycle', {
          ...bucket,
          lifecycle: '',
          LifecycleConfiguration: {
            xmlns: 'http://s3.amazonaws.com/doc/2006-03-01/',
            Rule: { ID: 'all', Status: 'Enabled', Filter: { Prefix: '' }, Expiration: { Days: 1 } },
          },
        }),
      },
      {
        name: 'versioning suspended',
        record: by('s3', 'PutBucketVersioning', {
          ...bucket,
          versioning: '',
          VersioningConfiguration: { xmlns: 'http://s3.amazonaws.com/doc/2006-03-01/', Status: 'Suspended' },
        }),
      },
      {
        name: 'policy of the delivery role deleted',
        record: by('iam', 'DeleteRolePolicy', { roleName, policyName: 'deliver' }),
      },
      {
        name: 'policy that denies attached to the delivery role',
        record: by('iam', 'AttachRolePolicy', { roleName, policyArn: 'arn:aws:iam::aws:policy/AWSDenyAll' }),
      },
      {
        name: 'key disabled',
        record: by('kms', 'DisableKey', { keyId: '1234abcd-12ab-34cd-56ef-1234567890ab' }),
      },
      {
        name: 'key to be deleted',
        record: by('kms', 'ScheduleKeyDeletion', {
          keyId: 'arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab',
          pendingWindowInDays: 7,
        }),
      },
    ],
    other: [
      { name: 'log group made', record: by('logs', 'CreateLogGroup', { logGroupName }) },
      {
        name: 'bucket policy read',
        record: by('s3', 'GetBucketPolicy', { ...bucket, policy: '' }, { readOnly: true }),
      },
      { name: 'key enabled', record: by('kms', 'EnableKey', { keyId: '1234abcd-12ab-34cd-56ef-1234567890ab' }) },
      {
        name: 'a call of that name to another service',
        record: call('s3-outposts.amazonaws.com', 'DeleteBucket', iamUser('alice')),
      },
    ],
  },
});
