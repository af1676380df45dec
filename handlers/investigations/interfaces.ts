import { DescribeNetworkInterfacesCommand, EC2Client, type Filter, type NetworkInterface } from '@aws-sdk/client-ec2';
import type { InterfaceFound } from '../../playbooks/findings.ts';
import { flowsOf } from '../../playbooks/traffic.ts';
import { allow } from '../permissions.ts';
import type { Investigation } from './investigation.ts';

/** Values that a filter takes. https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeNetworkInterfaces.html */
const MOST_VALUES = 200;

/** Whose the network interfaces are: those that the records name, and those that have the address that a flow came from. */
export default {
  asks: 'Whose the network interfaces are that the records name, and which have the addresses that it came from',
  permissions: [allow(['ec2:DescribeNetworkInterfaces'], '*')],
  find: async (incident, context) => {
    const ec2 = context.client(EC2Client, incident.region);
    const flows = flowsOf(incident);
    const found = new Map<string, InterfaceFound>();
    const look = async (Name: string, values: string[]) => {
      const distinct = [...new Set(values)];
      for (let start = 0; start < distinct.length; start += MOST_VALUES) {
        const Filters: Filter[] = [{ Name, Values: distinct.slice(start, start + MOST_VALUES) }];
        const { NetworkInterfaces = [] } = await ec2.send(new DescribeNetworkInterfacesCommand({ Filters }));
        for (const one of NetworkInterfaces) found.set(one.NetworkInterfaceId ?? '', interfaceFound(one));
      }
    };
    // One that is gone meanwhile is not found, which is no error to a filter.
    await look(
      'network-interface-id',
      flows.map(({ eni }) => eni),
    );
    await look(
      'addresses.private-ip-address',
      flows.map(({ source }) => source).filter((address) => !address.includes(':')),
    );
    return [...found.values()];
  },
} satisfies Investigation<InterfaceFound[]>;

function interfaceFound({
  NetworkInterfaceId = '',
  PrivateIpAddress,
  PrivateIpAddresses = [],
  Ipv6Addresses = [],
  Attachment,
  InterfaceType,
  Description,
}: NetworkInterface): InterfaceFound {
  const addresses = [
    PrivateIpAddress,
    ...PrivateIpAddresses.map((one) => one.PrivateIpAddress),
    ...Ipv6Addresses.map((one) => one.Ipv6Address),
  ].filter((one) => one !== undefined);
  const what = [InterfaceType, Description].filter(Boolean).join(', ');
  return {
    id: NetworkInterfaceId,
    addresses: [...new Set(addresses)],
    ...(Attachment?.InstanceId ? { instance: Attachment.InstanceId } : what ? { what } : {}),
  };
}
