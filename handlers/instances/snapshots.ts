import { CreateSnapshotsCommand, DescribeSnapshotsCommand } from '@aws-sdk/client-ec2';
import type { IncidentRef } from '../actions/action.ts';
import type { Context } from '../context.ts';
import { tagsFor } from '../incidents/tags.ts';
import { allow, instances, type Permission } from '../permissions.ts';
import { ec2Of, type InstanceTarget } from './read-instance.ts';

/** Snapshots belong to no account in their ARN. https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonec2.html */
const snapshots = 'arn:{partition}:ec2:*::snapshot/*';

/** What {@link snapshotsOf} may do. */
export const findSnapshotsPermissions = allow(['ec2:DescribeSnapshots'], '*');

/** What {@link takeSnapshots} may do. */
export const snapshotPermissions: Permission[] = [
  findSnapshotsPermissions,
  allow(['ec2:CreateSnapshots'], instances, 'arn:{partition}:ec2:*:{account}:volume/*', snapshots),
  {
    ...allow(['ec2:CreateTags'], snapshots),
    condition: { StringEquals: { 'ec2:CreateAction': 'CreateSnapshots' } },
  },
];

/** Ids of the snapshots that an incident has of an instance, completed or not. */
export async function snapshotsOf(target: InstanceTarget, { id }: IncidentRef, context: Context): Promise<string[]> {
  const { Snapshots = [] } = await ec2Of(target, context).send(
    new DescribeSnapshotsCommand({
      OwnerIds: ['self'],
      Filters: [
        { Name: 'tag:cordon:incident', Values: [id] },
        { Name: 'tag:cordon:instance', Values: [target.instance] },
      ],
    }),
  );
  return Snapshots.flatMap(({ SnapshotId }) => SnapshotId ?? []).sort();
}

/**
 * Takes a snapshot of every volume of the instance, all of one moment, unless the incident has some already. What is on the
 * volumes is held from this moment on; nobody waits until it is copied.
 * https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateSnapshots.html
 */
export async function takeSnapshots(target: InstanceTarget, incident: IncidentRef, context: Context): Promise<void> {
  if ((await snapshotsOf(target, incident, context)).length > 0) return;
  await ec2Of(target, context).send(
    new CreateSnapshotsCommand({
      InstanceSpecification: { InstanceId: target.instance },
      Description: `cordon: ${target.instance} before it was isolated, incident ${incident.id}`,
      TagSpecifications: [
        {
          ResourceType: 'snapshot',
          Tags: [...tagsFor(incident, context.now()), { Key: 'cordon:instance', Value: target.instance }],
        },
      ],
    }),
  );
}
