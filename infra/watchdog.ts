import { Duration } from 'aws-cdk-lib';
import { Alarm, ComparisonOperator, Metric, Stats, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import { FilterPattern, type ILogGroup, MetricFilter } from 'aws-cdk-lib/aws-logs';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import { Construct } from 'constructs';
import { LOOKED } from '../handlers/steps/watchdog.ts';
import { Schedule } from './schedule.ts';

/** What the watchdog is deployed with. */
export interface WatchdogProps {
  prefix: string;
  function: IFunction;
  /** Where its function logs. */
  logGroup: ILogGroup;
  topic: ITopic;
}

/** The watchdog's schedule, and the alarm that misses it: the alarm takes missing data for bad, so nobody need report anything. */
export class Watchdog extends Construct {
  constructor(scope: Construct, id: string, { prefix, function: target, logGroup, topic }: WatchdogProps) {
    super(scope, id);
    new Schedule(this, 'Schedule', { name: `${prefix}-watchdog`, every: '5 minutes', target });
    const metricName = 'watchdog-looks';
    new MetricFilter(this, 'Looks', {
      ...{ filterName: `${prefix}-${metricName}`, logGroup, metricNamespace: prefix, metricName, metricValue: '1' },
      filterPattern: FilterPattern.stringValue('$.message', '=', LOOKED),
    });
    const alarm = new Alarm(this, 'Silent', {
      alarmName: `${prefix}-watchdog-silent`,
      alarmDescription: `The watchdog has not seen everything for 20 minutes: what alarms and events miss is noticed by nobody. See npx cordon doctor, then: aws lambda invoke --function-name ${prefix}-watchdog --payload '{}' /dev/stdout. It says so once after the first deployment as well, until the first look.`,
      metric: new Metric({ namespace: prefix, metricName, statistic: Stats.SUM, period: Duration.minutes(20) }),
      threshold: 1,
      comparisonOperator: ComparisonOperator.LESS_THAN_THRESHOLD,
      evaluationPeriods: 1,
      // A watchdog that does not run logs nothing.
      treatMissingData: TreatMissingData.BREACHING,
    });
    alarm.addAlarmAction(new SnsAction(topic));
    alarm.addOkAction(new SnsAction(topic));
  }
}
