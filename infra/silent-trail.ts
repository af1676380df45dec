import { Metric, Stats } from 'aws-cdk-lib/aws-cloudwatch';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import type { Construct } from 'constructs';
import { upkeepAlarm } from './upkeep-alarm.ts';

/** Minutes after which a log group without records is an alarm. cordon's own calls alone are more. */
const SILENT = 30;

/**
 * The alarm on a trail's log group that gets nothing any more. CloudWatch Logs counts what comes in by itself, so this needs
 * no filter, and holds also where the log group is gone.
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CloudWatch-Logs-Monitoring-CloudWatch-Metrics.html
 */
export const silentTrailAlarm = (scope: Construct, prefix: string, logGroup: string, topic: ITopic): void => {
  upkeepAlarm(scope, {
    alarmName: `${prefix}-trail-silent`,
    topic,
    metric: new Metric({
      namespace: 'AWS/Logs',
      metricName: 'IncomingLogEvents',
      dimensionsMap: { LogGroupName: logGroup },
      statistic: Stats.SUM,
    }),
    minutes: SILENT,
    below: 1,
    missingIsBad: true,
    words: [
      `CRITICAL: For ${SILENT} minutes no record has come to the trail's log group ${logGroup}. ${prefix} is blind: no alarm of a detection can fire. An account is never that quiet.`,
      'Somebody may have stopped the trail, or taken its log group, its role or its key away.',
      'What is broken, and the command that mends it: npx cordon doctor (lines trail, filters, baselines).',
      'What was done meanwhile: aws cloudtrail lookup-events --max-results 50 (event history goes on while trails are off).',
      'Treat it as an attack until you know what it was.',
    ],
  });
};
