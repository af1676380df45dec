import type { Severity } from '../playbooks/detection.ts';
import { type Attack, makeAttacker, type Proof, refused, tagged } from './attack.ts';
import { type AccessKey, nameOf, type Scene } from './scene.ts';

/** An attack that must not succeed, since what it goes for is what protects the account, or cannot be made for it. */
export interface RefusedCall {
  detection: string;
  title: string;
  severity: Severity;
  /** What is called on what, as a step tells it: "DeleteMetricFilter on the log group /cordon/trail". */
  words: (scene: Scene) => string;
  /** What the plan says of it. */
  plan: string;
  /**
   * Makes the call, as a user who may do nothing. It names a thing that is not there, so that it does no harm even where it is
   * allowed.
   */
  call: (scene: Scene, key: AccessKey, thing: string) => Promise<unknown>;
  leavesOut: NonNullable<Attack['leavesOut']>;
}

/** The attack of a user who tries one call and is refused: whoever tries is found and tagged, and nothing is touched. */
export const refusedCall = ({ detection, title, severity, words, plan, call, leavesOut }: RefusedCall): Attack => ({
  detection,
  title,
  expected: { outcome: 'attempt', severity },
  leavesOut,
  plan: ['an IAM user with an access key, who may do nothing', plan, 'nothing that is there is touched'],
  prepare: async (scene) => {
    const name = nameOf(scene, 'eve');
    const key = await makeAttacker(scene, name, ['sts:GetCallerIdentity']);
    let tried: Proof | undefined;
    return {
      actor: name,
      attack: async (tell) => {
        tried = await refused('the call was refused', () => call(scene, key, nameOf(scene, 'nothing')));
        tell(`${name} tried ${words(scene)}: ${tried.seen}`);
      },
      prove: async () => [...(tried ? [tried] : []), await tagged(scene, name)],
    };
  },
});
