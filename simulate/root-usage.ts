import { AttachUserPolicyCommand, CreateUserCommand, IAMClient } from '@aws-sdk/client-iam';
import { type Attack, as, from, signIn } from './attack.ts';

const SOURCE = '203.0.113.66';

/** Somebody who has the root user's password signs in and makes a user of their own. */
const attack: Attack = {
  detection: 'root-usage',
  title: 'Somebody signs in as root without MFA and makes an administrator',
  expected: { outcome: 'needs-analyst', severity: 'CRITICAL' },
  prepare: async (stage) => {
    const backdoor = `support-${stage.mark}`;
    return {
      actor: 'root',
      attack: async (tell) => {
        await signIn(stage, { root: true, password: stage.rootPassword, sourceIPAddress: SOURCE });
        tell(`root signed in to the console from ${SOURCE}, without MFA`);
        const iam = from(SOURCE, new IAMClient(as(stage, stage.root)));
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
  },
};
export default attack;
