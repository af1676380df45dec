import { AttachUserPolicyCommand, CreateUserCommand, IAMClient } from '@aws-sdk/client-iam';
import { type Attack, as, from, type Prepared, signIn } from './attack.ts';
import type { AccessKey, Scene } from './scene.ts';

const SOURCE = '203.0.113.66';

/** Somebody who has the root user's password signs in and makes a user of their own. */
const attack: Attack = {
  detection: 'root-usage',
  title: 'Somebody signs in as root without MFA and makes an administrator',
  expected: { outcome: 'needs-analyst', severity: 'CRITICAL' },
  plan: ['nothing is made', 'somebody signs in as root with a wrong password, once'],
  notOnAws: [
    'Root cannot be simulated safely: only the real root can act as root, and nobody should use it for a drill.',
    'By hand, without any use of root: at https://console.aws.amazon.com/, choose the root user, give its address and a wrong password, once. The record of the failed sign-in sets root-usage off.',
    'Then: npx cordon incidents watch, which shows the incident some five minutes later.',
  ],
  prepare: async (scene) => {
    const { root, rootPassword } = scene;
    return root && rootPassword !== undefined ? takeOver(scene, root, rootPassword) : tryPassword(scene);
  },
};
export default attack;

function takeOver(scene: Scene, root: AccessKey, password: string): Prepared {
  const backdoor = `support-${scene.mark}`;
  return {
    actor: 'root',
    attack: async (tell) => {
      await signIn(scene, { root: true, password, sourceIPAddress: SOURCE });
      tell(`root signed in to the console from ${SOURCE}, without MFA`);
      const iam = from(SOURCE, new IAMClient(as(scene, root)));
      await iam.send(new CreateUserCommand({ UserName: backdoor }));
      await iam.send(
        new AttachUserPolicyCommand({
          UserName: backdoor,
          PolicyArn: 'arn:aws:iam::aws:policy/AdministratorAccess',
        }),
      );
      tell(`root made the user ${backdoor} and gave it AdministratorAccess`);
    },
    // Nothing inside the account contains root: what is proved is that the report does not say so.
    prove: async () => [],
  };
}

/** Whoever has neither root's key nor its password can only fail to sign in. */
const tryPassword = (scene: Scene): Prepared => ({
  actor: 'root',
  attack: async (tell) => {
    const inside = await signIn(scene, { root: true, password: `wrong-${scene.mark}`, sourceIPAddress: SOURCE });
    tell(`somebody tried to sign in as root from ${SOURCE}, and ${inside ? 'GOT IN' : 'was refused'}`);
  },
  prove: async () => [],
});
