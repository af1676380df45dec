import * as z from 'zod';
import { detectionOf, precedence, responseOf } from '../../playbooks/catalog.ts';
import type { CloudTrailRecord } from '../../playbooks/cloudtrail.ts';
import { type AnyDetection, type Detection, matchOf } from '../../playbooks/detection.ts';
import type { IncidentEvent } from '../../playbooks/incident.ts';
import type { Match } from '../../playbooks/matching/match.ts';
import { parsePath, select } from '../../playbooks/matching/path.ts';
import { predicate } from '../../playbooks/matching/predicate.ts';
import { whyHarmless } from '../../playbooks/response.ts';
import { sourceOf } from '../../playbooks/sources.ts';
import { suppressionOf, suppressionWords } from '../../playbooks/suppression.ts';
import type { TrailBaseline } from '../../playbooks/trail-baseline.ts';
import { announcePermission } from '../announce.ts';
import type { Context } from '../context.ts';
import { errorName, errorText } from '../errors.ts';
import { handOn } from '../hand-on.ts';
import { inParts } from '../in-parts.ts';
import type { Head } from '../incidents/items.ts';
import {
  type Bounds,
  deliveryOf,
  type Found,
  readFlowLogsPermissions,
  readLogsPermissions,
  searchLogs,
} from '../logs.ts';
import { useLedger } from '../permissions.ts';
import { type Planned, planRestores } from '../plan.ts';
import { stepHandler } from '../step.ts';
import { isByProtected, isDeployment } from '../trails/deployment.ts';
import { lookUpPermissions } from '../trails/event-history.ts';
import { callsBehind } from '../watchdog/calls.ts';
import { explanationOf, type Records } from '../watchdog/explanation.ts';

const input = z.object({
  incidentId: z.string().min(1),
  round: z.number().int().min(0),
  /** How often this round has found nothing so far. */
  empty: z.number().int().min(0).default(0),
});

/** What collecting came to. */
export interface Collected {
  /** Records that this incident did not have before. */
  fresh: number;
  /** True when there is a good reason why no record is this incident's: another has them, or they are cordon's own. */
  explained: boolean;
  /** Actions that put protection back, to be run at once. */
  restore: Planned[];
  /** True when more are planned than were handed on: the step is to be called again. */
  left: boolean;
}

/**
 * How far before the alarm's window records are looked for, in minutes: CloudTrail delivers about 5 minutes late, at times
 * 15. An alarm without a record looks further back each time: something set it off.
 */
const LATE_MINUTES = [15, 15, 60, 240, 720, 1440];
/** How far behind the alarm the first round looks, in minutes: it treats what set the alarm off, however late it starts. */
const FIRST_ROUND_MINUTES = 5;
/** Claims that run at once. */
const CLAIMS_AT_ONCE = 10;

/**
 * Collects the records of the alarm's window, filters them again by the detection's own predicate, claims each, judges
 * it as far as the record alone allows, and plans what puts protection back.
 */
export async function collect(
  { incidentId, round, empty }: z.infer<typeof input>,
  context: Context,
): Promise<Collected> {
  const head = await context.ledger.head(incidentId);
  const detection = detectionOf(head.detection);
  const window = windowOf(head, detection, { round, empty }, context.now());
  const { records: matching, odd, more: unread } = await matchingRecords(head, detection, window, context);
  // That GuardDuty finds cordon's own credentials misused is no call of cordon's.
  const notOwn = matching.filter((record) => head.lane === 'finding' || !isOwn(record, context));
  const { records, leftTo } = withoutYielded(head.detection, notOwn, context);
  const undone = matching.filter((record) => isOwn(record, context) && roleOf(record).startsWith(UNDO(context))).length;

  const { mine, fresh, others } = await claimAll(head, records, round, context);
  const claimedBy = [...new Set(others.map(({ incident }) => incident))];
  // Own calls set off no alarm by themselves: where others have records, they explain nothing.
  const ownCalls = claimedBy.length + leftTo.length > 0 ? 0 : matching.length - notOwn.length;
  const explained = mine.length === 0 && (claimedBy.length > 0 || leftTo.length > 0 || ownCalls > 0);
  // Records of the same window in another incident: the two belong together.
  if (explained || claimedBy.length > 0 || leftTo.length > 0) {
    await context.ledger.updateHead(incidentId, {
      ...{ claimedBy, ownCalls },
      ...(leftTo.length > 0 ? { leftTo } : {}),
    });
  }
  if (odd > (head.odd ?? 0) || unread !== (head.unread ?? false))
    await context.ledger.updateHead(incidentId, { odd, unread });
  const differences = await differencesLeft(head, { mine, others, undone }, round, context);
  const related = mine.length > 0 ? await addRelated(head, detection, mine, { ...window, round }, context) : 0;
  const restore = fresh.length + differences > 0 ? await planRestores(head, mine, context) : [];
  const { now, left: more } = handOn(restore);
  context.log.info('collected', { matching: records.length, fresh: fresh.length, related, restore: restore.length });
  return { fresh: fresh.length + related + differences, explained, restore: now, left: more };
}

/** Where in the log to look. Log events may be stamped a little ahead of this clock. */
function windowOf(head: Head, detection: AnyDetection, { round, empty }: { round: number; empty: number }, now: Date) {
  const alarmAt = Date.parse(head.alarmAt);
  const late = LATE_MINUTES[Math.min(empty, LATE_MINUTES.length - 1)] ?? 0;
  const end = round === 0 ? Math.min(now.getTime(), alarmAt + FIRST_ROUND_MINUTES * 60_000) : now.getTime();
  // What the watchdog found came after the look before it.
  const since = head.since === undefined ? alarmAt : Date.parse(head.since);
  return {
    from: new Date(Math.min(since, alarmAt) - ((detection.alarm?.withinMinutes ?? 0) + late) * 60_000),
    to: new Date(end + 60_000),
  };
}

/**
 * How many differences that the watchdog found are to be treated in this round: all in the first one, unless something
 * explains them. Then the head says so.
 */
async function differencesLeft(head: Head, records: Records, round: number, context: Context): Promise<number> {
  if (head.lane !== 'watchdog' || round > 0) return 0;
  const explained = await explanationOf(head, records, context);
  if (explained === undefined) return head.differences?.length ?? 0;
  head.explained = explained;
  await context.ledger.updateHead(head.id, { explained });
  return 0;
}

/** The records of the window that count, and those whose events came for the incident, which may not be in the log group yet. */
async function matchingRecords(
  head: Head,
  detection: AnyDetection,
  { from, to }: { from: Date; to: Date },
  context: Context,
): Promise<Found> {
  const { id, lane } = head;
  // No trail records what GuardDuty finds: what came is all there is.
  if (detection.source === 'guardduty') return { records: await context.ledger.triggers(id), odd: 0, more: false };
  const { logGroup, prefix, trailParts } = context.environment;
  const match = matchOf(detection, { prefix, logGroup, ...trailParts });
  const counts = (record: CloudTrailRecord) => lane !== 'watchdog' || record.eventTime >= earliest(head);
  const records =
    lane === 'watchdog'
      ? (await fromHistory(head, match, to, context)).filter(counts)
      : (await context.ledger.triggers(id)).filter(predicate(match));
  try {
    const known = new Set(records.map(({ eventID }) => eventID));
    const logged = await searchLogs(detection.source ?? 'trail', match, { from, to }, context, boundsOf(detection));
    const others = logged.records.filter((record) => !known.has(record.eventID) && counts(record));
    const all = [...records, ...others].sort((a, b) => a.eventTime.localeCompare(b.eventTime));
    return { ...logged, records: all };
  } catch (error) {
    // The log group may be what was deleted: what the incident was opened for is known all the same.
    if (lane === undefined || errorName(error) !== 'ResourceNotFoundException') throw error;
    context.log.warn('the log group is gone', { logGroup });
    return { records, odd: 0, more: false };
  }
}

/** A window of a source that has any number of records is not read to its end. */
const boundsOf = (detection: Detection): Bounds => ({
  records: sourceOf(detection).most,
  pages: Number.POSITIVE_INFINITY,
});

/** What the watchdog found came after the look before it; a record's time has whole seconds. */
const earliest = ({ since, alarmAt }: Head): string =>
  new Date(Date.parse(since ?? alarmAt) - 1_000).toISOString().slice(0, 19);

/** What can have made what the watchdog found. Restoring waits for none of it: that it could not be read is said. */
async function fromHistory(head: Head, match: Match, until: Date, context: Context): Promise<CloudTrailRecord[]> {
  const { region, differences = [], since = head.alarmAt } = head;
  try {
    const search = { match, differences, region, since: new Date(since), until };
    const { records, more } = await callsBehind(search, context);
    if (more) await context.ledger.addFailure(head.id, 'event-history', 'there are more calls than were read');
    return records;
  } catch (error) {
    context.log.error('event history could not be read', { error: errorText(error) });
    await context.ledger.addFailure(head.id, 'event-history', errorText(error));
    return [];
  }
}

/** A call by one of the playbooks' own roles: never an offence. The names are exact, so that nobody can slip in beside them. */
function isOwn(record: CloudTrailRecord, { environment }: Context): boolean {
  const { userIdentity } = record;
  return (
    userIdentity?.type === 'AssumedRole' &&
    userIdentity.accountId === environment.account &&
    environment.ownRoles.includes(roleOf(record))
  );
}

const roleOf = ({ userIdentity }: CloudTrailRecord): string =>
  userIdentity?.sessionContext?.sessionIssuer?.userName ?? '';
/** What the names of the roles begin with that undo something. */
const UNDO = ({ environment }: Context): string => `${environment.prefix}-undo-`;

/**
 * What a detection that yields keeps: the records that no detection before it takes. Those set off the other's alarm as
 * well, and its playbook tells of them.
 */
function withoutYielded(id: string, records: CloudTrailRecord[], { environment }: Context) {
  if (!detectionOf(id).yields) return { records, leftTo: [] };
  const { logGroup, trailParts, packs } = environment;
  const before = precedence(id, packs).map(([other, detection]) => ({
    other,
    takes: predicate(matchOf(detection, { logGroup, ...trailParts })),
  }));
  const leftTo = new Set<string>();
  const kept = records.filter((record) => {
    const taker = before.find(({ takes }) => takes(record));
    if (taker) leftTo.add(taker.other);
    return !taker;
  });
  return { records: kept, leftTo: [...leftTo] };
}

async function claimAll(head: Head, records: CloudTrailRecord[], round: number, context: Context) {
  const taken = new Set<IncidentEvent>();
  const fresh = new Set<IncidentEvent>();
  const others: { incident: string; eventID: string }[] = [];
  const baselines = records.length > 0 ? await context.ledger.baselines.all() : [];
  const events = records.map((record, order) => {
    const deliveredAt = deliveryOf(record);
    return { order, event: { ...judged(head, record, baselines, context), ...(deliveredAt ? { deliveredAt } : {}) } };
  });
  await inParts(events, CLAIMS_AT_ONCE, async ({ event, order }) => {
    const claimed = await context.ledger.claimEvent(head.id, head.detection, event, { round, order });
    if (claimed.by === 'other') others.push({ incident: claimed.incident, eventID: event.record.eventID });
    else if (claimed.fresh) fresh.add(event);
    if (claimed.by === 'us') taken.add(event);
  });
  // In the order of the log, whichever claim was answered first.
  const mine = events.map(({ event }) => event).filter((event) => taken.has(event));
  return { mine, fresh: mine.filter((event) => fresh.has(event)), others };
}

function judged(head: Head, record: CloudTrailRecord, baselines: TrailBaseline[], context: Context): IncidentEvent {
  const source = sourceOf(detectionOf(head.detection));
  const actor = source.actorOf(record, context.environment.account);
  const { suppressions } = context.environment;
  const suppression = suppressionOf(record, head.detection, suppressions, context.now());
  if (suppression) return { record, actor, verdict: 'benign', reason: suppressionWords(suppression), suppressed: true };
  if (source.failed(record)) return { record, actor, verdict: 'attempt' };
  const reason = whyHarmless(responseOf(detectionOf(head.detection).response), record, {
    deployment: isDeployment(record, context),
    protected: isByProtected(record, context),
    baselines,
  });
  return reason ? { record, actor, verdict: 'benign', reason } : { record, actor, verdict: 'offence' };
}

/** Adds the records that belong to the picture: those that share a value with a record that counts. */
async function addRelated(
  head: Head,
  detection: AnyDetection,
  mine: IncidentEvent[],
  { from, to, round }: { from: Date; to: Date; round: number },
  context: Context,
) {
  if (detection.source === 'guardduty' || !detection.related) return 0;
  const { related } = detection;
  const shared = new Map(
    related.sharing.map((path) => [path, new Set(mine.flatMap(({ record }) => textsAt(record, path)))]),
  );
  let added = 0;
  const source = sourceOf(detection);
  const { records } = await searchLogs(
    detection.source ?? 'trail',
    related.when,
    { from, to },
    context,
    boundsOf(detection),
  );
  for (const [order, record] of records.entries()) {
    const shares = [...shared].some(([path, values]) => textsAt(record, path).some((value) => values.has(value)));
    if (!shares) continue;
    const event: IncidentEvent = {
      record,
      actor: source.actorOf(record, context.environment.account),
      verdict: 'related',
    };
    if (await context.ledger.addRelated(head.id, event, { round, order })) added += 1;
  }
  return added;
}

/** The texts at a path; that two records have nothing there is nothing that they share. */
const textsAt = (record: CloudTrailRecord, path: string): string[] =>
  select(record, parsePath(path)).filter((value) => typeof value === 'string' && value !== '') as string[];

export const permissions = [
  useLedger,
  announcePermission,
  readLogsPermissions,
  readFlowLogsPermissions,
  lookUpPermissions,
];
export const handler = stepHandler(input, collect);
