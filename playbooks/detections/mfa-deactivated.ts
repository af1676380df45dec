import { detection } from '../detection.ts';
import { all, any, is, isNot, missing, oneOf } from '../matching/match.ts';
import { call, iamUser, root } from './samples.ts';

const iam = (eventName: string, requestParameters: unknown, rest: Record<string, unknown> = {}) =>
  call('iam.amazonaws.com', eventName, iamUser('mallory'), { requestParameters, ...rest });

export default detection({
  title: 'MFA device of a user taken away',
  why: 'Without the second factor a password is enough. Whoever has the password needs just this to stay.',
  pack: 'credentials',
  severity: 'HIGH',
  when: all(
    is('eventSource', 'iam.amazonaws.com'),
    oneOf('eventName', ['DeactivateMFADevice', 'DeleteVirtualMFADevice']),
    any(missing('userIdentity.type'), isNot('userIdentity.type', 'Root')),
  ),
  lanes: { event: 'wider' },
  alarm: { atLeast: 1, withinMinutes: 1 },
  response: 'answer-missing-mfa',
  attack: ['T1556.006'],
  references: [
    {
      name: 'AWS: deactivating an MFA device',
      url: 'https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_mfa_disable.html',
    },
  ],
  falsePositives: [
    'A lost or replaced telephone: a new device follows within minutes.',
    'A user who leaves: the device goes before the user.',
  ],
  samples: {
    matching: [
      {
        name: 'device of another user deactivated',
        record: iam('DeactivateMFADevice', { userName: 'alice', serialNumber: 'arn:aws:iam::111122223333:mfa/alice' }),
      },
      {
        name: 'virtual device deleted',
        record: iam('DeleteVirtualMFADevice', { serialNumber: 'arn:aws:iam::111122223333:mfa/alice' }),
      },
      {
        name: 'refused',
        record: iam('DeactivateMFADevice', null, {
          errorCode: 'AccessDenied',
          errorMessage: 'User: arn:aws:iam::111122223333:user/mallory is not authorized to perform this action',
        }),
      },
    ],
    other: [
      {
        name: 'device enabled',
        record: iam('EnableMFADevice', { userName: 'alice', serialNumber: 'arn:aws:iam::111122223333:mfa/alice' }),
      },
      {
        name: 'the same by root',
        record: call('iam.amazonaws.com', 'DeactivateMFADevice', root, { requestParameters: { userName: 'alice' } }),
      },
    ],
  },
});
