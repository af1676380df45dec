import { type AnswerKind, isWaiting, type Question } from '../../playbooks/question.ts';
import { dayAndClock, plain } from '../../playbooks/report/words.ts';
import { type Command, command } from '../command.ts';
import { waitingTable } from '../incidents/views.ts';
import { words } from '../options.ts';
import { actionStyle, questionStyle } from '../output/paint.ts';
import { wrap } from '../output/table.ts';
import { age, left } from '../output/times.ts';

const INCIDENT = { name: 'INCIDENT', about: 'the incident’s id' } as const;
const KEY = { name: 'KEY', about: 'the key that the list, the mail and the report name' } as const;
const ID = 'trail-tampering-20260501-030012-4f1a';

/** `approvals list`, `tasks list` */
export const listQuestions = (noun: 'approvals' | 'tasks', kind: Question['kind'], summary: string): Command =>
  command({
    name: `${noun} list`,
    summary,
    about: [
      'TIME is what is left until the question times out, or how long that is over; what timed out can still be answered. STAGE is how far nobody’s answer has brought it.',
    ],
    options: { incident: { type: 'string', value: 'INCIDENT', about: 'only those of this incident' } },
    examples: [
      { command: `npx cordon ${noun} list`, about: 'what waits, newest first' },
      { command: `npx cordon ${noun} list --json | jq -r '.[].key'`, about: 'the keys alone' },
    ],
    run: async ({ options, desk, out }) => {
      const { ledger } = await desk();
      const waiting = (await ledger.questions.waiting(1000)).filter(
        (one) => one.kind === kind && (!options.incident || one.incidentId === options.incident),
      );
      // What waits for the answer is nothing that a person can use.
      if (out.json) out.value(waiting.map(({ token: _, execution: __, ...question }) => question));
      else if (waiting.length === 0) out.say(`No open ${noun}.`);
      else {
        out.say(waitingTable(waiting, new Date(), out));
        out.note(`\nAll of one: npx cordon ${noun} show INCIDENT KEY`);
      }
      return undefined;
    },
  });

/** `approvals show INCIDENT KEY`, `tasks show INCIDENT KEY` */
export const showQuestion = (noun: 'approvals' | 'tasks', kind: Question['kind'], summary: string): Command =>
  command({
    name: `${noun} show`,
    summary,
    arguments: [INCIDENT, KEY],
    examples: [{ command: `npx cordon ${noun} show ${ID} ${exampleKey(kind)}`, about: 'all that it takes to decide' }],
    run: async ({ args, desk, out }) => {
      const { ledger } = await desk();
      const { token: _, execution: __, ...question } = await ledger.questions.of(args.INCIDENT, args.KEY);
      if (out.json) {
        out.value(question);
        return undefined;
      }
      for (const line of questionLines(question, args.INCIDENT, new Date())) {
        const [term, ...meanings] = line;
        for (const [index, meaning] of meanings.entries()) {
          const parts = meaning.startsWith('$ ')
            ? [plain(meaning)]
            : wrap(plain(meaning), (out.size?.columns ?? 120) - 16);
          for (const [number, part] of parts.entries()) {
            const label = (index === 0 && number === 0 ? term : '').padEnd(14);
            const style =
              term === 'Status' ? questionStyle[question.status] : meaning.startsWith('$ ') ? 'info' : undefined;
            out.say(`${out.paint('strong', label)}  ${out.paint(style, part)}`);
          }
        }
      }
      return undefined;
    },
  });

const exampleKey = (kind: Question['kind']): string => (kind === 'task' ? 'task-3f9a1c' : 'disable-iam-user-3f9a1c');

const past: Record<AnswerKind, string> = { approve: 'approved', reject: 'rejected', done: 'done', skip: 'skipped' };

/** A question as lines: what they are about, and what there is to say. */
export function questionLines(question: Question, incident: string, now: Date): [term: string, ...said: string[]][] {
  const { kind, what, why, blastRadius, undo, onTimeout, twoPersons, status, stage, askedAt, timesOutAt } = question;
  const verbs = kind === 'task' ? ['tasks done', 'tasks skip'] : ['approvals approve', 'approvals reject'];
  const lines: [string, ...string[]][] = [
    [kind === 'task' ? 'To do' : 'To decide', what],
    ['Why', ...why],
    ['Also touches', ...(blastRadius ? [blastRadius] : [])],
    ['Undo', ...(undo ? [undo] : [])],
    ['By hand', ...question.commands.map((one) => `$ ${one}`)],
    ['Status', status === 'open' ? `open, ${stage}` : status],
    ['Asked', `${dayAndClock(askedAt)}, ${age(askedAt, now)} ago`],
    ['Time', `until ${dayAndClock(timesOutAt)}, ${left(timesOutAt, now)}`],
    [
      'Nobody answers',
      onTimeout === 'contain' ? 'it is done then' : 'nothing is done; it can still be answered after that',
    ],
    ['Takes', ...(twoPersons ? [`two different people; ${question.answers.length} so far`] : [])],
    [
      'Answers',
      ...question.answers.map(({ answer, by, at, note }) => `${past[answer]} by ${by}, ${dayAndClock(at)}: ${note}`),
    ],
    [
      'Answer it',
      ...(isWaiting(question)
        ? verbs.map((verb) => `$ npx cordon ${verb} ${incident} ${question.key} --note "..."`)
        : []),
    ],
  ];
  return lines.filter(([, ...said]) => said.length > 0);
}

/** `approvals approve`, `approvals reject`, `tasks done`, `tasks skip` */
export const answerQuestion = (
  noun: 'approvals' | 'tasks',
  answer: AnswerKind,
  summary: string,
  note: string,
): Command =>
  command({
    name: `${noun} ${answer}`,
    summary,
    about: [
      'AWS says who answers: the call is signed with your credentials, and the ledger keeps your ARN, the time and your note. Nobody can answer what is about themselves. It takes the managed policy PREFIX-approver.',
    ],
    arguments: [INCIDENT, KEY],
    options: {
      note: { type: 'string', value: 'TEXT', about: 'why; the ledger and the mail have it', required: true, is: words },
      ...(answer === 'approve'
        ? { 'no-wait': { type: 'boolean', about: 'do not wait until it is carried out and read back' } }
        : {}),
    },
    examples: [
      {
        command: `npx cordon ${noun} ${answer} ${ID} ${exampleKey(noun === 'tasks' ? 'task' : 'approval')} --note "${note}"`,
        about: summary,
      },
    ],
    exits: { settled: 'somebody has answered it before, or it was withdrawn' },
    run: async ({ args, options, desk, out, signal }) => {
      const { INCIDENT: incidentId, KEY: key } = args;
      const office = await desk();
      const taken = await office.answers.send({ answer, incidentId, key, note: options.note });
      const waits =
        answer === 'approve' && taken.status === 'approved' && !('no-wait' in options && options['no-wait']);
      if (!out.json) out.say(plain(`${taken.what}: ${out.paint('good', taken.status ?? 'taken')}.`));
      if (!waits) {
        if (out.json) out.value(taken);
        else if (taken.status === 'open') out.say('It takes the approval of a second person, too.');
        return undefined;
      }
      if (!out.json) out.note('It is being carried out ...');
      const action = await office.carriedOut(incidentId, key, signal);
      if (out.json) out.value({ ...taken, action: action?.status ?? 'under way' });
      else if (action) {
        const how = action.status === 'verified' ? 'done and read back' : action.status;
        out.say(
          `${out.paint(actionStyle[action.status], how)}${action.reason && action.status !== 'verified' ? `: ${plain(action.reason)}` : ''}`,
        );
      } else out.say(`It is still under way: npx cordon incidents watch ${incidentId}`);
      return action?.status === 'verified' || action?.status === 'not-needed' ? undefined : 'failed';
    },
  });
