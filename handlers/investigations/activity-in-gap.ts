import type { Actor } from '../../playbooks/actor.ts';
import { actorOf } from '../../playbooks/actor.ts';
import type { CloudTrailRecord } from '../../playbooks/cloudtrail.ts';
import type { GapActivity } from '../../playbooks/findings.ts';
import type { Incident } from '../../playbooks/incident.ts';
import { globalRegionOf } from '../../playbooks/partition.ts';
import { trailArnOf } from '../../playbooks/trails.ts';
import type { Context } from '../context.ts';
import { lookUp, lookUpPermissions, type Sleep } from '../trails/event-history.ts';
import type { Investigation } from './investigation.ts';

/** Pages of 50 records that are read for one offender in one region. */
const PAGES = 4;
/** What a report can hold; the rest is in event history. */
const MOST_CALLS = 40;

/** What the offenders did while a trail did not record, as event history has it. */
export default {
  asks: 'What the offenders did while a trail did not record, as event history has it',
  permissions: [lookUpPermissions],
  find: (incident, context) => activityInGap(incident, context),
} satisfies Investigation<GapActivity[]>;

/** As the investigation, with a clock that can be told to wait. */
export async function activityInGap(incident: Incident, context: Context, sleep?: Sleep): Promise<GapActivity[]> {
  const found: GapActivity[] = [];
  for (const [trail, from] of gapsOf(incident)) {
    const restarted = incident.findings['logging-gap']?.find((gap) => gap.trail === trail)?.restartedAt;
    const to = restarted === undefined ? context.now() : new Date(restarted);
    const span = { from: new Date(from), to: to.getTime() < Date.parse(from) ? new Date(from) : to };
    found.push(await activity(trail, span, incident, context, sleep));
  }
  return found;
}

/** Each trail that was stopped or deleted, with the time of the first such call. */
function gapsOf(incident: Incident): Map<string, string> {
  const gaps = new Map<string, string>();
  for (const { record, verdict } of incident.events) {
    if (verdict !== 'offence' || !['StopLogging', 'DeleteTrail'].includes(record.eventName ?? '')) continue;
    const trail = trailArnOf(record, incident.account);
    if (trail !== undefined && !gaps.has(trail)) gaps.set(trail, record.eventTime);
  }
  return gaps;
}

async function activity(
  trail: string,
  { from, to }: { from: Date; to: Date },
  incident: Incident,
  context: Context,
  sleep?: Sleep,
): Promise<GapActivity> {
  const known = new Set(incident.events.map(({ record }) => record.eventID));
  const home = trail.split(':')[3] ?? incident.region;
  // The calls of services for the whole world are recorded elsewhere.
  const regions = [...new Set([home, globalRegionOf(home)])];
  const records = new Map<string, CloudTrailRecord>();
  let more = false;
  for (const { value, actor } of offenders(incident)) {
    for (const region of regions) {
      const page = await lookUp({ region, by: 'Username', value, from, to, pages: PAGES }, context, sleep);
      more ||= page.more;
      for (const record of page.records) {
        // Names are not unique: another account's role session may bear the same.
        const same = actorOf(record, context.environment.account).key === actor.key;
        if (same && !known.has(record.eventID)) records.set(record.eventID, record);
      }
    }
  }
  const calls = [...records.values()].sort((a, b) => a.eventTime.localeCompare(b.eventTime));
  // What changed something says most.
  const told = [...calls]
    .sort((a, b) => Number(a.readOnly ?? false) - Number(b.readOnly ?? false))
    .slice(0, MOST_CALLS);
  return {
    trail,
    from: from.toISOString(),
    to: to.toISOString(),
    more: more || told.length < calls.length,
    calls: told
      .sort((a, b) => a.eventTime.localeCompare(b.eventTime))
      .map((record) => ({
        time: record.eventTime,
        call: `${(record.eventSource ?? '').split('.')[0]}:${record.eventName ?? 'unknown call'}`,
        by: actorOf(record, context.environment.account).label,
        address: record.sourceIPAddress ?? 'unknown address',
        changes: record.readOnly !== true,
        ...(record.errorCode ? { error: record.errorCode } : {}),
      })),
  };
}

/** By which name event history knows each offender: a user's name, a role session's, `root`. */
function offenders(incident: Incident): { value: string; actor: Actor }[] {
  const byKey = new Map<string, { value: string; actor: Actor }>();
  for (const { actor, verdict } of incident.events) {
    if (verdict !== 'offence') continue;
    const value = actor.kind === 'root' ? 'root' : (actor.session ?? actor.name);
    if (value !== undefined) byKey.set(`${actor.key} ${value}`, { value, actor });
  }
  return [...byKey.values()];
}
