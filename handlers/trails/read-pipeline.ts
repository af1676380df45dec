import {
  CloudWatchLogsClient,
  DescribeLogGroupsCommand,
  DescribeMetricFiltersCommand,
} from '@aws-sdk/client-cloudwatch-logs';
import {
  GetRoleCommand,
  GetRolePolicyCommand,
  IAMClient,
  ListAttachedRolePoliciesCommand,
  ListRolePoliciesCommand,
} from '@aws-sdk/client-iam';
import { DescribeKeyCommand, KMSClient } from '@aws-sdk/client-kms';
import {
  GetBucketLifecycleConfigurationCommand,
  GetBucketPolicyCommand,
  GetBucketVersioningCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import type { LogBucketState, LogGroupState, PipelineState, TrailState } from '../../playbooks/trail-baseline.ts';
import type { Context } from '../context.ts';
import { errorName, errorText } from '../errors.ts';
import { allow, buckets, keys, logGroups, roles } from '../permissions.ts';

/** A log group's name and region. */
export interface LogGroupRef {
  region: string;
  name: string;
}

/** What {@link readLogGroup} may do. */
export const readLogGroupPermissions = [
  // A group is asked for by the beginning of its name, which is no resource.
  allow(['logs:DescribeLogGroups'], '*'),
  allow(['logs:DescribeMetricFilters'], logGroups),
];
/** What {@link readLogBucket} may do. */
export const readLogBucketPermissions = allow(
  ['s3:GetBucketPolicy', 's3:GetLifecycleConfiguration', 's3:GetBucketVersioning'],
  buckets,
);
/** What {@link readKeyState} may do. */
export const readKeyPermissions = allow(['kms:DescribeKey'], keys);
const readRolePermissions = allow(
  ['iam:GetRole', 'iam:ListRolePolicies', 'iam:GetRolePolicy', 'iam:ListAttachedRolePolicies'],
  roles,
);
/** What {@link readPipeline} may do. */
export const readPipelinePermissions = [
  ...readLogGroupPermissions,
  readLogBucketPermissions,
  readKeyPermissions,
  readRolePermissions,
];

/** The log group of an ARN, with or without the `:*` at its end. */
export function logGroupOf(arn: string | undefined): LogGroupRef | undefined {
  const [, region, name] = /^arn:[^:]+:logs:([^:]+):\d+:log-group:([^:]+)/.exec(arn ?? '') ?? [];
  return region === undefined || name === undefined ? undefined : { region, name };
}

/** The log group with its metric filters, or undefined where it does not exist. */
export async function readLogGroup(
  { region, name }: LogGroupRef,
  context: Context,
): Promise<LogGroupState | undefined> {
  const logs = context.client(CloudWatchLogsClient, region);
  // Names that begin with this one come as well; those that are longer come after it.
  const { logGroups: found = [] } = await logs.send(new DescribeLogGroupsCommand({ logGroupNamePrefix: name }));
  const group = found.find(({ logGroupName }) => logGroupName === name);
  if (!group) return undefined;
  const filters: LogGroupState['filters'] = [];
  let nextToken: string | undefined;
  do {
    const page = await logs.send(new DescribeMetricFiltersCommand({ logGroupName: name, nextToken }));
    for (const { filterName = '', filterPattern = '', metricTransformations = [] } of page.metricFilters ?? []) {
      const transformations = metricTransformations.map((one) =>
        Object.fromEntries(Object.entries(one).filter(([, value]) => value !== undefined)),
      );
      filters.push({ name: filterName, pattern: filterPattern, transformations });
    }
    nextToken = page.nextToken;
  } while (nextToken);
  return {
    ...(group.retentionInDays === undefined ? {} : { retention: group.retentionInDays }),
    ...(group.kmsKeyId ? { key: group.kmsKeyId } : {}),
    filters: filters.sort((a, b) => a.name.localeCompare(b.name)),
  };
}

/** The bucket's policy, lifecycle rules and versioning, or undefined where it does not exist. */
export async function readLogBucket(Bucket: string, context: Context): Promise<LogBucketState | undefined> {
  const s3 = context.client(S3Client);
  try {
    const [policy, lifecycle, versioning] = await Promise.all([
      unless('NoSuchBucketPolicy', async () => (await s3.send(new GetBucketPolicyCommand({ Bucket }))).Policy),
      unless('NoSuchLifecycleConfiguration', async () => {
        const { Rules } = await s3.send(new GetBucketLifecycleConfigurationCommand({ Bucket }));
        return Rules;
      }),
      s3.send(new GetBucketVersioningCommand({ Bucket })),
    ]);
    return {
      ...(policy ? { policy } : {}),
      // Through JSON: dates become texts, and absent fields go.
      lifecycle: JSON.parse(JSON.stringify(lifecycle ?? [])) as LogBucketState['lifecycle'],
      ...(versioning.Status ? { versioning: versioning.Status } : {}),
    };
  } catch (error) {
    if (errorName(error) === 'NoSuchBucket') return undefined;
    throw error;
  }
}

/** The state of a key, by its ARN; undefined where it does not exist. https://docs.aws.amazon.com/kms/latest/developerguide/key-state.html */
export async function readKeyState(key: string, context: Context): Promise<string | undefined> {
  try {
    const kms = context.client(KMSClient, key.startsWith('arn:') ? key.split(':')[3] : undefined);
    const { KeyMetadata } = await kms.send(new DescribeKeyCommand({ KeyId: key }));
    return KeyMetadata?.KeyState;
  } catch (error) {
    if (errorName(error) === 'NotFoundException') return undefined;
    throw error;
  }
}

async function readRole(arn: string, context: Context): Promise<PipelineState['role']> {
  const iam = context.client(IAMClient);
  const RoleName = arn.split('/').at(-1) ?? arn;
  try {
    const { Role } = await iam.send(new GetRoleCommand({ RoleName }));
    const { PolicyNames = [] } = await iam.send(new ListRolePoliciesCommand({ RoleName }));
    const inline = await Promise.all(
      PolicyNames.map(async (PolicyName): Promise<[string, string]> => {
        const { PolicyDocument = '' } = await iam.send(new GetRolePolicyCommand({ RoleName, PolicyName }));
        return [PolicyName, decodeURIComponent(PolicyDocument)];
      }),
    );
    const { AttachedPolicies = [] } = await iam.send(new ListAttachedRolePoliciesCommand({ RoleName }));
    return {
      trust: decodeURIComponent(Role?.AssumeRolePolicyDocument ?? ''),
      inline: Object.fromEntries(inline),
      attached: AttachedPolicies.map(({ PolicyArn = '' }) => PolicyArn).sort(),
    };
  } catch (error) {
    if (errorName(error) === 'NoSuchEntityException') return undefined;
    throw error;
  }
}

/** What a trail needs to deliver. A part that cannot be read, as another account's bucket, is left out. */
export async function readPipeline({ settings }: TrailState, context: Context): Promise<PipelineState> {
  const group = logGroupOf(settings.logGroup);
  const [logGroup, bucket, role, keyState] = await Promise.all([
    group && readable('log group', context, () => readLogGroup(group, context)),
    readable('bucket', context, () => readLogBucket(settings.bucket, context)),
    settings.role === undefined ? undefined : readable('role', context, () => readRole(settings.role ?? '', context)),
    settings.key === undefined ? undefined : readable('key', context, () => readKeyState(settings.key ?? '', context)),
  ]);
  return {
    ...(logGroup ? { logGroup } : {}),
    ...(bucket ? { bucket } : {}),
    ...(role ? { role } : {}),
    ...(keyState ? { keyState } : {}),
  };
}

async function readable<T>(part: string, context: Context, read: () => Promise<T>): Promise<T | undefined> {
  try {
    return await read();
  } catch (error) {
    if (!/^AccessDenied/.test(errorName(error))) throw error;
    context.log.warn('a part of a trail cannot be read', { part, error: errorText(error) });
    return undefined;
  }
}

async function unless<T>(absent: string, read: () => Promise<T>): Promise<T | undefined> {
  try {
    return await read();
  } catch (error) {
    if (errorName(error) === absent) return undefined;
    throw error;
  }
}
