import { GetLoginProfileCommand, IAMClient, UpdateLoginProfileCommand } from '@aws-sdk/client-iam';
import * as z from 'zod';
import type { Context } from '../context.ts';
import { errorName } from '../errors.ts';
import { allow, users } from '../permissions.ts';
import { containHandler, defineAction, undoHandler } from './action.ts';
import { userTarget } from './iam-user.ts';

interface State {
  /** Whether the user has a console password at all. */
  password: boolean;
  required: boolean;
}

async function stateOf(user: string, context: Context): Promise<State> {
  try {
    const { LoginProfile } = await context.client(IAMClient).send(new GetLoginProfileCommand({ UserName: user }));
    return { password: true, required: LoginProfile?.PasswordResetRequired ?? false };
  } catch (error) {
    if (errorName(error) === 'NoSuchEntityException') return { password: false, required: false };
    throw error;
  }
}

const require = async (user: string, PasswordResetRequired: boolean, context: Context) => {
  await context.client(IAMClient).send(new UpdateLoginProfileCommand({ UserName: user, PasswordResetRequired }));
};

/**
 * Makes an IAM user choose a new password at the next sign-in. Sessions and access keys go on, and who knows the password
 * is the one to choose the next: it answers guessing that failed.
 * https://docs.aws.amazon.com/IAM/latest/APIReference/API_UpdateLoginProfile.html
 */
const action = defineAction({
  title: 'require a new password at the next sign-in',
  contains: false,
  target: userTarget,
  before: z.object({ password: z.boolean(), required: z.boolean() }),
  label: ({ user }) => `IAM user ${user}`,
  words: ({ password, required }: State) =>
    password ? (required ? 'must choose a new password' : 'may go on with the password') : 'has no console password',
  blastRadius: 'the user must choose a new password at the next sign-in, which takes the right to change it',
  permissions: {
    contain: [allow(['iam:GetLoginProfile', 'iam:UpdateLoginProfile'], users)],
    undo: [allow(['iam:GetLoginProfile', 'iam:UpdateLoginProfile'], users)],
  },
  assess: async ({ user }, context) => {
    const before = await stateOf(user, context);
    return before.password
      ? { needed: true, before }
      : { needed: false, reason: 'the user has no console password', benign: false };
  },
  capture: ({ user }, context) => stateOf(user, context),
  contain: ({ user }, _before, context) => require(user, true, context),
  verify: async ({ user }, context) => {
    const after = await stateOf(user, context);
    return { verified: after.required, after };
  },
  undo: async ({ user }, before, context) => {
    // A user without a console password by now has nothing to be put back.
    if ((await stateOf(user, context)).password) await require(user, before.required, context);
  },
});

export default action;
export const contain = containHandler(action);
export const undo = undoHandler(action);
