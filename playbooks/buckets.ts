import type { CloudTrailRecord } from './cloudtrail.ts';
import { listOf, objectOf, parametersOf, textOf } from './parameters.ts';

/** The tag of a bucket that is meant to be public; its value says why, or who decided it. */
export const approvalTag = 'cordon:public-approved';

/** The calls that can set a bucket's tags, by whichever API. */
export const setsTags: readonly string[] = ['PutBucketTagging', 'TagResource', 'TagResources', 'CreateBucket'];

/** The bucket that an S3 call names, or undefined for calls on the account. */
export function bucketOf(record: CloudTrailRecord): string | undefined {
  return isAccountBlock(record) ? undefined : textOf(listOf(parametersOf(record).bucketName)[0]);
}

/** True for calls on the account's block. Some records of them carry an (unrelated) bucketName, so the name decides. */
export function isAccountBlock(record: CloudTrailRecord): boolean {
  const parameters = parametersOf(record);
  const host = [...listOf(parameters.Host), ...listOf(parameters.host)].filter((name) => typeof name === 'string');
  return (
    /^(Put|Delete)AccountPublicAccessBlock$/.test(record.eventName ?? '') ||
    (/PublicAccessBlock$/.test(record.eventName ?? '') && host.some((name) => name.includes('.s3-control.')))
  );
}

/** True for calls that take the block away or weaken it, as opposed to a policy or an ACL. */
export const weakensBlock = (record: CloudTrailRecord): boolean => /PublicAccessBlock$/.test(record.eventName ?? '');

/** An access point as a record names it. */
export interface AccessPointName {
  name: string;
  region: string;
}

/** The access point that a call names, by its parameters or as the resource that it touched. */
export function accessPointOf(record: CloudTrailRecord): AccessPointName | undefined {
  const { name, accessPointName } = parametersOf(record);
  const arns = listOf(record.resources).map((resource) => textOf(objectOf(resource).ARN) ?? '');
  const [fromArn] = arns.flatMap((arn) => /:accesspoint\/([^/]+)$/.exec(arn)?.[1] ?? []);
  const found = textOf(name) ?? textOf(accessPointName) ?? fromArn;
  // Where the parameter is an ARN, the name is its last part.
  return found && /AccessPoint/.test(record.eventName ?? '')
    ? { name: found.split('/').at(-1) ?? found, region: record.awsRegion ?? '' }
    : undefined;
}
