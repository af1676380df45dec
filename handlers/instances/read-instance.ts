import {
  DescribeInstancesCommand,
  DescribeNetworkInterfacesCommand,
  EC2Client,
  type Instance,
  type NetworkInterface,
} from '@aws-sdk/client-ec2';
import * as z from 'zod';
import type { Context } from '../context.ts';
import { errorName, TargetUnfit } from '../errors.ts';
import { allow } from '../permissions.ts';

/** An EC2 instance of this account, by where it is. */
export const instanceTarget = z.object({
  instance: z.string().regex(/^i-[0-9a-f]+$/, 'must be the id of an instance'),
  region: z.string().min(1),
  /** The account that it is in, 12 digits. */
  account: z.string().min(1),
});
export type InstanceTarget = z.infer<typeof instanceTarget>;

/** What {@link readInstance} may do: EC2 lets nobody describe in part. */
export const readInstancePermissions = allow(['ec2:DescribeInstances', 'ec2:DescribeNetworkInterfaces'], '*');

/** A network interface that is attached to an instance. */
export const attachedInterface = z.object({
  id: z.string(),
  /** An instance may have interfaces in several VPCs, and a security group belongs to one. */
  vpc: z.string(),
  /** Ids of its security groups. */
  groups: z.array(z.string()),
});
export type AttachedInterface = z.infer<typeof attachedInterface>;

/** What is known of an instance that is there. */
export interface InstanceFound {
  /** `running`, `stopped`, ... */
  state: string;
  /** The interfaces that its owner may change, by their ids. */
  interfaces: AttachedInterface[];
  /** Ids of interfaces that an AWS service manages: nobody else can change their groups. */
  managed: string[];
  tags: { Key?: string | undefined; Value?: string | undefined }[];
  /** Ids of its volumes. */
  volumes: string[];
}

/** The client for the instance's region. */
export const ec2Of = ({ region }: InstanceTarget, context: Context): EC2Client => context.client(EC2Client, region);

/**
 * The instance with its network interfaces as they are now.
 * https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeNetworkInterfaces.html
 * @throws {TargetUnfit} when it is of another account or is gone
 */
export async function readInstance(target: InstanceTarget, context: Context): Promise<InstanceFound> {
  const ec2 = ec2Of(target, context);
  const { State, Tags = [], BlockDeviceMappings = [] } = await describe(target, context);
  const { NetworkInterfaces = [] } = await ec2.send(
    new DescribeNetworkInterfacesCommand({
      Filters: [{ Name: 'attachment.instance-id', Values: [target.instance] }],
    }),
  );
  const [managed, own] = [NetworkInterfaces.filter(isManaged), NetworkInterfaces.filter((one) => !isManaged(one))];
  return {
    state: State?.Name ?? 'unknown',
    interfaces: own.map(attached).sort((a, b) => a.id.localeCompare(b.id)),
    managed: managed.map(({ NetworkInterfaceId = '' }) => NetworkInterfaceId).sort(),
    tags: Tags,
    volumes: BlockDeviceMappings.flatMap(({ Ebs }) => Ebs?.VolumeId ?? []),
  };
}

async function describe({ instance, region, account }: InstanceTarget, context: Context): Promise<Instance> {
  if (account !== context.environment.account) {
    throw new TargetUnfit(`Instance ${instance} is of account ${account}, which cordon does not reach.`);
  }
  const gone = `Instance ${instance} in ${region} does not exist any more: there is nothing left to isolate.`;
  try {
    const { Reservations = [] } = await context
      .client(EC2Client, region)
      .send(new DescribeInstancesCommand({ InstanceIds: [instance] }));
    const found = Reservations[0]?.Instances?.[0];
    const state = found?.State?.Name;
    if (found && state !== 'terminated' && state !== 'shutting-down') return found;
    throw new TargetUnfit(found ? `Instance ${instance} in ${region} is ${state}: nothing is left to isolate.` : gone);
  } catch (error) {
    if (errorName(error) !== 'InvalidInstanceID.NotFound') throw error;
    throw new TargetUnfit(gone, { cause: error });
  }
}

const isManaged = ({ RequesterManaged, Operator }: NetworkInterface): boolean =>
  RequesterManaged === true || Operator?.Managed === true;

const attached = ({ NetworkInterfaceId = '', VpcId = '', Groups = [] }: NetworkInterface): AttachedInterface => ({
  id: NetworkInterfaceId,
  vpc: VpcId,
  groups: Groups.flatMap(({ GroupId }) => GroupId ?? []).sort(),
});
