import { Duration } from 'aws-cdk-lib';
import { AlarmStatusWidget, Dashboard, GraphWidget, type IAlarm, Metric, Stats } from 'aws-cdk-lib/aws-cloudwatch';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import type { Machine } from './machine.ts';

/** What the dashboard shows. */
export interface OverviewProps {
  prefix: string;
  /** The detections' ids with their alarms. */
  alarms: readonly [id: string, alarm: IAlarm][];
  playbooks: readonly Machine[];
  undelivered: IQueue;
}

/** A metric holds for five minutes a point here. */
const PERIOD = Duration.minutes(5);

/**
 * One look at the installation in the CloudWatch console: which alarms are on, what matched, and whether the playbooks ran.
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Dashboards.html
 */
export class Overview extends Construct {
  constructor(scope: Construct, id: string, { prefix, alarms, playbooks, undelivered }: OverviewProps) {
    super(scope, id);
    const ofMachines = (metricName: string): Metric[] =>
      playbooks.map(
        ({ arn, name }) =>
          new Metric({
            ...{ namespace: 'AWS/States', metricName, dimensionsMap: { StateMachineArn: arn } },
            ...{ statistic: Stats.SUM, period: PERIOD, label: name },
          }),
      );
    const wide = { width: 24, height: 6 };
    const half = { width: 12, height: 6 };
    new Dashboard(this, 'Dashboard', {
      dashboardName: prefix,
      defaultInterval: Duration.days(1),
      widgets: [
        [new AlarmStatusWidget({ title: 'Detections', alarms: alarms.map(([, alarm]) => alarm), ...wide })],
        [
          new GraphWidget({
            title: 'Records that matched',
            left: alarms.map(
              ([metricName]) =>
                new Metric({ namespace: prefix, metricName, statistic: Stats.SUM, period: PERIOD, label: metricName }),
            ),
            stacked: true,
            ...wide,
          }),
        ],
        [
          new GraphWidget({ title: 'Playbooks started', left: ofMachines('ExecutionsStarted'), ...half }),
          new GraphWidget({
            title: 'Playbooks that failed, and events that could start none',
            left: [
              ...ofMachines('ExecutionsFailed'),
              undelivered.metricApproximateNumberOfMessagesVisible({ period: PERIOD, label: 'undelivered' }),
            ],
            ...half,
          }),
        ],
      ],
    });
  }
}
