import { ModifyNetworkInterfaceAttributeCommand } from '@aws-sdk/client-ec2';
import * as z from 'zod';
import { quoted } from '../../playbooks/principals.ts';
import { listed } from '../../playbooks/report/words.ts';
import type { Context } from '../context.ts';
import { errorName, errorText, TargetUnfit, UndoRefused } from '../errors.ts';
import {
  closedGroups,
  findGroupsPermissions,
  onQuarantineGroups,
  quarantineGroup,
  quarantinePermissions,
} from '../instances/quarantine.ts';
import {
  type AttachedInterface,
  attachedInterface,
  ec2Of,
  type InstanceFound,
  type InstanceTarget,
  instanceTarget,
  readInstance,
  readInstancePermissions,
} from '../instances/read-instance.ts';
import { findSnapshotsPermissions, snapshotPermissions, snapshotsOf, takeSnapshots } from '../instances/snapshots.ts';
import { taggedInstance } from '../instances/tagged-instance.ts';
import { targetGroupsOf, targetGroupsPermissions } from '../instances/target-groups.ts';
import { allow, instances, networkInterfaces, securityGroups } from '../permissions.ts';
import { type Assessment, containHandler, defineAction, undoHandler } from './action.ts';

const beforeSchema = z.object({
  /** What its owner may change, with the security groups that `undo` puts back. */
  interfaces: z.array(attachedInterface),
  /** Interfaces that an AWS service manages, which are left as they are. */
  managed: z.array(z.string()),
  /** The Auto Scaling group that it is in. */
  autoScalingGroup: z.string().optional(),
  /** Target groups that send requests to it; absent where they could not be read. */
  targetGroups: z.array(z.string()).optional(),
});
type Before = z.infer<typeof beforeSchema>;

/** What is read back. */
interface After {
  interfaces: AttachedInterface[];
  managed: string[];
  /** The security groups that hold isolated instances and have no rules. */
  closed: string[];
  /** What was held of its volumes for this incident. */
  snapshots: string[];
}

/** Every instance of an Auto Scaling group has it. https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-tagging.html */
const GROUP_TAG = 'aws:autoscaling:groupName';

const isIsolated = ({ interfaces }: Pick<InstanceFound, 'interfaces'>, closed: ReadonlySet<string>): boolean =>
  interfaces.every(({ groups: [group = '', ...more] }) => more.length === 0 && closed.has(group));

const closedOf = ({ interfaces }: InstanceFound, target: InstanceTarget, context: Context): Promise<Set<string>> =>
  closedGroups(
    interfaces.flatMap(({ groups }) => groups),
    ec2Of(target, context),
  );

/** What isolating it touches besides, for whoever decides. What cannot be read of the load balancers holds nothing up. */
async function surroundings(found: InstanceFound, target: InstanceTarget, context: Context): Promise<Before> {
  const { interfaces, managed, tags } = found;
  const autoScalingGroup = tags.find(({ Key }) => Key === GROUP_TAG)?.Value;
  const vpcs = [...new Set(interfaces.map(({ vpc }) => vpc))];
  const targetGroups = await targetGroupsOf(target, vpcs, context).catch((error: unknown) => {
    context.log.warn('the target groups of an instance could not be read', { ...target, error: errorText(error) });
    return undefined;
  });
  return {
    ...{ interfaces, managed },
    ...(autoScalingGroup ? { autoScalingGroup } : {}),
    ...(targetGroups ? { targetGroups } : {}),
  };
}

function words(state: Before | After): string {
  const closed = 'closed' in state ? state.closed : [];
  const named = (group: string) => (closed.includes(group) ? `${group} (nothing in, nothing out)` : group);
  const parts = state.interfaces.map(({ id, groups }) => `${id} in ${listed(groups.map(named))}`);
  if (state.managed.length > 0) {
    parts.push(`${listed(state.managed)} LEFT OPEN: an AWS service manages it`);
  }
  if ('closed' in state) {
    parts.push(state.snapshots.length > 0 ? `snapshots ${listed(state.snapshots)}` : 'no snapshot');
    return parts.join('; ');
  }
  if (state.autoScalingGroup) parts.push(`in Auto Scaling group ${state.autoScalingGroup}, which may replace it`);
  if (state.targetGroups === undefined) parts.push('whether a load balancer sends requests to it could not be read');
  else if (state.targetGroups.length > 0) parts.push(`target of the load balancers’ ${listed(state.targetGroups)}`);
  return parts.join('; ');
}

/** An interface that is gone has no groups to put back. */
async function setGroups(id: string, groups: string[], target: InstanceTarget, context: Context): Promise<void> {
  try {
    await ec2Of(target, context).send(
      new ModifyNetworkInterfaceAttributeCommand({ NetworkInterfaceId: id, Groups: groups }),
    );
  } catch (error) {
    if (errorName(error) !== 'InvalidNetworkInterfaceID.NotFound') throw error;
    context.log.warn('a network interface is gone', { id, ...target });
  }
}

/**
 * Isolates an EC2 instance: every network interface of it gets a security group without rules, so that nothing new comes in or
 * goes out. Connections that are open and tracked go on until they end, as the runbook says.
 * https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/security-group-connection-tracking.html
 */
const action = defineAction({
  title: 'isolate the EC2 instance (no traffic in or out)',
  contains: true,
  target: instanceTarget,
  before: beforeSchema,
  label: ({ instance, region }) => `instance ${instance} in ${region}`,
  words,
  tagged: { of: taggedInstance, permissions: [readInstancePermissions] },
  blastRadius:
    'whatever the instance serves stops; health checks fail, so an Auto Scaling group or a load balancer may replace it; connections that are open may go on for a while',
  byHand: ({ instance, region }) => [
    `aws ec2 create-snapshots --region ${quoted(region)} --instance-specification InstanceId=${quoted(instance)}`,
    `aws ec2 describe-network-interfaces --region ${quoted(region)} --filters Name=attachment.instance-id,Values=${quoted(instance)} --query 'NetworkInterfaces[].[NetworkInterfaceId,VpcId,Groups[].GroupId]'`,
    `aws ec2 create-security-group --region ${quoted(region)} --group-name isolated --description 'nothing in, nothing out' --vpc-id VPC`,
    `aws ec2 revoke-security-group-egress --region ${quoted(region)} --group-id GROUP --ip-permissions IpProtocol=-1,IpRanges='[{CidrIp=0.0.0.0/0}]'`,
    `aws ec2 modify-network-interface-attribute --region ${quoted(region)} --network-interface-id INTERFACE --groups GROUP`,
  ],
  permissions: {
    contain: [
      readInstancePermissions,
      targetGroupsPermissions,
      ...snapshotPermissions,
      ...quarantinePermissions,
      allow(['ec2:ModifyNetworkInterfaceAttribute'], networkInterfaces, instances),
      onQuarantineGroups('ec2:ModifyNetworkInterfaceAttribute'),
    ],
    undo: [
      readInstancePermissions,
      findGroupsPermissions,
      findSnapshotsPermissions,
      allow(['ec2:ModifyNetworkInterfaceAttribute'], networkInterfaces, instances, securityGroups),
    ],
  },
  assess: async (target, context): Promise<Assessment<Before>> => {
    const found = await readInstance(target, context);
    if (found.interfaces.length === 0) {
      const why = found.managed.length > 0 ? 'only interfaces that an AWS service manages' : 'no network interface';
      throw new TargetUnfit(`Instance ${target.instance} has ${why}: there is nothing to set.`);
    }
    if (isIsolated(found, await closedOf(found, target, context))) {
      return { needed: false, reason: 'it is isolated already', benign: false };
    }
    return { needed: true, before: await surroundings(found, target, context) };
  },
  capture: async (target, context) => surroundings(await readInstance(target, context), target, context),
  contain: async (target, _before, context, incident) => {
    const ec2 = ec2Of(target, context);
    const { interfaces, volumes } = await readInstance(target, context);
    if (context.environment.options.isolationSnapshots === 'on' && volumes.length > 0) {
      // Evidence is not worth an attacker who stays: the report says that there is no snapshot.
      await takeSnapshots(target, incident, context).catch((error: unknown) =>
        context.log.error('no snapshot could be taken', { ...target, error: errorText(error) }),
      );
    }
    const quarantine = new Map<string, string>();
    for (const { id, vpc } of interfaces) {
      const group = quarantine.get(vpc) ?? (await quarantineGroup(vpc, ec2, context));
      quarantine.set(vpc, group);
      await setGroups(id, [group], target, context);
    }
  },
  verify: async (target, context, incident) => {
    const found = await readInstance(target, context);
    const [closed, snapshots] = await Promise.all([
      closedOf(found, target, context),
      snapshotsOf(target, incident, context),
    ]);
    const { interfaces, managed } = found;
    return {
      verified: isIsolated(found, closed),
      after: { interfaces, managed, closed: [...closed].sort(), snapshots },
    };
  },
  undo: async (target, before, context) => {
    for (const { id, groups } of before.interfaces) {
      try {
        await setGroups(id, groups, target, context);
      } catch (error) {
        if (errorName(error) !== 'InvalidGroup.NotFound') throw error;
        throw new UndoRefused(
          `A security group that ${id} had is gone: it had ${listed(groups)}. Set its groups by hand. ${errorText(error)}`,
          { cause: error },
        );
      }
    }
  },
});

export default action;
export const contain = containHandler(action);
export const undo = undoHandler(action);
