import {
  CreateBucketCommand,
  DeletePublicAccessBlockCommand,
  GetPublicAccessBlockCommand,
  PutBucketPolicyCommand,
  PutObjectCommand,
  PutPublicAccessBlockCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { type Attack, as, makeAttacker, seemsFrom } from './attack.ts';
import { locationOf, tagBucket } from './bucket.ts';
import { nameOf, partitionOf } from './scene.ts';

const SOURCE = '198.51.100.48';

/** An IAM user opens a bucket to everybody. */
const attack: Attack = {
  detection: 's3-public-exposure',
  title: 'An IAM user takes a bucket’s block away and opens it to everybody',
  expected: { outcome: 'contained', severity: 'HIGH' },
  plan: [
    'an IAM user with an access key, who may change the public access block and the policy of one bucket',
    'a bucket with one object of no interest; never a bucket that is there already',
    'that user opens that bucket to everybody, until cordon has closed it again',
  ],
  prepare: async (stage) => {
    const name = nameOf(stage, 'trudy');
    const bucket = nameOf(stage, 'payroll');
    const host = stage.endpoint ? `${stage.endpoint}/${bucket}` : `https://${bucket}.s3.${stage.region}.amazonaws.com`;
    const object = `${host}/2026/salaries.csv`;
    const administrator = new S3Client(as(stage, stage.administrator));
    stage.made?.buckets.add(bucket);
    await administrator.send(new CreateBucketCommand({ Bucket: bucket, ...locationOf(stage) }));
    await tagBucket(stage, administrator, bucket);
    await administrator.send(
      new PutPublicAccessBlockCommand({
        Bucket: bucket,
        PublicAccessBlockConfiguration: {
          BlockPublicAcls: true,
          IgnorePublicAcls: true,
          BlockPublicPolicy: true,
          RestrictPublicBuckets: true,
        },
      }),
    );
    await administrator.send(
      new PutObjectCommand({ Bucket: bucket, Key: '2026/salaries.csv', Body: 'name,salary\nexample,1\n' }),
    );
    const key = await makeAttacker(stage, name, [], undefined, {
      actions: ['s3:PutBucketPublicAccessBlock', 's3:PutBucketPolicy'],
      on: [`${partitionOf(stage)}:s3:::${bucket}`],
    });
    const anonymously = async () => (await fetch(object)).status;
    return {
      actor: name,
      attack: async (tell) => {
        const s3 = seemsFrom(stage, SOURCE, new S3Client(as(stage, key)));
        tell(`without credentials, an object of ${bucket} answers ${await anonymously()}`);
        await s3.send(new DeletePublicAccessBlockCommand({ Bucket: bucket }));
        tell(`${name} removed the public access block of ${bucket}`);
        await s3.send(
          new PutBucketPolicyCommand({
            Bucket: bucket,
            Policy: JSON.stringify({
              Version: '2012-10-17',
              Statement: [
                {
                  Sid: 'Everybody',
                  Effect: 'Allow',
                  Principal: '*',
                  Action: 's3:GetObject',
                  Resource: `arn:aws:s3:::${bucket}/*`,
                },
              ],
            }),
          }),
        );
        tell(`${name} put a policy for everybody: the object answers ${await anonymously()}`);
      },
      prove: async () => {
        const status = await anonymously();
        const { PublicAccessBlockConfiguration: block = {} } = await administrator.send(
          new GetPublicAccessBlockCommand({ Bucket: bucket }),
        );
        const on = Object.values(block).filter(Boolean).length;
        return [
          { what: 'without credentials, the object is refused again', holds: status === 403, seen: `status ${status}` },
          { what: `the public access block of ${bucket} is back`, holds: on === 4, seen: `${on} of 4 settings on` },
        ];
      },
    };
  },
};
export default attack;
