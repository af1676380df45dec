import type { CloudTrailRecord } from './cloudtrail.ts';
import { listOf, objectOf, parametersOf, textOf } from './parameters.ts';
import {
  canonical,
  type LogBucketState,
  type PipelineState,
  samePolicy,
  type TrailBaseline,
} from './trail-baseline.ts';

/** A part that a trail delivers through, as a call names it. */
export type PipelinePart =
  | { kind: 'log-group'; region: string; name: string }
  | { kind: 'bucket'; name: string }
  | { kind: 'role'; name: string }
  /** ARN. */
  | { kind: 'key'; name: string };

/** The log group of an ARN, with or without the `:*` at its end. */
export function logGroupOf(arn: string | undefined): { region: string; name: string } | undefined {
  const [, region, name] = /^arn:[^:]+:logs:([^:]+):\d+:log-group:([^:]+)/.exec(arn ?? '') ?? [];
  return region === undefined || name === undefined ? undefined : { region, name };
}

/** The part that a call names, if it is one of a kind that trails deliver through. */
export function partOf(record: CloudTrailRecord, account: string): PipelinePart | undefined {
  const parameters = parametersOf(record);
  const region = record.awsRegion ?? 'us-east-1';
  switch (record.eventSource) {
    case 'logs.amazonaws.com': {
      const name = textOf(parameters.logGroupName);
      if (name !== undefined) return { kind: 'log-group', region, name };
      const group = logGroupOf(textOf(parameters.resourceIdentifier));
      return group && { kind: 'log-group', ...group };
    }
    case 's3.amazonaws.com':
      return named('bucket', textOf(parameters.bucketName));
    case 'iam.amazonaws.com':
      return named('role', textOf(parameters.roleName));
    case 'kms.amazonaws.com': {
      const key = textOf(parameters.keyId);
      if (key === undefined || key.startsWith('arn:')) return named('key', key);
      return named('key', `arn:aws:kms:${region}:${account}:key/${key}`);
    }
    default:
      return undefined;
  }
}

const named = (kind: 'bucket' | 'role' | 'key', name: string | undefined): PipelinePart | undefined =>
  name === undefined ? undefined : { kind, name };

/** The baselines of the trails that deliver through a part, newest first. */
export const baselinesThrough = (part: PipelinePart, baselines: readonly TrailBaseline[]): TrailBaseline[] =>
  baselines
    .filter(({ state: { settings } }) => goesThrough(part, settings))
    .sort((a, b) => b.takenAt.localeCompare(a.takenAt));

function goesThrough(part: PipelinePart, { bucket, logGroup, role, key }: TrailBaseline['state']['settings']): boolean {
  const group = logGroupOf(logGroup);
  if (part.kind === 'log-group') return group?.name === part.name && group.region === part.region;
  if (part.kind === 'bucket') return bucket === part.name;
  if (part.kind === 'role') return role?.split('/').at(-1) === part.name;
  return key !== undefined && key.split('/').at(-1) === part.name.split('/').at(-1);
}

/**
 * What a call does to what a trail delivers through, in words; undefined where it takes nothing away, measured by the
 * baseline where the parameters say enough.
 */
export function pipelineHarm(record: CloudTrailRecord, { logGroup, bucket, role }: PipelineState): string | undefined {
  const parameters = parametersOf(record);
  switch (record.eventName) {
    case 'DeleteLogGroup':
      return 'log group deleted, with its metric filters';
    case 'DeleteLogStream':
      return 'log events deleted';
    case 'DeleteMetricFilter':
    case 'PutMetricFilter':
      return filterHarm(record, logGroup);
    case 'PutRetentionPolicy': {
      const days = Number(parameters.retentionInDays);
      return days < (logGroup?.retention ?? Number.POSITIVE_INFINITY) ? `events kept ${days} days only` : undefined;
    }
    // Without a retention policy events never expire.
    case 'DeleteRetentionPolicy':
      return undefined;
    case 'AssociateKmsKey':
      return parameters.kmsKeyId === logGroup?.key ? undefined : 'key of the log group changed';
    case 'DisassociateKmsKey':
      return logGroup && logGroup.key === undefined ? undefined : 'key of the log group taken away';
    case 'DisableKey':
      return 'key disabled: nothing can be delivered or read';
    case 'ScheduleKeyDeletion':
      return 'key to be deleted: all that it encrypts is lost then';
    default:
      return bucketHarm(record, bucket) ?? roleHarm(record, role);
  }
}

function filterHarm(record: CloudTrailRecord, logGroup: PipelineState['logGroup']): string | undefined {
  const parameters = parametersOf(record);
  const known = logGroup?.filters.find(({ name }) => name === parameters.filterName);
  // A filter that the baseline does not have is none of the trail's.
  if (logGroup && !known) return undefined;
  if (record.eventName === 'DeleteMetricFilter') return `metric filter ${parameters.filterName} deleted`;
  const put = {
    name: parameters.filterName,
    pattern: parameters.filterPattern ?? '',
    transformations: listOf(parameters.metricTransformations),
  };
  return canonical(put) === canonical(known) ? undefined : `metric filter ${parameters.filterName} changed`;
}

function bucketHarm(record: CloudTrailRecord, bucket: PipelineState['bucket']): string | undefined {
  const parameters = parametersOf(record);
  switch (record.eventName) {
    case 'DeleteBucket':
      return 'bucket deleted';
    case 'DeleteBucketPolicy':
      return 'bucket policy deleted: nothing can be delivered';
    case 'DeleteBucketLifecycle':
      return bucket?.lifecycle.length === 0 ? undefined : 'lifecycle rules deleted';
    case 'PutBucketPolicy':
      return samePolicy(bucket?.policy, documentOf(parameters.bucketPolicy)) ? undefined : 'bucket policy changed';
    case 'PutBucketLifecycle':
    case 'PutBucketLifecycleConfiguration': {
      const rules = listOf(objectOf(parameters.LifecycleConfiguration).Rule);
      return bucket && sameRules(bucket.lifecycle, rules) ? undefined : 'lifecycle rules changed';
    }
    case 'PutBucketVersioning':
      return objectOf(parameters.VersioningConfiguration).Status === 'Enabled' ? undefined : 'versioning suspended';
    default:
      return undefined;
  }
}

function roleHarm(record: CloudTrailRecord, role: PipelineState['role']): string | undefined {
  const { policyName, policyDocument, policyArn, permissionsBoundary } = parametersOf(record);
  const inline = role?.inline[String(policyName)];
  const attached = role?.attached.includes(String(policyArn)) ?? false;
  switch (record.eventName) {
    case 'DeleteRole':
      return 'delivery role deleted';
    case 'DeleteRolePolicy':
      return role && inline === undefined ? undefined : `policy ${policyName} of the delivery role deleted`;
    case 'PutRolePolicy':
      return samePolicy(inline, documentOf(policyDocument))
        ? undefined
        : `policy ${policyName} of the delivery role put`;
    case 'DetachRolePolicy':
      return role && !attached ? undefined : `policy ${policyArn} detached from the delivery role`;
    case 'AttachRolePolicy':
      return attached ? undefined : `policy ${policyArn} attached to the delivery role`;
    case 'UpdateAssumeRolePolicy':
      return samePolicy(role?.trust, documentOf(policyDocument))
        ? undefined
        : 'trust policy of the delivery role changed';
    case 'PutRolePermissionsBoundary':
      return permissionsBoundary === role?.boundary ? undefined : 'boundary of the delivery role changed';
    default:
      return undefined;
  }
}

/** A policy in a record, which S3 has as an object and IAM as a text. */
const documentOf = (value: unknown): string | undefined =>
  typeof value === 'string' ? value : value === undefined ? undefined : JSON.stringify(value);

/** Whether lifecycle rules as a record has them, in the names of S3's XML, are those that S3 answers. */
function sameRules(rules: LogBucketState['lifecycle'], recorded: unknown[]): boolean {
  const texts = (list: readonly unknown[]) => list.map((one) => canonical(plainRule(one))).sort();
  return canonical(texts(rules)) === canonical(texts(recorded));
}

/** Lists under the names of their elements, single values as lists, everything as text, nothing that is empty. */
function plainRule(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(plainRule);
  if (typeof value !== 'object' || value === null) return String(value ?? '');
  const entries = Object.entries(value).map(([key, one]): [string, unknown] => {
    const name = key.replace(/^(Transition|NoncurrentVersionTransition|Tag)s$/, '$1');
    const isList = /^(Transition|NoncurrentVersionTransition|Tag)$/.test(name);
    return [name, isList ? listOf(one).map(plainRule) : plainRule(one)];
  });
  return Object.fromEntries(entries.filter(([, one]) => !['', '{}', '[]', '""'].includes(canonical(one))));
}
