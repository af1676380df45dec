import type { Context } from '../context.ts';
import { TargetUnfit } from '../errors.ts';
import { allow } from '../permissions.ts';
import { type Installation, ofType, readInstallation } from './installation.ts';
import { filledIn, type Resource } from './template.ts';

const STACKS = ['stack/{prefix}/*', 'stack/{prefix}-trail/*'].map(
  (stack) => `arn:{partition}:cloudformation:{region}:{account}:${stack}`,
);

/** What reading what was deployed may do: `readInstallation`. */
export const readDeployedPermissions = [
  allow(
    ['cloudformation:DescribeStacks', 'cloudformation:ListStackResources', 'cloudformation:GetTemplate'],
    ...STACKS,
  ),
  allow(['lambda:GetFunctionConfiguration'], 'arn:{partition}:lambda:{region}:{account}:function:{prefix}-*'),
];

const RULES = ['rule/{prefix}-*', 'rule/*/{prefix}-*'].map(
  (rule) => `arn:{partition}:events:{region}:{account}:${rule}`,
);
const OWN_LOGS = ['', ':*'].map((end) => `arn:{partition}:logs:{region}:{account}:log-group:/{prefix}/playbooks${end}`);

/** What holding an installation against its templates may do: the checks on what was deployed. */
export const checkDeployedPermissions = [
  ...readDeployedPermissions,
  allow(['logs:DescribeMetricFilters'], '{logGroup}', '{logGroup}:*', ...OWN_LOGS),
  allow(['states:DescribeStateMachine'], 'arn:{partition}:states:{region}:{account}:stateMachine:{prefix}-*'),
  allow(['events:DescribeRule', 'events:ListTargetsByRule'], ...RULES),
  allow(['events:DescribeEventBus'], 'arn:{partition}:events:{region}:{account}:event-bus/{prefix}*'),
  allow(['sns:ListSubscriptionsByTopic'], '{topic}', '{escalationTopic}'),
  allow(['dynamodb:DescribeTable', 'dynamodb:DescribeContinuousBackups'], '{table}'),
  // Neither knows of resources.
  allow(['cloudwatch:DescribeAlarms', 'iam:GetAccountAuthorizationDetails'], '*'),
];

/** What cordon was deployed with, as a function reads it. */
export const installationOf = ({ environment, ledger, client }: Context): Promise<Installation> =>
  readInstallation({ prefix: environment.prefix, region: environment.region, ledger, client });

/** A resource as it was deployed. */
export interface Declared {
  resource: Resource;
  installation: Installation;
  /** Its properties, with everything that they refer to filled in. */
  properties: Record<string, unknown>;
}

/**
 * A resource of cordon's stacks, as its template has it, or undefined where none has that name.
 * @param named which one: by its physical id or its properties
 */
export async function declaredAs(
  type: string,
  named: (resource: Resource) => boolean,
  context: Context,
): Promise<Declared | undefined> {
  const installation = await installationOf(context);
  const resource = ofType(installation, type).find(named);
  if (!resource) return undefined;
  const properties = filledIn(resource.properties, installation.scope) as Record<string, unknown>;
  return { resource, installation, properties };
}

/** @throws {TargetUnfit} */
export function notDeployed(what: string): never {
  throw new TargetUnfit(`${what} is none that cordon was deployed with: nobody knows what it should be.`);
}
