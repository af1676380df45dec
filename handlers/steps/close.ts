import { z } from 'zod';
import type { Context } from '../context.ts';
import { useLedger } from '../permissions.ts';
import { stepHandler } from '../step.ts';

const input = z.object({ incidentId: z.string().min(1) });

/**
 * Ends the playbook's part: the alarm is quiet and nothing new came. The incident is closed, or, where its last summary
 * says that it needs an analyst, handed over: no playbook closes what a person must still do.
 */
export async function close({ incidentId }: z.infer<typeof input>, { ledger, now, log }: Context) {
  const { outcome } = await ledger.head(incidentId);
  // What was only monitored is not contained either.
  const status = outcome === 'needs-analyst' || outcome === 'monitored' ? 'handed-over' : 'closed';
  const closedAt = now().toISOString();
  await ledger.updateHead(incidentId, { status, closedAt });
  log.info(status);
  return { incidentId, status, closedAt };
}

export const permissions = [useLedger];
export const handler = stepHandler(input, close);
