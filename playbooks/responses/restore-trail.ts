import type { CloudTrailRecord } from '../cloudtrail.ts';
import type { GapActivity, TrailGap } from '../findings.ts';
import type { ActionRecord, Incident, ManualStep } from '../incident.ts';
import { containByHand, notContained, revokeSessions } from '../principals.ts';
import { happened } from '../report/happened.ts';
import { clock, line, plural } from '../report/words.ts';
import { type Known, response, type Target } from '../response.ts';
import { SIMULATION_PREFIX } from '../simulation.ts';
import { narrowing, trailArnOf, trailName } from '../trails.ts';

/** The trails of those records, each once. */
function trailsOf(records: CloudTrailRecord[], account: string): Target[] {
  const byArn = new Map<string, string[]>();
  for (const record of records) {
    const arn = trailArnOf(record, account);
    if (arn) byArn.set(arn, [...(byArn.get(arn) ?? []), record.eventID]);
  }
  return [...byArn].map(([arn, because]) => ({ target: { trail: arn }, because }));
}

/** The trails that were stopped. One that was deleted as well cannot be started, but is made again, and records then. */
function stopped(records: CloudTrailRecord[], account: string): Target[] {
  const deleted = new Set(records.filter(isDelete).map((record) => trailArnOf(record, account)));
  return trailsOf(
    records.filter((record) => record.eventName === 'StopLogging' && !deleted.has(trailArnOf(record, account))),
    account,
  );
}

/** The trails that were deleted or narrowed; a stop before the deletion is undone with it. */
function changed(records: CloudTrailRecord[], account: string): Target[] {
  const deleted = new Set(records.filter(isDelete).map((record) => trailArnOf(record, account)));
  return trailsOf(
    records.filter((record) => record.eventName !== 'StopLogging' || deleted.has(trailArnOf(record, account))),
    account,
  );
}

const isDelete = (record: CloudTrailRecord): boolean => record.eventName === 'DeleteTrail';

/** Why a call did no harm, measured by the trail's baseline. */
function harmless(record: CloudTrailRecord, { baselines }: Known): string | undefined {
  const arn = trailArnOf(record, record.recipientAccountId ?? '');
  if (isDelete(record) && arn && trailName(arn).startsWith(SIMULATION_PREFIX)) {
    return 'the end of a simulation, which takes away the trail that it made';
  }
  const baseline = baselines.find(({ trail }) => trail === arn);
  return narrowing(record, baseline?.state) ? undefined : 'the call narrows nothing: the trail records as before';
}

/** Something that restores was called for by it. */
const isAnswered = ({ eventID, eventName }: CloudTrailRecord, { actions }: Incident): boolean =>
  eventName === 'StopLogging' ||
  actions.some(({ action, because }) => action.startsWith('restore-') && because.includes(eventID));

/** How to put a trail back by hand, where that could not be done. */
function putBack({ target, label, reason }: ActionRecord): ManualStep {
  const { trail } = target as { trail: string };
  return {
    what: `Put ${label} back as it is declared, and check that it records: ${reason ?? 'it could not be verified'}`,
    commands: [
      `aws cloudtrail get-trail --name ${trail}`,
      `aws cloudtrail get-event-selectors --trail-name ${trail}`,
      'npx cdk deploy cordon-trail',
      `aws cloudtrail start-logging --name ${trail}`,
    ],
  };
}

const times = ({ interruptions = 1 }: TrailGap): string =>
  interruptions > 1 ? ` in ${interruptions} interruptions` : '';

function activityLines({ trail, from, to, calls, more }: GapActivity): string[] {
  const span = `while ${trailName(trail)} was off (${clock(from)} to ${clock(to)})`;
  return [
    calls.length === 0
      ? `Event history has no call of the offenders ${span}; it may come up to 15 minutes late`
      : `${plural(calls.length, 'call')} of the offenders ${span}${more ? ', and more' : ''}, as event history has them so far`,
    ...calls.map(({ time, call, by, address, error }) =>
      line(`  ${clock(time)} ${call}`, `by ${by}`, `from ${address}`, error && `refused: ${error}`),
    ),
  ];
}

export default response({
  title: 'Restore the trail and contain who tampered with it',
  sparesDeployments: true,
  harmless,
  restore: [
    { action: 'start-logging', targets: stopped },
    { action: 'restore-trail', targets: changed },
  ],
  investigate: ['actor', 'logging-gap', 'activity-in-gap', 'role-use'],
  contain: [
    { action: 'tag-iam-user', who: ['iam-user', 'federated-user'], mode: 'auto', attempts: true },
    { action: 'disable-iam-user', who: ['iam-user', 'federated-user'], mode: 'auto' },
    revokeSessions,
  ],
  byHand: (incident) => {
    const stuck = incident.actions.filter(({ action, status }) => action === 'restore-trail' && status === 'failed');
    return [
      ...stuck.map(putBack),
      ...containByHand(incident),
      ...(incident.events.some((event) => event.verdict === 'offence')
        ? [
            {
              what: 'Read what was done while the trail did not record; event history has it for 90 days.',
              commands: [
                `aws cloudtrail lookup-events --start-time ${incident.events[0]?.record.eventTime ?? incident.alarmAt} --max-results 50`,
              ],
            },
          ]
        : []),
    ];
  },
  unresolved: (incident) => [
    ...(incident.findings['logging-gap'] ?? [])
      .filter((gap) => gap.logging !== true)
      .map((gap) => `trail ${trailName(gap.trail)} does not record`),
    // What called for an action is judged by how that went.
    ...incident.events
      .filter(({ verdict, record }) => verdict === 'offence' && !isAnswered(record, incident))
      .map(({ record }) => `${record.eventName}: ${narrowing(record) ?? 'less than its baseline'}`),
    ...notContained(incident),
  ],
  report: (incident) => [
    happened(
      incident,
      (record) => {
        const arn = trailArnOf(record, incident.account);
        return arn ? `trail ${trailName(arn)}` : undefined;
      },
      narrowing,
    ),
    {
      heading: 'Logging',
      lines: (incident.findings['logging-gap'] ?? []).map((gap) => {
        const now =
          gap.logging === true
            ? 'is logging (read back)'
            : gap.logging === 'deleted'
              ? 'IS DELETED'
              : gap.logging === 'unknown'
                ? 'could not be read'
                : 'IS NOT LOGGING';
        const off =
          gap.logging === true && gap.offSeconds !== undefined
            ? `was off for ${plural(gap.offSeconds, 'second')}${times(gap)}, from ${clock(gap.stoppedAt)} to ${clock(gap.restartedAt)}`
            : gap.logging === true
              ? 'was not interrupted'
              : undefined;
        return line(`Trail ${trailName(gap.trail)} ${now}`, off);
      }),
    },
    {
      heading: 'What was done while the trail was off',
      lines: (incident.findings['activity-in-gap'] ?? []).flatMap(activityLines),
    },
  ],
  subject: (incident) => {
    const arn = incident.events.map((event) => trailArnOf(event.record, incident.account)).find(Boolean);
    return arn ? `trail ${trailName(arn)}` : 'CloudTrail';
  },
});
