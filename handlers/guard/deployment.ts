import { CloudFormationClient, DescribeStacksCommand, type Stack } from '@aws-sdk/client-cloudformation';
import { actorOf } from '../../playbooks/actor.ts';
import type { CloudTrailRecord } from '../../playbooks/cloudtrail.ts';
import { all, is, oneOf } from '../../playbooks/matching/match.ts';
import { failed, parametersOf, textOf } from '../../playbooks/parameters.ts';
import type { Context } from '../context.ts';
import { errorName } from '../errors.ts';
import { recordsMatching } from '../logs.ts';
import { allow } from '../permissions.ts';
import { principalOfActor } from './principal.ts';

const STACK = 'arn:{partition}:cloudformation:{region}:{account}:stack';

/** What {@link deployers} may do, besides reading the trail's log group. */
export const deploymentPermissions = allow(
  ['cloudformation:DescribeStacks'],
  `${STACK}/{prefix}/*`,
  `${STACK}/{prefix}-trail/*`,
);

/** Calls that set a stack in motion, as CloudTrail records them. */
const starts = all(
  is('eventSource', 'cloudformation.amazonaws.com'),
  oneOf('eventName', ['CreateStack', 'UpdateStack', 'ExecuteChangeSet', 'DeleteStack', 'ContinueUpdateRollback']),
);

/** After so many milliseconds a deployment protects nobody any more: a stack can be kept in progress for as long as one likes. */
const LONGEST_MS = 60 * 60_000;
/** A record's time has whole seconds, and the stack's may be that of another machine. */
const SLACK_MS = 60_000;

/**
 * Who is deploying cordon right now: who set one of its stacks in motion, and the role that CloudFormation works with, by
 * principal key and ARN, each with the stack's name. Only the two stacks that detect and answer count: anybody might make another
 * one to hide behind.
 */
export async function deployers(context: Context): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  const { prefix } = context.environment;
  const names = [prefix, `${prefix}-trail`];
  const stacks = await Promise.all(names.map((name) => moving(name, context)));
  for (const [at, name] of names.entries()) {
    const stack = stacks[at];
    if (!stack) continue;
    if (stack.RoleARN) found.set(stack.RoleARN, name);
    for (const record of await recordsMatching(starts, stack.from, soon(context), context)) {
      if (failed(record) || stackOf(record) !== name) continue;
      const caller = principalOfActor(actorOf(record, context.environment.account), context.environment);
      if (caller) found.set(caller.key, name);
    }
  }
  return found;
}

async function moving(name: string, context: Context): Promise<(Stack & { from: Date }) | undefined> {
  const stack = await describe(name, context);
  // REVIEW_IN_PROGRESS is a stack whose first change set nobody has executed: nothing moves.
  if (!stack?.StackStatus?.endsWith('_IN_PROGRESS') || stack.StackStatus === 'REVIEW_IN_PROGRESS') return undefined;
  const began = stack.DeletionTime ?? stack.LastUpdatedTime ?? stack.CreationTime;
  if (!began || context.now().getTime() - began.getTime() > LONGEST_MS) return undefined;
  return { ...stack, from: new Date(began.getTime() - SLACK_MS) };
}

async function describe(StackName: string, context: Context): Promise<Stack | undefined> {
  try {
    const { Stacks } = await context.client(CloudFormationClient).send(new DescribeStacksCommand({ StackName }));
    return Stacks?.[0];
  } catch (error) {
    // The answer for a stack that does not exist, as where an account brings its own trail.
    if (errorName(error) === 'ValidationError') return undefined;
    throw error;
  }
}

/** The name of the stack that a call names, by name or by ARN. */
function stackOf(record: CloudTrailRecord): string | undefined {
  const named = textOf(parametersOf(record).stackName);
  return named?.startsWith('arn:') ? named.split('/')[1] : named;
}

const soon = (context: Context): Date => new Date(context.now().getTime() + SLACK_MS);
