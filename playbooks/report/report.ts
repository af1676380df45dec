import type { AnyDetection } from '../detection.ts';
import { differenceSection, differenceSteps } from '../difference.ts';
import type { ActionRecord, Incident, Outcome } from '../incident.ts';
import { openReasons } from '../outcome.ts';
import type { Response, Section } from '../response.ts';
import { runbookLines } from '../runbook.ts';
import { type Mail, mailOf, subjectOf } from './mail.ts';
import { decided, toDecide, toDo } from './questions.ts';
import { clock, dayAndClock, line, listed, plural } from './words.ts';

/** Outcomes as an analyst reads them. */
export const outcomeWords: Record<Outcome, string> = {
  contained: 'CONTAINED',
  resolved: 'RESOLVED, by analysts',
  'needs-analyst': 'NEEDS AN ANALYST',
  attempt: 'ATTEMPT, nothing to restore',
  undone: 'UNDONE, somebody took containment back',
  declined: 'DECLINED, an analyst decided against containment',
  monitored: 'MONITORED, nothing was changed',
  benign: 'BENIGN',
  duplicate: 'DUPLICATE',
};

/**
 * The summary of an incident. `runbooks` is the address where the runbooks can be read, if any. Says only what the
 * incident's record says: an action counts as done when it was read back.
 */
export function summaryMail(incident: Incident, detection: AnyDetection, response: Response, runbooks?: string): Mail {
  const outcome = incident.outcome ?? 'needs-analyst';
  const [short = ''] = outcomeWords[outcome].split(',');
  const sections: Section[] = [
    // What needs a person comes first: it may be read on a phone at night.
    { heading: 'Still open', lines: openReasons(incident, response) },
    differenceSection(incident),
    withoutRecords(incident),
    suppressed(incident),
    notTaken(incident),
    ...response.report(incident),
    who(incident),
    { heading: 'What cordon did', lines: incident.actions.filter(isDone).flatMap((action) => did(action, incident)) },
    { heading: 'What cordon would have done', lines: incident.actions.filter(isMonitored).flatMap(wouldHave) },
    toDecide(incident),
    outcome === 'benign'
      ? { heading: '', lines: [] }
      : toDo(incident, [...differenceSteps(incident), ...response.byHand(incident)]),
    decided(incident),
    {
      heading: 'Not put onto the event bus',
      lines: (incident.unannounced ?? []).map(({ what, error, at }) => `${what}, ${clock(at)}: ${error}`),
    },
    {
      heading: 'Evidence',
      lines: [incident.evidence, `npx cordon incidents show ${incident.id}`],
    },
  ];
  return mailOf({
    subject: subjectOf({ ...incident, outcome: short, target: subjectTarget(incident, response) }),
    head: [
      `${incident.severity}: ${outcomeWords[outcome]}`,
      detection.title,
      '',
      `Incident  ${incident.id}`,
      `Account   ${incident.account}, ${incident.region}`,
      ...openedBy(incident),
      ...runbookLines(detection.response, runbooks),
      ...(incident.events.length > 0 && incident.claimedBy?.length
        ? [`Linked    ${incident.claimedBy.join(', ')}`]
        : []),
      ...(incident.events.length > 0 && incident.leftTo?.length
        ? [`Besides   ${incident.leftTo.join(', ')} tells of other records that matched`]
        : []),
    ],
    sections,
  });
}

/** What it is about. Without a record only what the watchdog found says so. */
export const subjectTarget = (incident: Incident, response: Response): string =>
  (incident.events.length === 0 && incident.differences?.[0]?.what) || response.subject(incident);

function openedBy({ lane, alarmReason, alarmName, alarmAt }: Incident): string[] {
  switch (lane) {
    case 'event':
      return [`Event     ${alarmReason ?? 'of a call'}`, `Called    ${dayAndClock(alarmAt)}`];
    case 'watchdog':
      return [`Watchdog  ${alarmReason ?? 'found it'}`, `Looked    ${dayAndClock(alarmAt)}`];
    case 'finding':
      return [`Finding   ${alarmReason ?? 'of GuardDuty'}`, `Found     ${dayAndClock(alarmAt)}`];
    default:
      return [`Alarm     ${alarmName}`, `Fired     ${dayAndClock(alarmAt)}`];
  }
}

function withoutRecords({ ownCalls, claimedBy, leftTo, events }: Incident): Section {
  const lines = [
    ...(ownCalls ? [`${plural(ownCalls, 'matching call')} by cordon's own roles, as an undo makes them`] : []),
    ...(leftTo?.length ? [`records that ${leftTo.join(', ')} tells of`] : []),
    ...(claimedBy?.length ? [`records that belong to ${claimedBy.join(', ')}`] : []),
  ];
  return { heading: 'What set off the alarm', lines: events.length === 0 ? lines : [] };
}

/** That there is more than the report tells of is said. */
const notTaken = ({ odd = 0, unread = false, events }: Incident): Section => ({
  heading: 'What is not in this report',
  lines: [
    ...(unread ? [`There are more matching records than the ${plural(events.length, 'record')} of this incident`] : []),
    ...(odd > 0 ? [`${plural(odd, 'log event')} matched, but could not be read as a record`] : []),
  ],
});

function who(incident: Incident): Section {
  return {
    heading: 'Who',
    lines: (incident.findings.actor ?? []).flatMap((actor) => [
      line(actor.label, `from ${listed(actor.addresses)}`),
      ...actor.userAgents.map((agent) => `  with ${agent}`),
    ]),
  };
}

const isMonitored = ({ status }: ActionRecord): boolean => status === 'monitored';
const isDone = (action: ActionRecord): boolean =>
  action.status !== 'proposed' && action.status !== 'planned' && !isMonitored(action);

/** Statuses of actions as an analyst reads them. */
export const statusWords: Record<ActionRecord['status'], string> = {
  planned: 'PLANNED',
  proposed: 'PROPOSED',
  monitored: 'MONITORED, NOT DONE',
  verified: 'DONE, read back',
  contained: 'CHANGED, BUT NOT READ BACK',
  captured: 'NOT DONE',
  failed: 'FAILED',
  'not-needed': 'not needed',
  withheld: 'WITHHELD',
  rejected: 'REJECTED, not done',
  undone: 'undone',
};

function did(action: ActionRecord, incident: Incident): string[] {
  const at = action.at[action.status];
  return [
    `${statusWords[action.status]}: ${action.title}, ${action.label}${at ? `, ${clock(at)}` : ''}`,
    ...(action.undoneBy && action.status === 'undone'
      ? [`  undone by ${action.undoneBy}: ${action.reason}`]
      : action.reason
        ? [`  because: ${action.reason}`]
        : []),
    ...(action.status === 'failed' || action.status === 'withheld' ? commands(action) : []),
    ...(action.status === 'verified'
      ? [
          `  before: ${action.beforeWords}`,
          `  after: ${action.afterWords}`,
          action.irreversible
            ? `  cannot be undone: ${action.irreversible}`
            : `  undo: npx cordon undo ${incident.id} ${action.key}`,
        ]
      : []),
  ];
}

/** How a person does it, where cordon has not. */
const commands = (action: ActionRecord): string[] => (action.commands ?? []).map((command) => `  $ ${command}`);

const wouldHave = (action: ActionRecord): string[] => [
  `${action.title}, ${action.label}: NOT DONE`,
  ...(action.reason ? [`  because: ${action.reason}`] : []),
  ...(action.beforeWords ? [`  now: ${action.beforeWords}`] : []),
];

/** Suppressed records are never silent: how many, by whose word and why. */
function suppressed({ events }: Incident): Section {
  const reasons = events.flatMap((event) => (event.suppressed ? [event.reason ?? 'suppressed'] : []));
  return {
    heading: 'Suppressed',
    lines: [...new Set(reasons)].map(
      (reason) => `${plural(reasons.filter((one) => one === reason).length, 'record')} ${reason}`,
    ),
  };
}
