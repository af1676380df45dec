import { CreateUserCommand, IAMClient } from '@aws-sdk/client-iam';
import type { Expected } from './attack.ts';
import { type Attack, as, makeAttacker, type Proof, seemsFrom, tagged } from './attack.ts';
import { nameOf, partitionOf, type Scene, tagsOf } from './scene.ts';

const SOURCE = '198.51.100.71';

/** An attack by which one user gives access to another. */
export interface GivenAccess {
  detection: string;
  title: string;
  expected: Expected;
  /** What the user does to the other one, for the plan. */
  plan: string;
  /** The actions of IAM that it takes, on the other user. */
  actions: string[];
  /** Makes the call, and says what was given. */
  give: (iam: IAMClient, user: string, scene: Scene) => Promise<string>;
  /** Proves that it is taken back; `administrator` may look at everything. */
  prove?: (administrator: IAMClient, user: string, scene: Scene) => Promise<Proof[]>;
}

/** The attack of an IAM user who gives access to another user. Both are made for it, and the other can do nothing by himself. */
export const givenAccess = ({ detection, title, expected, plan, actions, give, prove }: GivenAccess): Attack => ({
  detection,
  title,
  expected,
  plan: [
    `an IAM user with an access key, who may call ${actions.join(' and ')} on one other user`,
    'that other user, without permissions, keys or a password',
    plan,
  ],
  prepare: async (scene) => {
    const [giver, taker] = [nameOf(scene, 'mallory'), nameOf(scene, 'ci')];
    const administrator = new IAMClient(as(scene, scene.administrator));
    scene.made?.users.add(taker);
    await administrator.send(new CreateUserCommand({ UserName: taker, Tags: tagsOf(scene) }));
    const on = [`${partitionOf(scene)}:iam::${scene.account}:user/${taker}`];
    const key = await makeAttacker(scene, giver, [], undefined, { actions, on });
    return {
      actor: giver,
      attack: async (tell) => {
        const iam = seemsFrom(scene, SOURCE, new IAMClient(as(scene, key)));
        tell(`${giver} gave ${taker} ${await give(iam, taker, scene)}`);
      },
      prove: async () => [await tagged(scene, giver), ...((await prove?.(administrator, taker, scene)) ?? [])],
    };
  },
});
