import { DeleteUserPolicyCommand, GetUserPolicyCommand, IAMClient, PutUserPolicyCommand } from '@aws-sdk/client-iam';
import * as z from 'zod';
import type { Context } from '../context.ts';
import { errorName, TargetUnfit } from '../errors.ts';
import { allow, users } from '../permissions.ts';
import { containHandler, defineAction, undoHandler } from './action.ts';
import { userTarget } from './iam-user.ts';

/** Name of the inline policy that denies calls from addresses. */
export const ADDRESS_POLICY = 'cordon-deny-addresses';

/** An inline policy has at most 2,048 characters for all of a user's together; an IPv6 address takes up to 42 of them. */
const MOST_ADDRESSES = 30;

interface Target {
  user: string;
  addresses: string[];
}
interface State {
  policy?: string | undefined;
}

const denyAddresses = (addresses: string[]): string =>
  JSON.stringify({
    Version: '2012-10-17',
    Statement: [
      {
        Sid: 'ContainedByCordon',
        Effect: 'Deny',
        Action: '*',
        Resource: '*',
        Condition: {
          IpAddress: { 'aws:SourceIp': addresses },
          // A service that acts for the user calls from addresses of its own.
          Bool: { 'aws:ViaAWSService': 'false' },
        },
      },
    ],
  });

async function policyOf(user: string, context: Context): Promise<State> {
  try {
    const { PolicyDocument = '' } = await context
      .client(IAMClient)
      .send(new GetUserPolicyCommand({ UserName: user, PolicyName: ADDRESS_POLICY }));
    return { policy: decodeURIComponent(PolicyDocument) };
  } catch (error) {
    if (errorName(error) === 'NoSuchEntityException') return {};
    throw error;
  }
}

async function put(user: string, policy: string, context: Context): Promise<void> {
  try {
    await context
      .client(IAMClient)
      .send(new PutUserPolicyCommand({ UserName: user, PolicyName: ADDRESS_POLICY, PolicyDocument: policy }));
  } catch (error) {
    if (errorName(error) !== 'NoSuchEntityException') throw error;
    throw new TargetUnfit(`IAM user ${user} does not exist any more: nobody is left to hold.`, { cause: error });
  }
}

/** The addresses that a policy denies; undefined for any other policy than {@link denyAddresses}. */
function deniedBy(policy: string | undefined): string[] | undefined {
  const [, list] = /"aws:SourceIp":\[([^\]]*)\]/.exec(policy ?? '') ?? [];
  const addresses = list?.split(',').map((one) => one.replaceAll('"', ''));
  return addresses && policy === denyAddresses(addresses) ? addresses : undefined;
}

/** The addresses that the policy denies, in words. */
function words({ policy }: State): string {
  if (policy === undefined) return 'no address denied by cordon';
  const addresses = deniedBy(policy);
  return addresses ? `denied from ${addresses.join(',')}` : `a policy ${ADDRESS_POLICY} of somebody else`;
}

/**
 * Denies an IAM user every call from the addresses that guessed at their password; from elsewhere the user goes on working.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_examples_aws_deny-ip.html
 */
const action = defineAction({
  title: 'deny the user everything from the addresses of the failures',
  contains: true,
  target: userTarget.extend({
    addresses: z
      .array(z.union([z.ipv4(), z.ipv6()]))
      .min(1)
      .max(MOST_ADDRESSES),
  }),
  before: z.object({ policy: z.string().optional() }),
  label: ({ user, addresses }: Target) =>
    `IAM user ${user} from ${addresses.slice(0, 3).join(', ')}${addresses.length > 3 ? ` and ${addresses.length - 3} more` : ''}`,
  holds: ({ user }) => `addresses/user/${user}`,
  words,
  blastRadius:
    'the user can do nothing from these addresses; where they are an office’s or a proxy’s, that is their own',
  permissions: {
    contain: [allow(['iam:GetUserPolicy', 'iam:PutUserPolicy'], users)],
    undo: [allow(['iam:GetUserPolicy', 'iam:PutUserPolicy', 'iam:DeleteUserPolicy'], users)],
  },
  capture: ({ user }, context) => policyOf(user, context),
  // What an earlier incident denies stays denied.
  contain: ({ user, addresses }, before, context) =>
    put(user, denyAddresses([...new Set([...(deniedBy(before.policy) ?? []), ...addresses])]), context),
  verify: async ({ user, addresses }, context) => {
    const after = await policyOf(user, context);
    const denied = new Set(deniedBy(after.policy));
    return { verified: addresses.every((address) => denied.has(address)), after };
  },
  undo: async ({ user }, before, context) => {
    if (before.policy !== undefined) return put(user, before.policy, context);
    if ((await policyOf(user, context)).policy === undefined) return;
    await context.client(IAMClient).send(new DeleteUserPolicyCommand({ UserName: user, PolicyName: ADDRESS_POLICY }));
  },
});

export default action;
export const contain = containHandler(action);
export const undo = undoHandler(action);
