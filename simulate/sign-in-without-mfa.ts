import { type Attack, makeAttacker, signIn, tagged } from './attack.ts';
import { nameOf, newPassword } from './scene.ts';

const SOURCE = '198.51.100.73';

/** Somebody signs in as a user with the password alone. */
const attack: Attack = {
  detection: 'sign-in-without-mfa',
  title: 'Somebody signs in as an IAM user, without MFA',
  expected: { outcome: 'needs-analyst', severity: 'MEDIUM' },
  plan: ['an IAM user with a console password and an access key, who may do nothing', 'one sign-in with the password'],
  notOnAws: [
    'Console sign-ins have no API: on AWS only a browser can sign in.',
    'By hand, with a user that you make for it and delete afterwards:',
    '  1. make an IAM user whose name begins with cordon-sim-, with a console password and no permissions',
    '  2. sign in as that user, without MFA, at https://ACCOUNT.signin.aws.amazon.com/console',
    '  3. npx cordon incidents watch, which shows the incident some five minutes later',
  ],
  prepare: async (scene) => {
    const name = nameOf(scene, 'peggy');
    const password = newPassword();
    await makeAttacker(scene, name, ['sts:GetCallerIdentity'], password);
    return {
      actor: name,
      attack: async (tell) => {
        const inside = await signIn(scene, { userName: name, password, sourceIPAddress: SOURCE });
        tell(inside ? `somebody is signed in as ${name}, without MFA` : `the sign-in as ${name} was refused`);
      },
      prove: async () => [await tagged(scene, name)],
    };
  },
};
export default attack;
