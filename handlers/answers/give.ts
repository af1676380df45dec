import { DescribeExecutionCommand, SFNClient } from '@aws-sdk/client-sfn';
import { decisionChanged } from '../../playbooks/messages/announcements.ts';
import { type AnswerKind, afterAnswer, fits, isWaiting, partyTo, personOf } from '../../playbooks/question.ts';
import { announce, announcePermission } from '../announce.ts';
import type { Context } from '../context.ts';
import { AnswerRefused, errorName, InvalidInput } from '../errors.ts';
import type { StoredQuestion } from '../incidents/questions.ts';
import { allow } from '../permissions.ts';
import { endWaiting, startWaiting } from '../questions/wait.ts';
import type { Caller } from './answer.ts';

/** An answer to a question. */
export interface Given {
  incidentId: string;
  key: string;
  answer: AnswerKind;
  note: string;
}

/** What {@link give} may do besides reading and writing the ledger, starting and ending waits. */
export const answerPermissions = [
  announcePermission,
  allow(['states:DescribeExecution'], 'arn:{partition}:states:{region}:{account}:execution:{prefix}-question:*'),
];

/**
 * Writes an answer down, once, and ends the wait for it.
 * @returns the question as it stands then
 * @throws {AnswerRefused} where it is settled already, or not the caller's to answer
 */
export async function give({ incidentId, key, answer, note }: Given, caller: Caller, context: Context) {
  const { ledger, now } = context;
  const incident = await ledger.incident(incidentId);
  const party = partyTo(incident, caller.arn);
  if (party) throw new AnswerRefused('party', `${caller.arn} cannot answer ${key}: ${party}.`);
  const { question } = await ledger.questions.change(incidentId, key, (asked) => {
    refuse(asked, answer, caller);
    const at = now().toISOString();
    const status = afterAnswer(asked, answer);
    const given = { answer, by: caller.arn, from: caller.from, at, note };
    return { status, answers: [...asked.answers, given], ...(status === 'open' ? {} : { settledAt: at }) };
  });
  if (!isWaiting(question)) await goOn(question, context);
  const at = question.answers.at(-1)?.at ?? now().toISOString();
  await announce(context, decisionChanged(incident, { step: 'Answered', question, at, tell: true }));
  const { status, what, answers } = question;
  return { incidentId, key, status, what, answers: answers.length };
}

function refuse(question: StoredQuestion, answer: AnswerKind, caller: Caller): void {
  const { kind, key, answers } = question;
  if (!fits(kind, answer)) {
    const command = kind === 'task' ? 'tasks done or tasks skip' : 'approvals approve or approvals reject';
    throw new InvalidInput(`${key} is ${kind === 'task' ? 'a manual step' : 'an approval'}: use ${command}.`);
  }
  if (!isWaiting(question)) throw new AnswerRefused('settled', `${key} is ${settledWords(question)}.`);
  const again = answers.find(({ by }) => personOf(by) === personOf(caller.arn));
  if (again && answer === 'approve') {
    throw new AnswerRefused(
      'same-person',
      `${caller.arn} has approved ${key} at ${again.at} as ${again.by}: it takes the approval of a second person.`,
    );
  }
}

function settledWords({ status, answers, settledAt }: StoredQuestion): string {
  const last = answers.at(-1);
  if (status === 'withdrawn' || !last) return `${status} since ${settledAt}, as it was settled otherwise`;
  return `${status} already, by ${last.by} at ${last.at}: "${last.note}"`;
}

/** Lets what waits for the answer go on; where nothing waits any more, after a timeout say, something else takes it up. */
async function goOn(question: StoredQuestion, context: Context): Promise<void> {
  if (await endWaiting(question, context)) return;
  // Unless it has begun to wait, it is started, or found to have been: the first of its name.
  const execution = question.execution ?? (await startWaiting(question, context));
  if (await isRunning(execution, context)) return;
  await startWaiting(question, context, question.answers.length);
}

async function isRunning(executionArn: string, context: Context): Promise<boolean> {
  try {
    const { status } = await context.client(SFNClient).send(new DescribeExecutionCommand({ executionArn }));
    return status === 'RUNNING' || status === 'PENDING_REDRIVE';
  } catch (error) {
    if (errorName(error) === 'ExecutionDoesNotExist') return false;
    throw error;
  }
}
