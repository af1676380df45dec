import type { CloudTrailRecord } from '../cloudtrail.ts';
import type { TrailGap } from '../findings.ts';
import { containByHand, notContained, revokeSessions } from '../principals.ts';
import { clock, line, plural } from '../report/words.ts';
import { response, type Target } from '../response.ts';
import { narrowing, trailArnOf, trailName } from '../trails.ts';

/** The trails that were stopped, each once. */
function stopped(records: CloudTrailRecord[], account: string): Target[] {
  const byArn = new Map<string, string[]>();
  for (const record of records) {
    const arn = record.eventName === 'StopLogging' ? trailArnOf(record, account) : undefined;
    if (arn) byArn.set(arn, [...(byArn.get(arn) ?? []), record.eventID]);
  }
  return [...byArn].map(([arn, because]) => ({ target: { trail: arn }, because }));
}

const times = ({ interruptions = 1 }: TrailGap): string =>
  interruptions > 1 ? ` in ${interruptions} interruptions` : '';

export default response({
  title: 'Restore the trail and contain who tampered with it',
  harmless: (record) => (narrowing(record) ? undefined : 'the call narrows nothing: the trail records as before'),
  restore: [{ action: 'start-logging', targets: stopped }],
  investigate: ['actor', 'logging-gap', 'role-use'],
  contain: [
    { action: 'tag-iam-user', who: ['iam-user', 'federated-user'], mode: 'auto', attempts: true },
    { action: 'disable-iam-user', who: ['iam-user', 'federated-user'], mode: 'auto' },
    revokeSessions,
  ],
  byHand: (incident) => {
    const changed = incident.events.filter(
      (event) => event.verdict === 'offence' && event.record.eventName !== 'StopLogging',
    );
    return [
      ...changed.map(({ record }) => {
        const arn = trailArnOf(record, incident.account) ?? 'unknown trail';
        return {
          what: `${record.eventName} on trail ${trailName(arn)} (${narrowing(record)}): put the trail back as it is declared, and check that it records.`,
          commands: [
            `aws cloudtrail get-trail --name ${arn}`,
            `aws cloudtrail get-event-selectors --trail-name ${arn}`,
            'npx cdk deploy cordon-trail',
          ],
        };
      }),
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
    ...incident.events
      .filter((event) => event.verdict === 'offence' && event.record.eventName !== 'StopLogging')
      .map((event) => `${event.record.eventName}: ${narrowing(event.record)}`),
    ...notContained(incident),
  ],
  report: (incident) => [
    {
      heading: 'What happened',
      lines: incident.events.map(({ record, actor, verdict, reason }) => {
        const arn = trailArnOf(record, incident.account);
        const what = verdict === 'attempt' ? `refused: ${record.errorCode}` : (reason ?? narrowing(record) ?? '');
        return line(
          `${clock(record.eventTime)} ${record.eventName}`,
          arn ? `trail ${trailName(arn)}` : undefined,
          `by ${actor.label}`,
          what,
        );
      }),
    },
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
          gap.offSeconds !== undefined
            ? `was off for ${plural(gap.offSeconds, 'second')}${times(gap)}, from ${clock(gap.stoppedAt)} to ${clock(gap.restartedAt)}`
            : gap.logging === true
              ? 'was not interrupted'
              : undefined;
        return line(`Trail ${trailName(gap.trail)} ${now}`, off);
      }),
    },
  ],
  subject: (incident) => {
    const arn = incident.events.map((event) => trailArnOf(event.record, incident.account)).find(Boolean);
    return arn ? `trail ${trailName(arn)}` : 'CloudTrail';
  },
});
