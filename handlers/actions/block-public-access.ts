import { DeletePublicAccessBlockCommand, PutPublicAccessBlockCommand, S3Client } from '@aws-sdk/client-s3';
import { z } from 'zod';
import { type Block, blockSchema, blockWords, exposureWays, fullBlock, isFull, isPublic } from '../buckets/exposure.ts';
import { readBlock, readBucket, readBucketPermissions } from '../buckets/read.ts';
import { allow, buckets } from '../permissions.ts';
import { containHandler, defineAction, undoHandler } from './action.ts';

interface Target {
  bucket: string;
  /** The records weakened the block itself, not only a policy or an ACL. */
  blockWeakened: boolean;
  /** The account's own block was weakened too. It may be back by now, and must not hide that the bucket was open. */
  accountBlockWeakened?: true | undefined;
}

/**
 * Turns all four settings of a bucket's public access block on.
 * https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutPublicAccessBlock.html
 */
const action = defineAction({
  title: 'restore the public access block',
  contains: true,
  target: z.object({
    bucket: z.string().min(1),
    blockWeakened: z.boolean(),
    accountBlockWeakened: z.literal(true).optional(),
  }),
  before: z.object({
    block: blockSchema.optional(),
    policy: z.string().optional(),
    grants: z.array(z.looseObject({ Permission: z.string().optional() })),
    ownership: z.string().optional(),
  }),
  label: ({ bucket }: Target) => `bucket ${bucket}`,
  words: ({ block }: { block?: Block | undefined }) => blockWords(block),
  blastRadius:
    'strangers lose access to the bucket; while its policy is public, other accounts that the policy names lose it too',
  permissions: {
    contain: [...readBucketPermissions, allow(['s3:PutBucketPublicAccessBlock'], buckets)],
    undo: [allow(['s3:GetBucketPublicAccessBlock', 's3:PutBucketPublicAccessBlock'], buckets)],
  },
  assess: async ({ bucket, blockWeakened, accountBlockWeakened }, context) => {
    const state = await readBucket(bucket, context);
    const ways = exposureWays(accountBlockWeakened ? { ...state, accountBlock: undefined } : state);
    if (isFull(state.block)) {
      return { needed: false, reason: 'all four settings of the bucket’s block are on', benign: !blockWeakened };
    }
    if (isPublic(ways) || blockWeakened) return { needed: true };
    const [blocked] = ways;
    return {
      needed: false,
      reason: blocked
        ? `not public: ${blocked.via} ${blocked.what} is held back by ${blocked.blockedBy}`
        : 'not public: neither policy nor ACL lets strangers in',
      benign: true,
    };
  },
  capture: async ({ bucket }, context) => {
    const { block, policy, grants, ownership } = await readBucket(bucket, context);
    return { block, policy, grants: JSON.parse(JSON.stringify(grants)), ownership };
  },
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
    const s3 = context.client(S3Client);
    await (before.block
      ? s3.send(new PutPublicAccessBlockCommand({ Bucket: bucket, PublicAccessBlockConfiguration: before.block }))
      : s3.send(new DeletePublicAccessBlockCommand({ Bucket: bucket })));
  },
});

export default action;
export const contain = containHandler(action);
export const undo = undoHandler(action);
