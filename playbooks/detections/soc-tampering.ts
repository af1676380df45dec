import { detection } from '../detection.ts';
import { all, any, is, isFalse, like, type Match, missing, oneOf } from '../matching/match.ts';
import { call, iamUser } from './samples.ts';

/** The calls on a kind of cordon's own things, by its service, and how they name one. */
interface Part {
  service: string;
  calls: readonly string[];
  /** Which of them, where the others are harmless. */
  only?: Match;
  of: (own: { prefix: string }) => Match;
}

/** What stands in the message of a refused call, which has no parameters. */
const refused = (resource: string): Match => like('errorMessage', `*${resource}*`);

const BACKUPS_ON = 'requestParameters.pointInTimeRecoverySpecification.pointInTimeRecoveryEnabled';

const ofLedger = ({ prefix }: { prefix: string }): Match =>
  any(
    is('requestParameters.tableName', `${prefix}-ledger`),
    like('requestParameters.tableName', `*:table/${prefix}-ledger`),
    refused(`:table/${prefix}-ledger`),
  );

const parts: readonly Part[] = [
  {
    service: 'monitoring',
    calls: ['DeleteAlarms', 'DisableAlarmActions'],
    of: ({ prefix }) => any(like('requestParameters.alarmNames[*]', `${prefix}-*`), refused(`:alarm:${prefix}-`)),
  },
  {
    service: 'monitoring',
    calls: ['PutMetricAlarm', 'SetAlarmState'],
    of: ({ prefix }) => any(like('requestParameters.alarmName', `${prefix}-*`), refused(`:alarm:${prefix}-`)),
  },
  {
    service: 'events',
    calls: ['DisableRule', 'DeleteRule', 'PutRule'],
    of: ({ prefix }) => any(like('requestParameters.name', `${prefix}-*`), refused(`:rule/${prefix}-`)),
  },
  {
    service: 'events',
    calls: ['RemoveTargets', 'PutTargets'],
    of: ({ prefix }) => any(like('requestParameters.rule', `${prefix}-*`), refused(`:rule/${prefix}-`)),
  },
  {
    service: 'sns',
    calls: ['DeleteTopic', 'SetTopicAttributes', 'AddPermission', 'RemovePermission'],
    of: ({ prefix }) => any(like('requestParameters.topicArn', `*:${prefix}-*`), refused(`:${prefix}-`)),
  },
  {
    service: 'sns',
    calls: ['Unsubscribe', 'SetSubscriptionAttributes'],
    of: ({ prefix }) => like('requestParameters.subscriptionArn', `*:${prefix}-*`),
  },
  {
    service: 'states',
    calls: ['DeleteStateMachine', 'UpdateStateMachine'],
    of: ({ prefix }) =>
      any(like('requestParameters.stateMachineArn', `*:stateMachine:${prefix}-*`), refused(`:stateMachine:${prefix}-`)),
  },
  {
    service: 'states',
    calls: ['StopExecution'],
    of: ({ prefix }) =>
      any(like('requestParameters.executionArn', `*:execution:${prefix}-*`), refused(`:execution:${prefix}-`)),
  },
  {
    // CloudTrail adds the API's version to Lambda's older calls.
    service: 'lambda',
    calls: ['DeleteFunction20150331', 'UpdateFunctionCode20150331v2', 'UpdateFunctionConfiguration20150331v2'].concat([
      'PutFunctionConcurrency20171031',
      'RemovePermission20150331v2',
    ]),
    of: ({ prefix }) =>
      any(
        like('requestParameters.functionName', `${prefix}-*`),
        like('requestParameters.functionName', `*:function:${prefix}-*`),
        refused(`:function:${prefix}-`),
      ),
  },
  {
    service: 'iam',
    calls: [
      'PutRolePolicy',
      'DeleteRolePolicy',
      'AttachRolePolicy',
      'DetachRolePolicy',
      'UpdateAssumeRolePolicy',
    ].concat(['DeleteRole', 'PutRolePermissionsBoundary', 'DeleteRolePermissionsBoundary']),
    // The trail's delivery role is among them: a pattern has no room to leave it out, so its response does.
    of: ({ prefix }) => any(like('requestParameters.roleName', `${prefix}-*`), refused(`role ${prefix}-`)),
  },
  { service: 'dynamodb', calls: ['DeleteTable', 'UpdateTable'], of: ofLedger },
  {
    service: 'dynamodb',
    calls: ['UpdateContinuousBackups'],
    // Every deployment switches them on.
    only: any(isFalse(BACKUPS_ON), missing(BACKUPS_ON)),
    of: ofLedger,
  },
  {
    service: 's3',
    calls: ['DeleteBucket', 'DeleteBucketPolicy', 'PutBucketPolicy', 'PutBucketVersioning', 'PutBucketLifecycle'],
    // CloudFormation names it after the stack.
    of: ({ prefix }) => like('requestParameters.bucketName', `${prefix}-evidence*`),
  },
  {
    service: 'logs',
    calls: ['DeleteLogGroup', 'DeleteMetricFilter', 'PutMetricFilter'],
    of: ({ prefix }) => is('requestParameters.logGroupName', `/${prefix}/playbooks`),
  },
  {
    service: 'cloudformation',
    calls: ['DeleteStack'],
    of: ({ prefix }) =>
      any(
        oneOf('requestParameters.stackName', [prefix, `${prefix}-trail`]),
        like('requestParameters.stackName', `*:stack/${prefix}/*`),
      ),
  },
];

const callsOf = ({ service, calls, only }: Part): Match =>
  all(is('eventSource', `${service}.amazonaws.com`), oneOf('eventName', calls), ...(only ? [only] : []));

const by = (service: string, eventName: string, requestParameters: unknown, rest: Record<string, unknown> = {}) =>
  call(`${service}.amazonaws.com`, eventName, iamUser('mallory'), { requestParameters, ...rest });
const ARN = (service: string, rest: string) => `arn:aws:${service}:us-east-1:111122223333:${rest}`;

export default detection({
  title: 'What detects and answers attacks was switched off, changed or deleted',
  why: 'Whoever knows that alarms lead to playbooks takes those away first: alarms, rules, topics, playbooks, functions, their roles, the ledger or the evidence.',
  severity: 'CRITICAL',
  when: any(...parts.map(callsOf)),
  // On other things these calls are everyday work.
  within: ({ prefix = 'cordon' }) => any(...parts.map((part) => all(callsOf(part), part.of({ prefix })))),
  ofOwn: true,
  alarm: { atLeast: 1, withinMinutes: 1 },
  response: 'restore-soc',
  attack: ['T1562.001', 'T1562.008'],
  references: [
    {
      name: 'Security Hub CloudWatch.15: alarms have actions',
      url: 'https://docs.aws.amazon.com/securityhub/latest/userguide/cloudwatch-controls.html#cloudwatch-15',
    },
    {
      name: 'Security Hub CloudWatch.17: alarm actions are enabled',
      url: 'https://docs.aws.amazon.com/securityhub/latest/userguide/cloudwatch-controls.html#cloudwatch-17',
    },
  ],
  falsePositives: [
    'A deployment of cordon: let who deploys be a protected principal, and the incident closes as benign.',
    'An analyst who stops an execution or changes a subscription by hand: a suppression with an owner and an end says so.',
  ],
  samples: {
    matching: [
      {
        name: 'alarm deleted, among others',
        record: by('monitoring', 'DeleteAlarms', { alarmNames: ['billing', 'cordon-root-usage'] }),
      },
      {
        name: 'alarm’s actions off',
        record: by('monitoring', 'DisableAlarmActions', { alarmNames: ['cordon-root-usage'] }),
      },
      {
        name: 'alarm’s state set by hand',
        record: by('monitoring', 'SetAlarmState', {
          alarmName: 'cordon-root-usage',
          stateValue: 'OK',
          stateReason: 'tidy',
        }),
      },
      {
        name: 'alarm’s threshold out of reach',
        record: by('monitoring', 'PutMetricAlarm', { alarmName: 'cordon-root-usage', threshold: 1000000 }),
      },
      { name: 'rule off', record: by('events', 'DisableRule', { name: 'cordon-trail-tampering' }) },
      { name: 'rule deleted', record: by('events', 'DeleteRule', { name: 'cordon-trail-tampering', force: true }) },
      {
        name: 'rule’s targets removed',
        record: by('events', 'RemoveTargets', { rule: 'cordon-trail-tampering', ids: ['playbook'] }),
      },
      {
        name: 'topic of the mails deleted',
        record: by('sns', 'DeleteTopic', { topicArn: ARN('sns', 'cordon-mails') }),
      },
      {
        name: 'subscription taken away',
        record: by('sns', 'Unsubscribe', {
          subscriptionArn: ARN('sns', 'cordon-mails:7f0f0a5e-31a5-4b43-a1f4-1f0d5c9c2a11'),
        }),
      },
      {
        name: 'playbook deleted',
        record: by('states', 'DeleteStateMachine', {
          stateMachineArn: ARN('states', 'stateMachine:cordon-restore-trail'),
        }),
      },
      {
        name: 'running playbook stopped',
        record: by('states', 'StopExecution', { executionArn: ARN('states', 'execution:cordon-restore-trail:1c9a') }),
      },
      { name: 'function deleted', record: by('lambda', 'DeleteFunction20150331', { functionName: 'cordon-claim' }) },
      {
        name: 'function throttled to nothing',
        record: by('lambda', 'PutFunctionConcurrency20171031', {
          functionName: ARN('lambda', 'function:cordon-claim'),
          reservedConcurrentExecutions: 0,
        }),
      },
      {
        name: 'role’s policy deleted',
        record: by('iam', 'DeleteRolePolicy', { roleName: 'cordon-collect', policyName: 'unit' }),
      },
      {
        name: 'refused change of a role, which stands only in the message',
        record: by('iam', 'PutRolePolicy', null, {
          errorCode: 'AccessDenied',
          errorMessage:
            'User: arn:aws:iam::111122223333:user/mallory is not authorized to perform: iam:PutRolePolicy on resource: role cordon-collect because no identity-based policy allows the iam:PutRolePolicy action',
        }),
      },
      {
        name: 'ledger’s protection off',
        record: by('dynamodb', 'UpdateTable', { tableName: 'cordon-ledger', deletionProtectionEnabled: false }),
      },
      {
        name: 'ledger’s backups off',
        record: by('dynamodb', 'UpdateContinuousBackups', {
          tableName: 'cordon-ledger',
          pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: false },
        }),
      },
      {
        name: 'evidence kept in one version only',
        record: by('s3', 'PutBucketVersioning', {
          bucketName: 'cordon-evidence6b5c6a9a-1u2i3o4p5a6s',
          VersioningConfiguration: { Status: 'Suspended' },
        }),
      },
      {
        name: 'own metric filter deleted',
        record: by('logs', 'DeleteMetricFilter', {
          logGroupName: '/cordon/playbooks',
          filterName: 'cordon-watchdog-looks',
        }),
      },
      { name: 'stack deleted', record: by('cloudformation', 'DeleteStack', { stackName: 'cordon' }) },
    ],
    other: [
      {
        name: 'alarm’s actions on',
        record: by('monitoring', 'EnableAlarmActions', { alarmNames: ['cordon-root-usage'] }),
      },
      {
        name: 'ledger’s backups on',
        record: by('dynamodb', 'UpdateContinuousBackups', {
          tableName: 'cordon-ledger',
          pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
        }),
      },
      { name: 'rule on', record: by('events', 'EnableRule', { name: 'cordon-trail-tampering' }) },
      {
        name: 'playbook read',
        record: by(
          'states',
          'DescribeStateMachine',
          { stateMachineArn: ARN('states', 'stateMachine:cordon-restore-trail') },
          { readOnly: true },
        ),
      },
      {
        name: 'a call of that name to another service',
        record: call('scheduler.amazonaws.com', 'DeleteRule', iamUser('alice')),
      },
    ],
  },
});
