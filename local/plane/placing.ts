import type { MetricAlarm } from '@aws-sdk/client-cloudwatch';
import { windowOf } from './alarm-verdict.ts';

/**
 * Where in time datapoints go, in ms: a function of when their events happened. An event that arrives later than the window of an
 * alarm on its metric is long would pass the alarm by, so it counts as at most half a window old. With a return speed above 1
 * every point is put as old as makes it leave the window that much earlier.
 */
export function placing(alarms: readonly MetricAlarm[], present: number, returnSpeed: number): (at: number) => number {
  if (alarms.length === 0) return (at) => Math.min(at, present);
  const shortest = Math.min(...alarms.map(windowOf));
  const kept = shortest / returnSpeed;
  return (at) => Math.min(Math.max(at, present - kept / 2), present) - (shortest - kept);
}
