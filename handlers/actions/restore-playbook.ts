import { createHash } from 'node:crypto';
import {
  CreateStateMachineCommand,
  DeleteStateMachineCommand,
  DescribeStateMachineCommand,
  SFNClient,
  UpdateStateMachineCommand,
} from '@aws-sdk/client-sfn';
import * as z from 'zod';
import type { Context } from '../context.ts';
import { errorName, TargetUnfit } from '../errors.ts';
import { declaredAs, notDeployed, readDeployedPermissions } from '../installation/declared.ts';
import { allow, type Permission } from '../permissions.ts';
import { machineArn } from '../questions/wait.ts';
import { containHandler, defineAction, undoHandler } from './action.ts';

interface Target {
  /** Name of the state machine. */
  playbook: string;
  seen?: { harmless: boolean } | undefined;
}

const reading = z.object({
  /** `ACTIVE` or `DELETING`; absent where the state machine does not exist. */
  status: z.string().optional(),
  definition: z.string().optional(),
  roleArn: z.string().optional(),
  /** Tells one definition from another, where the definition itself need not be kept. */
  hash: z.string().optional(),
  /** In what it is not as it was deployed, in words. */
  losses: z.array(z.string()),
});
type Reading = z.infer<typeof reading>;

const MACHINES = 'arn:{partition}:states:{region}:{account}:stateMachine:{prefix}-*';
/** A state machine is given the role that it runs with. */
const passRole: Permission = {
  ...allow(['iam:PassRole'], 'arn:{partition}:iam::{account}:role/{prefix}-*-playbook'),
  condition: { StringEquals: { 'iam:PassedToService': 'states.amazonaws.com' } },
};
const describeMachine = allow(['states:DescribeStateMachine'], MACHINES);

const arnOf = ({ playbook }: Target, context: Context): string =>
  machineArn(playbook.slice(context.environment.prefix.length + 1), context);

interface Wanted {
  definition: string;
  roleArn: string;
}

/** @throws {TargetUnfit} where cordon was deployed with no such state machine */
async function wanted({ playbook }: Target, context: Context): Promise<Wanted> {
  const named = ({ properties }: { properties: Record<string, unknown> }) => properties.StateMachineName === playbook;
  const found =
    (await declaredAs('AWS::StepFunctions::StateMachine', named, context)) ?? notDeployed(`Playbook ${playbook}`);
  return { definition: String(found.properties.DefinitionString), roleArn: String(found.properties.RoleArn) };
}

async function read(target: Target, context: Context): Promise<Reading> {
  const [as, live] = await Promise.all([wanted(target, context), describe(target, context)]);
  if (!live) return { losses: [`the playbook ${target.playbook} IS GONE`] };
  const { status = '', definition = '', roleArn = '' } = live;
  return {
    ...{ status, definition, roleArn, hash: createHash('sha256').update(definition).digest('hex') },
    losses: [
      ...(status === 'ACTIVE' ? [] : [`the playbook ${target.playbook} is ${status}`]),
      ...(definition === as.definition ? [] : ['its definition is another']),
      ...(roleArn === as.roleArn ? [] : [`its role is ${roleArn}`]),
    ],
  };
}

async function describe(target: Target, context: Context) {
  try {
    return await context
      .client(SFNClient)
      .send(new DescribeStateMachineCommand({ stateMachineArn: arnOf(target, context) }));
  } catch (error) {
    if (errorName(error) === 'StateMachineDoesNotExist') return undefined;
    throw error;
  }
}

async function put(target: Target, { definition, roleArn }: Wanted, exists: boolean, context: Context): Promise<void> {
  const sfn = context.client(SFNClient);
  await (exists
    ? sfn.send(new UpdateStateMachineCommand({ stateMachineArn: arnOf(target, context), definition, roleArn }))
    : sfn.send(new CreateStateMachineCommand({ name: target.playbook, type: 'STANDARD', definition, roleArn })));
}

/**
 * Puts one of cordon's playbooks back as it was deployed: made again, with its definition and its role. Executions that are
 * under way go on with what they began with.
 * https://docs.aws.amazon.com/step-functions/latest/apireference/API_UpdateStateMachine.html
 */
const action = defineAction({
  title: 'put the playbook back as it was deployed',
  contains: true,
  target: z.object({ playbook: z.string().min(1), seen: z.object({ harmless: z.boolean() }).optional() }),
  before: reading,
  label: ({ playbook }: Target) => `playbook ${playbook}`,
  words: ({ losses }: Reading) => losses.join('; ') || 'as it was deployed',
  blastRadius: 'one playbook of cordon’s own does again what it did before',
  byHand: ({ playbook }) => [
    `aws stepfunctions list-state-machines --query "stateMachines[?name=='${playbook}']"`,
    'npx cdk deploy --all --force',
    'npx cordon doctor',
  ],
  permissions: {
    contain: [
      ...readDeployedPermissions,
      describeMachine,
      allow(['states:UpdateStateMachine', 'states:CreateStateMachine'], MACHINES),
      passRole,
    ],
    undo: [
      ...readDeployedPermissions,
      describeMachine,
      allow(['states:UpdateStateMachine', 'states:DeleteStateMachine'], MACHINES),
      passRole,
    ],
  },
  assess: async (target, context) => {
    const before = await read(target, context);
    return before.losses.length > 0
      ? { needed: true, before }
      : { needed: false, reason: 'the playbook is as it was deployed', benign: target.seen?.harmless ?? false };
  },
  capture: read,
  contain: async (target, before, context) => {
    if (before.status === 'DELETING') {
      throw new TargetUnfit(
        `Playbook ${target.playbook} is still being deleted: it can be made again when it is gone.`,
      );
    }
    await put(target, await wanted(target, context), before.status !== undefined, context);
  },
  verify: async (target, context) => {
    // The ledger keeps the definition as it was before; of this one the hash does.
    const { definition: _, ...after } = await read(target, context);
    return { verified: after.losses.length === 0, after };
  },
  undo: async (target, { definition, roleArn }, context) => {
    if (definition !== undefined && roleArn !== undefined) await put(target, { definition, roleArn }, true, context);
    else
      await context.client(SFNClient).send(new DeleteStateMachineCommand({ stateMachineArn: arnOf(target, context) }));
  },
});

export default action;
export const contain = containHandler(action);
export const undo = undoHandler(action);
