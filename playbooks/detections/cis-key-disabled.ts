import { audited } from '../cis.ts';
import { call, iamUser } from './samples.ts';

const made = (eventName: string, requestParameters: unknown, rest: Record<string, unknown> = {}) =>
  call('kms.amazonaws.com', eventName, iamUser('alice'), { requestParameters, ...rest });

export default audited({
  control: 7,
  section: '4.7',
  monitors: 'disabling or scheduled deletions of customer managed keys',
  title: 'Customer managed key disabled or to be deleted',
  why: 'What a key has encrypted cannot be read without it: with the key gone, the data is gone.',
  severity: 'MEDIUM',
  published: ['{($.eventSource=kms.amazonaws.com) && (($.eventName=DisableKey) || ($.eventName=ScheduleKeyDeletion))}'],
  attack: ['T1485'],
  references: [],
  falsePositives: [
    'A key that is retired: its owner knows. The deletion waits for 7 to 30 days, and can be cancelled until then.',
  ],
  samples: {
    matching: [
      { name: 'key disabled', record: made('DisableKey', { keyId: '1234abcd-12ab-34cd-56ef-1234567890ab' }) },
      {
        name: 'key to be deleted',
        record: made('ScheduleKeyDeletion', { keyId: '1234abcd-12ab-34cd-56ef-1234567890ab', pendingWindowInDays: 7 }),
      },
      {
        name: 'refused',
        record: made('DisableKey', null, {
          errorCode: 'AccessDenied',
          errorMessage: 'User: arn:aws:iam::111122223333:user/alice is not authorized to perform this action',
        }),
      },
    ],
    other: [
      { name: 'key enabled', record: made('EnableKey', { keyId: '1234abcd-12ab-34cd-56ef-1234567890ab' }) },
      {
        name: 'a call of that name to another service',
        record: call('secretsmanager.amazonaws.com', 'DisableKey', iamUser('alice')),
      },
    ],
  },
});
