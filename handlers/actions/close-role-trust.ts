import { GetRoleCommand, IAMClient, UpdateAssumeRolePolicyCommand } from '@aws-sdk/client-iam';
import * as z from 'zod';
import { documentOf, strangersOf, withoutStrangers } from '../../playbooks/policy-documents.ts';
import { quoted } from '../../playbooks/principals.ts';
import type { Context } from '../context.ts';
import { errorName, TargetUnfit } from '../errors.ts';
import { allow, roles } from '../permissions.ts';
import { containHandler, defineAction, undoHandler } from './action.ts';

interface Target {
  role: string;
}
interface State {
  trust: string;
  /** The accounts that it lets in besides its own; `*` for everybody. */
  strangers: string[];
}

async function read({ role }: Target, context: Context): Promise<State> {
  try {
    const { Role } = await context.client(IAMClient).send(new GetRoleCommand({ RoleName: role }));
    const trust = decodeURIComponent(Role?.AssumeRolePolicyDocument ?? '');
    return { trust, strangers: strangersOf(trust, context.environment.account) ?? ['*'] };
  } catch (error) {
    if (errorName(error) !== 'NoSuchEntityException') throw error;
    throw new TargetUnfit(`Role ${role} does not exist any more: nobody can assume it.`, { cause: error });
  }
}

const put = async ({ role }: Target, trust: string, context: Context): Promise<void> => {
  try {
    await context.client(IAMClient).send(new UpdateAssumeRolePolicyCommand({ RoleName: role, PolicyDocument: trust }));
  } catch (error) {
    if (errorName(error) !== 'UnmodifiableEntityException') throw error;
    throw new TargetUnfit(`Role ${role} belongs to AWS and cannot be changed in this account.`, { cause: error });
  }
};

/**
 * Takes the principals of other accounts, and everybody, out of a role's trust policy. Sessions that they have go on until
 * they expire, or the role's sessions are revoked.
 * https://docs.aws.amazon.com/IAM/latest/APIReference/API_UpdateAssumeRolePolicy.html
 */
const action = defineAction({
  title: 'take other accounts out of the role’s trust policy',
  contains: true,
  target: z.object({ role: z.string().min(1).max(64) }),
  before: z.object({ trust: z.string(), strangers: z.array(z.string()) }),
  label: ({ role }: Target) => `role ${role}`,
  words: ({ strangers }: State) =>
    strangers.length === 0
      ? 'trusts no other account'
      : `trusts ${strangers.map((one) => (one === '*' ? 'everybody' : `account ${one}`)).join(', ')}`,
  blastRadius: 'nobody of another account can assume the role any more, also those who were meant to',
  byHand: ({ role }) => [
    `aws iam get-role --role-name ${quoted(role)} --query Role.AssumeRolePolicyDocument`,
    `aws iam update-assume-role-policy --role-name ${quoted(role)} --policy-document file://TRUST_POLICY`,
  ],
  permissions: {
    contain: [allow(['iam:GetRole', 'iam:UpdateAssumeRolePolicy'], roles)],
    undo: [allow(['iam:GetRole', 'iam:UpdateAssumeRolePolicy'], roles)],
  },
  assess: async (target, context) => {
    const before = await read(target, context);
    return before.strangers.length === 0
      ? { needed: false, reason: 'the role trusts no other account any more', benign: false }
      : { needed: true, before };
  },
  capture: (target, context) => read(target, context),
  contain: async (target, before, context) => {
    const document = documentOf(before.trust);
    if (!document) throw new TargetUnfit(`The trust policy of role ${target.role} cannot be read: close it by hand.`);
    await put(target, JSON.stringify(withoutStrangers(document, context.environment.account)), context);
  },
  verify: async (target, context) => {
    const after = await read(target, context);
    return { verified: after.strangers.length === 0, after };
  },
  undo: (target, before, context) => put(target, before.trust, context),
});

export default action;
export const contain = containHandler(action);
export const undo = undoHandler(action);
