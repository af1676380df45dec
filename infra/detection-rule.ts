import type { Alarm } from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import type { Queue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import type { Detection, KnownTrail } from '../playbooks/detection.ts';
import { eventLaneOf, written } from '../playbooks/matching/forms.ts';
import { runbookPlaces } from '../playbooks/runbook.ts';
import { countingAlarm } from './counting-alarm.ts';
import { ANY_ACCOUNT, eventPatterns, filterPatterns } from './filter.ts';
import type { Machine } from './machine.ts';
import { Starter } from './starter.ts';

/** What a detection is deployed with. */
export interface DetectionRuleProps {
  prefix: string;
  detection: Detection;
  trail: KnownTrail;
  /** Where its records come to. */
  logGroupName: string;
  topic: ITopic;
  playbook: Machine;
  undelivered: Queue;
  /** Where the runbooks can be read. */
  runbooks: string | undefined;
}

/**
 * The state of a rule that also gets the events of calls that only read.
 * https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-service-event-cloudtrail-management.html
 */
const ALL_CALLS = 'ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS';

/** An alarm's description has at most 1,024 characters: https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html */
export const alarmDescription = (
  { severity, title, why, response, yields }: Detection,
  prefix: string,
  runbooks?: string,
): string =>
  `${severity}: ${title}. ${why} The playbook ${prefix}-${response} has started; its summary follows${yields ? ', unless another detection tells of the same call' : ''}. Runbook: ${runbookPlaces(response, runbooks).join(', ')}`;

/** Metric filters, alarm with its alert by mail, and the rules that start the playbook: all that a detection declares. */
export class DetectionRule extends Construct {
  readonly alarm: Alarm;

  constructor(scope: Construct, id: string, props: DetectionRuleProps) {
    super(scope, id);
    const { prefix, detection, trail, logGroupName } = props;
    const name = `${prefix}-${id}`;
    const alarm = countingAlarm(this, {
      ...{ prefix, id, ...detection.alarm },
      logGroupName,
      // Own roles, which are left out, can make a pattern too long that was not.
      patterns: written(id, `${detection.within ? 'within' : 'when'}, as a metric filter without own calls`, () =>
        filterPatterns(detection, prefix, ANY_ACCOUNT, trail),
      ),
      description: alarmDescription(detection, prefix, props.runbooks),
    });
    alarm.addAlarmAction(new SnsAction(props.topic));
    this.alarm = alarm;
    this.#start(name, id, alarm.alarmArn, props);
  }

  #start(
    name: string,
    id: string,
    alarmArn: string,
    { playbook, undelivered, prefix, detection, trail }: DetectionRuleProps,
  ) {
    const starter = new Starter(this, 'Start', { name, playbook, undelivered });
    starter.onAlarm(name, alarmArn);
    const lane = eventLaneOf(detection);
    if (!lane) return;
    for (const [index, eventPattern] of eventPatterns(id, detection, prefix, trail).entries()) {
      const more = index === 0 ? '' : `-${index + 1}`;
      // Otherwise events of calls that only read pass the rule by.
      const state = lane.reads ? { state: ALL_CALLS } : {};
      starter.onCalls(`Event${more}`, id, { name: `${name}-event${more}`, eventPattern, ...state });
    }
  }
}
