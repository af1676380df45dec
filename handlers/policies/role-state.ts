import {
  AttachRolePolicyCommand,
  DeleteRolePolicyCommand,
  DetachRolePolicyCommand,
  IAMClient,
  PutRolePolicyCommand,
  UpdateAssumeRolePolicyCommand,
} from '@aws-sdk/client-iam';
import { changedPolicies, type DeliveryRoleState, samePolicy } from '../../playbooks/trail-baseline.ts';
import type { Context } from '../context.ts';
import { allow, type Permission } from '../permissions.ts';

/** What {@link alignRole} may do, on which roles. */
export const alignRolePermissions = (...which: string[]): Permission =>
  allow(
    [
      'iam:PutRolePolicy',
      'iam:DeleteRolePolicy',
      'iam:AttachRolePolicy',
      'iam:DetachRolePolicy',
      'iam:UpdateAssumeRolePolicy',
    ],
    ...which,
  );

/** Makes trust and policies of a role like `to`; nothing here touches a boundary. */
export async function alignRole(
  RoleName: string,
  from: DeliveryRoleState,
  to: DeliveryRoleState,
  context: Context,
): Promise<void> {
  const iam = context.client(IAMClient);
  for (const PolicyName of changedPolicies(from, to)) {
    const PolicyDocument = to.inline[PolicyName];
    await (PolicyDocument === undefined
      ? iam.send(new DeleteRolePolicyCommand({ RoleName, PolicyName }))
      : iam.send(new PutRolePolicyCommand({ RoleName, PolicyName, PolicyDocument })));
  }
  for (const PolicyArn of to.attached.filter((arn) => !from.attached.includes(arn))) {
    await iam.send(new AttachRolePolicyCommand({ RoleName, PolicyArn }));
  }
  for (const PolicyArn of from.attached.filter((arn) => !to.attached.includes(arn))) {
    await iam.send(new DetachRolePolicyCommand({ RoleName, PolicyArn }));
  }
  if (!samePolicy(from.trust, to.trust)) {
    await iam.send(new UpdateAssumeRolePolicyCommand({ RoleName, PolicyDocument: to.trust }));
  }
}
