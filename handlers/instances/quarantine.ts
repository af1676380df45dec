import {
  CreateSecurityGroupCommand,
  DescribeSecurityGroupsCommand,
  type EC2Client,
  RevokeSecurityGroupEgressCommand,
  RevokeSecurityGroupIngressCommand,
  type SecurityGroup,
} from '@aws-sdk/client-ec2';
import type { Context } from '../context.ts';
import { errorName, NotThereYet, TargetUnfit } from '../errors.ts';
import { allow, type Permission, securityGroups } from '../permissions.ts';

/** The tag of a security group that holds isolated instances. cordon puts interfaces into no other group. */
export const QUARANTINE_TAG = 'cordon:quarantine';

const tagged = { StringEquals: { [`aws:ResourceTag/${QUARANTINE_TAG}`]: 'true' } };

/** Of the calls that take a security group: only for one that has the tag. */
export const onQuarantineGroups = (...actions: string[]): Permission => ({
  ...allow(actions, securityGroups),
  condition: tagged,
});

/** What looking for the groups may do. */
export const findGroupsPermissions = allow(['ec2:DescribeSecurityGroups'], '*');

/** What {@link quarantineGroup} may do. */
export const quarantinePermissions: Permission[] = [
  findGroupsPermissions,
  allow(['ec2:CreateSecurityGroup'], securityGroups, 'arn:{partition}:ec2:*:{account}:vpc/*'),
  {
    ...allow(['ec2:CreateTags'], securityGroups),
    condition: { StringEquals: { 'ec2:CreateAction': 'CreateSecurityGroup' } },
  },
  onQuarantineGroups('ec2:RevokeSecurityGroupEgress', 'ec2:RevokeSecurityGroupIngress'),
];

const nameOf = ({ environment }: Context): string => `${environment.prefix}-quarantine`;

/** The quarantine groups among these security groups that let nothing in and nothing out, by their ids. */
export async function closedGroups(ids: readonly string[], ec2: EC2Client): Promise<Set<string>> {
  if (ids.length === 0) return new Set();
  const { SecurityGroups = [] } = await ec2.send(
    new DescribeSecurityGroupsCommand({ Filters: [{ Name: 'group-id', Values: [...new Set(ids)] }] }),
  );
  return new Set(
    SecurityGroups.filter((group) => isOurs(group) && isClosed(group)).flatMap(({ GroupId }) => GroupId ?? []),
  );
}

/**
 * The id of the VPC's quarantine group, made where there is none: a security group without any rule. A new one lets everything
 * out until that is revoked. Rules that somebody has added since are taken out.
 * https://docs.aws.amazon.com/vpc/latest/userguide/security-group-rules.html
 * @throws {TargetUnfit} where a group of that name is there, but not cordon's
 */
export async function quarantineGroup(vpc: string, ec2: EC2Client, context: Context): Promise<string> {
  const found = (await find(vpc, ec2, context)) ?? (await make(vpc, ec2, context));
  if (!isOurs(found)) {
    throw new TargetUnfit(
      `Security group ${found.GroupId} of ${vpc} is called ${nameOf(context)}, but has no tag ${QUARANTINE_TAG}=true: it is not cordon's. Rename it, or tag it if it is to be used.`,
    );
  }
  const { GroupId = '', IpPermissions = [], IpPermissionsEgress = [] } = found;
  if (IpPermissions.length > 0) {
    await ec2.send(new RevokeSecurityGroupIngressCommand({ GroupId, IpPermissions }));
  }
  if (IpPermissionsEgress.length > 0) {
    await ec2.send(new RevokeSecurityGroupEgressCommand({ GroupId, IpPermissions: IpPermissionsEgress }));
  }
  return GroupId;
}

async function find(vpc: string, ec2: EC2Client, context: Context): Promise<SecurityGroup | undefined> {
  const { SecurityGroups = [] } = await ec2.send(
    new DescribeSecurityGroupsCommand({
      Filters: [
        { Name: 'vpc-id', Values: [vpc] },
        { Name: 'group-name', Values: [nameOf(context)] },
      ],
    }),
  );
  return SecurityGroups[0];
}

async function make(vpc: string, ec2: EC2Client, context: Context): Promise<SecurityGroup> {
  try {
    await ec2.send(
      new CreateSecurityGroupCommand({
        GroupName: nameOf(context),
        Description: 'Isolated by cordon: nothing in, nothing out',
        VpcId: vpc,
        TagSpecifications: [{ ResourceType: 'security-group', Tags: [{ Key: QUARANTINE_TAG, Value: 'true' }] }],
      }),
    );
  } catch (error) {
    // Another incident has made it meanwhile.
    if (errorName(error) !== 'InvalidGroup.Duplicate') throw error;
  }
  const made = await find(vpc, ec2, context);
  if (!made) throw new NotThereYet(`The security group ${nameOf(context)} of ${vpc} was made, but does not show yet.`);
  return made;
}

const isOurs = ({ Tags = [] }: SecurityGroup): boolean =>
  Tags.some(({ Key, Value }) => Key === QUARANTINE_TAG && Value === 'true');

const isClosed = ({ IpPermissions = [], IpPermissionsEgress = [] }: SecurityGroup): boolean =>
  IpPermissions.length === 0 && IpPermissionsEgress.length === 0;
