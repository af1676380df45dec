import {
  AttachGroupPolicyCommand,
  AttachRolePolicyCommand,
  AttachUserPolicyCommand,
  DeleteGroupPolicyCommand,
  DeleteRolePolicyCommand,
  DeleteUserPolicyCommand,
  DetachGroupPolicyCommand,
  DetachRolePolicyCommand,
  DetachUserPolicyCommand,
  GetGroupPolicyCommand,
  GetRolePolicyCommand,
  GetUserPolicyCommand,
  IAMClient,
  ListAttachedGroupPoliciesCommand,
  ListAttachedRolePoliciesCommand,
  ListAttachedUserPoliciesCommand,
  PutGroupPolicyCommand,
  PutRolePolicyCommand,
  PutUserPolicyCommand,
} from '@aws-sdk/client-iam';
import * as z from 'zod';
import type { Context } from '../context.ts';
import { errorName, TargetUnfit } from '../errors.ts';

/** A policy of a principal: an attached one, by ARN, or an inline one, by name. */
export const principalPolicy = z.object({
  of: z.enum(['user', 'role', 'group']),
  principal: z.string().min(1).max(128),
  policy: z.union([z.object({ arn: z.string().startsWith('arn:') }), z.object({ name: z.string().min(1).max(128) })]),
});
export type PrincipalPolicy = z.infer<typeof principalPolicy>;

/** Whether the principal has the policy; of an inline one, its document too. */
export interface PolicyState {
  there: boolean;
  document?: string | undefined;
}

/** Reads whether the principal has the policy. @throws {TargetUnfit} when there is no such principal */
export async function readPolicy(target: PrincipalPolicy, context: Context): Promise<PolicyState> {
  return 'arn' in target.policy
    ? { there: await isAttached(target, target.policy.arn, context) }
    : readInline(target, target.policy.name, context);
}

async function isAttached(target: PrincipalPolicy, arn: string, context: Context): Promise<boolean> {
  let marker: string | undefined;
  do {
    const page = await attachedPage(target, marker, context);
    if (page.AttachedPolicies?.some(({ PolicyArn }) => PolicyArn === arn)) return true;
    marker = page.IsTruncated ? page.Marker : undefined;
  } while (marker);
  return false;
}

async function attachedPage({ of, principal }: PrincipalPolicy, Marker: string | undefined, context: Context) {
  const iam = context.client(IAMClient);
  try {
    switch (of) {
      case 'user':
        return await iam.send(new ListAttachedUserPoliciesCommand({ UserName: principal, Marker }));
      case 'role':
        return await iam.send(new ListAttachedRolePoliciesCommand({ RoleName: principal, Marker }));
      case 'group':
        return await iam.send(new ListAttachedGroupPoliciesCommand({ GroupName: principal, Marker }));
    }
  } catch (error) {
    if (errorName(error) !== 'NoSuchEntityException') throw error;
    throw new TargetUnfit(`IAM ${of} ${principal} does not exist any more: it has no policies.`, { cause: error });
  }
}

async function readInline({ of, principal }: PrincipalPolicy, name: string, context: Context): Promise<PolicyState> {
  const iam = context.client(IAMClient);
  const read = {
    user: () => iam.send(new GetUserPolicyCommand({ UserName: principal, PolicyName: name })),
    role: () => iam.send(new GetRolePolicyCommand({ RoleName: principal, PolicyName: name })),
    group: () => iam.send(new GetGroupPolicyCommand({ GroupName: principal, PolicyName: name })),
  };
  try {
    const { PolicyDocument = '' } = await read[of]();
    return { there: true, document: decodeURIComponent(PolicyDocument) };
  } catch (error) {
    if (errorName(error) === 'NoSuchEntityException') return { there: false };
    throw error;
  }
}

/** Detaches or deletes the policy; that it is gone already is fine. */
export async function takeAway({ of, principal, policy }: PrincipalPolicy, context: Context): Promise<void> {
  const iam = context.client(IAMClient);
  const detach = (PolicyArn: string) => ({
    user: () => iam.send(new DetachUserPolicyCommand({ UserName: principal, PolicyArn })),
    role: () => iam.send(new DetachRolePolicyCommand({ RoleName: principal, PolicyArn })),
    group: () => iam.send(new DetachGroupPolicyCommand({ GroupName: principal, PolicyArn })),
  });
  const remove = (PolicyName: string) => ({
    user: () => iam.send(new DeleteUserPolicyCommand({ UserName: principal, PolicyName })),
    role: () => iam.send(new DeleteRolePolicyCommand({ RoleName: principal, PolicyName })),
    group: () => iam.send(new DeleteGroupPolicyCommand({ GroupName: principal, PolicyName })),
  });
  try {
    await ('arn' in policy ? detach(policy.arn) : remove(policy.name))[of]();
  } catch (error) {
    if (errorName(error) !== 'NoSuchEntityException') throw error;
  }
}

/** Attaches or puts the policy as it was. */
export async function giveBack(
  { of, principal, policy }: PrincipalPolicy,
  PolicyDocument: string | undefined,
  context: Context,
): Promise<void> {
  const iam = context.client(IAMClient);
  const attach = (PolicyArn: string) => ({
    user: () => iam.send(new AttachUserPolicyCommand({ UserName: principal, PolicyArn })),
    role: () => iam.send(new AttachRolePolicyCommand({ RoleName: principal, PolicyArn })),
    group: () => iam.send(new AttachGroupPolicyCommand({ GroupName: principal, PolicyArn })),
  });
  const put = (PolicyName: string) => ({
    user: () => iam.send(new PutUserPolicyCommand({ UserName: principal, PolicyName, PolicyDocument })),
    role: () => iam.send(new PutRolePolicyCommand({ RoleName: principal, PolicyName, PolicyDocument })),
    group: () => iam.send(new PutGroupPolicyCommand({ GroupName: principal, PolicyName, PolicyDocument })),
  });
  await ('arn' in policy ? attach(policy.arn) : put(policy.name))[of]();
}
