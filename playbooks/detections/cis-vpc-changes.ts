import { audited } from '../cis.ts';
import { call, iamUser } from './samples.ts';

const made = (eventName: string, requestParameters: unknown, rest: Record<string, unknown> = {}) =>
  call('ec2.amazonaws.com', eventName, iamUser('alice'), { requestParameters, ...rest });

export default audited({
  control: 14,
  section: '4.14',
  monitors: 'VPC changes',
  title: 'VPC changed',
  why: 'A VPC, or its peering, decides which networks reach each other.',
  severity: 'LOW',
  published: [
    '{($.eventName=CreateVpc) || ($.eventName=DeleteVpc) || ($.eventName=ModifyVpcAttribute) || ($.eventName=AcceptVpcPeeringConnection) || ($.eventName=CreateVpcPeeringConnection) || ($.eventName=DeleteVpcPeeringConnection) || ($.eventName=RejectVpcPeeringConnection) || ($.eventName=AttachClassicLinkVpc) || ($.eventName=DetachClassicLinkVpc) || ($.eventName=DisableVpcClassicLink) || ($.eventName=EnableVpcClassicLink)}',
  ],
  attack: ['T1562.007'],
  references: [],
  falsePositives: ['A deployment that makes or changes networks.'],
  samples: {
    matching: [
      { name: 'VPC deleted', record: made('DeleteVpc', { vpcId: 'vpc-0123456789abcdef0' }) },
      {
        name: 'peering accepted',
        record: made('AcceptVpcPeeringConnection', { vpcPeeringConnectionId: 'pcx-0123456789abcdef0' }),
      },
      {
        name: 'refused',
        record: made('CreateVpc', null, {
          errorCode: 'Client.UnauthorizedOperation',
          errorMessage: 'You are not authorized to perform this operation.',
        }),
      },
    ],
    other: [{ name: 'VPCs read', record: made('DescribeVpcs', {}, { readOnly: true }) }],
  },
});
