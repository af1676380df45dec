import { DeleteRolePolicyCommand, GetRolePolicyCommand, IAMClient, PutRolePolicyCommand } from '@aws-sdk/client-iam';
import * as z from 'zod';
import { quoted } from '../../playbooks/principals.ts';
import { dayAndClock } from '../../playbooks/report/words.ts';
import type { Context } from '../context.ts';
import { errorName, TargetUnfit } from '../errors.ts';
import { allow, roles } from '../permissions.ts';
import { containHandler, defineAction, undoHandler } from './action.ts';

/** Name of the inline policy that denies everything to older sessions. */
export const REVOKE_POLICY = 'cordon-revoke-sessions';

/** The policy against sessions from before a time: whole seconds, which is what a token's time of issue has. */
export const olderSessionsPolicy = (before: Date): string =>
  JSON.stringify({
    Version: '2012-10-17',
    Statement: [
      {
        Sid: 'RevokedByCordon',
        Effect: 'Deny',
        Action: '*',
        Resource: '*',
        Condition: { DateLessThan: { 'aws:TokenIssueTime': `${before.toISOString().slice(0, 19)}Z` } },
      },
    ],
  });

/** From when on a policy lets sessions live; undefined for any other policy than {@link olderSessionsPolicy}. */
function revokedBefore(policy: string | undefined): string | undefined {
  const [, time] = /"aws:TokenIssueTime":"([^"]+)"/.exec(policy ?? '') ?? [];
  return time !== undefined && policy === olderSessionsPolicy(new Date(time)) ? time : undefined;
}

async function policyOf(role: string, context: Context): Promise<{ policy?: string }> {
  try {
    const { PolicyDocument = '' } = await context
      .client(IAMClient)
      .send(new GetRolePolicyCommand({ RoleName: role, PolicyName: REVOKE_POLICY }));
    return { policy: decodeURIComponent(PolicyDocument) };
  } catch (error) {
    if (errorName(error) === 'NoSuchEntityException') return {};
    throw error;
  }
}

const put = async (role: string, policy: string, context: Context): Promise<void> => {
  try {
    await context
      .client(IAMClient)
      .send(new PutRolePolicyCommand({ RoleName: role, PolicyName: REVOKE_POLICY, PolicyDocument: policy }));
  } catch (error) {
    if (errorName(error) === 'NoSuchEntityException') {
      throw new TargetUnfit(`Role ${role} does not exist any more: it has no sessions to revoke.`, { cause: error });
    }
    if (errorName(error) === 'UnmodifiableEntityException') {
      throw new TargetUnfit(`Role ${role} belongs to AWS and cannot be changed in this account.`, { cause: error });
    }
    throw error;
  }
};

/**
 * Revokes the sessions of a role: an inline policy denies everything to credentials that were issued before now. It hits
 * all sessions of the role, also those of others, who must assume it again; and so can the offender, where it may still.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_revoke-sessions.html
 */
const action = defineAction({
  title: 'revoke the role’s sessions from before now',
  contains: true,
  target: z.object({ role: z.string().min(1).max(64) }),
  before: z.object({ policy: z.string().optional() }),
  label: ({ role }) => `role ${role}`,
  words: ({ policy }: { policy?: string | undefined }) => {
    const time = revokedBefore(policy);
    if (time !== undefined) return `sessions from before ${dayAndClock(time)} denied everything`;
    return policy === undefined ? 'no sessions revoked by cordon' : `a policy ${REVOKE_POLICY} of somebody else`;
  },
  blastRadius: 'every session of the role ends, also those of others; they must assume it again',
  byHand: ({ role }) => [
    `aws iam put-role-policy --role-name ${quoted(role)} --policy-name ${REVOKE_POLICY} --policy-document '{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":"*","Resource":"*","Condition":{"DateLessThan":{"aws:TokenIssueTime":"'$(date -u +%Y-%m-%dT%H:%M:%SZ)'"}}}]}'`,
  ],
  permissions: {
    contain: [allow(['iam:GetRolePolicy', 'iam:PutRolePolicy'], roles)],
    undo: [allow(['iam:GetRolePolicy', 'iam:PutRolePolicy', 'iam:DeleteRolePolicy'], roles)],
  },
  capture: ({ role }, context) => policyOf(role, context),
  contain: ({ role }, _before, context) => put(role, olderSessionsPolicy(context.now()), context),
  verify: async ({ role }, context) => {
    const after = await policyOf(role, context);
    return { verified: revokedBefore(after.policy) !== undefined, after };
  },
  undo: async ({ role }, before, context) => {
    if (before.policy !== undefined) return put(role, before.policy, context);
    if ((await policyOf(role, context)).policy === undefined) return;
    await context.client(IAMClient).send(new DeleteRolePolicyCommand({ RoleName: role, PolicyName: REVOKE_POLICY }));
  },
});

export default action;
export const contain = containHandler(action);
export const undo = undoHandler(action);
