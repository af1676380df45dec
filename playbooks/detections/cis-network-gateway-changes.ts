import { audited } from '../cis.ts';
import { call, iamUser } from './samples.ts';

const made = (eventName: string, requestParameters: unknown, rest: Record<string, unknown> = {}) =>
  call('ec2.amazonaws.com', eventName, iamUser('alice'), { requestParameters, ...rest });

export default audited({
  control: 12,
  section: '4.12',
  monitors: 'network gateway changes',
  title: 'Network gateway changed',
  why: 'A gateway joins a network to the internet or to another network: traffic can leave by it.',
  severity: 'LOW',
  published: [
    '{($.eventName=CreateCustomerGateway) || ($.eventName=DeleteCustomerGateway) || ($.eventName=AttachInternetGateway) || ($.eventName=CreateInternetGateway) || ($.eventName=DeleteInternetGateway) || ($.eventName=DetachInternetGateway)}',
  ],
  attack: ['T1562.007'],
  references: [],
  falsePositives: ['A deployment that makes or changes networks.'],
  samples: {
    matching: [
      {
        name: 'internet gateway attached',
        record: made('AttachInternetGateway', {
          internetGatewayId: 'igw-0123456789abcdef0',
          vpcId: 'vpc-0123456789abcdef0',
        }),
      },
      {
        name: 'customer gateway made',
        record: made('CreateCustomerGateway', { type: 'ipsec.1', ipAddress: '198.51.100.7' }),
      },
      {
        name: 'refused',
        record: made('DeleteInternetGateway', null, {
          errorCode: 'Client.UnauthorizedOperation',
          errorMessage: 'You are not authorized to perform this operation.',
        }),
      },
    ],
    other: [
      {
        name: 'NAT gateway made, which this pattern does not look at',
        record: made('CreateNatGateway', { CreateNatGatewayRequest: { SubnetId: 'subnet-0123456789abcdef0' } }),
      },
      { name: 'gateways read', record: made('DescribeInternetGateways', {}, { readOnly: true }) },
    ],
  },
});
