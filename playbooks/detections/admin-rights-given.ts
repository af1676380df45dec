import { detection } from '../detection.ts';
import { all, any, exists, is, isNot, like, missing, oneOf } from '../matching/match.ts';
import { stratus } from '../stratus-techniques.ts';
import { call, iamUser, root } from './samples.ts';

const iam = (eventName: string, requestParameters: unknown, rest: Record<string, unknown> = {}) =>
  call('iam.amazonaws.com', eventName, iamUser('mallory'), { requestParameters, ...rest });
const everything = JSON.stringify({
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Action: '*', Resource: '*' }],
});

export default detection({
  title: 'Administrator rights given',
  why: 'Whoever gives a user, role or group administrator rights hands over the account, to somebody else or to themselves.',
  pack: 'credentials',
  severity: 'CRITICAL',
  // Of a managed policy the name says it; of a document only reading it does, which the playbook does and closes the others as benign.
  when: all(
    is('eventSource', 'iam.amazonaws.com'),
    any(missing('userIdentity.type'), isNot('userIdentity.type', 'Root')),
    any(
      all(
        oneOf('eventName', ['AttachUserPolicy', 'AttachRolePolicy', 'AttachGroupPolicy']),
        any(
          like('requestParameters.policyArn', '*:policy/AdministratorAccess'),
          like('requestParameters.policyArn', '*:policy/IAMFullAccess'),
          exists('errorCode'),
        ),
      ),
      oneOf('eventName', ['PutUserPolicy', 'PutRolePolicy', 'PutGroupPolicy', 'CreatePolicy', 'CreatePolicyVersion']),
    ),
  ),
  lanes: { event: 'wider' },
  alarm: { atLeast: 1, withinMinutes: 1 },
  response: 'take-back-access',
  attack: ['T1098.003'],
  references: [stratus('aws.persistence.iam-create-admin-user')],
  falsePositives: [
    'A deployment makes roles with wide policies: let its role be a protected principal; what CloudFormation does for it is closed as benign.',
    'An inline policy or a document that gives less than administrator rights is closed as benign.',
  ],
  samples: {
    matching: [
      {
        name: 'AdministratorAccess attached to a user',
        record: iam('AttachUserPolicy', { userName: 'ci', policyArn: 'arn:aws:iam::aws:policy/AdministratorAccess' }),
      },
      {
        name: 'IAMFullAccess attached to a role',
        record: iam('AttachRolePolicy', { roleName: 'ci', policyArn: 'arn:aws:iam::aws:policy/IAMFullAccess' }),
      },
      {
        name: 'inline policy that allows everything',
        record: iam('PutGroupPolicy', { groupName: 'developers', policyName: 'all', policyDocument: everything }),
      },
      {
        name: 'policy made that allows everything',
        record: iam(
          'CreatePolicy',
          { policyName: 'support', policyDocument: everything },
          { responseElements: { policy: { arn: 'arn:aws:iam::111122223333:policy/support', policyName: 'support' } } },
        ),
      },
      {
        name: 'refused attachment, whose policy is not recorded',
        record: iam('AttachUserPolicy', null, {
          errorCode: 'AccessDenied',
          errorMessage: 'User: arn:aws:iam::111122223333:user/mallory is not authorized to perform this action',
        }),
      },
    ],
    other: [
      {
        name: 'another policy attached',
        record: iam('AttachUserPolicy', { userName: 'ci', policyArn: 'arn:aws:iam::aws:policy/ReadOnlyAccess' }),
      },
      {
        name: 'policy detached',
        record: iam('DetachUserPolicy', { userName: 'ci', policyArn: 'arn:aws:iam::aws:policy/AdministratorAccess' }),
      },
      {
        name: 'the same by root',
        record: call('iam.amazonaws.com', 'AttachUserPolicy', root, {
          requestParameters: { userName: 'ci', policyArn: 'arn:aws:iam::aws:policy/AdministratorAccess' },
        }),
      },
    ],
  },
});
