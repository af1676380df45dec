import { audited } from '../cis.ts';
import { iamUser, signIn } from './samples.ts';

export default audited({
  control: 6,
  section: '4.6',
  monitors: 'console authentication failures',
  title: 'Console sign-in failed (CIS)',
  why: 'A wrong password is a slip; many are somebody guessing. The detection failed-console-logins answers five within five minutes; this one tells of each.',
  severity: 'LOW',
  published: ['{($.eventName=ConsoleLogin) && ($.errorMessage="Failed authentication")}'],
  attack: ['T1110'],
  references: [],
  falsePositives: ['Somebody mistyped the password.'],
  samples: {
    matching: [
      {
        name: 'wrong password',
        record: signIn(iamUser('alice'), 'Failure', { errorMessage: 'Failed authentication' }),
      },
    ],
    other: [
      {
        name: 'user name that does not exist, whose message is another',
        record: signIn(
          { type: 'IAMUser', accountId: '111122223333', userName: 'HIDDEN_DUE_TO_SECURITY_REASONS' },
          'Failure',
          { errorMessage: 'No username found in supplied account' },
        ),
      },
      { name: 'successful sign-in', record: signIn(iamUser('alice'), 'Success') },
    ],
  },
});
