import * as z from 'zod';
import { quoted } from '../../playbooks/principals.ts';
import { type DeliveryRoleState, deliveryRoleState } from '../../playbooks/trail-baseline.ts';
import type { Context } from '../context.ts';
import { TargetUnfit } from '../errors.ts';
import { installationOf, notDeployed, readDeployedPermissions } from '../installation/declared.ts';
import { ofType } from '../installation/installation.ts';
import { declaredRole, roleFindings } from '../installation/roles.ts';
import { filledIn } from '../installation/template.ts';
import { alignRole, alignRolePermissions } from '../policies/role-state.ts';
import { readRole, readRolePermissions } from '../trails/read-pipeline.ts';
import { containHandler, defineAction, undoHandler } from './action.ts';

interface Target {
  /** Its name. Not called `role`: what names one so is aimed at a principal. */
  ownRole: string;
  seen?: { harmless: boolean } | undefined;
}

const reading = z.object({ state: deliveryRoleState, losses: z.array(z.string()) });
type Reading = z.infer<typeof reading>;

const ROLES = 'arn:{partition}:iam::{account}:role/{prefix}-*';

/**
 * The role as it is and as it was deployed. One that was deleted is not made again: whoever may make roles may do anything,
 * and no function here may.
 * @throws {TargetUnfit} where it is gone, or cordon was deployed with no such role
 */
async function read({ ownRole }: Target, context: Context): Promise<Reading & { wanted: DeliveryRoleState }> {
  const installation = await installationOf(context);
  const resource =
    ofType(installation, 'AWS::IAM::Role').find(({ physical }) => physical === ownRole) ??
    notDeployed(`Role ${ownRole}`);
  const state = await readRole(ownRole, context);
  if (!state) {
    throw new TargetUnfit(`Role ${ownRole} is deleted, and no function may make roles: somebody must make it again.`);
  }
  const declared = declaredRole(resource, installation);
  const findings = roleFindings(declared, state, installation);
  const textOf = (document: unknown) => JSON.stringify(filledIn(document, installation.scope));
  const wanted: DeliveryRoleState = {
    trust: textOf(declared.trust),
    inline: Object.fromEntries([...declared.inline].map(([name, document]) => [name, textOf(document)])),
    attached: declared.attached,
    ...(state.boundary ? { boundary: state.boundary } : {}),
  };
  return { state, wanted, losses: findings.map(({ says }) => says) };
}

/**
 * Puts the trust and the policies of one of cordon's own roles back as they were deployed. What was added goes as well.
 * https://docs.aws.amazon.com/IAM/latest/APIReference/API_PutRolePolicy.html
 */
const action = defineAction({
  title: 'put the role of cordon’s own back as it was deployed',
  contains: true,
  target: z.object({ ownRole: z.string().min(1), seen: z.object({ harmless: z.boolean() }).optional() }),
  before: reading,
  label: ({ ownRole }: Target) => `role ${ownRole}`,
  words: ({ losses }: Reading) => losses.join('; ') || 'trust and policies as deployed',
  blastRadius: 'one function, rule or playbook of cordon’s own may do again just what it was deployed with',
  byHand: ({ ownRole }) => [
    `aws iam get-role --role-name ${quoted(ownRole)}`,
    `aws iam list-role-policies --role-name ${quoted(ownRole)}`,
    `aws iam list-attached-role-policies --role-name ${quoted(ownRole)}`,
    'npx cordon doctor',
  ],
  permissions: {
    contain: [...readDeployedPermissions, readRolePermissions(ROLES), alignRolePermissions(ROLES)],
    undo: [...readDeployedPermissions, readRolePermissions(ROLES), alignRolePermissions(ROLES)],
  },
  assess: async (target, context) => {
    const { state, losses } = await read(target, context);
    return losses.length > 0
      ? { needed: true, before: { state, losses } }
      : { needed: false, reason: 'the role is as it was deployed', benign: target.seen?.harmless ?? false };
  },
  capture: async (target, context) => {
    const { state, losses } = await read(target, context);
    return { state, losses };
  },
  contain: async (target, _before, context) => {
    const { state, wanted } = await read(target, context);
    await alignRole(target.ownRole, state, wanted, context);
  },
  verify: async (target, context) => {
    const { state, losses } = await read(target, context);
    return { verified: losses.length === 0, after: { state, losses } };
  },
  undo: async (target, before, context) => {
    const { state } = await read(target, context);
    await alignRole(target.ownRole, state, before.state, context);
  },
});

export default action;
export const contain = containHandler(action);
export const undo = undoHandler(action);
