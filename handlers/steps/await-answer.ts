import * as z from 'zod';
import type { Context } from '../context.ts';
import { useLedger } from '../permissions.ts';
import { endWaiting, endWaitingPermissions } from '../questions/wait.ts';
import { stepHandler } from '../step.ts';

const input = z.object({
  incidentId: z.string().min(1),
  key: z.string().min(1),
  number: z.number().int().min(1),
  /** What the wait is ended with. https://docs.aws.amazon.com/step-functions/latest/dg/connect-to-resource.html#connect-wait-token */
  token: z.string().min(1),
  /** ARN of the execution that waits. */
  execution: z.string().min(1),
});

/**
 * Writes down what waits for the answer to a question, and with which token that wait is ended. Where it is settled already, because the answer came
 * between two waits, it ends the wait itself: of the two writes, token and answer, the later one sees the other.
 */
export async function awaitAnswer(
  { incidentId, key, number, token, execution }: z.infer<typeof input>,
  context: Context,
): Promise<{ waits: boolean }> {
  const { question, changed } = await context.ledger.questions.change(incidentId, key, (now) =>
    now.number === number && now.status === 'open' ? { token, execution } : undefined,
  );
  if (!changed) await endWaiting({ ...question, token }, context);
  return { waits: changed };
}

export const permissions = [useLedger, endWaitingPermissions];
export const handler = stepHandler(input, awaitAnswer);
