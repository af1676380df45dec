import type { AnyDetection } from '../detection.ts';
import type { ActionRecord, Incident, ManualStep } from '../incident.ts';
import { type Answer, type Asked, isWaiting, type Question, taskOf } from '../question.ts';
import type { Section } from '../response.ts';
import { runbookLines } from '../runbook.ts';
import { type Mail, mailOf } from './mail.ts';
import { clock, dayAndClock, plural } from './words.ts';

/** The proposed actions that wait for a decision, each with all that it takes to decide, and the exact commands. */
export function toDecide(incident: Incident): Section {
  const waiting = waitingFor(incident, 'approval');
  const known = new Set(waiting.map(({ key }) => key));
  const unasked = incident.actions.filter(({ key, status }) => status === 'proposed' && !known.has(key));
  return {
    heading: 'For you to decide',
    lines: [...waiting.flatMap((question) => decision(question, incident)), ...unasked.flatMap(proposal)],
  };
}

/** The manual steps that wait to be done, numbered: those that were asked for, and any other of `steps`. */
export function toDo(incident: Incident, steps: readonly ManualStep[] = []): Section {
  const asked = new Set(incident.questions.map(({ key }) => key));
  const unasked = steps.map(taskOf).filter(({ key }) => !asked.has(key));
  return {
    heading: 'For you to do',
    lines: [...waitingFor(incident, 'task'), ...unasked].flatMap((task, index) => step(task, index + 1, incident)),
  };
}

const waitingFor = ({ questions }: Incident, kind: Question['kind']): Question[] =>
  questions.filter((question) => question.kind === kind && isWaiting(question));

/** A proposed action that could not be asked about: it is not lost, but only a person can do it now. */
const proposal = (action: ActionRecord): string[] => [
  `${action.title}, ${action.label}: not done, because a person must decide`,
  ...(action.reason ? [`  why: ${action.reason}`] : []),
  ...(action.beforeWords ? [`  now: ${action.beforeWords}`] : []),
  ...(action.commands ?? []).map((command) => `  $ ${command}`),
];

function decision(question: Question, incident: Incident): string[] {
  const action = incident.actions.find(({ key }) => key === question.key);
  const command = (verb: string) => `  $ npx cordon approvals ${verb} ${incident.id} ${question.key} --note "..."`;
  return [
    `${question.what}: not done, because a person must decide`,
    ...question.why.map((reason) => `  why: ${reason}`),
    ...(action?.beforeWords ? [`  now: ${action.beforeWords}`] : []),
    ...(question.blastRadius ? [`  also touches: ${question.blastRadius}`] : []),
    ...(question.undo ? [`  undo: ${question.undo}`] : []),
    ...(question.twoPersons ? ['  takes the approval of two different people'] : []),
    ...question.answers.map((answer) => `  so far: ${answered(answer)}`),
    `  ${onTimeout(question)}`,
    command('approve'),
    command('reject'),
  ];
}

const step = (task: Asked | Question, number: number, incident: Incident): string[] => [
  `${number}. ${task.what}`,
  ...task.commands.map((command) => `  $ ${command}`),
  ...('status' in task ? [`  when it is done: npx cordon tasks done ${incident.id} ${task.key} --note "..."`] : []),
];

const onTimeout = ({ status, onTimeout: then, timesOutAt }: Question): string =>
  status === 'timed-out'
    ? `nobody answered by ${dayAndClock(timesOutAt)}: things are as they were, and it can still be answered`
    : `if nobody answers by ${dayAndClock(timesOutAt)}: ${then === 'contain' ? 'IT IS DONE' : 'nothing is done'}`;

const past: Record<Answer['answer'], string> = {
  approve: 'approved',
  reject: 'rejected',
  done: 'done',
  skip: 'skipped',
};

const answered = ({ answer, by, at, note }: Answer): string => `${past[answer]} by ${by}, ${clock(at)}: ${note}`;

/** What has been answered, for the report: who, when and with which words. */
export const decided = (incident: Incident): Section => ({
  heading: 'What analysts decided and did',
  lines: incident.questions
    .filter((question) => !isWaiting(question) && question.answers.length > 0)
    .flatMap((question) => [question.what, ...question.answers.map((answer) => `  ${answered(answer)}`)]),
});

const stageWords = {
  reminded: { subject: 'REMINDER', text: 'Nobody has answered this yet.' },
  escalated: { subject: 'ESCALATED', text: 'Nobody has answered this, also after a reminder.' },
  'timed-out': {
    subject: 'TIMED OUT',
    text: 'Nobody answered in time. What a question does not say otherwise about was left as it was.',
  },
} as const;

/** The mail that reminds of, or escalates, what nobody has answered. */
export function reminderMail(
  incident: Incident,
  detection: AnyDetection,
  stage: keyof typeof stageWords,
  waiting: Question[],
  runbooks?: string,
): Mail {
  const { subject, text } = stageWords[stage];
  const open = { ...incident, questions: waiting };
  return mailOf({
    subject: [
      `[cordon] ${incident.severity} ${subject}: `,
      plural(waiting.length, 'open question'),
      `, ${incident.id}`,
    ],
    head: [
      `${incident.severity}: ${subject}`,
      detection.title,
      '',
      text,
      '',
      `Incident  ${incident.id}`,
      `Account   ${incident.account}, ${incident.region}`,
      `Fired     ${dayAndClock(incident.alarmAt)}`,
      ...runbookLines(detection.response, runbooks),
    ],
    sections: [toDecide(open), toDo(open), showIt(incident)],
  });
}

/** The mail about an answer and what came of it. */
export function answerMail(
  incident: Incident,
  detection: AnyDetection,
  question: Question,
  action: ActionRecord | undefined,
  open: string[],
  runbooks?: string,
): Mail {
  const word = wordFor(question, action);
  return mailOf({
    subject: [`[cordon] ${word}: `, question.what, `, ${incident.id}`],
    head: [
      word,
      question.what,
      '',
      `Incident  ${incident.id}`,
      `Account   ${incident.account}, ${incident.region}`,
      `Status    ${incident.status}${incident.outcome ? `, ${incident.outcome}` : ''}`,
      ...runbookLines(detection.response, runbooks),
    ],
    sections: [
      whoDecided(question, incident),
      { heading: 'What came of it', lines: action ? cameOfIt(action, incident) : [] },
      { heading: 'Still open', lines: open },
      toDecide(incident),
      toDo(incident),
      showIt(incident),
    ],
  });
}

/** All answers where a manual step was the last thing open, else those to the question. */
function whoDecided(question: Question, incident: Incident): Section {
  if (question.kind === 'task') return decided(incident);
  const lines = question.answers.length > 0 ? question.answers.map(answered) : ['nobody answered in time'];
  return { heading: 'Who decided', lines };
}

const showIt = (incident: Incident): Section => ({
  heading: 'The whole incident',
  lines: [`npx cordon incidents show ${incident.id}`],
});

function wordFor({ kind, status }: Question, action: ActionRecord | undefined): string {
  if (kind === 'task') return 'CLOSED, nothing is left open';
  if (status === 'rejected') return 'REJECTED, not done';
  const how = status === 'approved' ? 'APPROVED' : 'NOBODY ANSWERED';
  if (action?.status === 'verified') return `${how} AND DONE, read back`;
  if (action?.status === 'not-needed') return `${how}, but not needed`;
  return `${how}, BUT NOT DONE`;
}

const cameOfIt = (action: ActionRecord, incident: Incident): string[] => [
  `${action.title}, ${action.label}: ${action.status}`,
  ...(action.reason ? [`  because: ${action.reason}`] : []),
  ...(action.beforeWords ? [`  before: ${action.beforeWords}`] : []),
  ...(action.afterWords ? [`  after: ${action.afterWords}`] : []),
  ...(action.status === 'verified' && !action.irreversible
    ? [`  undo: npx cordon undo ${incident.id} ${action.key} --reason "..."`]
    : []),
];
