import type { Head } from '../../handlers/incidents/items.ts';
import { allDetections, responses } from '../../playbooks/catalog.ts';
import type { ActionRecord, Incident } from '../../playbooks/incident.ts';
import { isWaiting, type Question } from '../../playbooks/question.ts';
import { summaryMail } from '../../playbooks/report/report.ts';
import { clock, dayAndClock, plain } from '../../playbooks/report/words.ts';
import type { Out } from '../output/out.ts';
import { actionStyle, outcomeStyle, questionStyle, severityStyle, statusStyle } from '../output/paint.ts';
import { table } from '../output/table.ts';
import { age, left } from '../output/times.ts';

type Look = Pick<Out, 'size' | 'paint'>;

/** A table of incidents. `asks`: how many questions of an incident wait for an answer. */
export const incidentTable = (heads: readonly Head[], asks: (id: string) => number, out: Look): string =>
  table(
    [
      { heading: 'OPENED', text: (head) => dayAndClock(head.openedAt), spare: true },
      { heading: 'SEVERITY', text: (head) => head.severity, style: (head) => severityStyle[head.severity] },
      { heading: 'STATUS', text: (head) => head.status, style: (head) => statusStyle[head.status], spare: true },
      {
        heading: 'OUTCOME',
        text: (head) => head.outcome ?? 'in progress',
        style: (head) => head.outcome && outcomeStyle[head.outcome],
      },
      {
        heading: 'ASKS',
        text: (head) => String(asks(head.id) || '-'),
        style: (head) => (asks(head.id) > 0 ? 'warn' : 'quiet'),
      },
      { heading: 'INCIDENT', text: (head) => head.id },
    ],
    heads,
    out,
  );

/** The actions of an incident, with the keys that `undo` and `approvals` take. */
export const actionTable = (actions: readonly ActionRecord[], out: Look): string =>
  table(
    [
      { heading: 'ACTION', text: ({ key }) => key },
      { heading: 'STATUS', text: ({ status }) => status, style: ({ status }) => actionStyle[status] },
      { heading: 'AT', text: ({ status, at }) => clock(at[status]) },
      { heading: 'WHAT', text: ({ title, label }) => `${title}, ${label}`, wraps: true },
    ],
    actions,
    out,
  );

/** The questions of an incident, answered or not. */
export const questionTable = (questions: readonly Question[], now: Date, out: Look): string =>
  table(
    [
      { heading: 'KEY', text: ({ key }) => key },
      { heading: 'KIND', text: ({ kind }) => kind },
      { heading: 'STATUS', text: ({ status }) => status, style: ({ status }) => questionStyle[status] },
      { heading: 'TIME', text: (one) => (isWaiting(one) ? left(one.timesOutAt, now) : clock(one.settledAt)) },
      { heading: 'WHAT', text: ({ what }) => what, wraps: true },
    ],
    questions,
    out,
  );

/** What waits for an answer, over all incidents, with all that tells how urgent it is. */
export const waitingTable = (questions: readonly (Question & { incidentId: string })[], now: Date, out: Look): string =>
  table(
    [
      { heading: 'INCIDENT', text: ({ incidentId }) => incidentId },
      { heading: 'KEY', text: ({ key }) => key },
      { heading: 'AGE', text: ({ askedAt }) => age(askedAt, now) },
      { heading: 'TIME', text: ({ timesOutAt }) => left(timesOutAt, now), style: (one) => urgency(one, now) },
      { heading: 'STAGE', text: stageWords, style: ({ stage }) => (stage === 'asked' ? undefined : 'warn') },
      { heading: 'WHAT', text: ({ what }) => what, wraps: true },
    ],
    questions,
    out,
  );

const urgency = ({ timesOutAt }: Question, now: Date) =>
  Date.parse(timesOutAt) - now.getTime() < 3_600_000 ? 'bad' : undefined;

/** How far it is: `asked`, `escalated`, `timed-out`, and of two people how many have approved. */
function stageWords({ stage, status, twoPersons, answers }: Question): string {
  const how = status === 'timed-out' ? 'timed-out' : stage;
  return twoPersons ? `${how}, ${answers.length} of 2 persons` : how;
}

/** The head of an incident in one line. */
export function headline({ severity, status, outcome, id }: Head | (Incident & Head), { paint }: Look): string {
  return [
    paint(severityStyle[severity], severity),
    paint(statusStyle[status], status),
    paint(outcome && outcomeStyle[outcome], outcome ?? 'in progress'),
    paint('strong', plain(id)),
  ].join('  ');
}

/** The report of an incident as it is mailed, its headings set off. An incident of a detection that is gone has none. */
export function report(incident: Incident, { paint }: Look): string {
  const detection = Object.hasOwn(allDetections, incident.detection) ? allDetections[incident.detection] : undefined;
  const response = detection && responses[detection.response];
  if (!detection || !response) return `The catalog has no detection ${plain(incident.detection)} any more.`;
  return summaryMail(incident, detection, response)
    .text.trimEnd()
    .split('\n')
    .map((line, index) => {
      if (index === 0 || /^[A-Z][A-Z ,]+$/.test(line)) return paint('strong', line);
      if (/^\s+\$ /.test(line)) return paint('info', line);
      return line;
    })
    .join('\n');
}

/** The commands that bring an incident on, most pressing first. */
export function nextCommands({ id, questions, actions, status }: Incident): string[] {
  const waiting = questions.filter(isWaiting);
  const of = (kind: Question['kind']) => waiting.filter((one) => one.kind === kind).map(({ key }) => key);
  return [
    ...of('approval').flatMap((key) => [
      `npx cordon approvals show ${id} ${key}`,
      `npx cordon approvals approve ${id} ${key} --note "..."`,
      `npx cordon approvals reject ${id} ${key} --note "..."`,
    ]),
    ...of('task').map((key) => `npx cordon tasks done ${id} ${key} --note "..."`),
    ...actions
      .filter((action) => action.status === 'verified' && !action.irreversible)
      .map(({ key }) => `npx cordon undo ${id} ${key} --reason "..."`),
    ...(status === 'open' ? [`npx cordon incidents watch ${id}`] : []),
  ];
}
