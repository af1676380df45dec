import { detection } from '../detection.ts';
import { all, any, is, isNot, missing } from '../matching/match.ts';
import { stratus } from '../stratus-techniques.ts';
import { iamUser, root, signIn } from './samples.ts';

export default detection({
  title: 'IAM user signed in without MFA',
  why: 'A password alone opened the console. It may be guessed, or read from a leak, and nothing else stood in the way.',
  pack: 'credentials',
  severity: 'MEDIUM',
  // Whether a federated user gave a second factor is known where they signed in, not here.
  when: all(
    is('eventSource', 'signin.amazonaws.com'),
    is('eventName', 'ConsoleLogin'),
    is('userIdentity.type', 'IAMUser'),
    is('responseElements.ConsoleLogin', 'Success'),
    any(missing('additionalEventData.MFAUsed'), isNot('additionalEventData.MFAUsed', 'Yes')),
  ),
  lanes: { event: 'wider' },
  alarm: { atLeast: 1, withinMinutes: 1 },
  response: 'answer-missing-mfa',
  attack: ['T1078.004'],
  references: [stratus('aws.initial-access.console-login-without-mfa')],
  falsePositives: ['A user who is new and has no device yet: have one registered.'],
  samples: {
    matching: [
      { name: 'sign-in with a password alone', record: signIn(iamUser('alice'), 'Success') },
      {
        name: 'sign-in whose record does not say',
        record: signIn(iamUser('alice'), 'Success', { additionalEventData: null }),
      },
    ],
    other: [
      {
        name: 'sign-in with MFA',
        record: signIn(iamUser('alice'), 'Success', { additionalEventData: { MFAUsed: 'Yes' } }),
      },
      {
        name: 'failed sign-in',
        record: signIn(iamUser('alice'), 'Failure', { errorMessage: 'Failed authentication' }),
      },
      {
        name: 'sign-in of a federated user',
        record: signIn({ type: 'AssumedRole', accountId: '111122223333' }, 'Success'),
      },
      { name: 'sign-in of root', record: signIn(root, 'Success') },
    ],
  },
});
