import {
  AttachNetworkInterfaceCommand,
  CreateNetworkInterfaceCommand,
  CreateSecurityGroupCommand,
  CreateSubnetCommand,
  CreateVpcCommand,
  DescribeNetworkInterfacesCommand,
  EC2Client,
  RunInstancesCommand,
} from '@aws-sdk/client-ec2';
import { as, type Stage } from '../../../simulate/attack.ts';

/** A VPC with two subnets and two security groups, by their ids. */
export interface Network {
  vpc: string;
  subnets: [string, string];
  groups: [string, string];
}

/** The account's EC2, as its administrator has it. */
export const ec2Of = (stage: Stage): EC2Client => new EC2Client(as(stage, stage.administrator));

/** Makes a VPC of its own. */
export async function makeNetwork(ec2: EC2Client, name: string): Promise<Network> {
  const { Vpc } = await ec2.send(new CreateVpcCommand({ CidrBlock: '10.20.0.0/16' }));
  const vpc = Vpc?.VpcId ?? '';
  const subnet = async (CidrBlock: string) =>
    (await ec2.send(new CreateSubnetCommand({ VpcId: vpc, CidrBlock }))).Subnet?.SubnetId ?? '';
  const group = async (GroupName: string) =>
    (await ec2.send(new CreateSecurityGroupCommand({ VpcId: vpc, GroupName, Description: GroupName }))).GroupId ?? '';
  return {
    vpc,
    subnets: [await subnet('10.20.1.0/24'), await subnet('10.20.2.0/24')],
    groups: [await group(`${name}-web`), await group(`${name}-admin`)],
  };
}

/** Launches an instance in the network's first subnet and first group. Resolves to its id. */
export async function launch(ec2: EC2Client, { subnets, groups }: Network): Promise<string> {
  const { Instances } = await ec2.send(
    new RunInstancesCommand({
      ...{ ImageId: 'ami-0123456789abcdef0', InstanceType: 't3.micro', MinCount: 1, MaxCount: 1 },
      ...{ SubnetId: subnets[0], SecurityGroupIds: [groups[0]] },
    }),
  );
  return Instances?.[0]?.InstanceId ?? '';
}

/** Attaches a further interface to an instance. Resolves to its id. */
export async function attach(
  ec2: EC2Client,
  InstanceId: string,
  { subnet, groups, at }: { subnet: string; groups: string[]; at: number },
): Promise<string> {
  const { NetworkInterface } = await ec2.send(new CreateNetworkInterfaceCommand({ SubnetId: subnet, Groups: groups }));
  const NetworkInterfaceId = NetworkInterface?.NetworkInterfaceId ?? '';
  await ec2.send(new AttachNetworkInterfaceCommand({ NetworkInterfaceId, InstanceId, DeviceIndex: at }));
  return NetworkInterfaceId;
}

/** The security groups of each interface of an instance, as EC2 has them. */
export async function groupsOf(ec2: EC2Client, instance: string): Promise<Record<string, string[]>> {
  const { NetworkInterfaces = [] } = await ec2.send(
    new DescribeNetworkInterfacesCommand({ Filters: [{ Name: 'attachment.instance-id', Values: [instance] }] }),
  );
  return Object.fromEntries(
    NetworkInterfaces.map(({ NetworkInterfaceId = '', Groups = [] }) => [
      NetworkInterfaceId,
      Groups.map(({ GroupId = '' }) => GroupId).sort(),
    ]),
  );
}
