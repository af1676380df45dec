import * as z from 'zod';
import { allow, groups, roles, users } from '../permissions.ts';
import {
  giveBack,
  type PolicyState,
  type PrincipalPolicy,
  principalPolicy,
  readPolicy,
  takeAway,
} from '../policies/principal-policy.ts';
import { containHandler, defineAction, undoHandler } from './action.ts';

const everywhere = (verb: string, noun: string): string[] =>
  ['User', 'Role', 'Group'].map((kind) => `iam:${verb}${kind}${noun}`);
const read = [
  ...['iam:ListAttachedUserPolicies', 'iam:ListAttachedRolePolicies', 'iam:ListAttachedGroupPolicies'],
  ...everywhere('Get', 'Policy'),
];

/**
 * Takes a policy away from a user, role or group: detaches a managed one, deletes an inline one. The policy itself, where
 * it is a managed one, stays as it is.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_manage-attach-detach.html
 */
const action = defineAction({
  title: 'take the policy away',
  contains: true,
  target: principalPolicy,
  before: z.object({ there: z.boolean(), document: z.string().optional() }),
  label: ({ of, principal, policy }: PrincipalPolicy) =>
    `${'arn' in policy ? policy.arn.replace(/^.*:policy\//, '') : `inline policy ${policy.name}`} of IAM ${of} ${principal}`,
  words: ({ there }: PolicyState) => (there ? 'in force' : 'taken away'),
  blastRadius: 'whoever is the user or role, or in the group, loses what the policy gives',
  permissions: {
    contain: [
      allow([...read, ...everywhere('Detach', 'Policy'), ...everywhere('Delete', 'Policy')], users, roles, groups),
    ],
    undo: [allow([...read, ...everywhere('Attach', 'Policy'), ...everywhere('Put', 'Policy')], users, roles, groups)],
  },
  assess: async (target, context) => {
    const before = await readPolicy(target, context);
    return before.there
      ? { needed: true, before }
      : { needed: false, reason: 'the policy is gone already', benign: false };
  },
  capture: (target, context) => readPolicy(target, context),
  contain: (target, _before, context) => takeAway(target, context),
  verify: async (target, context) => {
    const after = await readPolicy(target, context);
    return { verified: !after.there, after };
  },
  undo: async (target, before, context) => {
    if (before.there) await giveBack(target, before.document, context);
  },
});

export default action;
export const contain = containHandler(action);
export const undo = undoHandler(action);
