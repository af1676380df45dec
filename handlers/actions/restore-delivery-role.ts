import * as z from 'zod';
import { quoted } from '../../playbooks/principals.ts';
import { type DeliveryRoleState, deliveryRoleLosses, deliveryRoleState } from '../../playbooks/trail-baseline.ts';
import type { Context } from '../context.ts';
import { TargetUnfit } from '../errors.ts';
import { alignRole, alignRolePermissions } from '../policies/role-state.ts';
import { readRole, readRolePermissions } from '../trails/read-pipeline.ts';
import { wanted } from '../trails/wanted.ts';
import { containHandler, defineAction, undoHandler } from './action.ts';

interface Target {
  /** Its name. Not called `role`: what names one so is aimed at a principal. */
  deliveryRole: string;
}

const reading = z.object({ state: deliveryRoleState, losses: z.array(z.string()) });
type Reading = z.infer<typeof reading>;

const ROLE = '{deliveryRole}';
const write = alignRolePermissions(ROLE);

/**
 * A role that was deleted is not made again: whoever may make roles may do anything, and no function here may.
 * @throws {TargetUnfit} where it is gone
 */
async function read({ deliveryRole }: Target, context: Context): Promise<Reading & { wanted: DeliveryRoleState }> {
  const [{ state: as }, state] = await Promise.all([
    wanted({ kind: 'role', name: deliveryRole }, 'role', context),
    readRole(deliveryRole, context),
  ]);
  if (state) return { state, losses: deliveryRoleLosses(as, state).map(({ words }) => words), wanted: as };
  throw new TargetUnfit(
    `Role ${deliveryRole} is deleted, and no function may make roles: the trail delivers to its bucket only until somebody has made it again.`,
  );
}

/**
 * Puts the role that CloudTrail writes to the log group with back as its baseline has it: who may assume it, and its policies.
 * What was added goes as well, since it may deny.
 * https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-required-policy-for-cloudwatch-logs.html
 */
const action = defineAction({
  title: 'put the trail’s delivery role back as it was',
  contains: true,
  target: z.object({ deliveryRole: z.string().min(1) }),
  before: reading,
  label: ({ deliveryRole }: Target) => `role ${deliveryRole}`,
  words: ({ losses }: Reading) => losses.join('; ') || 'trust and policies as in its baseline',
  blastRadius: 'whatever else uses this role has the rights that it had when the baseline was taken',
  byHand: ({ deliveryRole }) => [
    `aws iam list-role-policies --role-name ${quoted(deliveryRole)}`,
    `aws iam list-attached-role-policies --role-name ${quoted(deliveryRole)}`,
    `aws iam get-role --role-name ${quoted(deliveryRole)}`,
  ],
  permissions: {
    contain: [readRolePermissions(ROLE), write],
    undo: [readRolePermissions(ROLE), write],
  },
  assess: async (target, context) => {
    const { state, losses } = await read(target, context);
    return losses.length > 0
      ? { needed: true, before: { state, losses } }
      : { needed: false, reason: 'the delivery role is as in its baseline', benign: false };
  },
  capture: async (target, context) => {
    const { state, losses } = await read(target, context);
    return { state, losses };
  },
  contain: async (target, _before, context) => {
    const { state, wanted: to } = await read(target, context);
    await alignRole(target.deliveryRole, state, to, context);
  },
  verify: async (target, context) => {
    const { state, losses } = await read(target, context);
    return { verified: losses.length === 0, after: { state, losses } };
  },
  undo: async (target, before, context) => {
    const { state } = await read(target, context);
    await alignRole(target.deliveryRole, state, before.state, context);
  },
});

export default action;
export const contain = containHandler(action);
export const undo = undoHandler(action);
