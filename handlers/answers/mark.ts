import type { Mark } from '../../playbooks/figures.ts';
import { partyTo } from '../../playbooks/question.ts';
import type { Context } from '../context.ts';
import { AnswerRefused } from '../errors.ts';
import type { Caller } from './answer.ts';

/**
 * Writes down what an analyst says of an incident: whether its alarm was a true one. The last word counts, and the log has
 * all of them; nothing is contained or undone by it.
 * @throws {AnswerRefused} where the caller is one of those whom the incident is about
 */
export async function markIncident(
  { incidentId, mark, note }: { incidentId: string; mark: Mark; note: string },
  caller: Caller,
  { ledger, now }: Context,
) {
  const party = partyTo(await ledger.incident(incidentId), caller.arn);
  if (party) throw new AnswerRefused('party', `${caller.arn} cannot mark ${incidentId}: ${party}.`);
  const marked = { as: mark, by: caller.arn, at: now().toISOString(), note };
  await ledger.updateHead(incidentId, { marked });
  return { incidentId, status: mark, what: `incident ${incidentId}` };
}
