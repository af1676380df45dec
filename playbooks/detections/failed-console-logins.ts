import { detection } from '../detection.ts';
import { all, is } from '../matching/match.ts';
import { call, iamUser, root, signIn } from './samples.ts';

const failed = { errorMessage: 'Failed authentication' };

export default detection({
  title: 'Console sign-ins failed repeatedly',
  why: 'Many failed sign-ins in a short time are somebody guessing passwords: one user’s, or one password for many users. A success that follows means that the guessing may have worked.',
  severity: 'MEDIUM',
  // A sign-in has no errorCode; the result stands in responseElements, whatever the error's wording is.
  when: all(
    is('eventSource', 'signin.amazonaws.com'),
    is('eventName', 'ConsoleLogin'),
    is('responseElements.ConsoleLogin', 'Failure'),
  ),
  alarm: { atLeast: 5, withinMinutes: 5 },
  related: {
    when: all(
      is('eventSource', 'signin.amazonaws.com'),
      is('eventName', 'ConsoleLogin'),
      is('responseElements.ConsoleLogin', 'Success'),
    ),
    // Root has no user name, but a principal id.
    sharing: ['userIdentity.userName', 'userIdentity.principalId', 'sourceIPAddress'],
  },
  response: 'answer-failed-logins',
  attack: ['T1110'],
  references: [
    { name: 'CIS AWS Foundations Benchmark v3.0.0 (and v1.4.0), 4.6: console authentication failures are monitored' },
    {
      name: 'Security Hub CloudWatch.6: metric filter and alarm for console authentication failures',
      url: 'https://docs.aws.amazon.com/securityhub/latest/userguide/cloudwatch-controls.html#cloudwatch-6',
    },
  ],
  falsePositives: [
    'Somebody who forgot the password: a handful of failures from a known address, then a reset.',
    'A password manager or script that keeps an old password.',
  ],
  samples: {
    matching: [
      { name: 'wrong password of an existing user', record: signIn(iamUser('alice'), 'Failure', failed) },
      {
        name: 'user name that does not exist',
        record: signIn(
          { type: 'IAMUser', accountId: '111122223333', accessKeyId: '', userName: 'HIDDEN_DUE_TO_SECURITY_REASONS' },
          'Failure',
          { errorMessage: 'No username found in supplied account' },
        ),
      },
      { name: 'failed sign-in of root', record: signIn(root, 'Failure', failed) },
    ],
    other: [
      { name: 'successful sign-in', record: signIn(iamUser('alice'), 'Success') },
      {
        name: 'refused API call',
        record: call('s3.amazonaws.com', 'ListBuckets', iamUser('alice'), { errorCode: 'AccessDenied' }),
      },
      {
        name: 'failed role switch',
        record: signIn(iamUser('alice'), 'Failure', {
          eventName: 'SwitchRole',
          responseElements: { SwitchRole: 'Failure' },
        }),
      },
    ],
  },
});
