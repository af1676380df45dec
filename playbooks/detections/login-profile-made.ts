import { detection } from '../detection.ts';
import { all, any, is, isNot, missing, oneOf } from '../matching/match.ts';
import { stratus } from '../stratus-techniques.ts';
import { call, iamUser, root } from './samples.ts';

const iam = (eventName: string, requestParameters: unknown, rest: Record<string, unknown> = {}) =>
  call('iam.amazonaws.com', eventName, iamUser('mallory'), { requestParameters, ...rest });

export default detection({
  title: 'Console password given to another user',
  why: 'A user who was made for a program gets a password, and somebody signs in to the console as that program. A new password for somebody who has one locks them out.',
  pack: 'credentials',
  severity: 'HIGH',
  when: all(
    is('eventSource', 'iam.amazonaws.com'),
    oneOf('eventName', ['CreateLoginProfile', 'UpdateLoginProfile']),
    any(missing('userIdentity.type'), isNot('userIdentity.type', 'Root')),
  ),
  lanes: { event: 'wider' },
  alarm: { atLeast: 1, withinMinutes: 1 },
  response: 'take-back-access',
  attack: ['T1098.001'],
  references: [
    stratus('aws.persistence.iam-create-user-login-profile'),
    stratus('aws.privilege-escalation.iam-update-user-login-profile'),
  ],
  falsePositives: [
    'Somebody whose work it is resets a password or makes a user: let them be a protected principal.',
    'A password that one sets for oneself is closed as benign.',
  ],
  samples: {
    matching: [
      {
        name: 'password for a user who had none',
        record: iam(
          'CreateLoginProfile',
          { userName: 'ci', passwordResetRequired: false },
          { responseElements: { loginProfile: { userName: 'ci', passwordResetRequired: false } } },
        ),
      },
      {
        name: 'new password for another user',
        record: iam('UpdateLoginProfile', { userName: 'alice', passwordResetRequired: false }),
      },
      {
        name: 'refused',
        record: iam('CreateLoginProfile', null, {
          errorCode: 'AccessDenied',
          errorMessage: 'User: arn:aws:iam::111122223333:user/mallory is not authorized to perform this action',
        }),
      },
    ],
    other: [
      { name: 'own password changed, which takes the old one', record: iam('ChangePassword', null) },
      {
        name: 'the same by root',
        record: call('iam.amazonaws.com', 'CreateLoginProfile', root, { requestParameters: { userName: 'ci' } }),
      },
      { name: 'password deleted', record: iam('DeleteLoginProfile', { userName: 'ci' }) },
    ],
  },
});
