import { randomUUID } from 'node:crypto';
import type { CompositeAlarm, MetricAlarm } from '@aws-sdk/client-cloudwatch';
import type { Transition } from './alarm-history.ts';
import { eventTime, reasonData, thresholdReason } from './alarm-verdict.ts';
import { type BusEvent, busEvent } from './event.ts';

/** An alarm's state as its events carry it. */
export interface AlarmState {
  value: string;
  reason: string;
  /** JSON in a string. */
  reasonData?: string;
  /** `2026-01-01T00:00:00.000+0000` */
  timestamp: string;
}

/** How the emulator words the reason of a change that it found itself. */
const emulatorsReason = /^Threshold Crossed: \S+ (-?[\d.]+(?:e[+-]?\d+)?) \w+ -?[\d.e+-]+$/;

/**
 * The state that a transition leads to, in CloudWatch's words. The data of the reason are those that whoever set the state gave,
 * or are made from what the emulator says of its own evaluation.
 */
export function stateOf(change: Transition, alarm: MetricAlarm | CompositeAlarm | undefined): AlarmState {
  const timestamp = eventTime(change.at);
  const value = emulatorsReason.exec(change.reason)?.[1];
  if (value !== undefined && alarm && isMetricAlarm(alarm)) {
    const reason = thresholdReason(alarm, Number(value), change.at, change.to === 'ALARM');
    return { value: change.to, reason, reasonData: reasonData(alarm, change.at, Number(value)), timestamp };
  }
  const current = alarm?.StateReason === change.reason && alarm.StateValue === change.to;
  const given = current ? alarm.StateReasonData : undefined;
  return { value: change.to, reason: change.reason, ...(given ? { reasonData: given } : {}), timestamp };
}

/**
 * The event of a transition.
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch-and-eventbridge.html
 */
export function alarmEvent(
  change: { name: string; arn: string; at: Date; state: AlarmState; previousState: AlarmState },
  alarm: MetricAlarm | CompositeAlarm | undefined,
  place: { account: string; region: string },
): BusEvent {
  return busEvent({
    'detail-type': 'CloudWatch Alarm State Change',
    source: 'aws.cloudwatch',
    account: place.account,
    time: change.at,
    region: place.region,
    resources: [change.arn],
    detail: {
      alarmName: change.name,
      state: change.state,
      previousState: change.previousState,
      configuration: configurationOf(alarm),
    },
  });
}

function configurationOf(alarm: MetricAlarm | CompositeAlarm | undefined): Record<string, unknown> {
  if (!alarm) return {};
  const description = alarm.AlarmDescription ? { description: alarm.AlarmDescription } : {};
  if (!isMetricAlarm(alarm)) return { ...description, alarmRule: alarm.AlarmRule };
  const dimensions = Object.fromEntries((alarm.Dimensions ?? []).map(({ Name, Value }) => [Name, Value]));
  const metric = { namespace: alarm.Namespace, name: alarm.MetricName, dimensions };
  const stat = alarm.Statistic ?? alarm.ExtendedStatistic;
  const metricStat = { metric, period: alarm.Period, stat, ...(alarm.Unit ? { unit: alarm.Unit } : {}) };
  return { ...description, metrics: [{ id: randomUUID(), metricStat, returnData: true }] };
}

function isMetricAlarm(alarm: MetricAlarm | CompositeAlarm): alarm is MetricAlarm {
  return !('AlarmRule' in alarm && alarm.AlarmRule);
}
