import type { Datapoint, MetricAlarm, StateValue } from '@aws-sdk/client-cloudwatch';

/** The state that an alarm should be in, and why. */
export interface Verdict {
  state: StateValue;
  reason: string;
  reasonData: string;
}

/** How far back an alarm looks, in ms. */
export function windowOf(alarm: MetricAlarm): number {
  return (alarm.Period ?? 60) * (alarm.EvaluationPeriods ?? 1) * 1_000;
}

/**
 * What an alarm should say of the datapoints in its window: undefined where nothing can be said (a percentile), or where nothing shall
 * change (`ignore`, without data).
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/AlarmThatSendsEmail.html#alarms-and-missing-data
 */
export function verdict(alarm: MetricAlarm, datapoints: readonly Datapoint[], now: Date): Verdict | undefined {
  const measured = datapoints.filter((point) => (point.SampleCount ?? 0) > 0);
  if (measured.length === 0) return verdictWithoutData(alarm, now);
  const value = statistic(alarm, measured);
  if (value === undefined) return undefined;
  const breaching = isBreaching(alarm, value);
  return {
    state: breaching ? 'ALARM' : 'OK',
    reason: thresholdReason(alarm, value, now, breaching),
    reasonData: reasonData(alarm, now, value),
  };
}

function verdictWithoutData(alarm: MetricAlarm, now: Date): Verdict | undefined {
  const periods = alarm.EvaluationPeriods ?? 1;
  const some = (count: number, noun: string) => `${count} ${noun}${count === 1 ? '' : 's'}`;
  const data = reasonData(alarm, now);
  const treated = (as: string): string =>
    `Threshold Crossed: no datapoints were received for ${some(periods, 'period')} and ` +
    `${some(periods, 'missing datapoint')} ${periods === 1 ? 'was' : 'were'} treated as [${as}].`;
  switch (alarm.TreatMissingData) {
    case 'notBreaching':
      return { state: 'OK', reason: treated('NonBreaching'), reasonData: data };
    case 'breaching':
      return { state: 'ALARM', reason: treated('Breaching'), reasonData: data };
    case 'ignore':
      return undefined;
    default: {
      const reason = `Insufficient Data: ${some(periods, 'datapoint')} ${periods === 1 ? 'was' : 'were'} unknown.`;
      return { state: 'INSUFFICIENT_DATA', reason, reasonData: data };
    }
  }
}

function statistic(alarm: MetricAlarm, points: readonly Datapoint[]): number | undefined {
  if (alarm.ExtendedStatistic) return undefined;
  const sum = points.reduce((total, point) => total + (point.Sum ?? 0), 0);
  const count = points.reduce((total, point) => total + (point.SampleCount ?? 0), 0);
  switch (alarm.Statistic) {
    case 'Sum':
      return sum;
    case 'SampleCount':
      return count;
    case 'Average':
      return sum / count;
    case 'Minimum':
      return Math.min(...points.map((point) => point.Minimum ?? Number.POSITIVE_INFINITY));
    case 'Maximum':
      return Math.max(...points.map((point) => point.Maximum ?? Number.NEGATIVE_INFINITY));
    default:
      return undefined;
  }
}

function isBreaching(alarm: MetricAlarm, value: number): boolean {
  const threshold = alarm.Threshold ?? 0;
  switch (alarm.ComparisonOperator) {
    case 'GreaterThanOrEqualToThreshold':
      return value >= threshold;
    case 'GreaterThanThreshold':
      return value > threshold;
    case 'LessThanThreshold':
      return value < threshold;
    case 'LessThanOrEqualToThreshold':
      return value <= threshold;
    default:
      return false;
  }
}

/** The sentence with which CloudWatch explains a threshold that was crossed. */
export function thresholdReason(alarm: MetricAlarm, value: number, at: Date, breaching: boolean): string {
  const words: Record<string, string> = {
    GreaterThanOrEqualToThreshold: 'greater than or equal to',
    GreaterThanThreshold: 'greater than',
    LessThanThreshold: 'less than',
    LessThanOrEqualToThreshold: 'less than or equal to',
  };
  const [day, time] = at.toISOString().split('T');
  const [year, month, date] = (day ?? '').split('-');
  const point = `${decimal(value)} (${date}/${month}/${year?.slice(2)} ${time?.slice(0, 8)})`;
  const was = `was ${breaching ? '' : 'not '}${words[alarm.ComparisonOperator ?? ''] ?? 'beyond'}`;
  const change = breaching ? 'OK -> ALARM' : 'ALARM -> OK';
  return (
    `Threshold Crossed: 1 out of the last 1 datapoints [${point}] ${was} the threshold ` +
    `(${decimal(alarm.Threshold ?? 0)}) (minimum 1 datapoint for ${change} transition).`
  );
}

/** A time as CloudWatch writes it in its events: `2026-01-01T00:00:00.000+0000`. */
export function eventTime(at: Date): string {
  return at.toISOString().replace('Z', '+0000');
}

/** `StateReasonData`: JSON in a string. Without `value` there was no data. */
export function reasonData(alarm: MetricAlarm, at: Date, value?: number): string {
  const period = alarm.Period ?? 60;
  const start = eventTime(new Date(at.getTime() - windowOf(alarm)));
  return JSON.stringify({
    version: '1.0',
    queryDate: eventTime(at),
    ...(value === undefined ? {} : { startDate: start }),
    statistic: alarm.Statistic ?? alarm.ExtendedStatistic,
    period,
    recentDatapoints: value === undefined ? [] : [value],
    threshold: alarm.Threshold,
    evaluatedDatapoints: value === undefined ? [{ timestamp: start }] : [{ timestamp: start, value }],
  });
}

function decimal(value: number): string {
  return Number.isInteger(value) ? value.toFixed(1) : String(value);
}
