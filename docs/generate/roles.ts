import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App } from 'aws-cdk-lib';
import { BUNDLING_STACKS } from 'aws-cdk-lib/cx-api';
import { CordonStack } from '../../infra/cordon-stack.ts';
import { readSettings } from '../../infra/settings.ts';
import { TrailStack } from '../../infra/trail-stack.ts';
import { packIds } from '../../playbooks/packs.ts';

/** One statement of a role's policies. */
export interface RoleStatement {
  effect: string;
  actions: string[];
  resources: string[];
  condition?: Record<string, Record<string, unknown>>;
}

/** A role, or a managed policy for people, as a deployment with the defaults makes it. */
export interface DeployedRole {
  name: string;
  stack: string;
  description: string | undefined;
  /** Who may assume it: `lambda.amazonaws.com`; nobody where it is a policy. */
  trusts: string[];
  statements: RoleStatement[];
}

type Resource = { Type: string; Properties?: Record<string, unknown> };
type Template = { Resources: Record<string, Resource> };

/** Stands for what only a deployment in an organization has. */
const ORGANIZATION_ROLE = 'arn:aws:iam::999988887777:role/ORGANIZATION_ROLE';
/** As a deployment names the key of its trail. */
const TRAIL_KEY = 'arn:aws:kms:us-east-1:111122223333:key/KEY_ID';

let found: DeployedRole[] | undefined;

/**
 * Every role and managed policy of the stacks, read from the templates that are deployed, with the defaults and the one setting that gives
 * a permission of its own. Read once, since it takes a second.
 */
export function deployedRoles(): DeployedRole[] {
  found ??= read();
  return found;
}

function read(): DeployedRole[] {
  const outdir = mkdtempSync(join(tmpdir(), 'cordon-docs-'));
  try {
    const { context } = JSON.parse(readFileSync(new URL('../../cdk.json', import.meta.url), 'utf8')) as {
      context: object;
    };
    // To read roles takes no code, and no judgement of the templates: a deployment has both.
    const app = new App({
      outdir,
      context: { ...context, [BUNDLING_STACKS]: [], '@aws-cdk/core:validateAgainstDefaultRules': false },
    });
    const settings = readSettings(
      (key) =>
        ({ organizationRole: ORGANIZATION_ROLE, trailKey: TRAIL_KEY, packs: [...packIds], flowLogs: 'vpc-0' })[key],
    );
    const trail = new TrailStack(app, `${settings.prefix}-trail`, settings, {});
    const stacks = [new CordonStack(app, settings.prefix, settings, trail.trail, {}), trail];
    const assembly = app.synth();
    return stacks.flatMap(({ artifactId, stackName }) =>
      rolesOf(assembly.getStackArtifact(artifactId).template as Template, stackName),
    );
  } finally {
    rmSync(outdir, { recursive: true, force: true });
  }
}

function rolesOf(template: Template, stack: string): DeployedRole[] {
  const all = Object.entries(template.Resources);
  const attached = all.filter(([, { Type }]) => Type === 'AWS::IAM::Policy');
  return all
    .filter(([, { Type }]) => Type === 'AWS::IAM::Role' || Type === 'AWS::IAM::ManagedPolicy')
    .map(([id, { Properties = {} }]) => {
      const named = Properties.RoleName ?? Properties.ManagedPolicyName;
      const own = (Properties.Policies ?? []) as { PolicyDocument: unknown }[];
      const added = attached
        .filter(([, policy]) => JSON.stringify(policy.Properties?.Roles ?? []).includes(`"${id}"`))
        .map(([, policy]) => ({ PolicyDocument: policy.Properties?.PolicyDocument }));
      const statements = [...own, ...added, Properties].flatMap(({ PolicyDocument }) => statementsOf(PolicyDocument));
      return {
        name: named ? words(named, template) : `${stack}-${id} (named by CloudFormation)`,
        stack,
        description: typeof Properties.Description === 'string' ? Properties.Description : undefined,
        trusts: statementsOf(Properties.AssumeRolePolicyDocument).flatMap(({ Principal }) =>
          Object.values((Principal ?? {}) as Record<string, unknown>).flatMap((who) => texts(who, template)),
        ),
        statements: statements.map(({ Effect, Action, Resource, Condition }) => ({
          effect: String(Effect),
          actions: texts(Action, template),
          resources: texts(Resource, template),
          ...(Condition ? { condition: Condition as RoleStatement['condition'] } : {}),
        })) as RoleStatement[],
      };
    });
}

const statementsOf = (document: unknown): Record<string, unknown>[] =>
  ((document as { Statement?: Record<string, unknown>[] } | undefined)?.Statement ?? []) as Record<string, unknown>[];

const texts = (value: unknown, template: Template): string[] => [value].flat().map((one) => words(one, template));

/** What CloudFormation knows by itself. */
const PSEUDO: Record<string, string> = {
  'AWS::Partition': 'aws',
  'AWS::Region': 'REGION',
  'AWS::AccountId': 'ACCOUNT',
  'AWS::URLSuffix': 'amazonaws.com',
};

/** What names a resource of a type, and its ARN by that name. */
const ARNS: Record<string, [string, (name: string) => string]> = {
  'AWS::DynamoDB::Table': ['TableName', (name) => `arn:aws:dynamodb:REGION:ACCOUNT:table/${name}`],
  'AWS::SNS::Topic': ['TopicName', (name) => `arn:aws:sns:REGION:ACCOUNT:${name}`],
  'AWS::Logs::LogGroup': ['LogGroupName', (name) => `arn:aws:logs:REGION:ACCOUNT:log-group:${name}:*`],
  'AWS::StepFunctions::StateMachine': [
    'StateMachineName',
    (name) => `arn:aws:states:REGION:ACCOUNT:stateMachine:${name}`,
  ],
  'AWS::S3::Bucket': ['BucketName', (name) => `arn:aws:s3:::${name}`],
};

/** A text of a template, with names for what CloudFormation fills in. */
function words(value: unknown, template: Template): string {
  if (typeof value === 'string') return value;
  const [[call, argument] = ['', undefined]] = Object.entries((value ?? {}) as Record<string, unknown>);
  if (call === 'Fn::Join') {
    const [separator, parts] = argument as [string, unknown[]];
    return parts.map((part) => words(part, template)).join(separator);
  }
  if (call === 'Ref' || call === 'Fn::GetAtt') return refWords([argument].flat().map(String), template);
  // What another stack made: `cordon-trail:ExportsOutputRefBucket83908E7781C90AC0`.
  const [, imported] =
    /:ExportsOutputRef(\w+?)[0-9A-F]{16}$/.exec(call === 'Fn::ImportValue' ? String(argument) : '') ?? [];
  return imported ? `TRAIL_${imported.toUpperCase()}` : JSON.stringify(value);
}

function refWords([id = '', attribute]: string[], template: Template): string {
  if (PSEUDO[id]) return PSEUDO[id];
  const resource = template.Resources[id];
  const [property, arnOf] = ARNS[resource?.Type ?? ''] ?? [];
  const name = property && resource?.Properties?.[property];
  // A bucket is named by CloudFormation.
  const unnamed = id.replace(/[0-9A-F]{8}$/, '').toUpperCase();
  const known = typeof name === 'string' ? name : property === 'BucketName' ? `${unnamed}_BUCKET` : unnamed;
  return arnOf && (attribute === 'Arn' || resource?.Type !== 'AWS::S3::Bucket') ? arnOf(known) : known;
}
