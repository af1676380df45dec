import type { Stage } from './attack.ts';
import { SceneFailure } from './scene.ts';

/**
 * Lets the local AWS's GuardDuty find something: there is no such service there, so the finding is made up, in the shape of real
 * ones, and goes onto the bus as GuardDuty would put it. On AWS nobody but GuardDuty can.
 * @throws {SceneFailure}
 */
export async function putFinding({ endpoint }: Pick<Stage, 'endpoint'>, finding: object): Promise<void> {
  const answer = await fetch(new URL('/_cordon/guardduty-finding', endpoint), {
    method: 'POST',
    body: JSON.stringify(finding),
  });
  if (!answer.ok) throw new SceneFailure(`The local AWS takes no such finding: ${await answer.text()}`);
}
