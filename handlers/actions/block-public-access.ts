import { DeletePublicAccessBlockCommand, PutPublicAccessBlockCommand, S3Client } from '@aws-sdk/client-s3';
import * as z from 'zod';
import { quoted } from '../../playbooks/principals.ts';
import { approvalWords } from '../../playbooks/report/exposure.ts';
import { grantsSchema, ownerSchema, plainAcl } from '../buckets/acl.ts';
import { approvalOf, approvalPermissions } from '../buckets/approval.ts';
import { type BucketSeen, bucketSeen } from '../buckets/bucket-target.ts';
import { type Block, blockSchema, blockWords, exposureWays, fullBlock, isFull, isPublic } from '../buckets/exposure.ts';
import {
  type BucketFound,
  parts,
  readBlock,
  readBucket,
  readBucketAlone,
  readBucketPermissions,
} from '../buckets/read.ts';
import { UndoRefused } from '../errors.ts';
import { allow, buckets } from '../permissions.ts';
import { type Assessment, containHandler, defineAction, undoHandler } from './action.ts';

interface Target {
  bucket: string;
  seen: BucketSeen;
}

/** A captured or read-back state. The rest of the bucket is captured for the report and for what an analyst does next. */
interface State {
  block?: Block | undefined;
  unread?: (typeof parts)[number][] | undefined;
}

const beforeSchema = z.object({
  block: blockSchema.optional(),
  policy: z.string().optional(),
  grants: grantsSchema,
  owner: ownerSchema.optional(),
  ownership: z.string().optional(),
  unread: z.array(z.enum(parts)).optional(),
});
type Before = z.infer<typeof beforeSchema>;

const captured = ({ block, policy, grants, owner, ownership, unread }: BucketFound): Before => ({
  ...{ block, policy, ownership, ...plainAcl({ owner, grants }) },
  ...(unread.length > 0 ? { unread } : {}),
});

/**
 * Turns all four settings of a bucket's public access block on. It does so too where the state cannot be read, since a
 * policy that shuts cordon out must not keep a bucket open.
 * https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutPublicAccessBlock.html
 */
const action = defineAction({
  title: 'restore the public access block',
  contains: true,
  target: z.object({ bucket: z.string().min(1), seen: bucketSeen }),
  before: beforeSchema,
  label: ({ bucket }: Target) => `bucket ${bucket}`,
  words: ({ block, unread = [] }: State) =>
    unread.length === 0
      ? blockWords(block)
      : `${unread.includes('block') ? 'unknown' : blockWords(block)}, closed all the same although cordon is refused its ${unread.join(', ')}`,
  blastRadius:
    'strangers lose access to the bucket; while its policy is public, other accounts that the policy names lose it too',
  byHand: ({ bucket }) => [
    `aws s3api put-public-access-block --bucket ${quoted(bucket)} --public-access-block-configuration BlockPublicAcls=true,IgnorePublicAcls=true,BlockPublicPolicy=true,RestrictPublicBuckets=true`,
  ],
  permissions: {
    contain: [...readBucketPermissions, ...approvalPermissions, allow(['s3:PutBucketPublicAccessBlock'], buckets)],
    undo: [allow(['s3:GetBucketPublicAccessBlock', 's3:PutBucketPublicAccessBlock'], buckets)],
  },
  assess: async ({ bucket, seen }, context): Promise<Assessment<Before>> => {
    const [state, approval] = await Promise.all([
      // A block that was weakened comes back whatever else keeps strangers out.
      seen.blockWeakened ? readBucketAlone(bucket, context) : readBucket(bucket, context, seen.region),
      approvalOf(bucket, seen.openedBy, context),
    ]);
    if (!state.unread.includes('block') && isFull(state.block)) {
      const reason = 'all four settings of the bucket’s block are on';
      return { needed: false, reason, benign: !seen.blockWeakened };
    }
    if (approval && !approval.void) return { needed: false, reason: approvalWords(approval), benign: true };
    const ways = exposureWays(seen.accountBlockWeakened ? { ...state, accountBlock: undefined } : state);
    if (state.unread.length > 0 || isPublic(ways) || seen.blockWeakened)
      return { needed: true, before: captured(state) };
    const [blocked] = ways;
    return {
      needed: false,
      reason: blocked
        ? `not public: ${blocked.via} ${blocked.what} is held back by ${blocked.blockedBy}`
        : 'not public: neither policy nor ACL lets strangers in',
      benign: true,
    };
  },
  capture: async ({ bucket }, context) => captured(await readBucketAlone(bucket, context)),
  contain: async ({ bucket }, _before, context) => {
    await context
      .client(S3Client)
      .send(new PutPublicAccessBlockCommand({ Bucket: bucket, PublicAccessBlockConfiguration: fullBlock }));
  },
  verify: async ({ bucket }, context) => {
    const after = { block: await readBlock(bucket, context) };
    return { verified: isFull(after.block), after };
  },
  undo: async ({ bucket }, before, context) => {
    if (before.unread?.includes('block')) {
      throw new UndoRefused(
        `The block of bucket ${bucket} could not be read before it was changed, so what to put back is not known: set it by hand.`,
      );
    }
    const s3 = context.client(S3Client);
    await (before.block
      ? s3.send(new PutPublicAccessBlockCommand({ Bucket: bucket, PublicAccessBlockConfiguration: before.block }))
      : s3.send(new DeletePublicAccessBlockCommand({ Bucket: bucket })));
  },
});

export default action;
export const contain = containHandler(action);
export const undo = undoHandler(action);
