import { audited } from '../cis.ts';
import { stratus } from '../stratus-techniques.ts';
import { call, iamUser } from './samples.ts';

const made = (eventName: string, requestParameters: unknown, rest: Record<string, unknown> = {}) =>
  call('ec2.amazonaws.com', eventName, iamUser('alice'), { requestParameters, ...rest });

export default audited({
  control: 10,
  section: '4.10',
  monitors: 'security group changes',
  title: 'Security group changed',
  why: 'A security group decides who reaches what from where: a rule for 0.0.0.0/0 opens a machine to the internet.',
  severity: 'LOW',
  published: [
    '{($.eventName=AuthorizeSecurityGroupIngress) || ($.eventName=AuthorizeSecurityGroupEgress) || ($.eventName=RevokeSecurityGroupIngress) || ($.eventName=RevokeSecurityGroupEgress) || ($.eventName=CreateSecurityGroup) || ($.eventName=DeleteSecurityGroup)}',
  ],
  attack: ['T1562.007'],
  references: [stratus('aws.exfiltration.ec2-security-group-open-port-22-ingress')],
  falsePositives: ['A deployment, an autoscaler or a load balancer controller that makes rules of its own.'],
  samples: {
    matching: [
      {
        name: 'port opened to the internet',
        record: made('AuthorizeSecurityGroupIngress', {
          groupId: 'sg-0123456789abcdef0',
          ipPermissions: {
            items: [{ ipProtocol: 'tcp', fromPort: 22, toPort: 22, ipRanges: { items: [{ cidrIp: '0.0.0.0/0' }] } }],
          },
        }),
      },
      { name: 'group deleted', record: made('DeleteSecurityGroup', { groupId: 'sg-0123456789abcdef0' }) },
      {
        name: 'refused',
        record: made('CreateSecurityGroup', null, {
          errorCode: 'Client.UnauthorizedOperation',
          errorMessage: 'You are not authorized to perform this operation.',
        }),
      },
    ],
    other: [
      { name: 'groups read', record: made('DescribeSecurityGroups', {}, { readOnly: true }) },
      {
        name: 'rule changed in place, which this pattern does not look at',
        record: made('ModifySecurityGroupRules', {
          ModifySecurityGroupRulesRequest: { GroupId: 'sg-0123456789abcdef0' },
        }),
      },
    ],
  },
});
