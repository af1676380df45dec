import { CreateRoleCommand, GetRoleCommand, IAMClient } from '@aws-sdk/client-iam';
import { strangersOf } from '../playbooks/policy-documents.ts';
import { type Attack, as, makeAttacker, seemsFrom, tagged } from './attack.ts';
import { nameOf, newPassword, partitionOf, tagsOf } from './scene.ts';

const SOURCE = '198.51.100.72';

/** An IAM user makes a role that everybody may assume who knows a word. */
const attack: Attack = {
  detection: 'role-trust-opened',
  title: 'An IAM user makes a role that other accounts may assume',
  expected: { outcome: 'contained', severity: 'HIGH' },
  plan: [
    'an IAM user with an access key, who may make one role',
    'that role, without permissions; other accounts may assume it only with an external id that nobody keeps, until cordon has closed it',
  ],
  prepare: async (scene) => {
    const [name, role] = [nameOf(scene, 'mallory'), nameOf(scene, 'support')];
    const own = {
      actions: ['iam:CreateRole', 'iam:TagRole'],
      on: [`${partitionOf(scene)}:iam::${scene.account}:role/${role}`],
    };
    const key = await makeAttacker(scene, name, [], undefined, own);
    const trust = {
      Version: '2012-10-17',
      Statement: [
        {
          Effect: 'Allow',
          Principal: { AWS: '*' },
          Action: 'sts:AssumeRole',
          Condition: { StringEquals: { 'sts:ExternalId': newPassword() } },
        },
      ],
    };
    return {
      actor: name,
      attack: async (tell) => {
        scene.made?.roles.add(role);
        await seemsFrom(scene, SOURCE, new IAMClient(as(scene, key))).send(
          new CreateRoleCommand({
            RoleName: role,
            AssumeRolePolicyDocument: JSON.stringify(trust),
            Tags: tagsOf(scene),
          }),
        );
        tell(`${name} made the role ${role}, which other accounts may assume`);
      },
      prove: async () => {
        const { Role } = await new IAMClient(as(scene, scene.administrator)).send(
          new GetRoleCommand({ RoleName: role }),
        );
        const strangers = strangersOf(decodeURIComponent(Role?.AssumeRolePolicyDocument ?? ''), scene.account);
        const seen = strangers?.join(', ') || 'nobody else';
        return [
          await tagged(scene, name),
          { what: `the role ${role} lets in this account only`, holds: strangers?.length === 0, seen },
        ];
      },
    };
  },
};
export default attack;
