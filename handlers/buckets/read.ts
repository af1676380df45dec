import {
  GetBucketAclCommand,
  type GetBucketAclCommandOutput,
  GetBucketOwnershipControlsCommand,
  GetBucketPolicyCommand,
  GetPublicAccessBlockCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { GetPublicAccessBlockCommand as GetAccountBlockCommand, S3ControlClient } from '@aws-sdk/client-s3-control';
import type { Context } from '../context.ts';
import { errorName, TargetUnfit } from '../errors.ts';
import { allow, buckets, type Permission } from '../permissions.ts';
import { absentIf } from './absent.ts';
import { accessPointsOf, readAccessPointPermissions } from './access-points.ts';
import type { Block, BucketState } from './exposure.ts';

/** What {@link readBucket} and {@link readAccountBlock} may do. */
export const readBucketPermissions: Permission[] = [
  allow(
    ['s3:GetBucketPolicy', 's3:GetBucketAcl', 's3:GetBucketOwnershipControls', 's3:GetBucketPublicAccessBlock'],
    buckets,
  ),
  allow(['s3:GetAccountPublicAccessBlock'], '*'),
  ...readAccessPointPermissions,
];

/** The parts of a bucket's state that can be refused one by one. */
export const parts = ['policy', 'ACL', 'ownership', 'block', 'account’s block', 'access points'] as const;
export type Part = (typeof parts)[number];

/** A bucket's state as far as it could be read. */
export interface BucketFound extends BucketState {
  /** Who owns the bucket, as its ACL names it. */
  owner?: GetBucketAclCommandOutput['Owner'];
  /** What was refused to cordon: a bucket policy may deny it everything. */
  unread: Part[];
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
  const found = await absentIf(
    ['NoSuchPublicAccessBlockConfiguration'],
    context.client(S3Client).send(new GetPublicAccessBlockCommand({ Bucket: bucket })),
  );
  return asBlock(found?.PublicAccessBlockConfiguration as Partial<Block> | undefined);
}

/** The account's block, or undefined where there is none. */
export async function readAccountBlock(context: Context): Promise<Block | undefined> {
  const found = await absentIf(
    ['NoSuchPublicAccessBlockConfiguration'],
    context.client(S3ControlClient).send(new GetAccountBlockCommand({ AccountId: context.environment.account })),
  );
  return asBlock(found?.PublicAccessBlockConfiguration as Partial<Block> | undefined);
}

/** The bucket's policy, or undefined where it has none. */
export async function readPolicy(bucket: string, context: Context): Promise<string | undefined> {
  const s3 = context.client(S3Client);
  const found = await absentIf(['NoSuchBucketPolicy'], s3.send(new GetBucketPolicyCommand({ Bucket: bucket })));
  return found?.Policy;
}

/** `ObjectWriter`, `BucketOwnerPreferred` or `BucketOwnerEnforced`, or undefined where nothing is set. */
async function readOwnership(bucket: string, context: Context): Promise<string | undefined> {
  const found = await absentIf(
    ['OwnershipControlsNotFoundError'],
    context.client(S3Client).send(new GetBucketOwnershipControlsCommand({ Bucket: bucket })),
  );
  return found?.OwnershipControls?.Rules?.[0]?.ObjectOwnership;
}

/**
 * Everything that decides whether strangers get into a bucket. Read it before the block is put on: with IgnorePublicAcls,
 * GetBucketAcl no longer shows the public grants. What is refused is said (`unread`) and holds up nothing else.
 * @param region where the bucket is, for its access points; unless told, the deployment's
 * @throws {TargetUnfit} when the bucket is gone
 */
export const readBucket = (bucket: string, context: Context, region?: string): Promise<BucketFound> =>
  found(bucket, context, { region });

/**
 * The same without what stands around the bucket: the account's block and the access points.
 * @throws {TargetUnfit} when the bucket is gone
 */
export const readBucketAlone = (bucket: string, context: Context): Promise<BucketFound> => found(bucket, context);

async function found(bucket: string, context: Context, around?: { region: string | undefined }): Promise<BucketFound> {
  const unread: Part[] = [];
  const tried = async <T>(part: Part, read: Promise<T>): Promise<T | undefined> => {
    try {
      return await read;
    } catch (error) {
      if (!isRefused(error)) throw error;
      unread.push(part);
      context.log.warn('a part of a bucket could not be read', { bucket, part });
      return undefined;
    }
  };
  try {
    const [policy, acl, ownership, block, accountBlock, accessPoints] = await Promise.all([
      tried('policy', readPolicy(bucket, context)),
      tried('ACL', context.client(S3Client).send(new GetBucketAclCommand({ Bucket: bucket }))),
      tried('ownership', readOwnership(bucket, context)),
      tried('block', readBlock(bucket, context)),
      around && tried('account’s block', readAccountBlock(context)),
      around && tried('access points', accessPointsOf(bucket, context, around.region)),
    ]);
    const grants = acl?.Grants ?? [];
    return { policy, grants, owner: acl?.Owner, ownership, block, accountBlock, accessPoints, unread: unread.sort() };
  } catch (error) {
    if (errorName(error) !== 'NoSuchBucket') throw error;
    throw new TargetUnfit(`Bucket ${bucket} does not exist any more: there is nothing to close.`, { cause: error });
  }
}

const isRefused = (error: unknown): boolean =>
  ['AccessDenied', 'AccessDeniedException', 'AllAccessDisabled', 'Forbidden'].includes(errorName(error));
