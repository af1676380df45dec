import { CloudTrailClient, GetTrailStatusCommand, StopLoggingCommand } from '@aws-sdk/client-cloudtrail';
import { ListBucketsCommand, S3Client } from '@aws-sdk/client-s3';
import { type Attack, as, from, makeAttacker, refused, sessionOf } from './attack.ts';

const SOURCE = '198.51.100.23';

/** An IAM user stops the trail. */
const attack: Attack = {
  detection: 'trail-tampering',
  title: 'An IAM user stops the trail, to go on unseen',
  expected: { outcome: 'contained', severity: 'CRITICAL' },
  prepare: async (stage) => {
    const name = `mallory-${stage.mark}`;
    const { trail = 'cordon' } = stage;
    const key = await makeAttacker(stage, name, [
      'cloudtrail:StopLogging',
      's3:ListAllMyBuckets',
      'sts:GetSessionToken',
    ]);
    const session = await sessionOf(stage, key);
    return {
      actor: name,
      attack: async (tell) => {
        await from(SOURCE, new CloudTrailClient(as(stage, key))).send(new StopLoggingCommand({ Name: trail }));
        tell(`${name} called StopLogging on the trail ${trail}, from ${SOURCE}`);
      },
      prove: async () => {
        const { IsLogging } = await new CloudTrailClient(as(stage, stage.administrator)).send(
          new GetTrailStatusCommand({ Name: trail }),
        );
        return [
          { what: 'the trail is logging again', holds: IsLogging === true, seen: `IsLogging: ${IsLogging}` },
          await refused(`${name}'s access key is refused`, () =>
            new S3Client(as(stage, key)).send(new ListBucketsCommand({})),
          ),
          await refused(`${name}'s session token from before is refused`, () =>
            new S3Client(as(stage, session)).send(new ListBucketsCommand({})),
          ),
        ];
      },
    };
  },
};
export default attack;
