import { audited } from '../cis.ts';
import { call, iamUser } from './samples.ts';

const made = (eventName: string, requestParameters: unknown, rest: Record<string, unknown> = {}) =>
  call('ec2.amazonaws.com', eventName, iamUser('alice'), { requestParameters, ...rest });

export default audited({
  control: 13,
  section: '4.13',
  monitors: 'route table changes',
  title: 'Route table changed',
  why: 'A route decides where traffic goes: past the firewall, or through somebody else’s machine.',
  severity: 'LOW',
  published: [
    '{($.eventSource=ec2.amazonaws.com) && (($.eventName=CreateRoute) || ($.eventName=CreateRouteTable) || ($.eventName=ReplaceRoute) || ($.eventName=ReplaceRouteTableAssociation) || ($.eventName=DeleteRouteTable) || ($.eventName=DeleteRoute) || ($.eventName=DisassociateRouteTable))}',
  ],
  attack: ['T1562.007'],
  references: [],
  falsePositives: ['A deployment that makes or changes networks.'],
  samples: {
    matching: [
      {
        name: 'route made',
        record: made('CreateRoute', {
          routeTableId: 'rtb-0123456789abcdef0',
          destinationCidrBlock: '0.0.0.0/0',
          gatewayId: 'igw-0123456789abcdef0',
        }),
      },
      { name: 'table deleted', record: made('DeleteRouteTable', { routeTableId: 'rtb-0123456789abcdef0' }) },
      {
        name: 'refused',
        record: made('ReplaceRoute', null, {
          errorCode: 'Client.UnauthorizedOperation',
          errorMessage: 'You are not authorized to perform this operation.',
        }),
      },
    ],
    other: [
      {
        name: 'route of an API, which API Gateway calls the same',
        record: call('apigateway.amazonaws.com', 'CreateRoute', iamUser('alice')),
      },
      { name: 'tables read', record: made('DescribeRouteTables', {}, { readOnly: true }) },
    ],
  },
});
