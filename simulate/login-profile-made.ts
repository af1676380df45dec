import { CreateLoginProfileCommand } from '@aws-sdk/client-iam';
import { givenAccess } from './given-access.ts';
import { newPassword } from './scene.ts';

/** An IAM user gives another one a console password. */
export default givenAccess({
  detection: 'login-profile-made',
  title: 'An IAM user gives another user a console password',
  expected: { outcome: 'needs-analyst', severity: 'HIGH' },
  plan: 'the first gives the other a console password, which nobody keeps',
  actions: ['iam:CreateLoginProfile'],
  give: async (iam, UserName) => {
    await iam.send(new CreateLoginProfileCommand({ UserName, Password: newPassword() }));
    return 'a console password';
  },
});
