import * as z from 'zod';
import { incidentEnded } from '../../playbooks/messages/announcements.ts';
import { isWaiting } from '../../playbooks/question.ts';
import { announce, announcePermission } from '../announce.ts';
import type { Context } from '../context.ts';
import { useLedger } from '../permissions.ts';
import { stepHandler } from '../step.ts';
import { isAsking } from './ask-analyst.ts';

const input = z.object({ incidentId: z.string().min(1) });

/**
 * Ends the playbook's part: the alarm is quiet and nothing new came. The incident is closed, or, where it
 * needs an analyst or waits for an answer, handed over: no playbook closes what a person must still do.
 */
export async function close({ incidentId }: z.infer<typeof input>, context: Context) {
  const { ledger, now, log } = context;
  const incident = await ledger.incident(incidentId);
  const { outcome, questions } = incident;
  // What was only monitored is not contained either, and what a person was asked, or is about to be asked, is not answered.
  const waits = questions.some(isWaiting) || isAsking(incident);
  const open = outcome === 'needs-analyst' || outcome === 'monitored' || waits;
  const status = open ? 'handed-over' : 'closed';
  const closedAt = now().toISOString();
  await ledger.updateHead(incidentId, { status, closedAt });
  await announce(context, incidentEnded({ ...incident, status }, closedAt));
  log.info(status);
  return { incidentId, status, closedAt };
}

export const permissions = [useLedger, announcePermission];
export const handler = stepHandler(input, close);
