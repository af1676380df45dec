import { CloudTrailClient, GetTrailStatusCommand } from '@aws-sdk/client-cloudtrail';
import type { TrailGap } from '../../playbooks/findings.ts';
import type { Incident, Verdict } from '../../playbooks/incident.ts';
import { trailArnOf } from '../../playbooks/trails.ts';
import type { Context } from '../context.ts';
import { errorName } from '../errors.ts';
import { allow, trails } from '../permissions.ts';
import type { Investigation } from './investigation.ts';

/** How long each trail did not record: from the call that stopped it to its restart. */
export default {
  asks: 'How long each trail did not record, from the call that stopped it to its restart',
  permissions: [allow(['cloudtrail:GetTrailStatus'], trails)],
  find: async (incident, context) => {
    const named = (verdict: Verdict) =>
      incident.events
        .filter((event) => event.verdict === verdict)
        .map((event) => trailArnOf(event.record, incident.account))
        .filter((arn) => arn !== undefined);
    const changed = new Set(named('offence'));
    const all = [...new Set([...changed, ...named('attempt')])];
    const read = await Promise.all(
      all.map((arn) => (isGone(arn, incident) ? before(arn, incident) : gapOf(arn, incident, context))),
    );
    const gaps = read.filter((gap) => gap !== undefined);
    // A refused call may name a trail that never was, or another account's: that it cannot be read says nothing.
    return gaps.filter((gap) => changed.has(gap.trail) || typeof gap.logging === 'boolean');
  },
} satisfies Investigation<TrailGap[]>;

/** It was taken away since, by a call that does no harm: what was found before stands. */
const isGone = (trail: string, { events, account }: Incident): boolean =>
  events.some(
    ({ record, verdict }) =>
      verdict === 'benign' && record.eventName === 'DeleteTrail' && trailArnOf(record, account) === trail,
  );

const before = (trail: string, { findings }: Incident): TrailGap | undefined =>
  findings['logging-gap']?.find((one) => one.trail === trail);

async function gapOf(trail: string, incident: Incident, context: Context): Promise<TrailGap> {
  const stops = incident.events
    .filter(
      ({ record, verdict }) =>
        verdict === 'offence' &&
        (record.eventName === 'StopLogging' || record.eventName === 'DeleteTrail') &&
        trailArnOf(record, incident.account) === trail,
    )
    .map(({ record }) => record.eventTime);
  const [stoppedAt] = stops;
  const earlier = before(trail, incident);
  const { logging, startedAt } = await statusOf(trail, context);
  const gap: TrailGap = { ...earlier, trail, logging, ...(stoppedAt ? { stoppedAt } : {}) };
  if (stoppedAt === undefined || startedAt === undefined) return gap;
  // Stopped again before this look: its last start is still told, and ended the interruption before.
  if (logging !== true && startedAt < new Date(stoppedAt)) return gap;
  const restartedAt = startedAt.toISOString();
  if (earlier?.offSeconds === undefined || earlier.restartedAt === undefined) {
    return { ...gap, restartedAt, offSeconds: secondsBetween(stoppedAt, startedAt) };
  }
  if (restartedAt <= earlier.restartedAt) return gap;
  // Between two restarts a trail records only one stop: what comes while it is off, it does not see.
  const again = secondsBetween(stops.at(-1) ?? stoppedAt, startedAt);
  const { interruptions = 1, offSeconds } = earlier;
  return { ...gap, restartedAt, offSeconds: offSeconds + again, interruptions: interruptions + 1 };
}

/** The record's time has whole seconds, so a restart within the same second may seem to come before the stop. */
const secondsBetween = (stoppedAt: string, startedAt: Date): number =>
  Math.max(0, Math.round((startedAt.getTime() - Date.parse(stoppedAt)) / 1000));

async function statusOf(trail: string, context: Context): Promise<{ logging: TrailGap['logging']; startedAt?: Date }> {
  try {
    const client = context.client(CloudTrailClient, trail.split(':')[3]);
    const { IsLogging, StartLoggingTime } = await client.send(new GetTrailStatusCommand({ Name: trail }));
    return { logging: IsLogging ?? false, ...(StartLoggingTime ? { startedAt: StartLoggingTime } : {}) };
  } catch (error) {
    if (errorName(error) === 'TrailNotFoundException') return { logging: 'deleted' };
    context.log.warn('the status of a trail could not be read', { trail, error: String(error) });
    return { logging: 'unknown' };
  }
}
