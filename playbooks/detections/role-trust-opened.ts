import { detection } from '../detection.ts';
import { all, any, is, isNot, missing, oneOf } from '../matching/match.ts';
import { stratus } from '../stratus-techniques.ts';
import { call, iamUser, root } from './samples.ts';

const iam = (eventName: string, requestParameters: unknown, rest: Record<string, unknown> = {}) =>
  call('iam.amazonaws.com', eventName, iamUser('mallory'), { requestParameters, ...rest });
const trust = (AWS: string) =>
  JSON.stringify({
    Version: '2012-10-17',
    Statement: [{ Effect: 'Allow', Principal: { AWS }, Action: 'sts:AssumeRole' }],
  });

export default detection({
  title: 'Role opened to another account',
  why: 'A role that trusts another account, or everybody, is a door that stays open when every key of this account is replaced.',
  pack: 'credentials',
  severity: 'HIGH',
  // Whom a trust policy lets in stands in its document: the playbook closes as benign what lets in nobody from elsewhere.
  when: all(
    is('eventSource', 'iam.amazonaws.com'),
    oneOf('eventName', ['CreateRole', 'UpdateAssumeRolePolicy']),
    any(missing('userIdentity.type'), isNot('userIdentity.type', 'Root')),
  ),
  lanes: { event: 'wider' },
  alarm: { atLeast: 1, withinMinutes: 1 },
  response: 'take-back-access',
  attack: ['T1098.003'],
  references: [stratus('aws.persistence.iam-backdoor-role'), stratus('aws.persistence.iam-create-backdoor-role')],
  falsePositives: [
    'A role for a vendor, or for another account of your own: note who owns it, and suppress it by the role’s name.',
    'A trust policy for services or this account only is closed as benign.',
  ],
  samples: {
    matching: [
      {
        name: 'role made that another account may assume',
        record: iam('CreateRole', {
          roleName: 'support',
          assumeRolePolicyDocument: trust('arn:aws:iam::999988887777:root'),
        }),
      },
      {
        name: 'trust policy changed to everybody',
        record: iam('UpdateAssumeRolePolicy', { roleName: 'ci', policyDocument: trust('*') }),
      },
      {
        name: 'refused',
        record: iam('UpdateAssumeRolePolicy', null, {
          errorCode: 'AccessDenied',
          errorMessage: 'User: arn:aws:iam::111122223333:user/mallory is not authorized to perform this action',
        }),
      },
    ],
    other: [
      { name: 'role read', record: iam('GetRole', { roleName: 'ci' }, { readOnly: true }) },
      { name: 'role’s description changed', record: iam('UpdateRole', { roleName: 'ci' }) },
      {
        name: 'the same by root',
        record: call('iam.amazonaws.com', 'CreateRole', root, {
          requestParameters: { roleName: 'support', assumeRolePolicyDocument: trust('*') },
        }),
      },
    ],
  },
});
