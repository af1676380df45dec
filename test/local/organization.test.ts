import { CreateRoleCommand, IAMClient, PutRolePolicyCommand } from '@aws-sdk/client-iam';
import {
  CreateAccountCommand,
  CreateOrganizationCommand,
  DescribeOrganizationCommand,
  ListPoliciesForTargetCommand,
  OrganizationsClient,
} from '@aws-sdk/client-organizations';
import { beforeAll, describe, expect, inject, it } from 'vitest';
import denyRoot, { ROOT_POLICY } from '../../handlers/actions/deny-root-by-scp.ts';
import type { Context, SessionCredentials } from '../../handlers/context.ts';
import { defaultOptions } from '../../playbooks/options.ts';
import { makeAttacker, type Stage } from '../../simulate/attack.ts';
import { Desk as StepDesk } from '../handlers/desk.ts';

const shared = inject('localAws');
const stage: Stage = {
  ...shared,
  administrator: shared.accountAdministrator,
  mark: 'organization',
  now: () => new Date(),
};
const config = { endpoint: shared.endpoint, region: shared.region };
const INCIDENT = { id: 'root-usage-20261124-030000-0000', detection: 'root-usage' };
const ROLE = 'cordon-organization';

/** As a function of the member account has it: with a key that may do nothing but assume the role in the management account. */
let context: Context;
let member: string;
let management: OrganizationsClient;

beforeAll(async () => {
  management = new OrganizationsClient({ ...config, credentials: shared.accountAdministrator });
  await management
    .send(new DescribeOrganizationCommand({}))
    .catch(() => management.send(new CreateOrganizationCommand({})));
  const { CreateAccountStatus } = await management.send(
    new CreateAccountCommand({ AccountName: 'member', Email: 'member@example.com' }),
  );
  member = CreateAccountStatus?.AccountId ?? '';
  const iam = new IAMClient({ ...config, credentials: shared.accountAdministrator });
  const json = (Statement: object) => JSON.stringify({ Version: '2012-10-17', Statement: [Statement] });
  const trust = { Effect: 'Allow', Principal: { AWS: `arn:aws:iam::${stage.account}:root` }, Action: 'sts:AssumeRole' };
  await iam.send(new CreateRoleCommand({ RoleName: ROLE, AssumeRolePolicyDocument: json(trust) }));
  const rights = { Effect: 'Allow', Action: 'organizations:*', Resource: '*' };
  await iam.send(new PutRolePolicyCommand({ RoleName: ROLE, PolicyName: 'hold', PolicyDocument: json(rights) }));
  const key = await makeAttacker(stage, 'function-of-the-member', ['sts:AssumeRole']);
  const organizationRole = `arn:aws:iam::${stage.account}:role/${ROLE}`;
  context = {
    ...new StepDesk({ account: member, options: { ...defaultOptions, organizationRole } }).context,
    client: <C>(
      type: new (given: { region: string; endpoint: string; credentials: object }) => C,
      region = shared.region,
      credentials?: SessionCredentials,
    ) => new type({ ...config, region, credentials: credentials ?? key }),
  } as Context;
});

const policiesOf = async (TargetId: string) => {
  const { Policies = [] } = await management.send(
    new ListPoliciesForTargetCommand({ TargetId, Filter: 'SERVICE_CONTROL_POLICY' }),
  );
  return Policies.map(({ Name }) => Name);
};

describe('root of a member account, from the management account', () => {
  it('row: root: a service control policy, by real calls: attached and read back, and undo detaches and deletes it', async () => {
    // Act
    const target = { account: member };
    const assessed = await denyRoot.assess?.(target, context);
    const before = await denyRoot.capture(target, context, INCIDENT);
    await denyRoot.contain(target, before, context, INCIDENT);
    // A repeated call does no harm.
    await denyRoot.contain(target, before, context, INCIDENT);
    const held = await denyRoot.verify(target, context, INCIDENT);
    const attached = await policiesOf(member);
    await denyRoot.undo?.(target, before, context, INCIDENT);
    const after = await denyRoot.verify(target, context, INCIDENT);

    // Assess
    expect(assessed).toEqual({ needed: true });
    expect(before).toEqual({ policy: false, attached: false });
    expect(held).toEqual({ verified: true, after: { policy: true, attached: true } });
    expect(attached).toContain(ROOT_POLICY);
    expect(after).toEqual({ verified: false, after: { policy: false, attached: false } });
    expect(await policiesOf(member)).not.toContain(ROOT_POLICY);
  });

  it('row: root: the management account’s own root, by real calls: not held by a policy, and that is said', async () => {
    const assessed = await denyRoot.assess?.({ account: stage.account }, context);
    expect(assessed).toMatchObject({
      needed: false,
      reason: expect.stringContaining('this is the management account'),
    });
  });
});
