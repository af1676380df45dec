import { audited } from '../cis.ts';
import { stratus } from '../stratus-techniques.ts';
import { call, iamUser } from './samples.ts';

const made = (eventName: string, requestParameters: unknown, rest: Record<string, unknown> = {}) =>
  call('organizations.amazonaws.com', eventName, iamUser('alice'), { requestParameters, ...rest });

export default audited({
  section: '4.15',
  monitors: 'AWS Organizations changes',
  title: 'AWS Organizations changed',
  why: 'The organization decides what all its accounts may do: a policy detached or an account moved or leaving is held by nothing any more.',
  severity: 'MEDIUM',
  // The benchmark's text, which an auditor reads. Prowler wants three calls more, so a second filter feeds the same metric.
  published: [
    '{ ($.eventSource = organizations.amazonaws.com) && (($.eventName = "AcceptHandshake") || ($.eventName = "AttachPolicy") || ($.eventName = "CreateAccount") || ($.eventName = "CreateOrganizationalUnit") || ($.eventName = "CreatePolicy") || ($.eventName = "DeclineHandshake") || ($.eventName = "DeleteOrganization") || ($.eventName = "DeleteOrganizationalUnit") || ($.eventName = "DeletePolicy") || ($.eventName = "DetachPolicy") || ($.eventName = "DisablePolicyType") || ($.eventName = "EnablePolicyType") || ($.eventName = "InviteAccountToOrganization") || ($.eventName = "LeaveOrganization") || ($.eventName = "MoveAccount") || ($.eventName = "RemoveAccountFromOrganization") || ($.eventName = "UpdatePolicy") || ($.eventName = "UpdateOrganizationalUnit")) }',
    '{ ($.eventSource = organizations.amazonaws.com) && (($.eventName = "AcceptHandshake") || ($.eventName = "AttachPolicy") || ($.eventName = "CancelHandshake") || ($.eventName = "CreateAccount") || ($.eventName = "CreateOrganization") || ($.eventName = "CreateOrganizationalUnit") || ($.eventName = "CreatePolicy") || ($.eventName = "DeclineHandshake") || ($.eventName = "DeleteOrganization") || ($.eventName = "DeleteOrganizationalUnit") || ($.eventName = "DeletePolicy") || ($.eventName = "DetachPolicy") || ($.eventName = "DisablePolicyType") || ($.eventName = "EnableAllFeatures") || ($.eventName = "EnablePolicyType") || ($.eventName = "InviteAccountToOrganization") || ($.eventName = "LeaveOrganization") || ($.eventName = "MoveAccount") || ($.eventName = "RemoveAccountFromOrganization") || ($.eventName = "UpdateOrganizationalUnit") || ($.eventName = "UpdatePolicy")) }',
  ],
  attack: ['T1666'],
  references: [stratus('aws.defense-evasion.organizations-leave')],
  falsePositives: [
    'Work on the organization in its management account, which somebody has announced.',
    'An account that is made for a new team.',
  ],
  samples: {
    matching: [
      { name: 'account leaves', record: made('LeaveOrganization', null) },
      {
        name: 'policy detached',
        record: made('DetachPolicy', { policyId: 'p-examplepolicy', targetId: '111122223333' }),
      },
      {
        name: 'invitation taken back, which only Prowler asks for',
        record: made('CancelHandshake', { handshakeId: 'h-examplehandshake' }),
      },
      {
        name: 'refused',
        record: made('LeaveOrganization', null, {
          errorCode: 'AccessDenied',
          errorMessage: 'User: arn:aws:iam::111122223333:user/alice is not authorized to perform this action',
        }),
      },
    ],
    other: [
      { name: 'organization read', record: made('DescribeOrganization', null, { readOnly: true }) },
      {
        name: 'policy of IAM, which has calls of the same names',
        record: call('iam.amazonaws.com', 'CreatePolicy', iamUser('alice')),
      },
    ],
  },
});
