import { CloudWatchClient, DescribeAlarmsCommand } from '@aws-sdk/client-cloudwatch';
import * as z from 'zod';
import type { Context } from '../context.ts';
import type { Head } from '../incidents/items.ts';
import { allow, useLedger } from '../permissions.ts';
import { stepHandler } from '../step.ts';

const input = z.object({
  incidentId: z.string().min(1),
  looks: z.number().int().min(0),
});

/** Whether to look once more, and when. */
export interface Settled {
  /** The alarm has fired and is back to OK, or is gone: nothing more can come under it. */
  quiet: boolean;
  looks: number;
  /** Seconds until the next look. */
  waitSeconds: number;
}

/** Seconds between looks: growing, since what was going to happen mostly happens soon. */
const WAITS = [30, 30, 60, 120, 240];
/** After so many looks (a day) the incident is closed all the same, with a failure that says so. */
const MOST_LOOKS = 360;

/**
 * An incident that an event opened looks so often, over eight minutes, for the alarm of its record: CloudTrail delivers about
 * five minutes after the call, and an alarm that has not fired yet is quiet, but says nothing.
 */
const LOOKS_FOR_ALARM = 5;

/** After so many looks, 16 minutes, event history has every call. */
const LATE_LOOKS = 7;

/** The watchdog found it, and nobody knows yet whose calls made it: event history has them up to 15 minutes late. */
async function mayComeLate({ id, lane, explained }: Head, { ledger }: Context): Promise<boolean> {
  if (lane !== 'watchdog' || explained !== undefined) return false;
  return (await ledger.incident(id)).events.length === 0;
}

/** Looks whether the alarm is still in ALARM: while it is, a new event starts nothing, so this incident must look for it. */
export async function settle({ incidentId, looks }: z.infer<typeof input>, context: Context): Promise<Settled> {
  const head = await context.ledger.head(incidentId);
  const { alarmName, alarmAt, lane } = head;
  const { MetricAlarms = [] } = await context
    .client(CloudWatchClient)
    .send(new DescribeAlarmsCommand({ AlarmNames: [alarmName] }));
  const [alarm] = MetricAlarms;
  const alarming = alarm?.StateValue === 'ALARM';
  const changedAt = alarm?.StateUpdatedTimestamp?.getTime() ?? 0;
  const toCome = lane === 'event' && alarm && changedAt < Date.parse(alarmAt) && looks + 1 < LOOKS_FOR_ALARM;
  const exhausted = looks >= MOST_LOOKS;
  if (alarming && exhausted) {
    await context.ledger.addFailure(incidentId, 'settle', 'the alarm was in ALARM for a day: look what sets it off');
  }
  const waiting = looks < LATE_LOOKS && (await mayComeLate(head, context));
  return {
    quiet: (!alarming && !toCome && !waiting) || exhausted,
    looks: looks + 1,
    waitSeconds: WAITS[Math.min(looks + 1, WAITS.length - 1)] ?? 240,
  };
}

export const permissions = [useLedger, allow(['cloudwatch:DescribeAlarms'], '*')];
export const handler = stepHandler(input, settle);
