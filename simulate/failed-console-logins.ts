import { ListBucketsCommand, S3Client } from '@aws-sdk/client-s3';
import { type Attack, as, makeAttacker, refused, signIn, tagged } from './attack.ts';
import { nameOf } from './scene.ts';

const GUESSES = ['Summer2026!', 'Winter2026!', 'Welcome1!', 'P@ssw0rd!', 'Qwerty123!', 'Letmein1!'];
const SOURCE = '198.51.100.77';

/** Somebody guesses a user's password, and gets in. */
const attack: Attack = {
  detection: 'failed-console-logins',
  title: 'Somebody guesses the password of an IAM user, and gets in without MFA',
  expected: { outcome: 'contained', severity: 'HIGH' },
  plan: [
    'an IAM user with a console password and an access key, who may list buckets',
    `${GUESSES.length} sign-ins with wrong passwords, and one with the right one`,
  ],
  notOnAws: [
    'Console sign-ins have no API: on AWS only a browser can fail at one.',
    'By hand, with a user that you make for it and delete afterwards:',
    '  1. make an IAM user whose name begins with cordon-sim-, with a console password and no permissions',
    '  2. at https://ACCOUNT.signin.aws.amazon.com/console, give a wrong password five times within five minutes',
    '  3. npx cordon incidents watch, which shows the incident some five minutes later',
  ],
  prepare: async (stage) => {
    const name = nameOf(stage, 'peggy');
    const password = `Guessed-${stage.mark}-1!`;
    const key = await makeAttacker(stage, name, ['s3:ListAllMyBuckets'], password);
    return {
      actor: name,
      attack: async (tell) => {
        for (const guess of GUESSES) await signIn(stage, { userName: name, password: guess, sourceIPAddress: SOURCE });
        tell(`${GUESSES.length} wrong passwords for ${name} from ${SOURCE}`);
        const inside = await signIn(stage, { userName: name, password, sourceIPAddress: SOURCE });
        tell(`one more, and ${inside ? `somebody is signed in as ${name}, without MFA` : 'it was refused'}`);
      },
      prove: async () => [
        await tagged(stage, name),
        await refused(`${name} can do nothing any more`, () =>
          new S3Client(as(stage, key)).send(new ListBucketsCommand({})),
        ),
      ],
    };
  },
};
export default attack;
