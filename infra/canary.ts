import { Aws, RemovalPolicy } from 'aws-cdk-lib';
import { type Alarm, Metric, Stats, Unit } from 'aws-cdk-lib/aws-cloudwatch';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import { FilterPattern, type ILogGroup, LogGroup, MetricFilter, RetentionDays } from 'aws-cdk-lib/aws-logs';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import type { Queue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import {
  CAME_THROUGH,
  CANARY_EVERY,
  CANARY_LATE,
  CANARY_MISSING,
  type CanaryLane,
  canaryLanes,
  canaryLogGroup,
  canaryMatch,
  canaryMetric,
  canaryUnit,
} from '../playbooks/canary.ts';
import { cloudWatchPattern } from '../playbooks/matching/cloudwatch-pattern.ts';
import { canaryDefinition } from './canary-definition.ts';
import { countingAlarm } from './counting-alarm.ts';
import { eventRule } from './filter.ts';
import { Machine } from './machine.ts';
import { Schedule } from './schedule.ts';
import { Starter } from './starter.ts';
import { upkeepAlarm } from './upkeep-alarm.ts';

/** What the canary is deployed with. */
export interface CanaryProps {
  prefix: string;
  /** Name of the log group that the trail delivers to. */
  trailLogGroup: string;
  /** The log group of all functions. */
  logGroup: ILogGroup;
  topic: ITopic;
  undelivered: Queue;
  function: (unit: string) => IFunction;
}

/**
 * A harmless call every few minutes that has to go all of an incident's way: trail, log group, metric filter, alarm, rule, state machine,
 * function. Only the end of it writes the metric whose absence is an alarm. It opens no incident and mails nothing.
 */
export class Canary extends Construct {
  constructor(scope: Construct, id: string, props: CanaryProps) {
    super(scope, id);
    const { prefix, undelivered } = props;
    const name = `${prefix}-canary`;
    const group = new LogGroup(this, 'LogGroup', {
      logGroupName: canaryLogGroup(prefix),
      retention: RetentionDays.ONE_DAY,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    const playbook = new Machine(this, 'Playbook', {
      name,
      definition: canaryDefinition((unit) => props.function(unit).functionArn),
      functions: `arn:${Aws.PARTITION}:lambda:${Aws.REGION}:${Aws.ACCOUNT_ID}:function:${prefix}-conclude-canary`,
    });
    const starter = new Starter(this, 'Start', { name, playbook, undelivered });
    starter.onAlarm(name, this.#alarm(props).alarmArn);
    starter.onCalls('Event', 'canary', {
      name: `${name}-event`,
      eventPattern: eventRule(canaryMatch(prefix, Aws.ACCOUNT_ID)),
    });
    this.#watch(props);
    const schedule = new Schedule(this, 'Schedule', {
      name: `${prefix}-${canaryUnit}`,
      every: `${CANARY_EVERY} minutes`,
      target: props.function(canaryUnit),
    });
    schedule.node.addDependency(group);
  }

  /** The filter and the alarm of the canary's call, as every detection has them. Nobody is mailed: it fires again and again. */
  #alarm({ prefix, trailLogGroup }: CanaryProps): Alarm {
    return countingAlarm(this, {
      ...{ prefix, id: 'canary', atLeast: 1, withinMinutes: 1 },
      logGroupName: trailLogGroup,
      patterns: [cloudWatchPattern(canaryMatch(prefix, Aws.ACCOUNT_ID))],
      description: `No incident: the canary of ${prefix} has come to the trail's log group, as it does every ${CANARY_EVERY} minutes.`,
    });
  }

  /** How long canaries take, from what the end of their way logs; and the alarm when one is late or none comes. */
  #watch({ prefix, logGroup, topic }: CanaryProps): void {
    const metricOf = (lane: CanaryLane): Metric => {
      new MetricFilter(this, `Latency-${lane}`, {
        filterName: `${prefix}-${canaryMetric(lane)}`,
        logGroup,
        filterPattern: FilterPattern.all(
          FilterPattern.stringValue('$.message', '=', CAME_THROUGH),
          FilterPattern.stringValue('$.lane', '=', lane),
        ),
        metricNamespace: prefix,
        metricName: canaryMetric(lane),
        metricValue: '$.latencyMs',
        unit: Unit.MILLISECONDS,
      });
      return new Metric({ namespace: prefix, metricName: canaryMetric(lane), statistic: Stats.MAXIMUM });
    };
    const [metric] = canaryLanes.map(metricOf);
    if (!metric) return;
    upkeepAlarm(this, {
      alarmName: `${prefix}-canary-missing`,
      topic,
      metric,
      minutes: CANARY_MISSING,
      atLeast: CANARY_LATE * 60_000,
      missingIsBad: true,
      words: [
        `CRITICAL: The canary of ${prefix} is late or missing. Every ${CANARY_EVERY} minutes a harmless call goes the way of an incident; in the last ${CANARY_MISSING} minutes none came through, or one took over ${CANARY_LATE}. Attacks may start no playbook just now.`,
        'What is broken, and the command that mends it: npx cordon doctor.',
        `How far it gets: log group /${prefix}/playbooks, "canary sent" and "${CAME_THROUGH}"; between them lie the trail's log group, the metric filter, alarm and rule ${prefix}-canary, and the state machine of that name.`,
        'If all of these are well, CloudTrail is late: see https://health.aws.amazon.com/.',
        'After the first deployment it is on until the first canary has come through, up to half an hour later.',
      ],
    });
  }
}
