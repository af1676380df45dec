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
import type {
  DeliveryRoleState,
  LogBucketState,
  LogGroupState,
  PipelineState,
  TrailState,
} from '../../playbooks/trail-baseline.ts';
import { logGroupOf } from '../../playbooks/trail-pipeline.ts';
import type { Context } from '../context.ts';
import { errorName, errorText } from '../errors.ts';
import { allow, buckets, keys, logGroups, roles } from '../permissions.ts';

/** A log group's name and region. */
export interface LogGroupRef {
  region: string;
  name: string;
}

/** What {@link readLogGroup} may do, on which groups. */
export const readLogGroupPermissions = (...groups: string[]) => [
  // A group is asked for by the beginning of its name, which is no resource.
  allow(['logs:DescribeLogGroups'], '*'),
  allow(['logs:DescribeMetricFilters'], ...groups),
];
/** What {@link readLogBucket} may do, on which buckets. */
export const readLogBucketPermissions = (...which: string[]) =>
  allow(['s3:GetBucketPolicy', 's3:GetLifecycleConfiguration', 's3:GetBucketVersioning'], ...which);
/** What {@link readKey} may do, on which keys. */
export const readKeyPermissions = (...which: string[]) => allow(['kms:DescribeKey'], ...which);
/** What {@link readRole} may do, on which roles. */
export const readRolePermissions = (...which: string[]) =>
  allow(['iam:GetRole', 'iam:ListRolePolicies', 'iam:GetRolePolicy', 'iam:ListAttachedRolePolicies'], ...which);
/** What {@link readPipeline} may do. */
export const readPipelinePermissions = [
  ...readLogGroupPermissions(logGroups),
  readLogBucketPermissions(buckets),
  readKeyPermissions(keys),
  readRolePermissions(roles),
];

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

/** The state of a key, and when it is to be deleted. */
export interface KeyReading {
  state: string;
  deletionDate?: Date;
}

/** The client of a key's region, which its ARN names. */
export const kmsOf = (key: string, context: Context): KMSClient =>
  context.client(KMSClient, key.startsWith('arn:') ? key.split(':')[3] : undefined);

/** A key, by its ARN; undefined where it does not exist. https://docs.aws.amazon.com/kms/latest/developerguide/key-state.html */
export async function readKey(key: string, context: Context): Promise<KeyReading | undefined> {
  try {
    const { KeyMetadata } = await kmsOf(key, context).send(new DescribeKeyCommand({ KeyId: key }));
    const { KeyState, DeletionDate } = KeyMetadata ?? {};
    return KeyState && { state: KeyState, ...(DeletionDate ? { deletionDate: DeletionDate } : {}) };
  } catch (error) {
    if (errorName(error) === 'NotFoundException') return undefined;
    throw error;
  }
}

/** A role with its policies, by its ARN or name; undefined where it does not exist. */
export async function readRole(arn: string, context: Context): Promise<DeliveryRoleState | undefined> {
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
    const boundary = Role?.PermissionsBoundary?.PermissionsBoundaryArn;
    return {
      trust: decodeURIComponent(Role?.AssumeRolePolicyDocument ?? ''),
      inline: Object.fromEntries(inline),
      attached: AttachedPolicies.map(({ PolicyArn = '' }) => PolicyArn).sort(),
      ...(boundary ? { boundary } : {}),
    };
  } catch (error) {
    if (errorName(error) === 'NoSuchEntityException') return undefined;
    throw error;
  }
}

/** What a trail needs to deliver. A part that cannot be read, as another account's bucket, is left out. */
export async function readPipeline({ settings }: TrailState, context: Context): Promise<PipelineState> {
  const group = logGroupOf(settings.logGroup);
  const [logGroup, bucket, role, key] = await Promise.all([
    group && readable('log group', context, () => readLogGroup(group, context)),
    readable('bucket', context, () => readLogBucket(settings.bucket, context)),
    settings.role === undefined ? undefined : readable('role', context, () => readRole(settings.role ?? '', context)),
    settings.key === undefined ? undefined : readable('key', context, () => readKey(settings.key ?? '', context)),
  ]);
  return {
    ...(logGroup ? { logGroup } : {}),
    ...(bucket ? { bucket } : {}),
    ...(role ? { role } : {}),
    ...(key ? { keyState: key.state } : {}),
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
