import { allow, type Permission, trails } from '../permissions.ts';

const stacks = ['stack/{prefix}/*', 'stack/{prefix}-trail/*'].map(
  (stack) => `arn:{partition}:cloudformation:{region}:{account}:${stack}`,
);
const functions = 'arn:{partition}:lambda:{region}:{account}:function:{prefix}-*';
const machines = 'arn:{partition}:states:{region}:{account}:stateMachine:{prefix}-*';
const executions = 'arn:{partition}:states:{region}:{account}:execution:{prefix}-*:*';
const rules = [
  'arn:{partition}:events:{region}:{account}:rule/{prefix}-*',
  'arn:{partition}:events:{region}:{account}:rule/*/{prefix}-*',
];
const ownLogs = ['', ':*'].map((end) => `arn:{partition}:logs:{region}:{account}:log-group:/{prefix}/playbooks${end}`);
const roles = 'arn:{partition}:iam::{account}:role/{prefix}-*';

/** Looking at everything that cordon has written down, and at how it stands itself, as `doctor` does. */
const reading: readonly Permission[] = [
  allow(['dynamodb:GetItem', 'dynamodb:Query'], '{table}', '{table}/index/*'),
  allow(['dynamodb:DescribeTable', 'dynamodb:DescribeContinuousBackups'], '{table}'),
  allow(['s3:GetObject', 's3:ListBucket'], '{evidence}', '{evidence}/*'),
  allow(['logs:FilterLogEvents', 'logs:GetLogEvents'], ...ownLogs),
  allow(['logs:DescribeMetricFilters'], '{logGroup}', '{logGroup}:*', ...ownLogs),
  allow(
    ['states:DescribeExecution', 'states:GetExecutionHistory', 'states:DescribeStateMachine', 'states:ListExecutions'],
    machines,
    executions,
  ),
  allow(
    ['cloudformation:DescribeStacks', 'cloudformation:ListStackResources', 'cloudformation:GetTemplate'],
    ...stacks,
  ),
  allow(['lambda:GetFunctionConfiguration'], functions),
  allow(['events:DescribeRule', 'events:ListTargetsByRule'], ...rules),
  allow(['events:DescribeEventBus'], 'arn:{partition}:events:{region}:{account}:event-bus/{prefix}*'),
  allow(['iam:GetRole', 'iam:ListRolePolicies', 'iam:GetRolePolicy', 'iam:ListAttachedRolePolicies'], roles),
  allow(['sns:ListSubscriptionsByTopic'], '{topic}', '{escalationTopic}'),
  allow(['sqs:GetQueueAttributes', 'sqs:GetQueueUrl'], 'arn:{partition}:sqs:{region}:{account}:{prefix}-undelivered*'),
  allow(['cloudtrail:GetTrailStatus', 'cloudtrail:GetEventSelectors'], trails),
  // Neither can be narrowed.
  allow(['cloudtrail:DescribeTrails', 'cloudwatch:DescribeAlarms'], '*'),
];

/** The managed policies for analysts, by what follows the prefix in their names. */
export const analystPolicies = {
  reader: { description: 'May look at everything that cordon has written down', permissions: reading },
  approver: {
    description: 'May answer what cordon asks, and undo what it did',
    permissions: [...reading, allow(['execute-api:Invoke'], '{answers}')],
  },
} as const satisfies Record<string, { description: string; permissions: readonly Permission[] }>;

/** The least of the policies for analysts that allows an IAM action, by its name, if one does. */
export function policyWith(action: string, prefix: string): string | undefined {
  const found = Object.entries(analystPolicies).find(([, { permissions }]) =>
    permissions.some(({ actions }) => actions.includes(action)),
  );
  return found && `${prefix}-${found[0]}`;
}
