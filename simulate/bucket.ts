import { type BucketLocationConstraint, PutBucketTaggingCommand, type S3Client } from '@aws-sdk/client-s3';
import { type Scene, tagsOf } from './scene.ts';

/** Where a bucket is made: in the scene's Region, which us-east-1 must not be told. */
export const locationOf = ({
  region,
}: Scene): { CreateBucketConfiguration?: { LocationConstraint: BucketLocationConstraint } } =>
  region === 'us-east-1'
    ? {}
    : { CreateBucketConfiguration: { LocationConstraint: region as BucketLocationConstraint } };

/** Gives a bucket the tags of what a simulation makes, if it is one. */
export async function tagBucket(scene: Scene, s3: S3Client, Bucket: string): Promise<void> {
  const TagSet = tagsOf(scene);
  if (TagSet.length > 0) await s3.send(new PutBucketTaggingCommand({ Bucket, Tagging: { TagSet } }));
}
