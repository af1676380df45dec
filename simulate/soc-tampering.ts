import { DisableRuleCommand, EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { as, seemsFrom } from './attack.ts';
import { refusedCall } from './refused-call.ts';
import type { Scene } from './scene.ts';

const SOURCE = '198.51.100.62';

/** No rule of the deployment is called so: the detection goes by the first part of the name. */
const ruleOf = ({ prefix = 'cordon' }: Scene, thing: string): string => `${prefix}-of-${thing}`;

/** An IAM user tries to disable a rule of cordon's. Nothing of its own may be off for a drill. */
export default refusedCall({
  detection: 'soc-tampering',
  title: 'An IAM user tries to disable a rule of cordon’s own, and is refused',
  severity: 'CRITICAL',
  words: () => 'DisableRule on a rule of cordon’s own',
  plan: 'that user tries once to disable a rule that does not exist, but is named as cordon names its own, and is refused',
  call: (scene, key, thing) =>
    seemsFrom(scene, SOURCE, new EventBridgeClient(as(scene, key))).send(
      new DisableRuleCommand({ Name: ruleOf(scene, thing) }),
    ),
  leavesOut: {
    what: 'Putting things back is left out: nothing that detects or answers may be off for a drill',
    commands: ['aws events disable-rule --name cordon-root-usage', 'npx cordon doctor'],
  },
});
