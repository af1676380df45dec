import { checkDeployedPermissions } from '../installation/declared.ts';
import { allow, type Permission, trails } from '../permissions.ts';

const machines = 'arn:{partition}:states:{region}:{account}:stateMachine:{prefix}-*';
const executions = 'arn:{partition}:states:{region}:{account}:execution:{prefix}-*:*';
const ownLogs = ['', ':*'].map((end) => `arn:{partition}:logs:{region}:{account}:log-group:/{prefix}/playbooks${end}`);

/** Looking at everything that cordon has written down, and at how it stands itself, as `doctor` does. */
const reading: readonly Permission[] = [
  ...checkDeployedPermissions,
  allow(['dynamodb:GetItem', 'dynamodb:Query'], '{table}', '{table}/index/*'),
  allow(['s3:GetObject', 's3:ListBucket'], '{evidence}', '{evidence}/*'),
  allow(['logs:FilterLogEvents', 'logs:GetLogEvents'], ...ownLogs),
  allow(['states:DescribeExecution', 'states:GetExecutionHistory', 'states:ListExecutions'], machines, executions),
  allow(['sqs:GetQueueAttributes', 'sqs:GetQueueUrl'], 'arn:{partition}:sqs:{region}:{account}:{prefix}-undelivered*'),
  allow(['cloudtrail:GetTrailStatus', 'cloudtrail:GetEventSelectors'], trails),
  // It cannot be narrowed.
  allow(['cloudtrail:DescribeTrails'], '*'),
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
