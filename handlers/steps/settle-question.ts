import * as z from 'zod';
import type { ActionRecord } from '../../playbooks/incident.ts';
import { actionChanged } from '../../playbooks/messages/announcements.ts';
import { isReleased } from '../../playbooks/question.ts';
import { announce, announcePermission } from '../announce.ts';
import type { Context } from '../context.ts';
import type { StoredQuestion } from '../incidents/questions.ts';
import { useLedger } from '../permissions.ts';
import { stepHandler } from '../step.ts';

const input = z.object({
  incidentId: z.string().min(1),
  key: z.string().min(1),
  number: z.number().int().min(1),
});

/** What follows from the answer. */
export interface Settlement {
  /** True when the action is to be done now. */
  run: boolean;
  /** Its id and key. */
  action?: string;
  key: string;
}

/**
 * Carries an answer over to what was asked about: an approved action is planned, one that was rejected is not done. A
 * question that was withdrawn, or asked anew meanwhile, sets nothing off.
 */
export async function settleQuestion(
  { incidentId, key, number }: z.infer<typeof input>,
  context: Context,
): Promise<Settlement> {
  const { ledger, now, log } = context;
  const question = await ledger.questions.of(incidentId, key);
  if (question.number !== number || question.action === undefined) return { run: false, key };
  const action = await ledger.action(incidentId, key);
  const run = isReleased(question);
  log.info('settled', { key, status: question.status, run });
  if (run) {
    // A repeated call finds it planned already, or further: what is done is not done twice by the action itself.
    if (action.status === 'proposed') {
      const planned = await ledger.advance(incidentId, action, 'planned', approval(question));
      await announce(context, actionChanged(await ledger.head(incidentId), planned));
    }
    return { run: action.status === 'proposed' || isUnderWay(action), action: action.action, key };
  }
  if (question.status === 'rejected' && action.status === 'proposed') {
    const last = question.answers.at(-1);
    const reason = `rejected by ${last?.by ?? 'an analyst'}: ${last?.note ?? ''}`;
    const rejected = await ledger.advance(incidentId, action, 'rejected', { reason }, now().toISOString());
    await announce(context, actionChanged(await ledger.head(incidentId), rejected));
  }
  return { run: false, key };
}

const isUnderWay = ({ status }: ActionRecord): boolean =>
  status === 'planned' || status === 'captured' || status === 'contained';

const approval = ({ status, answers }: StoredQuestion) =>
  status === 'approved'
    ? { approvedBy: answers.filter(({ answer }) => answer === 'approve').map(({ by }) => by) }
    : { reason: 'nobody answered in time, and the response declares that it is done then' };

export const permissions = [useLedger, announcePermission];
export const handler = stepHandler(input, settleQuestion);
