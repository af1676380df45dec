import { audited } from '../cis.ts';
import { stratus } from '../stratus-techniques.ts';
import { call, iamUser } from './samples.ts';

const made = (eventName: string, requestParameters: unknown, rest: Record<string, unknown> = {}) =>
  call('iam.amazonaws.com', eventName, iamUser('alice'), { requestParameters, ...rest });

export default audited({
  control: 4,
  section: '4.4',
  monitors: 'IAM policy changes',
  title: 'IAM policy changed',
  why: 'Who changes policies changes what everybody may do: the shortest way to more rights.',
  severity: 'LOW',
  published: [
    '{($.eventSource=iam.amazonaws.com) && (($.eventName=DeleteGroupPolicy) || ($.eventName=DeleteRolePolicy) || ($.eventName=DeleteUserPolicy) || ($.eventName=PutGroupPolicy) || ($.eventName=PutRolePolicy) || ($.eventName=PutUserPolicy) || ($.eventName=CreatePolicy) || ($.eventName=DeletePolicy) || ($.eventName=CreatePolicyVersion) || ($.eventName=DeletePolicyVersion) || ($.eventName=AttachRolePolicy) || ($.eventName=DetachRolePolicy) || ($.eventName=AttachUserPolicy) || ($.eventName=DetachUserPolicy) || ($.eventName=AttachGroupPolicy) || ($.eventName=DetachGroupPolicy))}',
  ],
  attack: ['T1098.003'],
  references: [stratus('aws.persistence.iam-create-admin-user')],
  falsePositives: [
    'A deployment that makes roles and policies: let its role be a protected principal; what CloudFormation does for it is closed as benign.',
  ],
  samples: {
    matching: [
      {
        name: 'policy attached to a role',
        record: made('AttachRolePolicy', { roleName: 'ci', policyArn: 'arn:aws:iam::aws:policy/ReadOnlyAccess' }),
      },
      {
        name: 'refused inline policy',
        record: made('PutUserPolicy', null, {
          errorCode: 'AccessDenied',
          errorMessage: 'User: arn:aws:iam::111122223333:user/alice is not authorized to perform this action',
        }),
      },
      {
        name: 'new version of a policy',
        record: made('CreatePolicyVersion', { policyArn: 'arn:aws:iam::111122223333:policy/work', setAsDefault: true }),
      },
    ],
    other: [
      {
        name: 'policy read',
        record: made('GetPolicy', { policyArn: 'arn:aws:iam::111122223333:policy/work' }, { readOnly: true }),
      },
      {
        name: 'policy of an organization, which has calls of the same names',
        record: call('organizations.amazonaws.com', 'CreatePolicy', iamUser('alice')),
      },
    ],
  },
});
