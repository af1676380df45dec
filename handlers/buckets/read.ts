import {
  GetBucketAclCommand,
  GetBucketOwnershipControlsCommand,
  GetBucketPolicyCommand,
  GetPublicAccessBlockCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { GetPublicAccessBlockCommand as GetAccountBlockCommand, S3ControlClient } from '@aws-sdk/client-s3-control';
import type { Context } from '../context.ts';
import { errorName, TargetUnfit } from '../errors.ts';
import { allow, buckets, type Permission } from '../permissions.ts';
import type { Block, BucketState } from './exposure.ts';

/** What {@link readBucket} and {@link readAccountBlock} may do. */
export const readBucketPermissions: Permission[] = [
  allow(
    ['s3:GetBucketPolicy', 's3:GetBucketAcl', 's3:GetBucketOwnershipControls', 's3:GetBucketPublicAccessBlock'],
    buckets,
  ),
  allow(['s3:GetAccountPublicAccessBlock'], '*'),
];

/** Runs `read`; an error of that name means that there is nothing. */
async function unless<T>(absent: string[], read: Promise<T>): Promise<T | undefined> {
  try {
    return await read;
  } catch (error) {
    if (absent.includes(errorName(error))) return undefined;
    throw error;
  }
}

const asBlock = (found: Partial<Block> | undefined): Block | undefined =>
  found && {
    BlockPublicAcls: found.BlockPublicAcls ?? false,
    IgnorePublicAcls: found.IgnorePublicAcls ?? false,
    BlockPublicPolicy: found.BlockPublicPolicy ?? false,
    RestrictPublicBuckets: found.RestrictPublicBuckets ?? false,
  };

/** The bucket's own block, or undefined where it has none. */
export async function readBlock(bucket: string, context: Context): Promise<Block | undefined> {
  const found = await unless(
    ['NoSuchPublicAccessBlockConfiguration'],
    context.client(S3Client).send(new GetPublicAccessBlockCommand({ Bucket: bucket })),
  );
  return asBlock(found?.PublicAccessBlockConfiguration as Partial<Block> | undefined);
}

/** The account's block, or undefined where there is none. */
export async function readAccountBlock(context: Context): Promise<Block | undefined> {
  const found = await unless(
    ['NoSuchPublicAccessBlockConfiguration'],
    context.client(S3ControlClient).send(new GetAccountBlockCommand({ AccountId: context.environment.account })),
  );
  return asBlock(found?.PublicAccessBlockConfiguration as Partial<Block> | undefined);
}

/**
 * Everything that decides whether strangers get into a bucket. Read it before the block is put on: with IgnorePublicAcls,
 * GetBucketAcl no longer shows the public grants.
 * @throws {TargetUnfit} when the bucket is gone
 */
export async function readBucket(bucket: string, context: Context): Promise<BucketState> {
  const s3 = context.client(S3Client);
  try {
    const [policy, acl, ownership, block, accountBlock] = await Promise.all([
      unless(['NoSuchBucketPolicy'], s3.send(new GetBucketPolicyCommand({ Bucket: bucket }))),
      s3.send(new GetBucketAclCommand({ Bucket: bucket })),
      unless(['OwnershipControlsNotFoundError'], s3.send(new GetBucketOwnershipControlsCommand({ Bucket: bucket }))),
      readBlock(bucket, context),
      readAccountBlock(context),
    ]);
    return {
      policy: policy?.Policy,
      grants: acl.Grants ?? [],
      ownership: ownership?.OwnershipControls?.Rules?.[0]?.ObjectOwnership,
      block,
      accountBlock,
    };
  } catch (error) {
    if (errorName(error) !== 'NoSuchBucket') throw error;
    throw new TargetUnfit(`Bucket ${bucket} does not exist any more: there is nothing to close.`, { cause: error });
  }
}
