import { detection } from '../detection.ts';
import { all, any, is, isNot, missing } from '../matching/match.ts';
import { stratus } from '../stratus-techniques.ts';
import { call, iamUser, root } from './samples.ts';

const iam = (eventName: string, requestParameters: unknown, rest: Record<string, unknown> = {}) =>
  call('iam.amazonaws.com', eventName, iamUser('mallory'), { requestParameters, ...rest });

export default detection({
  title: 'Access key made for another user',
  why: 'A second access key of somebody else’s user is the oldest way back in: it works when the password is changed, and nobody misses it.',
  pack: 'credentials',
  severity: 'HIGH',
  // Whether the key is for somebody else no pattern can say: the playbook closes as benign what is for oneself. Root's calls are root-usage's.
  when: all(
    is('eventSource', 'iam.amazonaws.com'),
    is('eventName', 'CreateAccessKey'),
    any(missing('userIdentity.type'), isNot('userIdentity.type', 'Root')),
  ),
  lanes: { event: 'wider' },
  alarm: { atLeast: 1, withinMinutes: 1 },
  response: 'take-back-access',
  attack: ['T1098.001'],
  references: [stratus('aws.persistence.iam-backdoor-user')],
  falsePositives: [
    'Somebody whose work it is makes a key for a new user: let them be a protected principal, or have keys made by a deployment.',
    'A key that one makes for oneself is closed as benign.',
  ],
  samples: {
    matching: [
      {
        name: 'key for another user',
        record: iam(
          'CreateAccessKey',
          { userName: 'ci' },
          {
            responseElements: { accessKey: { userName: 'ci', accessKeyId: 'AKIAEXAMPLE7BACKDOOR', status: 'Active' } },
          },
        ),
      },
      { name: 'key for oneself, which names nobody', record: iam('CreateAccessKey', null) },
      {
        name: 'refused',
        record: iam('CreateAccessKey', null, {
          errorCode: 'AccessDenied',
          errorMessage: 'User: arn:aws:iam::111122223333:user/mallory is not authorized to perform this action',
        }),
      },
    ],
    other: [
      {
        name: 'the same by root',
        record: call('iam.amazonaws.com', 'CreateAccessKey', root, { requestParameters: { userName: 'ci' } }),
      },
      { name: 'keys listed', record: iam('ListAccessKeys', { userName: 'ci' }, { readOnly: true }) },
      {
        name: 'a call of that name to another service',
        record: call('example.amazonaws.com', 'CreateAccessKey', iamUser('mallory')),
      },
    ],
  },
});
