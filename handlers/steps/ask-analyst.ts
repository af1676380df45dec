import * as z from 'zod';
import { detectionOf, responseOf } from '../../playbooks/catalog.ts';
import { differenceSteps } from '../../playbooks/difference.ts';
import type { Incident, ManualStep } from '../../playbooks/incident.ts';
import { decisionChanged } from '../../playbooks/messages/announcements.ts';
import type { DecisionStep } from '../../playbooks/messages/events.ts';
import { outcomeOf } from '../../playbooks/outcome.ts';
import { type Asked, approvalOf, isWaiting, type Question, taskOf } from '../../playbooks/question.ts';
import { announce, announcePermission } from '../announce.ts';
import type { Context } from '../context.ts';
import { inParts } from '../in-parts.ts';
import type { StoredQuestion } from '../incidents/questions.ts';
import { useLedger } from '../permissions.ts';
import { actionOf } from '../plan.ts';
import { endWaiting, endWaitingPermissions, startWaiting, startWaitingPermissions } from '../questions/wait.ts';
import { stepHandler } from '../step.ts';

const input = z.object({ incidentId: z.string().min(1) });

/** Questions that are asked at once. */
const AT_ONCE = 10;

/**
 * Asks for everything that a person must decide or do: the proposed actions, and the manual steps. Each question waits in
 * an execution of its own, so that none holds up the playbook. What is settled otherwise meanwhile is withdrawn.
 */
export async function askAnalyst(
  { incidentId }: z.infer<typeof input>,
  context: Context,
): Promise<{ asked: number; withdrawn: number }> {
  const incident = await context.ledger.incident(incidentId);
  const wanted = wantedOf(incident);
  const keys = new Set(wanted.map(({ key }) => key));
  const obsolete = incident.questions.filter((question) => isWaiting(question) && !keys.has(question.key));
  const withdrawn = await inParts(obsolete, AT_ONCE, ({ key }) => withdraw(incidentId, key, context));
  const questions = await inParts(wanted, AT_ONCE, (one) => ask(incident, one, context));
  await tell(incident, 'Withdrawn', withdrawn, context);
  await tell(incident, 'Asked', questions, context);
  const asked = questions.filter((question) => question !== undefined).length;
  if (asked + obsolete.length > 0) context.log.info('asked', { asked, withdrawn: obsolete.length });
  return { asked, withdrawn: obsolete.length };
}

/** What the incident asks for as it stands. A benign one asks for nothing. */
function wantedOf(incident: Incident): Asked[] {
  const response = responseOf(detectionOf(incident.detection).response);
  if (incident.events.length > 0 && outcomeOf(incident, response) === 'benign') return [];
  const proposed = incident.actions.filter(({ status }) => status === 'proposed');
  const steps = [...differenceSteps(incident), ...(incident.events.length === 0 ? [] : response.byHand(incident))];
  const tasks = [...steps, ...leftOver(incident)].map(taskOf);
  return [
    ...proposed.map((action) => approvalOf(action, incident, actionOf(action.action).blastRadius)),
    ...new Map(tasks.map((task) => [task.key, task])).values(),
  ].map((one, order) => ({ ...one, order }));
}

/** Whether a person is still to be asked for something, or an answer is on its way to the action that it is about. */
export const isAsking = (incident: Incident): boolean =>
  wantedOf(incident).some(({ key, kind }) => {
    const question = incident.questions.find((one) => one.key === key);
    if (!question || question.status === 'withdrawn') return true;
    return kind === 'approval' && !isWaiting(question);
  });

/** What could not be done, or not by a machine: a person must do it or decide that it is not to be done. */
const leftOver = (incident: Incident): ManualStep[] => [
  ...incident.actions
    .filter(({ status }) => status === 'failed' || status === 'withheld')
    .map(({ key, title, label, status, reason, commands }) => ({
      id: `${status} ${key}`,
      what: `${title}, ${label}: ${status === 'failed' ? 'it FAILED, so do it by hand' : 'it was WITHHELD, so decide'}. ${reason ?? ''}`.trim(),
      commands: commands ?? [],
    })),
  ...incident.failures.map(({ step, error }) => ({
    id: `step ${step}`,
    what: `Step ${step} FAILED: ${error}. Look at the account by hand for what it would have found or done.`,
    commands: [],
  })),
];

/** The summary that follows says what is asked: here only who follows the bus hears of it. */
async function tell(
  incident: Incident,
  step: DecisionStep,
  questions: (StoredQuestion | undefined)[],
  context: Context,
): Promise<void> {
  const announcements = questions.flatMap((question) => {
    if (!question) return [];
    const at = (step === 'Asked' ? question.askedAt : question.settledAt) ?? question.askedAt;
    return [decisionChanged(incident, { step, question, at, tell: false })];
  });
  await announce(context, ...announcements);
}

/** The question where it is new, or nothing has begun to wait for its answer: starting that again starts no second one. */
async function ask(incident: Incident, asked: Asked, context: Context): Promise<StoredQuestion | undefined> {
  const { questions } = context.ledger;
  const before = incident.questions.find(({ key }) => key === asked.key);
  if (before && isWaiting(before)) {
    const known = await questions.of(incident.id, asked.key);
    if (known.execution || known.status !== 'open') return undefined;
    await startWaiting(known, context);
    return known;
  }
  // A manual step that a person has settled stays settled; an action that is proposed again is a new question.
  if (before && asked.kind === 'task' && before.status !== 'withdrawn') return undefined;
  // Nor is one whose answer is still on its way to it: asking anew would lose that answer.
  if (before && asked.kind === 'approval' && !proposedSince(incident, before)) return undefined;
  const question = await questions.ask(incident.id, asked, context.environment.questions.answerWithin * 60_000, before);
  if (!question) return undefined;
  await startWaiting(question, context);
  return question;
}

const proposedSince = ({ actions }: Incident, { key, status, settledAt = '' }: Question): boolean =>
  status === 'withdrawn' || (actions.find((action) => action.key === key)?.at.proposed ?? '') >= settledAt;

async function withdraw(incidentId: string, key: string, context: Context): Promise<StoredQuestion | undefined> {
  const settledAt = context.now().toISOString();
  const { question, changed } = await context.ledger.questions.change(incidentId, key, (now) =>
    isWaiting(now) ? { status: 'withdrawn', settledAt } : undefined,
  );
  if (!changed) return undefined;
  await endWaiting(question, context);
  return question;
}

export const permissions = [useLedger, announcePermission, startWaitingPermissions, endWaitingPermissions];
export const handler = stepHandler(input, askAnalyst);
