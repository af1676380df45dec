import { Aws, Duration } from 'aws-cdk-lib';
import { Alarm, ComparisonOperator, Metric, Stats, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import { CfnRule } from 'aws-cdk-lib/aws-events';
import { PolicyDocument, PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { CfnMetricFilter } from 'aws-cdk-lib/aws-logs';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import type { Queue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import type { Detection, KnownTrail } from '../playbooks/detection.ts';
import { runbookPlaces } from '../playbooks/runbook.ts';
import { ANY_ACCOUNT, filterPatterns, laneEventPattern } from './filter.ts';
import type { Machine } from './machine.ts';

/** What a detection is deployed with. */
export interface DetectionRuleProps {
  prefix: string;
  detection: Detection;
  trail: KnownTrail;
  topic: ITopic;
  playbook: Machine;
  undelivered: Queue;
  /** Where the runbooks can be read. */
  runbooks: string | undefined;
}

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
    const { prefix, detection, trail } = props;
    const name = `${prefix}-${id}`;
    const metric = { namespace: prefix, name: id };
    // A pattern has so many characters only: where one filter cannot say it, several feed the metric.
    for (const [index, filterPattern] of filterPatterns(detection, prefix, ANY_ACCOUNT, trail).entries()) {
      new CfnMetricFilter(this, index === 0 ? 'Filter' : `Filter${index + 1}`, {
        filterName: index === 0 ? name : `${name}-${index + 1}`,
        logGroupName: trail.logGroup,
        filterPattern: filterPattern.replaceAll(ANY_ACCOUNT, Aws.ACCOUNT_ID),
        metricTransformations: [
          { metricNamespace: metric.namespace, metricName: metric.name, metricValue: '1', unit: 'Count' },
        ],
      });
    }
    const alarm = new Alarm(this, 'Alarm', {
      alarmName: name,
      alarmDescription: alarmDescription(detection, prefix, props.runbooks),
      metric: new Metric({
        namespace: metric.namespace,
        metricName: metric.name,
        // Each match counts 1: only the sum is their number.
        statistic: Stats.SUM,
        period: Duration.minutes(detection.alarm.withinMinutes),
      }),
      threshold: detection.alarm.atLeast,
      comparisonOperator: ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
      evaluationPeriods: 1,
      // Nothing matching is the normal state.
      treatMissingData: TreatMissingData.NOT_BREACHING,
    });
    alarm.addAlarmAction(new SnsAction(props.topic));
    this.alarm = alarm;
    this.#start(name, id, alarm.alarmArn, props);
  }

  #start(name: string, id: string, alarmArn: string, props: DetectionRuleProps): void {
    const { playbook, prefix, detection, trail } = props;
    const role = new Role(this, 'StartRole', {
      roleName: `${name}-start`,
      assumedBy: new ServicePrincipal('events.amazonaws.com'),
      inlinePolicies: {
        start: new PolicyDocument({
          statements: [new PolicyStatement({ actions: ['states:StartExecution'], resources: [playbook.arn] })],
        }),
      },
    });
    this.#rule('Rule', role, props, {
      name,
      description: `Starts ${playbook.name} when the alarm fires`,
      eventPattern: {
        source: ['aws.cloudwatch'],
        'detail-type': ['CloudWatch Alarm State Change'],
        resources: [alarmArn],
        detail: { state: { value: ['ALARM'] } },
      },
    });
    if (!detection.eventLane) return;
    this.#rule(
      'EventRule',
      role,
      props,
      {
        name: `${name}-event`,
        description: `Starts ${playbook.name} on the event of the call itself, before there is an alarm`,
        eventPattern: laneEventPattern(detection, prefix, trail),
      },
      // The event does not say which detection took it.
      {
        inputTransformer: {
          inputTemplate: `{"lane":"event","detection":"${id}","event":<aws.events.event.json>}`,
        },
      },
    );
  }

  #rule(
    id: string,
    role: Role,
    { playbook, undelivered }: DetectionRuleProps,
    rule: { name: string; description: string; eventPattern: object },
    target: Partial<CfnRule.TargetProperty> = {},
  ): void {
    const made = new CfnRule(this, id, {
      ...rule,
      targets: [
        {
          id: 'playbook',
          arn: playbook.arn,
          roleArn: role.roleArn,
          retryPolicy: { maximumEventAgeInSeconds: 86_400, maximumRetryAttempts: 185 },
          deadLetterConfig: { arn: undelivered.queueArn },
          ...target,
        },
      ],
    });
    const arn = `arn:${Aws.PARTITION}:events:${Aws.REGION}:${Aws.ACCOUNT_ID}:rule/${rule.name}`;
    undelivered.addToResourcePolicy(
      new PolicyStatement({
        principals: [new ServicePrincipal('events.amazonaws.com')],
        actions: ['sqs:SendMessage'],
        resources: [undelivered.queueArn],
        conditions: { ArnEquals: { 'aws:SourceArn': arn } },
      }),
    );
    made.node.addDependency(role);
  }
}
