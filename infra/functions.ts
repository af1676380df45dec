import { cpSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Aws, Duration } from 'aws-cdk-lib';
import { Effect, PolicyDocument, PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Architecture, Code, Function as LambdaFunction, LoggingFormat, Runtime } from 'aws-cdk-lib/aws-lambda';
import type { ILogGroup } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import { SUPPRESSIONS_FILE } from '../handlers/environment.ts';
import type { Permission } from '../handlers/permissions.ts';
import type { Suppression } from '../playbooks/suppression.ts';
import { moduleOf } from './bundle.ts';
import type { Unit } from './units.ts';

/** What not every deployment has: permissions on it are left out there. */
const optional = ['organizationRole', 'trailBucket', 'deliveryRole', 'trailKey', 'flowLogGroup'] as const;

/** What the functions work with. */
export interface FunctionsProps {
  prefix: string;
  units: readonly Unit[];
  /** The folder of their bundle. */
  code: string;
  /** The log group of all functions: one place to look, by incident id. */
  logGroup: ILogGroup;
  /** ARNs that fill the `{...}` of permissions. */
  resources: Record<'table' | 'topic' | 'bus' | 'escalationTopic' | 'evidence' | 'logGroup', string> &
    Partial<Record<(typeof optional)[number], string>>;
  environment: Record<string, string>;
  /** For the function that collects the records. */
  suppressions: readonly Suppression[];
}

/** Name of a unit's role: playbooks know their own calls by it. */
export const roleName = (prefix: string, unit: string): string => `${prefix}-${unit}`;

/** Every function, each with a role that has just what the unit declares. */
export class Functions extends Construct {
  readonly #byUnit = new Map<string, LambdaFunction>();

  constructor(scope: Construct, id: string, props: FunctionsProps) {
    super(scope, id);
    const code = Code.fromAsset(props.code);
    const collecting = collectingCode(props) ?? code;
    for (const unit of props.units) {
      this.#byUnit.set(unit.id, this.#add(unit, unit.id === COLLECTS ? collecting : code, props));
    }
  }

  /** The function of a unit. */
  of(unit: string): LambdaFunction {
    const found = this.#byUnit.get(unit);
    if (!found) throw new UnknownFunction(`There is no function '${unit}': it is in no catalog.`);
    return found;
  }

  #add(unit: Unit, code: Code, props: FunctionsProps): LambdaFunction {
    const role = new Role(this, `${unit.id}-role`, {
      roleName: roleName(props.prefix, unit.id),
      description: unit.description,
      assumedBy: new ServicePrincipal('lambda.amazonaws.com'),
      inlinePolicies: {
        unit: new PolicyDocument({ statements: usable(unit, props).map((one) => statement(one, props)) }),
        log: new PolicyDocument({
          statements: [
            new PolicyStatement({
              actions: ['logs:CreateLogStream', 'logs:PutLogEvents'],
              resources: [`${props.logGroup.logGroupArn}`],
            }),
          ],
        }),
      },
    });
    return new LambdaFunction(this, unit.id, {
      functionName: roleName(props.prefix, unit.id),
      description: unit.description,
      runtime: Runtime.NODEJS_24_X,
      architecture: Architecture.ARM_64,
      handler: `${moduleOf(unit.entry)}.${unit.handler}`,
      code,
      role,
      memorySize: 512,
      timeout: Duration.minutes(5),
      logGroup: props.logGroup,
      loggingFormat: LoggingFormat.JSON,
      environment: { ...props.environment, NODE_OPTIONS: '--enable-source-maps' },
    });
  }
}

/** The unit that knows the suppressions. */
const COLLECTS = 'collect';

/** Its code where there are suppressions: they lie in a copy of its own, so that a change of them changes no other function. */
function collectingCode({ code, suppressions }: FunctionsProps): Code | undefined {
  if (suppressions.length === 0) return undefined;
  const copy = `${code}-${COLLECTS}`;
  cpSync(code, copy, { recursive: true });
  writeFileSync(join(copy, SUPPRESSIONS_FILE), JSON.stringify(suppressions));
  return Code.fromAsset(copy);
}

/** A name that no catalog has. */
export class UnknownFunction extends Error {
  override readonly name = 'UnknownFunction';
}

/** A unit's permissions, but for those on what this deployment does not have. */
const usable = ({ permissions }: Unit, { resources: there }: FunctionsProps): Permission[] =>
  permissions.filter(({ resources }) =>
    optional.every((name) => there[name] !== undefined || !resources.includes(`{${name}}`)),
  );

/** A permission as a statement, with its `{...}` filled in. */
export function statement(
  { actions, resources, condition }: Permission,
  { prefix, resources: arns }: { prefix: string; resources: Record<string, string> },
): PolicyStatement {
  const values: Record<string, string> = {
    ...arns,
    prefix,
    partition: Aws.PARTITION,
    region: Aws.REGION,
    account: Aws.ACCOUNT_ID,
  };
  return new PolicyStatement({
    effect: Effect.ALLOW,
    actions: [...actions],
    ...(condition ? { conditions: condition } : {}),
    resources: resources.map((resource) => resource.replace(/\{(\w+)\}/g, (_, name: string) => values[name] ?? name)),
  });
}
