import { Duration, Token } from 'aws-cdk-lib';
import { Alarm, ComparisonOperator, type Metric, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import type { Construct } from 'constructs';

/** An alarm about cordon itself. */
export interface UpkeepAlarm {
  alarmName: string;
  /** Who is told. */
  topic: ITopic;
  metric: Metric;
  minutes: number;
  /** It fires when the metric is that much or more, or below that. */
  atLeast?: number;
  below?: number;
  /** That there is no data is bad news too; then the topic is told also when it is well again. */
  missingIsBad?: boolean;
  /** What is the case and what to do, for somebody who is woken by it: sentences, the most needed first. */
  words: string[];
}

/** An alarm's description has at most so many characters: https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html */
const LONGEST = 1024;
/** The name of a log group alone may have half of that. What is known at deployment only is short. */
const inShort = (text: string): string => (Token.isUnresolved(text) ? text : text.slice(0, LONGEST));

/** Makes an alarm about cordon itself, which mails and starts nothing. */
export function upkeepAlarm(scope: Construct, props: UpkeepAlarm): Alarm {
  const { alarmName, topic, metric, minutes, atLeast, below, missingIsBad = false, words } = props;
  const alarm = new Alarm(scope, alarmName, {
    alarmName,
    alarmDescription: inShort(words.join(' ')),
    metric: metric.with({ period: Duration.minutes(minutes) }),
    threshold: atLeast ?? below ?? 1,
    comparisonOperator:
      below === undefined
        ? ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD
        : ComparisonOperator.LESS_THAN_THRESHOLD,
    evaluationPeriods: 1,
    treatMissingData: missingIsBad ? TreatMissingData.BREACHING : TreatMissingData.NOT_BREACHING,
  });
  alarm.addAlarmAction(new SnsAction(topic));
  if (missingIsBad) alarm.addOkAction(new SnsAction(topic));
  return alarm;
}
