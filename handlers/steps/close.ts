import { z } from 'zod';
import type { Context } from '../context.ts';
import { useLedger } from '../permissions.ts';
import { stepHandler } from '../step.ts';

const input = z.object({ incidentId: z.string().min(1) });

/** Closes the incident: the alarm is quiet and nothing new came. Its outcome stands as the last summary gave it. */
export async function close({ incidentId }: z.infer<typeof input>, { ledger, now, log }: Context) {
  const closedAt = now().toISOString();
  await ledger.updateHead(incidentId, { status: 'closed', closedAt });
  log.info('closed');
  return { incidentId, closedAt };
}

export const permissions = [useLedger];
export const handler = stepHandler(input, close);
