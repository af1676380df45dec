import { audited } from '../cis.ts';
import { call, iamUser } from './samples.ts';

const made = (eventName: string, requestParameters: unknown, rest: Record<string, unknown> = {}) =>
  call('ec2.amazonaws.com', eventName, iamUser('alice'), { requestParameters, ...rest });

export default audited({
  control: 11,
  section: '4.11',
  monitors: 'network ACL changes',
  title: 'Network ACL changed',
  why: 'A network ACL lets traffic into and out of whole subnets.',
  severity: 'LOW',
  published: [
    '{($.eventName=CreateNetworkAcl) || ($.eventName=CreateNetworkAclEntry) || ($.eventName=DeleteNetworkAcl) || ($.eventName=DeleteNetworkAclEntry) || ($.eventName=ReplaceNetworkAclEntry) || ($.eventName=ReplaceNetworkAclAssociation)}',
  ],
  attack: ['T1562.007'],
  references: [],
  falsePositives: ['A deployment that makes or changes networks.'],
  samples: {
    matching: [
      {
        name: 'entry made',
        record: made('CreateNetworkAclEntry', {
          networkAclId: 'acl-0123456789abcdef0',
          ruleNumber: 1,
          egress: false,
          ruleAction: 'allow',
          cidrBlock: '0.0.0.0/0',
        }),
      },
      {
        name: 'association replaced',
        record: made('ReplaceNetworkAclAssociation', { associationId: 'aclassoc-0123456789abcdef0' }),
      },
      {
        name: 'refused',
        record: made('DeleteNetworkAcl', null, {
          errorCode: 'Client.UnauthorizedOperation',
          errorMessage: 'You are not authorized to perform this operation.',
        }),
      },
    ],
    other: [{ name: 'ACLs read', record: made('DescribeNetworkAcls', {}, { readOnly: true }) }],
  },
});
