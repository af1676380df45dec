import {
  CloudTrailClient,
  CreateTrailCommand,
  GetTrailStatusCommand,
  StartLoggingCommand,
  StopLoggingCommand,
} from '@aws-sdk/client-cloudtrail';
import { CreateBucketCommand, ListBucketsCommand, PutBucketPolicyCommand, S3Client } from '@aws-sdk/client-s3';
import { type Attack, as, makeAttacker, refused, seemsFrom, sessionOf } from './attack.ts';
import { locationOf, tagBucket } from './bucket.ts';
import { type Credentials, nameOf, partitionOf, type Scene, tagsOf } from './scene.ts';

const SOURCE = '198.51.100.23';
const STOP = 'cloudtrail:StopLogging';
const LOOKS = ['s3:ListAllMyBuckets', 'sts:GetSessionToken'];
/** What it takes to make a trail of one's own. */
const MAKES = [
  ...['cloudtrail:CreateTrail', 'cloudtrail:StartLogging', 'cloudtrail:AddTags'],
  ...['s3:CreateBucket', 's3:PutBucketPolicy', 's3:PutBucketTagging'],
];

/** An IAM user stops a trail. */
const attack: Attack = {
  detection: 'trail-tampering',
  title: 'An IAM user stops the trail, to go on unseen',
  expected: { outcome: 'contained', severity: 'CRITICAL' },
  plan: [
    'an IAM user with an access key, who may make and stop a trail of that name',
    'a trail and a bucket, made by that user; never a trail that is there already',
    'that user stops that trail, once',
  ],
  prepare: async (scene) => {
    const name = nameOf(scene, 'mallory');
    // A simulation stops a trail of its own: the one that protects the account goes on.
    const trail = scene.made ? nameOf(scene, 'trail') : (scene.trail ?? 'cordon');
    const own = scene.made && { actions: [...MAKES, STOP], on: ownResources(scene, trail) };
    const key = await makeAttacker(scene, name, own ? LOOKS : [...LOOKS, STOP], undefined, own);
    // By the user itself: giving a bucket a policy is a call that detections look at.
    if (scene.made) await makeTrail(scene, trail, key);
    const session = await sessionOf(scene, key);
    return {
      actor: name,
      attack: async (tell) => {
        const cloudTrail = seemsFrom(scene, SOURCE, new CloudTrailClient(as(scene, key)));
        await cloudTrail.send(new StopLoggingCommand({ Name: trail }));
        tell(`${name} called StopLogging on the trail ${trail}${scene.endpoint ? `, from ${SOURCE}` : ''}`);
      },
      prove: async () => {
        const { IsLogging } = await new CloudTrailClient(as(scene, scene.administrator)).send(
          new GetTrailStatusCommand({ Name: trail }),
        );
        return [
          { what: 'the trail is logging again', holds: IsLogging === true, seen: `IsLogging: ${IsLogging}` },
          await refused(`${name}'s access key is refused`, () =>
            new S3Client(as(scene, key)).send(new ListBucketsCommand({})),
          ),
          await refused(`${name}'s session token from before is refused`, () =>
            new S3Client(as(scene, session)).send(new ListBucketsCommand({})),
          ),
        ];
      },
    };
  },
};
export default attack;

/** ARNs of a simulation's own trail and bucket. */
const ownResources = (scene: Scene, name: string): string[] => [
  trailArn(scene, name),
  `${partitionOf(scene)}:s3:::${name}`,
];

const trailArn = (scene: Scene, name: string): string =>
  `${partitionOf(scene)}:cloudtrail:${scene.region}:${scene.account}:trail/${name}`;

/** A trail of one Region that delivers to a bucket of its own, and logs. */
async function makeTrail(scene: Scene, name: string, key: Credentials): Promise<void> {
  const { account, made } = scene;
  const s3 = new S3Client(as(scene, key));
  made?.buckets.add(name);
  await s3.send(new CreateBucketCommand({ Bucket: name, ...locationOf(scene) }));
  await tagBucket(scene, s3, name);
  const arn = `${partitionOf(scene)}:s3:::${name}`;
  const Principal = { Service: 'cloudtrail.amazonaws.com' };
  await s3.send(
    new PutBucketPolicyCommand({
      Bucket: name,
      // https://docs.aws.amazon.com/awscloudtrail/latest/userguide/create-s3-bucket-policy-for-cloudtrail.html
      Policy: JSON.stringify({
        Version: '2012-10-17',
        Statement: [
          { Effect: 'Allow', Principal, Action: 's3:GetBucketAcl', Resource: arn },
          { Effect: 'Allow', Principal, Action: 's3:PutObject', Resource: `${arn}/AWSLogs/${account}/*` },
        ].map((statement) => ({
          ...statement,
          Condition: {
            StringEquals: { 'aws:SourceArn': trailArn(scene, name) },
          },
        })),
      }),
    }),
  );
  const cloudTrail = new CloudTrailClient(as(scene, key));
  made?.trails.add(name);
  await cloudTrail.send(new CreateTrailCommand({ Name: name, S3BucketName: name, TagsList: tagsOf(scene) }));
  await cloudTrail.send(new StartLoggingCommand({ Name: name }));
}
