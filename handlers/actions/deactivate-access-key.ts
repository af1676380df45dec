import { IAMClient, ListAccessKeysCommand, UpdateAccessKeyCommand } from '@aws-sdk/client-iam';
import * as z from 'zod';
import type { Context } from '../context.ts';
import { errorName, TargetUnfit } from '../errors.ts';
import { allow, users } from '../permissions.ts';
import { containHandler, defineAction, undoHandler } from './action.ts';
import { accessOf, userTarget } from './iam-user.ts';

interface Target {
  user: string;
  key: string;
}

async function statusOf({ user, key }: Target, context: Context): Promise<string> {
  try {
    const { AccessKeyMetadata = [] } = await context
      .client(IAMClient)
      .send(new ListAccessKeysCommand({ UserName: user }));
    const found = AccessKeyMetadata.find(({ AccessKeyId }) => AccessKeyId === key);
    if (found) return found.Status ?? 'Active';
  } catch (error) {
    if (errorName(error) !== 'NoSuchEntityException') throw error;
  }
  throw new TargetUnfit(
    `Access key ${key} of IAM user ${user} does not exist any more: there is nothing to deactivate.`,
  );
}

const set = async ({ user, key }: Target, Status: 'Active' | 'Inactive', context: Context) => {
  await context.client(IAMClient).send(new UpdateAccessKeyCommand({ UserName: user, AccessKeyId: key, Status }));
};

/**
 * Deactivates one access key of an IAM user, who keeps everything else.
 * https://docs.aws.amazon.com/IAM/latest/APIReference/API_UpdateAccessKey.html
 */
const action = defineAction({
  title: 'deactivate the access key',
  contains: true,
  target: userTarget.extend({ key: z.string().min(16).max(128) }),
  before: z.object({ status: z.string() }),
  label: ({ user, key }: Target) => `access key ${key} of IAM user ${user}`,
  holds: ({ user }) => accessOf(user),
  words: ({ status }: { status: string }) => status.toLowerCase(),
  blastRadius: 'whatever signs with this key stops working; sessions that were made with it go on until they expire',
  permissions: {
    contain: [allow(['iam:ListAccessKeys', 'iam:UpdateAccessKey'], users)],
    undo: [allow(['iam:ListAccessKeys', 'iam:UpdateAccessKey'], users)],
  },
  assess: async (target, context) => {
    const status = await statusOf(target, context);
    return status === 'Inactive'
      ? { needed: false, reason: 'the key is inactive already', benign: false }
      : { needed: true, before: { status } };
  },
  capture: async (target, context) => ({ status: await statusOf(target, context) }),
  contain: (target, _before, context) => set(target, 'Inactive', context),
  verify: async (target, context) => {
    const after = { status: await statusOf(target, context) };
    return { verified: after.status === 'Inactive', after };
  },
  undo: async (target, before, context) => {
    if (before.status === 'Active') await set(target, 'Active', context);
  },
});

export default action;
export const contain = containHandler(action);
export const undo = undoHandler(action);
