import { loginPattern } from '../handlers/investigations/login-pattern.ts';
import type { Actor } from '../playbooks/actor.ts';
import type { AlarmTime } from '../playbooks/alarm-times.ts';
import { responseOf } from '../playbooks/catalog.ts';
import { type CloudTrailRecord, cloudTrailRecord } from '../playbooks/cloudtrail.ts';
import type { Detection } from '../playbooks/detection.ts';
import type { Incident, IncidentEvent } from '../playbooks/incident.ts';
import { parsePath, select } from '../playbooks/matching/path.ts';
import { defaultOptions } from '../playbooks/options.ts';
import { failed } from '../playbooks/parameters.ts';
import { type Response, whyHarmless } from '../playbooks/response.ts';
import { firstPlace } from './first-place.ts';
import { type Kept, recordIn } from './rows.ts';

/** One thing that a playbook would have done, or asked. */
export interface WouldDo {
  action: string;
  /** `auto` would have been done at once, `approve` proposed. */
  mode: 'auto' | 'approve' | 'monitor';
  /** What it would have been done to, in words. */
  target: string;
}

/** An incident as the playbook would have opened it: one for each alarm, with the records that no earlier one has. */
export interface PastIncident {
  /** Places in the list of matching records: from, and up to before. */
  from: number;
  to: number;
  /** When the alarm fired, ISO. */
  alarmAt: string;
  /** Nothing for records that are not kept in full. */
  would: WouldDo[];
  /** Records that were refused or failed, and that the playbook would have found harmless. */
  attempts: number;
  harmless: number;
  /** True when some of its records are not kept in full, so that what would have been done is not all there. */
  partial: boolean;
}

/** How far before an alarm's window the playbook looks for records, in ms. */
const LATE = 15 * 60_000;
const badness = ['related', 'attempt', 'offence'] as const;

/** Whether records decide what a detection's playbook does; one that never acts only reports them. */
export function isJudged({ response }: Detection): boolean {
  const { restore, contain, harmless } = responseOf(response);
  return restore.length + contain.length > 0 || harmless !== undefined;
}

/** The incidents of a detection's alarms, and what its playbook would have done in each, as far as records alone can tell. */
export function pastIncidents(
  id: string,
  detection: Detection,
  alarms: readonly AlarmTime[],
  kept: readonly Kept[],
  related: readonly Kept[],
): PastIncident[] {
  const response = responseOf(detection.response);
  const isWanting = ({ record }: Kept): boolean => record === undefined;
  const needsAll = isJudged(detection);
  let claimed = 0;
  return alarms.map((alarm) => {
    const earliest = alarm.time - detection.alarm.withinMinutes * 60_000 - LATE;
    let from = Math.max(claimed, alarm.from);
    while (from > claimed && (kept[from - 1]?.time ?? 0) >= earliest) from -= 1;
    const to = Math.max(alarm.to, from);
    claimed = to;
    const alarmAt = new Date(alarm.time).toISOString();
    const records = kept.slice(from, to);
    const near = between(related, earliest, alarm.until + LATE);
    const attempts = records.filter(({ isAttempt }) => isAttempt).length;
    const partial = needsAll && (records.some(isWanting) || near.some(isWanting));
    const known = { from, to, alarmAt, attempts, partial };
    if (records.every(isWanting)) return { ...known, would: [], harmless: 0 };
    return { ...known, ...judged(id, detection, response, { records, near, alarmAt }) };
  });
}

function judged(
  id: string,
  detection: Detection,
  response: Response,
  { records, near, alarmAt }: { records: readonly Kept[]; near: readonly Kept[]; alarmAt: string },
): Pick<PastIncident, 'would' | 'harmless'> {
  const account = records[0]?.actor.accountId ?? '';
  const mine = records.flatMap((one) => eventOf(one, response));
  const events = [...mine, ...relatedEvents(detection, mine, near)];
  const incident: Incident = {
    ...{ id, detection: id, account, region: mine[0]?.record.awsRegion ?? '' },
    ...{ severity: detection.severity, status: 'open' },
    ...{ openedAt: alarmAt, alarmAt, alarmName: id, events, actions: [], failures: [], questions: [], evidence: '' },
    findings: response.investigate.includes('login-pattern') ? { 'login-pattern': loginPattern(events) } : {},
  };
  return {
    would: [...restores(response, mine, account), ...containments(response, incident)],
    harmless: mine.filter(({ verdict }) => verdict === 'benign').length,
  };
}

function recordOf(kept: Kept): CloudTrailRecord | undefined {
  const record = recordIn(kept);
  return record === undefined ? undefined : cloudTrailRecord.safeParse(record).data;
}

/** Of records in order of their time, those from one time up to another, both in ms and within. */
function between(kept: readonly Kept[], from: number, to: number): readonly Kept[] {
  const first = (isBehind: (time: number) => boolean): number =>
    firstPlace(kept.length, (n) => isBehind(kept[n]?.time ?? 0));
  return kept.slice(
    first((time) => time >= from),
    first((time) => time > to),
  );
}

/** A record that lacks an eventID or a time is in no incident: the playbook could not claim it. */
function eventOf(kept: Kept, response: Response): IncidentEvent[] {
  const record = recordOf(kept);
  if (!record) return [];
  const { actor } = kept;
  if (failed(record)) return [{ record, actor, verdict: 'attempt' }];
  // Neither the baselines nor the deployments of the time are known, nor who was protected.
  const reason = whyHarmless(response, record, { deployment: false, protected: false, baselines: [] });
  return [reason ? { record, actor, verdict: 'benign', reason } : { record, actor, verdict: 'offence' }];
}

function relatedEvents({ related }: Detection, mine: readonly IncidentEvent[], near: readonly Kept[]): IncidentEvent[] {
  if (!related || mine.length === 0) return [];
  const texts = (record: CloudTrailRecord, path: string): unknown[] =>
    select(record, parsePath(path)).filter((value) => typeof value === 'string' && value !== '');
  const shared = related.sharing.map((path) => ({
    path,
    values: new Set(mine.flatMap((one) => texts(one.record, path))),
  }));
  return near.flatMap((kept) => {
    const record = recordOf(kept);
    const shares = record && shared.some(({ path, values }) => texts(record, path).some((value) => values.has(value)));
    return record && shares ? [{ record, actor: kept.actor, verdict: 'related' as const }] : [];
  });
}

function restores(response: Response, mine: readonly IncidentEvent[], account: string): WouldDo[] {
  const offences = mine.filter(({ verdict }) => verdict === 'offence').map(({ record }) => record);
  return response.restore.flatMap(({ action, targets }) =>
    targets(offences, account).map(({ target }) => ({ action, mode: 'auto' as const, target: words(target) })),
  );
}

/** As the playbook plans them, without its guard rails: who is protected, and the cap, are the deployment's. */
function containments(response: Response, incident: Incident): WouldDo[] {
  return [...offenders(incident.events)].flatMap(({ actor, worst }) =>
    response.contain.flatMap(({ action, who, mode, attempts, related, targets }) => {
      if (![who].flat().includes(actor.kind)) return [];
      if ((worst === 'attempt' && !attempts) || (worst === 'related' && !related)) return [];
      const decided = typeof mode === 'function' ? mode(incident, actor.key, defaultOptions) : mode;
      if (decided === undefined) return [];
      const aims = targets?.(incident, actor) ?? actorTarget(actor);
      return aims.map((target) => ({ action, mode: decided, target: words(target) }));
    }),
  );
}

function offenders(events: readonly IncidentEvent[]): Iterable<{ actor: Actor; worst: (typeof badness)[number] }> {
  const byKey = new Map<string, { actor: Actor; worst: (typeof badness)[number] }>();
  for (const { actor, verdict } of events) {
    if (verdict === 'benign') continue;
    const known = byKey.get(actor.key) ?? { actor, worst: verdict };
    if (badness.indexOf(verdict) > badness.indexOf(known.worst)) known.worst = verdict;
    byKey.set(actor.key, known);
  }
  return byKey.values();
}

function actorTarget(actor: Actor): unknown[] {
  if (actor.kind === 'iam-user') return [{ user: actor.name }];
  if (actor.kind === 'federated-user') return actor.issuer ? [{ user: actor.issuer.name }] : [];
  return actor.kind === 'assumed-role' ? [{ role: actor.name }] : [];
}

/** A target in words, whatever its action's shape: `user mallory`, `bucket reports`. */
function words(target: unknown): string {
  const parts = Object.entries((target ?? {}) as Record<string, unknown>).filter(([key]) => key !== 'seen');
  return parts.map(([key, value]) => `${key} ${typeof value === 'string' ? value : JSON.stringify(value)}`).join(', ');
}
