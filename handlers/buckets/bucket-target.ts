import * as z from 'zod';

/** What the records say of a bucket, besides its name. */
export const bucketSeen = z.object({
  /** They weakened the block itself, not only a policy or an ACL. */
  blockWeakened: z.boolean(),
  /** The account's own block was weakened too. It may be back by now, and must not hide that the bucket was open. */
  accountBlockWeakened: z.literal(true).optional(),
  /** Keys of the actors. */
  openedBy: z.array(z.string()).default([]),
  /** Where it is: S3 records a call on a bucket in the bucket's region. */
  region: z.string().optional(),
});
export type BucketSeen = z.infer<typeof bucketSeen>;
