import type { CloudTrailRecord } from './cloudtrail.ts';
import { listOf, parametersOf, textOf } from './parameters.ts';

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
