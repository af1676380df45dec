import { CreateBucketCommand, PutBucketCorsCommand, S3Client } from '@aws-sdk/client-s3';
import { type Attack, as, makeAttacker, seemsFrom } from './attack.ts';
import { locationOf, tagBucket } from './bucket.ts';
import { nameOf, partitionOf } from './scene.ts';

const SOURCE = '198.51.100.81';

/** An IAM user changes how a bucket is set up: nothing is opened, but an audit wants to see it. */
const attack: Attack = {
  detection: 'cis-bucket-policy-changes',
  title: 'An IAM user changes a bucket’s configuration, which opens nothing',
  expected: { outcome: 'needs-analyst', severity: 'LOW' },
  plan: [
    'an IAM user with an access key, who may change the CORS rules of one bucket',
    'an empty bucket; never a bucket that is there already',
    'that user puts a CORS rule for example.com on that bucket, once',
  ],
  prepare: async (scene) => {
    const [name, bucket] = [nameOf(scene, 'alice'), nameOf(scene, 'assets')];
    const administrator = new S3Client(as(scene, scene.administrator));
    scene.made?.buckets.add(bucket);
    await administrator.send(new CreateBucketCommand({ Bucket: bucket, ...locationOf(scene) }));
    await tagBucket(scene, administrator, bucket);
    const key = await makeAttacker(scene, name, [], undefined, {
      actions: ['s3:PutBucketCORS'],
      on: [`${partitionOf(scene)}:s3:::${bucket}`],
    });
    return {
      actor: name,
      attack: async (tell) => {
        const CORSRules = [{ AllowedMethods: ['GET'], AllowedOrigins: ['https://example.com'] }];
        await seemsFrom(scene, SOURCE, new S3Client(as(scene, key))).send(
          new PutBucketCorsCommand({ Bucket: bucket, CORSConfiguration: { CORSRules } }),
        );
        tell(`${name} put a CORS rule on ${bucket}`);
      },
      // Nothing is contained: who did what is all that its playbook says.
      prove: async () => [],
    };
  },
};
export default attack;
