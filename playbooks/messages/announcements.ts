import { detectionOf } from '../catalog.ts';
import type { ActionRecord, Incident } from '../incident.ts';
import { type Answer, isWaiting, type Question } from '../question.ts';
import { outcomeWords, statusWords } from '../report/report.ts';
import { line, plain } from '../report/words.ts';
import type { Announcement, DecisionStep, Detail, EventAction, EventDecision } from './events.ts';
import { MOST_ITEMS, MOST_TEXT, SCHEMA_VERSION } from './events.ts';
import { acknowledge, type Page, resolve, trigger } from './pagerduty.ts';
import { slackMessage } from './slack.ts';

/** What events say of every incident. */
export type IncidentHead = Pick<
  Incident,
  'id' | 'detection' | 'account' | 'region' | 'severity' | 'status' | 'openedAt' | 'alarmAt' | 'evidence'
> & { outcome?: Incident['outcome'] | undefined };

/** An alarm has opened an incident. */
export function incidentOpened(head: IncidentHead): Announcement {
  const headline = `${head.severity} OPENED: ${titleOf(head)}`;
  return {
    detailType: 'Incident Opened',
    detail: {
      ...common(head, 'opened', head.openedAt, headline),
      slack: slackMessage(headline, [whereOf(head), 'The playbook has started; its summary follows.', show(head)]),
      pagerduty: trigger(pageOf(head, headline, head.openedAt)),
    },
  };
}

/** What a round came to. */
export interface Round {
  round: number;
  /** What it came of, where that was no round but an answer: unique in the incident. */
  cause?: string;
  /** ISO time. */
  at: string;
  target: string;
  /** Why a person is still needed, each in words. */
  open: string[];
}

/** A round of the playbook is done. `incident` has the outcome of the round. */
export function incidentChanged(incident: Incident, { round, cause, at, target, open }: Round): Announcement {
  const outcome = incident.outcome ?? 'needs-analyst';
  const headline = `${incident.severity} ${outcomeWords[outcome]}: ${titleOf(incident)}`;
  const offenders = (incident.findings.actor ?? []).map(({ label }) => label);
  const settled = incident.actions.map((action) => `${statusWords[action.status]}: ${action.title}, ${action.label}`);
  const lines = [
    whereOf(incident, target),
    ...(offenders.length > 0 ? [`By ${few(offenders, 5).join(', ')}`] : []),
    ...section('Still open', open),
    ...section('For you to decide', waiting(incident, 'approval')),
    ...section('For you to do', waiting(incident, 'task')),
    ...section('Actions', settled),
    show(incident),
  ];
  const details = { open: few(open, 10), actions: few(settled, 10), by: few(offenders, 10) };
  return {
    detailType: 'Incident Changed',
    detail: {
      ...common(incident, cause ?? `round-${round}`, at, headline),
      ...{ round, target: cut(target) },
      offenders: few(offenders, MOST_ITEMS),
      open: few(open, MOST_ITEMS),
      actions: incident.actions.slice(0, MOST_ITEMS).map(actionOf),
      moreActions: Math.max(0, incident.actions.length - MOST_ITEMS),
      // Another incident has all its records and tells of them.
      ...(outcome === 'duplicate' ? {} : { slack: slackMessage(headline, lines) }),
      // Closing follows at once where nobody is needed: a page that came after it would open the alert again.
      ...(outcome === 'needs-analyst'
        ? { pagerduty: trigger({ ...pageOf(incident, headline, at, details), target }) }
        : {}),
    },
  };
}

/** The playbook has done its part: the incident is closed, or handed over, as its `status` says. */
export function incidentEnded(head: IncidentHead, at: string): Announcement {
  const closed = head.status === 'closed';
  const outcome = head.outcome ? `, ${outcomeWords[head.outcome]}` : '';
  const headline = `${head.severity} ${closed ? 'CLOSED' : 'HANDED OVER to an analyst'}${outcome}: ${titleOf(head)}`;
  const detail = {
    ...common(head, closed ? 'closed' : 'handed-over', at, headline),
    slack: slackMessage(headline, [whereOf(head), show(head)]),
    pagerduty: closed ? resolve(head.id) : trigger(pageOf(head, headline, at)),
  };
  return { detailType: closed ? 'Incident Closed' : 'Incident Handed Over', detail };
}

/** An action has another status. */
export function actionChanged(head: IncidentHead, action: ActionRecord): Announcement {
  const at = action.at[action.status] ?? head.openedAt;
  const headline = `${head.severity} ${statusWords[action.status]}: ${action.title}, ${action.label}`;
  const by = action.undoneBy ? [`By ${action.undoneBy}: ${action.reason ?? 'no reason given'}`] : [];
  const undone = action.status === 'undone';
  return {
    detailType: 'Action Changed',
    detail: {
      ...common(head, `action/${action.key}/${action.status}/${at}`, at, headline),
      action: actionOf(action),
      // The summary of the round lists the others: a channel need not hear of each.
      ...(undone ? { slack: slackMessage(headline, [whereOf(head), ...by, show(head)]) } : {}),
      ...(undone ? { pagerduty: acknowledge(head.id) } : {}),
    },
  };
}

const decisionWords: Record<DecisionStep, string> = {
  Asked: 'ASKED',
  Reminded: 'STILL WAITS',
  Escalated: 'ESCALATED',
  Answered: 'ANSWERED',
  'Timed Out': 'TIMED OUT',
  Withdrawn: 'WITHDRAWN',
};

/** A question to an analyst got a step further. */
export interface DecisionChange {
  step: DecisionStep;
  question: Question;
  /** ISO time. */
  at: string;
  /** Whether channel and pager hear of it: what is asked stands in the round's own message, and one reminds of all. */
  tell: boolean;
}

/** A question to an analyst got a step further. */
export function decisionChanged(head: IncidentHead, { step, question, at, tell }: DecisionChange): Announcement {
  const kind = question.kind === 'approval' ? 'Approval' : 'Task';
  const last = step === 'Answered' ? question.answers.at(-1) : undefined;
  const how = last ? `${decisionWords[step]} (${last.answer})` : decisionWords[step];
  const headline = `${head.severity} ${kind.toUpperCase()} ${how}: ${question.what}`;
  const lines = [
    whereOf(head),
    ...(last ? [`By ${last.by}: ${last.note}`] : []),
    ...(last || step === 'Timed Out' ? [] : [`Until ${question.timesOutAt}`]),
    show(head),
  ];
  const detail: Detail<'Approval Asked'> = {
    ...common(
      head,
      `${kind}/${question.key}/${question.number}/${step}/${at}`.toLowerCase().replaceAll(' ', '-'),
      at,
      headline,
    ),
    decision: decisionOf(question, last),
    ...(tell ? { slack: slackMessage(headline, lines) } : {}),
    ...(tell ? { pagerduty: last ? acknowledge(head.id) : trigger(pageOf(head, headline, at)) } : {}),
  };
  return { detailType: `${kind} ${step}`, detail };
}

function decisionOf(question: Question, last: Answer | undefined): EventDecision {
  const { key, number, what, status, timesOutAt, twoPersons, commands } = question;
  return {
    ...{ key, number, what: cut(what), status, until: timesOutAt, twoPersons },
    ...(commands.length > 0 ? { commands: few(commands, MOST_ITEMS) } : {}),
    ...(last ? { answer: last.answer, by: cut(last.by), note: cut(last.note) } : {}),
  };
}

/** The event's own text, with nothing in it that could hide, turn or break a line, and no longer than an event takes. */
function cut(text: string, most = MOST_TEXT): string {
  const clean = plain(text);
  return clean.length <= most ? clean : `${clean.slice(0, most - 3)}...`;
}

function few(lines: readonly string[], most: number): string[] {
  const more = lines.length - most;
  return more > 0
    ? [...lines.slice(0, most - 1).map((one) => cut(one)), `and ${more + 1} more`]
    : lines.map((one) => cut(one));
}

const waiting = ({ questions }: Incident, kind: Question['kind']): string[] =>
  questions.filter((question) => question.kind === kind && isWaiting(question)).map(({ what }) => what);

const section = (heading: string, lines: readonly string[]): string[] =>
  lines.length === 0 ? [] : ['', heading, ...few(lines, 8).map((one) => `- ${cut(one, 250)}`)];

function common(head: IncidentHead, what: string, at: string, headline: string) {
  const { id, detection, severity, status, outcome, account, region, openedAt, alarmAt, evidence } = head;
  return {
    schemaVersion: SCHEMA_VERSION,
    id: `${id}/${what}`,
    at,
    headline: cut(headline),
    incident: {
      ...{ id, detection, title: titleOf(head), severity, status },
      ...(outcome ? { outcome } : {}),
      ...{ account, region, openedAt, alarmAt, evidence },
    },
  } as const;
}

function actionOf(action: ActionRecord): EventAction {
  const { key, action: id, title, label, contains, status, reason, beforeWords, afterWords, undoneBy } = action;
  const at = action.at[status];
  return {
    ...{ key, action: id, title, target: cut(label), contains, status },
    ...(at ? { at } : {}),
    ...(reason ? { reason: cut(reason) } : {}),
    ...(beforeWords ? { before: cut(beforeWords) } : {}),
    ...(afterWords ? { after: cut(afterWords) } : {}),
    ...(undoneBy ? { undoneBy: cut(undoneBy) } : {}),
  };
}

function pageOf(head: IncidentHead, summary: string, at: string, details: Page['details'] = {}): Page {
  const { id, severity, account, region, detection, evidence } = head;
  const commands = { incident: id, show: show(head), evidence };
  return { dedupKey: id, summary, severity, at, account, region, detection, details: { ...commands, ...details } };
}

const titleOf = ({ detection }: IncidentHead): string => detectionOf(detection).title;
const whereOf = ({ detection, account, region }: IncidentHead, target?: string): string =>
  line(target, detection, account, region);
const show = ({ id }: IncidentHead): string => `npx cordon incidents show ${id}`;
