import { AttachUserPolicyCommand, ListAttachedUserPoliciesCommand } from '@aws-sdk/client-iam';
import { givenAccess } from './given-access.ts';
import { partitionOf } from './scene.ts';

/** An IAM user makes another one an administrator. */
export default givenAccess({
  detection: 'admin-rights-given',
  title: 'An IAM user gives another user administrator rights',
  expected: { outcome: 'contained', severity: 'CRITICAL' },
  plan: 'the first attaches AdministratorAccess to the other, who has nothing to sign with, until cordon has taken it back',
  actions: ['iam:AttachUserPolicy'],
  give: async (iam, UserName, scene) => {
    const PolicyArn = `${partitionOf(scene)}:iam::aws:policy/AdministratorAccess`;
    await iam.send(new AttachUserPolicyCommand({ UserName, PolicyArn }));
    return 'AdministratorAccess';
  },
  prove: async (administrator, UserName) => {
    const { AttachedPolicies: policies = [] } = await administrator.send(
      new ListAttachedUserPoliciesCommand({ UserName }),
    );
    const seen = policies.map(({ PolicyName }) => PolicyName).join(', ') || 'none';
    return [{ what: 'the policy is attached no more', holds: policies.length === 0, seen }];
  },
});
