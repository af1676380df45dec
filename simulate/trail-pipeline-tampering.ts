import { CloudWatchLogsClient, DeleteMetricFilterCommand } from '@aws-sdk/client-cloudwatch-logs';
import { as, seemsFrom } from './attack.ts';
import { refusedCall } from './refused-call.ts';
import type { Scene } from './scene.ts';

const SOURCE = '198.51.100.61';

const logGroupOf = ({ prefix = 'cordon', logGroup = `/${prefix}/trail` }: Scene): string => logGroup;

/**
 * An IAM user tries to delete a metric filter. The detection looks at what the account's own trail delivers through only,
 * and nothing there may be taken away for a drill.
 */
export default refusedCall({
  detection: 'trail-pipeline-tampering',
  title: 'An IAM user tries to delete a metric filter of the trail’s log group, and is refused',
  severity: 'CRITICAL',
  words: (scene) => `DeleteMetricFilter on the log group ${logGroupOf(scene)}`,
  plan: 'that user tries once to delete a metric filter of the trail’s log group that does not exist, and is refused',
  call: (scene, key, thing) =>
    seemsFrom(scene, SOURCE, new CloudWatchLogsClient(as(scene, key))).send(
      new DeleteMetricFilterCommand({ logGroupName: logGroupOf(scene), filterName: thing }),
    ),
  leavesOut: {
    what: 'Putting things back is left out: nothing that the trail delivers through may be away for a drill',
    commands: [
      'aws logs delete-metric-filter --log-group-name /cordon/trail --filter-name cordon-root-usage',
      'npx cordon doctor',
    ],
  },
});
