import * as z from 'zod';
import { actorKinds } from '../../playbooks/actor.ts';
import { cloudTrailRecord } from '../../playbooks/cloudtrail.ts';
import { severities } from '../../playbooks/detection.ts';
import { difference } from '../../playbooks/difference.ts';
import { marks } from '../../playbooks/figures.ts';
import { actionStatuses, lanes, outcomes } from '../../playbooks/incident.ts';

const iso = z.iso.datetime();

/** The head of an incident, as stored. */
export const headItem = z.object({
  id: z.string(),
  detection: z.string(),
  account: z.string(),
  region: z.string(),
  severity: z.enum(severities),
  status: z.enum(['open', 'handed-over', 'closed']),
  outcome: z.enum(outcomes).optional(),
  openedAt: iso,
  closedAt: iso.optional(),
  alarmAt: iso,
  alarmName: z.string(),
  alarmReason: z.string().optional(),
  /** What opened it, where that was no alarm. */
  lane: z.enum(lanes).optional(),
  /** What the watchdog found, when it had begun to look before that, and why that is no reason to do anything. */
  differences: z.array(difference).optional(),
  since: iso.optional(),
  explained: z.string().optional(),
  /** ARN of the execution that handles it. */
  execution: z.string(),
  failures: z.array(z.object({ step: z.string(), error: z.string(), at: iso })),
  evidence: z.string(),
  /** The last round whose summary was mailed. */
  mailedRound: z.number().optional(),
  /** Incidents of the same detection that have claimed this one's events. */
  claimedBy: z.array(z.string()).optional(),
  /** How many of the matching records were cordon's own calls, where no others were there. */
  ownCalls: z.number().optional(),
  /** Detections that tell of its records, as it yields to them. */
  leftTo: z.array(z.string()).optional(),
  /** How many log events matched, but were no usable records; and whether there are more records than were taken. */
  odd: z.number().optional(),
  unread: z.boolean().optional(),
  /** Changes that could not be put onto the event bus. */
  unannounced: z.array(z.object({ what: z.string(), error: z.string(), at: iso })).optional(),
  /** The first call that it is about, and the last containment: what the figures are made of. */
  firstAt: iso.optional(),
  containedAt: iso.optional(),
  /** What an analyst says of it, now that all is known. */
  marked: z.object({ as: z.enum(marks), by: z.string(), at: iso, note: z.string() }).optional(),
});
export type Head = z.infer<typeof headItem>;

/** A collected record, as stored: the record itself as CloudTrail wrote it. */
export const eventItem = z.object({
  record: z.string().transform((text) => cloudTrailRecord.parse(JSON.parse(text))),
  actor: z.object({
    kind: z.enum(actorKinds),
    key: z.string(),
    label: z.string(),
    arn: z.string().optional(),
    name: z.string().optional(),
    session: z.string().optional(),
    accountId: z.string().optional(),
    issuer: z.object({ name: z.string(), arn: z.string() }).optional(),
  }),
  verdict: z.enum(['offence', 'attempt', 'benign', 'related']),
  reason: z.string().optional(),
  suppressed: z.literal(true).optional(),
  deliveredAt: iso.optional(),
});

/** A record whose event came for an incident, as stored. */
export const triggerItem = eventItem.pick({ record: true });

/** One containment of one target, as stored. */
export const actionItem = z.object({
  key: z.string(),
  action: z.string(),
  title: z.string(),
  contains: z.boolean(),
  target: z.unknown(),
  label: z.string(),
  status: z.enum(actionStatuses),
  because: z.array(z.string()),
  records: z.number().optional(),
  before: z.unknown().optional(),
  after: z.unknown().optional(),
  commands: z.array(z.string()).optional(),
  beforeWords: z.string().optional(),
  afterWords: z.string().optional(),
  reason: z.string().optional(),
  benign: z.boolean().optional(),
  at: z.partialRecord(z.enum(actionStatuses), iso),
  held: z.enum(['mode', 'cap']).optional(),
  irreversible: z.string().optional(),
  twoPersons: z.boolean().optional(),
  onTimeout: z.enum(['nothing', 'contain']).optional(),
  approvedBy: z.array(z.string()).optional(),
  undoneBy: z.string().optional(),
  undoBegan: z.object({ by: z.string(), at: iso }).optional(),
});
