/** When an alarm fires: as a detection declares it. */
export interface Threshold {
  atLeast: number;
  withinMinutes: number;
}

/** A time for which an alarm is in ALARM. */
export interface AlarmTime {
  /** When it changes to ALARM, in ms: the end of the minute in which the threshold was reached. */
  time: number;
  /** When it returns to OK, in ms. */
  until: number;
  /** The records that it counts, by their places in the list of times: from the first in its window, up to before `to`. */
  from: number;
  to: number;
}

const MINUTE = 60_000;

/**
 * When an alarm over records with these times (in ms, ascending) would have fired, as CloudWatch evaluates it: records count in
 * the minute of their time; every minute the sum over the alarm's period up to then is compared with the threshold, since the window
 * slides unless an alarm says otherwise; it acts when it changes to ALARM and not again while it stays there; and
 * a period without records is OK. Records are taken to arrive at once.
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarm-evaluation-window.html
 */
export function alarmTimes(times: ArrayLike<number>, { atLeast, withinMinutes }: Threshold): AlarmTime[] {
  const alarms: AlarmTime[] = [];
  const minutes = new Float64Array(times.length);
  for (let n = 0; n < times.length; n += 1) minutes[n] = Math.floor((times[n] ?? 0) / MINUTE);
  // The window at a minute holds the records from `from` up to before `to`.
  let [from, to] = [0, 0];
  let open: AlarmTime | undefined;
  while (to < times.length || open) {
    // Nothing changes but when a record comes in or the first one goes out.
    const comes = minutes[to] ?? Number.POSITIVE_INFINITY;
    const goes = from < to ? (minutes[from] ?? 0) + withinMinutes : Number.POSITIVE_INFINITY;
    const minute = Math.min(comes, goes);
    while ((minutes[to] ?? Number.POSITIVE_INFINITY) <= minute) to += 1;
    while (from < to && (minutes[from] ?? 0) <= minute - withinMinutes) from += 1;
    const breaching = to - from >= atLeast;
    const time = (minute + 1) * MINUTE;
    if (breaching && !open) open = { time, until: time, from, to };
    else if (breaching && open) open.to = to;
    else if (open) {
      open.until = time;
      alarms.push(open);
      open = undefined;
    }
  }
  return alarms;
}
