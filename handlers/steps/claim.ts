import { createHash } from 'node:crypto';
import * as z from 'zod';
import { detectionOf, responseOf } from '../../playbooks/catalog.ts';
import type { CloudTrailRecord } from '../../playbooks/cloudtrail.ts';
import { matchOf, type Severity } from '../../playbooks/detection.ts';
import { bandOf, findingRecord, readFinding } from '../../playbooks/guardduty/finding.ts';
import { predicate } from '../../playbooks/matching/predicate.ts';
import { incidentOpened } from '../../playbooks/messages/announcements.ts';
import { plural } from '../../playbooks/report/words.ts';
import { announce, announcePermission } from '../announce.ts';
import type { Context } from '../context.ts';
import { type Delivered, deliveredFinding } from '../guardduty/deliveries.ts';
import type { Head } from '../incidents/items.ts';
import { allow, useLedger } from '../permissions.ts';
import { type AlarmEvent, type CallEvent, type FoundEvent, type LookEvent, startingEvent } from '../starting-event.ts';
import { stepHandler } from '../step.ts';

/** What starts a playbook, in the execution's envelope. */
export const input = z.object({
  execution: z.string().min(1),
  /** When the execution began. */
  startedAt: z.iso.datetime({ offset: true }),
  event: startingEvent,
});

/** What the playbook works with from here on. */
export interface Claimed {
  incidentId: string;
  /**
   * False when another execution has this alarm, as EventBridge delivers at least once, or another incident the record, or
   * the detection does not look for it.
   */
  proceed: boolean;
  /** Seconds to wait, and then to ask again: an incident that is open may take the record. */
  after: number;
}

/** An incident that was opened so many milliseconds before takes what comes meanwhile. */
const TAKES_MORE_MS = 60_000;
/** So often it is asked whether the other is done, in seconds, and for so long, in milliseconds. */
const AFTER_SECONDS = 30;
const LONGEST_WAIT_MS = 5 * 60_000;

/** What an incident is opened for. */
interface Opening {
  detection: string;
  account: string;
  region: string;
  /** The detection's alarm, whether it has fired or not. */
  alarmName: string;
  /** What its id follows from, besides detection and time. */
  identity: string;
  at: Date;
  reason: string | undefined;
  /** The detection's, unless told. */
  severity?: Severity | undefined;
  /** The record of the call or the finding whose event it is. */
  record?: CloudTrailRecord;
  /** What of it the head keeps, where no alarm opens it. */
  found?: Pick<Head, 'lane' | 'differences' | 'since' | 'claimedBy'>;
}

/**
 * Opens the incident of an alarm's transition, or of a call whose event came before any alarm, once: its id follows from
 * detection, alarm or record, and time, and the write is conditional. A repeated call by the same execution goes on; another
 * execution's is a duplicate. For a record that another incident has, or is about to take, none is opened: a storm of calls is
 * one incident and not a thousand.
 */
export async function claim(
  { execution, startedAt, event }: z.infer<typeof input>,
  context: Context,
): Promise<Claimed> {
  const { environment, ledger, now, log } = context;
  const delivered =
    event.lane === 'finding' ? await deliveredFinding(event.detection, event.event, execution, context) : undefined;
  if (event.lane === 'finding' && !delivered) {
    return { incidentId: 'none: nothing new was found', proceed: false, after: 0 };
  }
  const opening = openingOf(event, delivered, environment.prefix);
  const { detection, account, region, alarmName, identity, at, reason, record, found } = opening;
  const severity = opening.severity ?? detectionOf(detection).severity;
  const incidentId = incidentIdOf(detection, identity, at);
  log.appendKeys({ incidentId });
  if (record && !isLookedFor(detection, record, context)) {
    log.info('the rule takes more than its detection looks for', { eventID: record.eventID });
    return { incidentId, proceed: false, after: 0 };
  }
  if (record && !(await ledger.headIfAny(incidentId))) {
    const left = await leftToOther(detection, record, new Date(startedAt), context);
    if (left) return { incidentId, ...left };
    // Before the incident, so that none is ever without the record that it was opened for.
    await ledger.keepTrigger(incidentId, record);
  }
  const opened = await ledger.open({
    id: incidentId,
    detection,
    account,
    region,
    severity,
    status: 'open',
    openedAt: now().toISOString(),
    alarmAt: at.toISOString(),
    alarmName,
    ...(reason ? { alarmReason: reason } : {}),
    ...found,
    execution,
    failures: [],
    evidence: `s3://${environment.evidence}/incidents/${incidentId}`,
  });
  const head = await ledger.head(incidentId);
  const proceed = opened || head.execution === execution;
  if (proceed) await announce(context, incidentOpened(head));
  else log.info('the event was delivered again', { execution });
  return { incidentId, proceed, after: 0 };
}

/** A rule on events may take more than its detection: where its form is declared wider. */
function isLookedFor(id: string, record: CloudTrailRecord, { environment }: Context): boolean {
  const { logGroup, prefix, trailParts } = environment;
  const detection = detectionOf(id);
  // What a rule on findings takes is all that it says.
  if (detection.source === 'guardduty') return true;
  return predicate(matchOf(detection, { prefix, logGroup, ...trailParts }))(record);
}

/**
 * What becomes of an execution whose record another incident of the detection has, or is to take at its next look; undefined
 * where it is to go on by itself. The record is handed to the other, and while that one is open it is asked again and again
 * whether it has taken it. Where it has not, or not in time, the record gets an incident of its own.
 */
async function leftToOther(
  detection: string,
  record: CloudTrailRecord,
  startedAt: Date,
  { ledger, now, log }: Context,
): Promise<Pick<Claimed, 'proceed' | 'after'> | undefined> {
  const holder = await ledger.holderOf(detection, record.eventID);
  if (holder) {
    log.info('another incident has the record', { holder, eventID: record.eventID });
    return { proceed: false, after: 0 };
  }
  if (now().getTime() - startedAt.getTime() > LONGEST_WAIT_MS) return undefined;
  const other = (await ledger.recent(50)).find((head) => takes(head, detection, startedAt));
  if (!other) return undefined;
  await ledger.keepTrigger(other.id, record);
  return { proceed: true, after: AFTER_SECONDS };
}

/**
 * Whether an incident takes what comes while it is open. Its looks grow apart: where something is to be put back, only a young
 * one of this lane looks soon enough; where there is nothing to put back, all that comes belongs into one.
 */
function takes({ detection: of, status, lane, openedAt }: Head, detection: string, at: Date): boolean {
  if (of !== detection || status !== 'open') return false;
  // No alarm keeps an incident of a finding open: it looks soon, if at all.
  if (lane === 'finding' || responseOf(detectionOf(detection).response).restore.length === 0) return true;
  return lane === 'event' && Date.parse(openedAt) >= at.getTime() - TAKES_MORE_MS;
}

function openingOf(event: z.infer<typeof input>['event'], delivered: Delivered | undefined, prefix: string): Opening {
  switch (event.lane) {
    case 'finding':
      return openingOfFinding(event, delivered, prefix);
    case 'event':
      return openingOfCall(event, prefix);
    case 'watchdog':
      return openingOfLook(event, prefix);
    default:
      return openingOfAlarm(event, prefix);
  }
}

function openingOfAlarm({ account, region, detail }: AlarmEvent, prefix: string): Opening {
  const { alarmName, state } = detail;
  const detection = alarmName.startsWith(`${prefix}-`) ? alarmName.slice(prefix.length + 1) : alarmName;
  const at = new Date(state.timestamp);
  return { detection, account, region, alarmName, identity: alarmName, at, reason: state.reason };
}

function openingOfCall({ detection, event }: CallEvent, prefix: string): Opening {
  const { account, region, detail: record } = event;
  const { eventName, eventID, eventTime } = record;
  const reason = `EventBridge delivered the event of ${eventName ?? 'a call'} (${eventID}) before any alarm`;
  const alarmName = `${prefix}-${detection}`;
  const found = { lane: 'event' as const };
  return { detection, account, region, alarmName, identity: eventID, at: new Date(eventTime), reason, record, found };
}

function openingOfLook(event: LookEvent, prefix: string): Opening {
  const { lane, detection, account, region, identity, at, since, differences } = event;
  const reason = `read the state itself: ${plural(differences.length, 'difference')}, which no alarm and no event had reported`;
  const alarmName = `${prefix}-${detection}`;
  const found = { lane, differences, since };
  return { detection, account, region, alarmName, identity, at: new Date(at), reason, found };
}

/** Later deliveries of a finding have its id and the time when it was made: they are the same incident's. */
function openingOfFinding(
  { detection, event }: FoundEvent,
  { record = findingRecord(event), follows }: Partial<Delivered> = {},
  prefix: string,
): Opening {
  const { account, region } = event;
  const finding = readFinding(event.detail);
  const { type = 'a finding without a type', createdAt, updatedAt } = finding;
  const at = new Date((follows ? updatedAt : createdAt) ?? updatedAt ?? event.time);
  const reason = `GuardDuty found ${type.slice(0, 200)} (${record.eventID})${follows ? `, which ${follows} has answered: it goes on` : ''}`;
  const found = { lane: 'finding' as const, ...(follows ? { claimedBy: [follows] } : {}) };
  return {
    ...{
      detection,
      account,
      region,
      alarmName: `${prefix}-${detection}`,
      identity: record.eventID,
      at,
      reason,
      record,
      found,
    },
    severity: bandOf(finding),
  };
}

/** `trail-tampering-20260501-030012-4f1a`: readable, sortable, and the same for the same transition or record. */
export function incidentIdOf(detection: string, identity: string, at: Date): string {
  const [day = '', time = ''] = at.toISOString().split('T');
  const hash = createHash('sha256').update(`${identity}|${at.toISOString()}`).digest('hex').slice(0, 4);
  return `${detection}-${day.replaceAll('-', '')}-${time.slice(0, 8).replaceAll(':', '')}-${hash}`;
}

export const permissions = [useLedger, announcePermission, allow(['dynamodb:Query'], '{table}/index/by-time')];
export const handler = stepHandler(input, claim);
