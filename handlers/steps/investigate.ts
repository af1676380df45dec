import * as z from 'zod';
import { detectionOf, responseOf } from '../../playbooks/catalog.ts';
import type { Findings } from '../../playbooks/findings.ts';
import type { ActionRecord, Incident } from '../../playbooks/incident.ts';
import { announcePermission } from '../announce.ts';
import type { Context } from '../context.ts';
import { errorText } from '../errors.ts';
import { protectionPermissions } from '../guard/protection.ts';
import { handOn } from '../hand-on.ts';
import { inParts } from '../in-parts.ts';
import type { Head } from '../incidents/items.ts';
import { investigations } from '../investigations/catalog.ts';
import { useLedger } from '../permissions.ts';
import { type Planned, planContainments, restoresFor } from '../plan.ts';
import { stepHandler } from '../step.ts';

const input = z.object({ incidentId: z.string().min(1) });

/** Records that are judged at once. */
const JUDGED_AT_ONCE = 10;

/**
 * Investigates and decides: judges records by what restoring found, answers the response's questions, and plans the
 * containment of the offenders. A question that cannot be answered is recorded as a failure and holds nothing up.
 */
export async function investigate(
  { incidentId }: z.infer<typeof input>,
  context: Context,
): Promise<{ contain: Planned[]; left: boolean }> {
  const { ledger } = context;
  const before = await ledger.incident(incidentId);
  const incident = (await judgeByActions(before, context)) ? await ledger.incident(incidentId) : before;
  const { investigate: questions } = responseOf(detectionOf(incident.detection).response);
  for (const question of questions) {
    try {
      const found = await investigations[question].find(incident, context);
      await ledger.addFinding(incidentId, question, found);
      Object.assign(incident.findings, { [question]: found } satisfies Findings);
    } catch (error) {
      context.log.error('an investigation failed', { investigation: question, error: errorText(error) });
      await ledger.addFailure(incidentId, question, errorText(error));
    }
  }
  const { now, left } = handOn(await planContainments(incident, context));
  return { contain: now, left };
}

/**
 * A record is benign when everything that it called for turned out not to be needed because it did no harm.
 * Resolves to whether there was such a record.
 */
async function judgeByActions(incident: Incident & Head, context: Context): Promise<boolean> {
  const actions = new Map(incident.actions.map((action) => [action.key, action]));
  const calledFor = new Map<string, ActionRecord[]>();
  // Not by the records that an action names: of a storm it names some.
  for (const { key, because } of restoresFor(incident, incident.events, context.environment.account)) {
    const action = actions.get(key);
    for (const id of action ? because : []) calledFor.set(id, [...(calledFor.get(id) ?? []), action as ActionRecord]);
  }
  const judged = incident.events.flatMap((event) => {
    const called = event.verdict === 'offence' ? (calledFor.get(event.record.eventID) ?? []) : [];
    const harmless = called.length > 0 && called.every(({ status, benign }) => status === 'not-needed' && benign);
    return harmless ? [{ event, reason: called.map(({ label, reason }) => `${label}: ${reason}`).join('; ') }] : [];
  });
  await inParts(judged, JUDGED_AT_ONCE, ({ event, reason }) =>
    context.ledger.judge(incident.id, event, 'benign', reason),
  );
  return judged.length > 0;
}

export const permissions = [useLedger, announcePermission, ...protectionPermissions];
export const handler = stepHandler(input, investigate);
