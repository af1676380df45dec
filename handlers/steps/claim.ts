import { createHash } from 'node:crypto';
import { z } from 'zod';
import { detectionOf } from '../../playbooks/catalog.ts';
import type { Context } from '../context.ts';
import { useLedger } from '../permissions.ts';
import { stepHandler } from '../step.ts';

/**
 * The event of an alarm that changed its state, as EventBridge delivers it, in the execution's envelope.
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch-and-eventbridge.html
 */
const input = z.object({
  execution: z.string().min(1),
  event: z.looseObject({
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
  }),
});

/** What the playbook works with from here on. */
export interface Claimed {
  incidentId: string;
  detection: string;
  /** False when another execution has this alarm: EventBridge delivers at least once. */
  proceed: boolean;
}

/**
 * Opens the incident of an alarm's transition, once: its id follows from detection, alarm and time, and the write is
 * conditional. A repeated call by the same execution goes on; another execution's is a duplicate.
 */
export async function claim({ execution, event }: z.infer<typeof input>, context: Context): Promise<Claimed> {
  const { environment, ledger, now, log } = context;
  const { alarmName, state } = event.detail;
  const detection = alarmName.startsWith(`${environment.prefix}-`)
    ? alarmName.slice(environment.prefix.length + 1)
    : alarmName;
  const { severity } = detectionOf(detection);
  const alarmAt = new Date(state.timestamp);
  const incidentId = incidentIdOf(detection, alarmName, alarmAt);
  log.appendKeys({ incidentId });
  const opened = await ledger.open({
    id: incidentId,
    detection,
    account: event.account,
    region: event.region,
    severity,
    status: 'open',
    openedAt: now().toISOString(),
    alarmAt: alarmAt.toISOString(),
    alarmName,
    ...(state.reason ? { alarmReason: state.reason } : {}),
    execution,
    failures: [],
    evidence: `s3://${environment.evidence}/incidents/${incidentId}`,
  });
  if (opened) return { incidentId, detection, proceed: true };
  const proceed = (await ledger.head(incidentId)).execution === execution;
  if (!proceed) log.info('the alarm was delivered again', { execution });
  return { incidentId, detection, proceed };
}

/** `trail-tampering-20260501-030012-4f1a`: readable, sortable, and the same for the same transition. */
export function incidentIdOf(detection: string, alarmName: string, at: Date): string {
  const [day = '', time = ''] = at.toISOString().split('T');
  const hash = createHash('sha256').update(`${alarmName}|${at.toISOString()}`).digest('hex').slice(0, 4);
  return `${detection}-${day.replaceAll('-', '')}-${time.slice(0, 8).replaceAll(':', '')}-${hash}`;
}

export const permissions = [useLedger];
export const handler = stepHandler(input, claim);
