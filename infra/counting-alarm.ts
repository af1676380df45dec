import { Aws, Duration } from 'aws-cdk-lib';
import { Alarm, ComparisonOperator, Metric, Stats, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import { CfnMetricFilter } from 'aws-cdk-lib/aws-logs';
import type { Construct } from 'constructs';
import { ANY_ACCOUNT } from './filter.ts';

/** An alarm on the records of a log group. */
export interface CountingAlarm {
  prefix: string;
  /** Name of the metric; with the prefix before it, of its filters and its alarm. */
  id: string;
  logGroupName: string;
  /** Filter patterns that no record has two of, or the alarm would count it twice; {@link ANY_ACCOUNT} stands for the account. */
  patterns: readonly string[];
  description: string;
  /** It fires when so many records came within so many minutes. */
  atLeast: number;
  withinMinutes: number;
  /** Instead of the records the numbers in this field of theirs are summed up. */
  sum?: string;
}

/** Metric filters that feed one metric, and the alarm on their sum. Whom the alarm tells is left to who makes it. */
export function countingAlarm(scope: Construct, props: CountingAlarm): Alarm {
  const { prefix, id, logGroupName, patterns, description, atLeast, withinMinutes, sum } = props;
  const name = `${prefix}-${id}`;
  // A pattern has so many characters only: where one filter cannot say it, several feed the metric.
  for (const [index, pattern] of patterns.entries()) {
    new CfnMetricFilter(scope, index === 0 ? 'Filter' : `Filter${index + 1}`, {
      filterName: index === 0 ? name : `${name}-${index + 1}`,
      logGroupName,
      filterPattern: pattern.replaceAll(ANY_ACCOUNT, Aws.ACCOUNT_ID),
      metricTransformations: [
        {
          metricNamespace: prefix,
          metricName: id,
          ...(sum ? { metricValue: `$${sum}` } : { metricValue: '1', unit: 'Count' }),
        },
      ],
    });
  }
  return new Alarm(scope, 'Alarm', {
    alarmName: name,
    alarmDescription: description,
    metric: new Metric({
      namespace: prefix,
      metricName: id,
      // Each match counts 1, or what its field says: only the sum is what was counted.
      statistic: Stats.SUM,
      period: Duration.minutes(withinMinutes),
    }),
    threshold: atLeast,
    comparisonOperator: ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
    evaluationPeriods: 1,
    // Nothing matching is the normal state.
    treatMissingData: TreatMissingData.NOT_BREACHING,
  });
}
