import {
  DeleteRuleCommand,
  DescribeRuleCommand,
  EventBridgeClient,
  ListTargetsByRuleCommand,
  PutRuleCommand,
  PutTargetsCommand,
  RemoveTargetsCommand,
  type RuleState,
  type Target as RuleTarget,
} from '@aws-sdk/client-eventbridge';
import * as z from 'zod';
import { quoted } from '../../playbooks/principals.ts';
import type { Context } from '../context.ts';
import { errorName, TargetUnfit } from '../errors.ts';
import { declaredAs, notDeployed, readDeployedPermissions } from '../installation/declared.ts';
import { inspectRule } from '../installation/rules-and-playbooks.ts';
import { allow, type Permission } from '../permissions.ts';
import { containHandler, defineAction, undoHandler } from './action.ts';

interface Target {
  rule: string;
  /** The bus, where it is another than the default one. */
  bus?: string | undefined;
  seen?: { harmless: boolean } | undefined;
}

const structure = z.record(z.string(), z.unknown());
const reading = z.object({
  /** As PutRule takes it; absent where the rule does not exist. */
  rule: structure.optional(),
  targets: z.array(structure),
  /** In what it is not as it was deployed, in words. */
  losses: z.array(z.string()),
});
type Reading = z.infer<typeof reading>;

const RULES = ['rule/{prefix}-*', 'rule/*/{prefix}-*'].map(
  (rule) => `arn:{partition}:events:{region}:{account}:${rule}`,
);
const readRule = allow(['events:DescribeRule', 'events:ListTargetsByRule'], ...RULES);
/** A rule is given the role that it starts its target with. */
const passRole: Permission = {
  ...allow(['iam:PassRole'], 'arn:{partition}:iam::{account}:role/{prefix}-*'),
  condition: { StringEquals: { 'iam:PassedToService': 'events.amazonaws.com' } },
};

const onBus = ({ bus }: Target) => (bus === undefined ? {} : { EventBusName: bus });

/** @throws {TargetUnfit} where cordon was deployed with no such rule */
async function declared(target: Target, context: Context) {
  const { rule } = target;
  return (
    (await declaredAs('AWS::Events::Rule', ({ properties }) => properties.Name === rule, context)) ??
    notDeployed(`Rule ${rule}`)
  );
}

async function live(target: Target, context: Context) {
  const events = context.client(EventBridgeClient);
  try {
    const rule = await events.send(new DescribeRuleCommand({ Name: target.rule, ...onBus(target) }));
    const { Targets = [] } = await events.send(new ListTargetsByRuleCommand({ Rule: target.rule, ...onBus(target) }));
    return { rule, targets: Targets };
  } catch (error) {
    if (errorName(error) === 'ResourceNotFoundException') return undefined;
    throw error;
  }
}

/** @throws {TargetUnfit} */
async function read(target: Target, context: Context): Promise<Reading> {
  const [wanted, found] = await Promise.all([declared(target, context), live(target, context)]);
  if (!found) return { targets: [], losses: [`the rule ${target.rule} IS GONE`] };
  const findings = inspectRule(wanted.resource, found.rule, found.targets, onBus(target), wanted.installation);
  const { Name, Description, EventPattern, ScheduleExpression, State, RoleArn } = found.rule;
  return {
    rule: plain({ Name, Description, EventPattern, ScheduleExpression, State, RoleArn }),
    targets: found.targets.map(plain),
    losses: findings.map(({ says }) => says),
  };
}

/** Without what is absent. */
const plain = (of: object): Record<string, unknown> => JSON.parse(JSON.stringify(of)) as Record<string, unknown>;

/** Puts a rule with its targets; the service says of each target that it did not take. */
async function put(target: Target, rule: Record<string, unknown>, targets: object[], context: Context): Promise<void> {
  const events = context.client(EventBridgeClient);
  const { EventPattern, State, ...rest } = rule;
  const pattern =
    typeof EventPattern === 'object' ? JSON.stringify(EventPattern) : (EventPattern as string | undefined);
  await events.send(
    new PutRuleCommand({
      ...(rest as object),
      ...onBus(target),
      ...(pattern === undefined ? {} : { EventPattern: pattern }),
      Name: target.rule,
      State: (State ?? 'ENABLED') as RuleState,
    }),
  );
  if (targets.length === 0) return;
  const answer = await events.send(
    new PutTargetsCommand({ Rule: target.rule, ...onBus(target), Targets: targets as RuleTarget[] }),
  );
  const [refused] = answer.FailedEntries ?? [];
  if (refused) {
    throw new TargetUnfit(`Rule ${target.rule} does not take its target ${refused.TargetId}: ${refused.ErrorMessage}`);
  }
}

/**
 * Puts one of cordon's rules back as it was deployed: made again, on, with its pattern or schedule and its targets.
 * https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutRule.html
 */
const action = defineAction({
  title: 'put the rule back as it was deployed',
  contains: true,
  target: z.object({
    rule: z.string().min(1),
    bus: z.string().optional(),
    seen: z.object({ harmless: z.boolean() }).optional(),
  }),
  before: reading,
  label: ({ rule }: Target) => `rule ${rule}`,
  words: ({ losses }: Reading) => losses.join('; ') || 'on, as it was deployed',
  blastRadius: 'one rule of cordon’s own starts again what it started before',
  byHand: (target) => {
    const bus = target.bus ? ` --event-bus-name ${quoted(target.bus)}` : '';
    return [
      `aws events describe-rule --name ${quoted(target.rule)}${bus}`,
      `aws events enable-rule --name ${quoted(target.rule)}${bus}`,
      `aws events list-targets-by-rule --rule ${quoted(target.rule)}${bus}`,
      'npx cordon doctor',
    ];
  },
  permissions: {
    contain: [...readDeployedPermissions, readRule, allow(['events:PutRule', 'events:PutTargets'], ...RULES), passRole],
    undo: [
      ...readDeployedPermissions,
      readRule,
      allow(['events:PutRule', 'events:PutTargets', 'events:RemoveTargets', 'events:DeleteRule'], ...RULES),
      passRole,
    ],
  },
  assess: async (target, context) => {
    const before = await read(target, context);
    return before.losses.length > 0
      ? { needed: true, before }
      : { needed: false, reason: 'the rule is as it was deployed', benign: target.seen?.harmless ?? false };
  },
  capture: read,
  contain: async (target, _before, context) => {
    const { properties } = await declared(target, context);
    const { Targets = [], EventBusName: _, ...rule } = properties as { Targets?: object[]; EventBusName?: unknown };
    await put(target, rule, Targets, context);
  },
  verify: async (target, context) => {
    const after = await read(target, context);
    return { verified: after.losses.length === 0, after };
  },
  undo: async (target, before, context) => {
    const events = context.client(EventBridgeClient);
    const now = (await live(target, context))?.targets ?? [];
    const kept = new Set(before.targets.map(({ Id }) => Id));
    const Ids = now.flatMap(({ Id }) => (Id !== undefined && !kept.has(Id) ? [Id] : []));
    if (Ids.length > 0) await events.send(new RemoveTargetsCommand({ Rule: target.rule, ...onBus(target), Ids }));
    if (before.rule) await put(target, before.rule, before.targets, context);
    else await events.send(new DeleteRuleCommand({ Name: target.rule, ...onBus(target) }));
  },
});

export default action;
export const contain = containHandler(action);
export const undo = undoHandler(action);
