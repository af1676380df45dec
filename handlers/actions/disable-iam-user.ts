import {
  DeleteUserPolicyCommand,
  GetUserPolicyCommand,
  IAMClient,
  ListAccessKeysCommand,
  PutUserPolicyCommand,
  UpdateAccessKeyCommand,
} from '@aws-sdk/client-iam';
import * as z from 'zod';
import { quoted } from '../../playbooks/principals.ts';
import type { Context } from '../context.ts';
import { errorName, TargetUnfit } from '../errors.ts';
import { allow, users } from '../permissions.ts';
import { containHandler, defineAction, undoHandler } from './action.ts';
import { accessOf, userTarget } from './iam-user.ts';

/** Name of the inline policy that denies everything. */
export const DENY_POLICY = 'cordon-deny-all';

const denyAll = JSON.stringify({
  Version: '2012-10-17',
  Statement: [{ Sid: 'ContainedByCordon', Effect: 'Deny', Action: '*', Resource: '*' }],
});

async function accessKeys(user: string, context: Context): Promise<{ id: string; status: string }[]> {
  try {
    // A user has at most two access keys: one page.
    const { AccessKeyMetadata = [] } = await context
      .client(IAMClient)
      .send(new ListAccessKeysCommand({ UserName: user }));
    return AccessKeyMetadata.map((key) => ({ id: key.AccessKeyId ?? '', status: key.Status ?? 'Active' }));
  } catch (error) {
    throw unfitIfGone(user, error);
  }
}

/** The user may be deleted at any moment, and whichever call comes next finds that out. */
const unfitIfGone = (user: string, error: unknown): unknown =>
  errorName(error) === 'NoSuchEntityException'
    ? new TargetUnfit(`IAM user ${user} does not exist any more: there is nobody to disable.`, { cause: error })
    : error;

async function read(user: string, context: Context) {
  const [keys, everythingDenied] = await Promise.all([accessKeys(user, context), denied(user, context)]);
  return { keys, denied: everythingDenied };
}

async function denyEverything(user: string, context: Context): Promise<void> {
  try {
    await context
      .client(IAMClient)
      .send(new PutUserPolicyCommand({ UserName: user, PolicyName: DENY_POLICY, PolicyDocument: denyAll }));
  } catch (error) {
    throw unfitIfGone(user, error);
  }
}

async function denied(user: string, context: Context): Promise<boolean> {
  try {
    const { PolicyDocument } = await context
      .client(IAMClient)
      .send(new GetUserPolicyCommand({ UserName: user, PolicyName: DENY_POLICY }));
    return isSamePolicy(decodeURIComponent(PolicyDocument ?? ''));
  } catch (error) {
    if (errorName(error) === 'NoSuchEntityException') return false;
    throw error;
  }
}

function isSamePolicy(document: string): boolean {
  try {
    return JSON.stringify(JSON.parse(document)) === denyAll;
  } catch {
    return false;
  }
}

const setKeys = async (user: string, keys: string[], status: 'Active' | 'Inactive', context: Context) => {
  const iam = context.client(IAMClient);
  await Promise.all(
    keys.map((id) => iam.send(new UpdateAccessKeyCommand({ UserName: user, AccessKeyId: id, Status: status }))),
  );
};

/**
 * Disables an IAM user: every access key is deactivated and an inline policy denies everything. Both are needed: session
 * credentials that were made before outlive the key but obey the policy, and so do console sessions; a password cannot
 * be deactivated, only deleted, which could not be undone.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_temp_control-access_disable-perms.html
 */
const action = defineAction({
  title: 'disable the IAM user (access keys inactive, everything denied)',
  contains: true,
  target: userTarget,
  before: z.object({ keys: z.array(z.object({ id: z.string(), status: z.string() })), denied: z.boolean() }),
  label: ({ user }) => `IAM user ${user}`,
  holds: ({ user }) => accessOf(user),
  words: ({ keys, denied }: { keys: { id: string; status: string }[]; denied: boolean }) =>
    [
      ...keys.map((key) => `access key ${key.id} ${key.status.toLowerCase()}`),
      ...(keys.length === 0 ? ['no access keys'] : []),
      denied ? 'everything denied' : 'not denied anything by cordon',
    ].join(', '),
  blastRadius: 'everything that uses this user’s access keys, sessions or console sign-in stops working',
  byHand: ({ user }) => [
    `aws iam put-user-policy --user-name ${quoted(user)} --policy-name ${DENY_POLICY} --policy-document ${quoted(denyAll)}`,
    `aws iam list-access-keys --user-name ${quoted(user)}`,
    `aws iam update-access-key --user-name ${quoted(user)} --status Inactive --access-key-id KEY_ID`,
  ],
  permissions: {
    contain: [allow(['iam:ListAccessKeys', 'iam:UpdateAccessKey', 'iam:GetUserPolicy', 'iam:PutUserPolicy'], users)],
    undo: [allow(['iam:ListAccessKeys', 'iam:UpdateAccessKey', 'iam:GetUserPolicy', 'iam:DeleteUserPolicy'], users)],
  },
  capture: ({ user }, context) => read(user, context),
  contain: async ({ user }, _before, context) => {
    // The keys are read again: the offender may have made another one since.
    const active = (await accessKeys(user, context)).filter((key) => key.status === 'Active').map((key) => key.id);
    // Neither waits for the other: should one be refused, the other still holds, and the refusal is reported.
    const done = await Promise.allSettled([denyEverything(user, context), setKeys(user, active, 'Inactive', context)]);
    const refused = done.find((one) => one.status === 'rejected');
    if (refused) throw refused.reason;
  },
  verify: async ({ user }, context) => {
    const after = await read(user, context);
    return { verified: after.denied && after.keys.every((key) => key.status === 'Inactive'), after };
  },
  undo: async ({ user }, before, context) => {
    const there = new Set((await accessKeys(user, context)).map((key) => key.id));
    const wereActive = before.keys.filter((key) => key.status === 'Active' && there.has(key.id)).map((key) => key.id);
    await setKeys(user, wereActive, 'Active', context);
    if (!before.denied && (await denied(user, context))) {
      await context.client(IAMClient).send(new DeleteUserPolicyCommand({ UserName: user, PolicyName: DENY_POLICY }));
    }
  },
});

export default action;
export const contain = containHandler(action);
export const undo = undoHandler(action);
