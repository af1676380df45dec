import { audited } from '../cis.ts';
import { stratus } from '../stratus-techniques.ts';
import { iamUser, root, signIn } from './samples.ts';

export default audited({
  control: 3,
  section: '4.2',
  monitors: 'console sign-ins without MFA',
  title: 'IAM user signed in without MFA (CIS)',
  why: 'A password alone opens the console: whoever has it is in.',
  severity: 'LOW',
  published: [
    '{ ($.eventName = "ConsoleLogin") && ($.additionalEventData.MFAUsed != "Yes") && ($.userIdentity.type = "IAMUser") && ($.responseElements.ConsoleLogin = "Success") }',
  ],
  attack: ['T1078.004'],
  references: [stratus('aws.initial-access.console-login-without-mfa')],
  falsePositives: ['A user who is new and has no device yet: ask, and have one registered.'],
  samples: {
    matching: [{ name: 'sign-in with a password alone', record: signIn(iamUser('alice'), 'Success') }],
    other: [
      {
        name: 'sign-in with MFA',
        record: signIn(iamUser('alice'), 'Success', { additionalEventData: { MFAUsed: 'Yes' } }),
      },
      {
        name: 'failed sign-in',
        record: signIn(iamUser('alice'), 'Failure', { errorMessage: 'Failed authentication' }),
      },
      { name: 'sign-in of root', record: signIn(root, 'Success') },
      {
        name: 'sign-in of a federated user, whose MFA is not known here',
        record: signIn({ type: 'AssumedRole', accountId: '111122223333' }, 'Success'),
      },
    ],
  },
});
