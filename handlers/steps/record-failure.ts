import * as z from 'zod';
import { actionChanged } from '../../playbooks/messages/announcements.ts';
import { announce, announcePermission } from '../announce.ts';
import type { Context } from '../context.ts';
import { useLedger } from '../permissions.ts';
import { stepHandler } from '../step.ts';

const input = z.object({
  incidentId: z.string().min(1),
  step: z.string().min(1),
  /** The action that failed, where it was one. */
  key: z.string().optional(),
  error: z.object({ Error: z.string().optional(), Cause: z.string().optional() }),
});

/** Writes down that a step or an action failed for good, so that the incident needs an analyst and the mail says why. */
export async function recordFailure({ incidentId, step, key, error }: z.infer<typeof input>, context: Context) {
  const { ledger } = context;
  const text = messageOf(error);
  if (key === undefined) await ledger.addFailure(incidentId, step, text);
  else {
    const failed = await ledger.advance(incidentId, await ledger.action(incidentId, key), 'failed', { reason: text });
    await announce(context, actionChanged(await ledger.head(incidentId), failed));
  }
  return { incidentId, step, failed: true };
}

/** Lambda puts the error's name and message into the cause, as JSON. */
function messageOf({
  Error: name = 'unknown error',
  Cause = '',
}: {
  Error?: string | undefined;
  Cause?: string | undefined;
}): string {
  try {
    const { errorType, errorMessage } = JSON.parse(Cause) as { errorType?: unknown; errorMessage?: unknown };
    return `${errorType ?? name}: ${errorMessage ?? Cause}`.slice(0, 1000);
  } catch {
    return `${name}: ${Cause}`.slice(0, 1000);
  }
}

export const permissions = [useLedger, announcePermission];
export const handler = stepHandler(input, recordFailure);
