import { actorOf } from '../../playbooks/actor.ts';
import type { CloudTrailRecord } from '../../playbooks/cloudtrail.ts';
import {
  type FindingEvent,
  findingIdOf,
  findingOf,
  findingRecord,
  readFinding,
} from '../../playbooks/guardduty/finding.ts';
import type { Incident } from '../../playbooks/incident.ts';
import type { Context } from '../context.ts';
import type { Head } from '../incidents/items.ts';

/** What a delivery of a finding opens an incident for. */
export interface Delivered {
  record: CloudTrailRecord;
  /** The incident that has answered the finding, where what it contained does not hold. */
  follows?: string;
}

/** How many of the newest incidents are looked at for one that follows another. */
const NEWEST = 50;

/**
 * What a delivery of a finding is for. GuardDuty delivers a finding again with each further occurrence, under the same id: that
 * goes into the incident that has the finding, and opens none. Only where it shows that something went on after it was contained,
 * there is an incident of its own, in which nothing is done unasked.
 * https://docs.aws.amazon.com/guardduty/latest/ug/finding-aggregation.html
 * @returns undefined where nothing is to be opened
 */
export async function deliveredFinding(
  detection: string,
  event: FindingEvent,
  execution: string,
  context: Context,
): Promise<Delivered | undefined> {
  const { ledger, log } = context;
  const finding = readFinding(event.detail);
  if (finding.service?.archived) {
    log.info('the finding is archived: somebody has dealt with it', {
      finding: findingIdOf(event),
      type: finding.type,
    });
    return undefined;
  }
  const record = findingRecord(event);
  const holder = await ledger.holderOf(detection, record.eventID);
  if (!holder) return { record };
  const incident = await ledger.incident(holder);
  // A repeated call goes on with what it opened.
  if (incident.execution === execution) return { record };
  const update = findingRecord(event, 'update');
  if (isKnown(update, incident)) {
    log.info('the finding was delivered again', { holder, finding: record.eventID });
    return undefined;
  }
  const place = goesOn(update, incident) ? await following(detection, incident, execution, context) : incident;
  if (!place) return { record: update, follows: holder };
  const actor = actorOf(update, context.environment.account);
  await ledger.addRelated(place.id, { record: update, actor, verdict: 'related' }, { round: 0, order: 0 });
  log.info('the finding was updated', { holder: place.id, finding: record.eventID, count: finding.service?.count });
  return undefined;
}

/** The incident has this delivery, or a later one. */
function isKnown(update: CloudTrailRecord, { events }: Incident): boolean {
  const { id, updatedAt = '' } = findingOf(update) ?? {};
  return events.some(({ record }) => {
    const known = findingOf(record);
    return known?.id === id && (known?.updatedAt ?? '') >= updatedAt;
  });
}

/** Something was contained, holds by what the ledger says, and was seen active after that: a refused call only shows that it holds. */
function goesOn(update: CloudTrailRecord, { actions }: Incident): boolean {
  const { service } = findingOf(update) ?? {};
  const seen = service?.eventLastSeen ?? '';
  if (service?.action?.awsApiCallAction?.errorCode) return false;
  const contained = actions.flatMap(({ contains, status, at }) =>
    contains && status === 'verified' && at.verified ? [at.verified] : [],
  );
  return contained.length > 0 && contained.every((time) => seen > time);
}

/** The incident that says already that it goes on, while somebody is at it. */
async function following(
  detection: string,
  { id }: Incident,
  execution: string,
  { ledger }: Context,
): Promise<Head | undefined> {
  return (await ledger.recent(NEWEST)).find(
    (head) =>
      head.detection === detection &&
      head.claimedBy?.includes(id) &&
      head.status !== 'closed' &&
      head.execution !== execution,
  );
}
