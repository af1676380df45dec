import * as z from 'zod';
import { CAME_THROUGH, CANARY_MISSING, canaryMatch, latencyOf, sentAt } from '../../playbooks/canary.ts';
import type { CloudTrailRecord } from '../../playbooks/cloudtrail.ts';
import { predicate } from '../../playbooks/matching/predicate.ts';
import type { Context } from '../context.ts';
import { CordonError } from '../errors.ts';
import { readLogsPermissions, recordsMatching } from '../logs.ts';
import { allow } from '../permissions.ts';
import { startingEvent } from '../starting-event.ts';
import { stepHandler } from '../step.ts';

const input = z.object({ event: startingEvent });

/** The canary's alarm fired, or its event came, and there is no record of a canary: the log group may not show it yet. */
export class NoCanary extends CordonError {
  readonly disposition = 'retry';
  override readonly name = 'NoCanary';
}

/** What became of a canary. `latencyMs`: absent where this or a later one had come through already. */
export interface Concluded {
  eventID: string;
  latencyMs?: number;
}

/**
 * The end of a canary's way: finds its record as a playbook does, and writes down how long it took. Only this logs what
 * the metric is made of, so that the alarm on the metric watches all of the way.
 */
export async function concludeCanary({ event }: z.infer<typeof input>, context: Context): Promise<Concluded> {
  const { ledger, now, log, environment } = context;
  const match = canaryMatch(environment.prefix, environment.account);
  const lane = event.lane === 'event' ? 'event' : 'alarm';
  const found = event.lane === 'event' ? [event.event.detail].filter(predicate(match)) : await delivered(context);
  const [record] = found.sort((a, b) => sentAt(b).getTime() - sentAt(a).getTime());
  if (!record) {
    throw new NoCanary(
      `The canary's ${lane} came, but no record of it: look into the log group ${environment.logGroup}.`,
    );
  }
  const { eventID } = record;
  const arrival = { eventID, sentAt: sentAt(record).toISOString(), arrivedAt: now().toISOString() };
  if (!(await ledger.canaries.arrived(lane, arrival))) return { eventID };
  const latencyMs = latencyOf(arrival);
  log.info(CAME_THROUGH, { lane, latencyMs, eventID });
  return { eventID, latencyMs };
}

/** The canaries in the trail's log group that are not too old to count. Log events may be stamped a little ahead of this clock. */
function delivered(context: Context): Promise<CloudTrailRecord[]> {
  const { environment, now } = context;
  const present = now().getTime();
  const [from, to] = [new Date(present - 2 * CANARY_MISSING * 60_000), new Date(present + 60_000)];
  return recordsMatching(canaryMatch(environment.prefix, environment.account), from, to, context);
}

export const permissions = [allow(['dynamodb:PutItem'], '{table}'), readLogsPermissions];
export const handler = stepHandler(input, concludeCanary);
