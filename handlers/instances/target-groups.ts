import {
  DescribeTargetGroupsCommand,
  DescribeTargetHealthCommand,
  ElasticLoadBalancingV2Client,
  type TargetGroup,
} from '@aws-sdk/client-elastic-load-balancing-v2';
import type { Context } from '../context.ts';
import { errorName } from '../errors.ts';
import { inParts } from '../in-parts.ts';
import { allow } from '../permissions.ts';
import type { InstanceTarget } from './read-instance.ts';

/** What {@link targetGroupsOf} may do: load balancing lets nobody describe in part. */
export const targetGroupsPermissions = allow(
  ['elasticloadbalancing:DescribeTargetGroups', 'elasticloadbalancing:DescribeTargetHealth'],
  '*',
);

/** Target groups are asked one by one: an account with more is not asked about all of them. */
const MOST_GROUPS = 100;
const GROUPS_AT_ONCE = 10;

/**
 * Names of the load balancers' target groups in these VPCs that send requests to the instance.
 * https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_DescribeTargetHealth.html
 */
export async function targetGroupsOf(
  { instance, region }: InstanceTarget,
  vpcs: readonly string[],
  context: Context,
): Promise<string[]> {
  const client = context.client(ElasticLoadBalancingV2Client, region);
  const groups: TargetGroup[] = [];
  let Marker: string | undefined;
  do {
    const page = await client.send(new DescribeTargetGroupsCommand({ ...(Marker ? { Marker } : {}) }));
    groups.push(...(page.TargetGroups ?? []).filter(({ VpcId = '' }) => vpcs.includes(VpcId)));
    Marker = page.NextMarker;
  } while (Marker && groups.length < MOST_GROUPS);
  const named = await inParts(groups.slice(0, MOST_GROUPS), GROUPS_AT_ONCE, async (group) =>
    (await sendsTo(group, instance, client)) ? [group.TargetGroupName ?? ''] : [],
  );
  return named.flat().sort();
}

async function sendsTo({ TargetGroupArn }: TargetGroup, id: string, client: ElasticLoadBalancingV2Client) {
  try {
    const { TargetHealthDescriptions = [] } = await client.send(new DescribeTargetHealthCommand({ TargetGroupArn }));
    return TargetHealthDescriptions.some(({ Target }) => Target?.Id === id);
  } catch (error) {
    if (errorName(error) === 'TargetGroupNotFoundException') return false;
    throw error;
  }
}
