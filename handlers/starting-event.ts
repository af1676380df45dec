import * as z from 'zod';
import { CLOUDTRAIL_EVENT, cloudTrailRecord } from '../playbooks/cloudtrail.ts';
import { difference } from '../playbooks/difference.ts';
import { FINDING_EVENT } from '../playbooks/guardduty/finding.ts';

/**
 * The event of an alarm that changed its state, as EventBridge delivers it.
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch-and-eventbridge.html
 */
const alarmEvent = z.looseObject({
  lane: z.undefined().optional(),
  'detail-type': z.literal('CloudWatch Alarm State Change'),
  account: z.string(),
  region: z.string(),
  detail: z.looseObject({
    alarmName: z.string().min(1),
    state: z.looseObject({
      value: z.literal('ALARM'),
      // "2026-05-01T03:00:00.000+0000": an offset without a colon, which is no ISO date to a strict parser.
      timestamp: z.string().refine((text) => !Number.isNaN(Date.parse(text)), 'must be a time'),
      reason: z.string().optional(),
    }),
  }),
});

/**
 * The event of a call, whose detail is its CloudTrail record, and the detection whose rule took it.
 * https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-service-event-cloudtrail.html
 */
const callEvent = z.object({
  lane: z.literal('event'),
  detection: z.string().min(1),
  event: z.looseObject({
    // Only AWS can send an event from such a source.
    source: z.string().startsWith('aws.'),
    'detail-type': z.string().endsWith(CLOUDTRAIL_EVENT),
    account: z.string(),
    region: z.string(),
    detail: cloudTrailRecord,
  }),
});

/** What the watchdog found by the state itself. */
const lookEvent = z.object({
  lane: z.literal('watchdog'),
  detection: z.string().min(1),
  account: z.string(),
  region: z.string(),
  /** When it began to look, and when it had begun the look before. ISO times. */
  at: z.iso.datetime(),
  since: z.iso.datetime(),
  /** The same for the same differences of the same look. */
  identity: z.string().min(1),
  differences: z.array(difference).min(1),
});

/**
 * The event of a finding of GuardDuty, and the detection whose rule took it. What is in the finding is read where it is needed: one
 * that is odd is a finding all the same.
 * https://docs.aws.amazon.com/guardduty/latest/ug/guardduty_findings_eventbridge.html
 */
const findingEvent = z.object({
  lane: z.literal('finding'),
  detection: z.string().min(1),
  event: z.looseObject({
    // Only AWS can send an event from such a source.
    source: z.literal('aws.guardduty'),
    'detail-type': z.literal(FINDING_EVENT),
    id: z.string().min(1),
    account: z.string(),
    region: z.string(),
    time: z.iso.datetime(),
    detail: z.unknown().optional(),
  }),
});

/** What starts a playbook: an alarm, what the watchdog or GuardDuty found, or the event of a call before there is an alarm. */
export const startingEvent = z.discriminatedUnion('lane', [alarmEvent, callEvent, lookEvent, findingEvent]);
export type AlarmEvent = z.infer<typeof alarmEvent>;
export type CallEvent = z.infer<typeof callEvent>;
export type LookEvent = z.infer<typeof lookEvent>;
export type FoundEvent = z.infer<typeof findingEvent>;
