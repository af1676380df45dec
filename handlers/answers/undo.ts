import { SFNClient, StartExecutionCommand } from '@aws-sdk/client-sfn';
import { partyTo } from '../../playbooks/question.ts';
import type { Context } from '../context.ts';
import { AnswerRefused } from '../errors.ts';
import { allow } from '../permissions.ts';
import { machineArn } from '../questions/wait.ts';
import type { Caller } from './answer.ts';

/** What {@link startUndo} may do. */
export const startUndoPermissions = allow(
  ['states:StartExecution'],
  'arn:{partition}:states:{region}:{account}:stateMachine:{prefix}-undo',
);

/**
 * Starts the undo of an action for the caller, whose ARN goes into the ledger as AWS has authenticated it.
 * @throws {AnswerRefused} where the caller is one of those whom the incident is about
 */
export async function startUndo(
  wanted: { incidentId: string; key: string; note: string; force: boolean },
  caller: Caller,
  context: Context,
): Promise<{ execution: string }> {
  const { incidentId, key, note: reason, force } = wanted;
  const incident = await context.ledger.incident(incidentId);
  const party = partyTo(incident, caller.arn);
  if (party) throw new AnswerRefused('party', `${caller.arn} cannot undo ${key}: ${party}.`);
  const { action } = await context.ledger.action(incidentId, key);
  const { executionArn = '' } = await context.client(SFNClient).send(
    new StartExecutionCommand({
      stateMachineArn: machineArn('undo', context),
      input: JSON.stringify({ incidentId, key, action, by: caller.arn, reason, force }),
    }),
  );
  return { execution: executionArn };
}
