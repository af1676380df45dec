import { createHash } from 'node:crypto';
import { SendTaskSuccessCommand, SFNClient, StartExecutionCommand } from '@aws-sdk/client-sfn';
import type { Context } from '../context.ts';
import { errorName } from '../errors.ts';
import type { StoredQuestion } from '../incidents/questions.ts';
import { allow } from '../permissions.ts';

/** What {@link startWaiting} may do. */
export const startWaitingPermissions = allow(
  ['states:StartExecution'],
  'arn:{partition}:states:{region}:{account}:stateMachine:{prefix}-question',
);
/** What {@link endWaiting} may do: a token is no resource. https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsstepfunctions.html */
export const endWaitingPermissions = allow(['states:SendTaskSuccess'], '*');

/** ARN of one of cordon's state machines. */
export function machineArn(name: string, { environment: { topic, region, account, prefix } }: Context): string {
  const [, partition] = topic.split(':');
  return `arn:${partition}:states:${region}:${account}:stateMachine:${prefix}-${name}`;
}

/**
 * Starts the execution that waits for a question's answer, once: its name follows from the question, and Step Functions
 * takes a name only once. `attempt` tells a further one apart, for a question whose execution has ended without an answer.
 * https://docs.aws.amazon.com/step-functions/latest/apireference/API_StartExecution.html
 * @returns the execution's ARN
 */
export async function startWaiting(question: StoredQuestion, context: Context, attempt = 0): Promise<string> {
  const { incidentId, key, number } = question;
  const stateMachineArn = machineArn('question', context);
  const hash = createHash('sha256').update(`${incidentId}|${key}|${number}|${attempt}`).digest('hex').slice(0, 16);
  const name = `${key.slice(0, 60)}-${hash}`;
  try {
    const { executionArn = '' } = await context
      .client(SFNClient)
      .send(new StartExecutionCommand({ stateMachineArn, name, input: JSON.stringify({ incidentId, key, number }) }));
    return executionArn;
  } catch (error) {
    if (errorName(error) !== 'ExecutionAlreadyExists') throw error;
    return `${stateMachineArn.replace(':stateMachine:', ':execution:')}:${name}`;
  }
}

/** Errors that say that nothing waits with that token any more. */
const NOBODY_WAITS = new Set(['TaskTimedOut', 'TaskDoesNotExist', 'InvalidToken']);

/**
 * Ends the wait of a question that is settled.
 * @returns false when nothing waits with its token: the wait is between two tokens, and sees by itself that the question is
 *   settled, or its execution has ended
 */
export async function endWaiting({ token }: StoredQuestion, context: Context): Promise<boolean> {
  if (token === undefined) return false;
  try {
    await context.client(SFNClient).send(new SendTaskSuccessCommand({ taskToken: token, output: '{}' }));
    return true;
  } catch (error) {
    if (NOBODY_WAITS.has(errorName(error))) return false;
    throw error;
  }
}
