import {
  AttachPolicyCommand,
  CreatePolicyCommand,
  DeletePolicyCommand,
  DescribeOrganizationCommand,
  DescribePolicyCommand,
  DetachPolicyCommand,
  ListPoliciesCommand,
  ListPoliciesForTargetCommand,
  OrganizationsClient,
} from '@aws-sdk/client-organizations';
import * as z from 'zod';
import { globalRegionOf } from '../../playbooks/partition.ts';
import type { Context } from '../context.ts';
import { errorName } from '../errors.ts';
import { assumeOrganizationRole, managementCredentials } from '../organization.ts';
import { containHandler, defineAction, undoHandler } from './action.ts';

/** Name of the service control policy that denies root everything. */
export const ROOT_POLICY = 'cordon-deny-root';

/** Privileged sessions, which the management account starts, are let through: they are how root's credentials are deleted. */
const denyRoot = JSON.stringify({
  Version: '2012-10-17',
  Statement: [
    {
      Sid: 'ContainedByCordon',
      Effect: 'Deny',
      Action: '*',
      Resource: '*',
      Condition: { ArnLike: { 'aws:PrincipalArn': 'arn:*:iam::*:root' }, Null: { 'aws:AssumedRoot': 'true' } },
    },
  ],
});

interface State {
  /** Whether the policy exists with the content that it must have. */
  policy: boolean;
  attached: boolean;
}

// Organizations is a global service; its client must not follow the stack's region.
const organizations = async (incident: { id: string }, context: Context) =>
  context.client(
    OrganizationsClient,
    globalRegionOf(context.environment.region),
    await managementCredentials(incident, context),
  );

async function policyId(client: OrganizationsClient): Promise<string | undefined> {
  let NextToken: string | undefined;
  do {
    const page = await client.send(new ListPoliciesCommand({ Filter: 'SERVICE_CONTROL_POLICY', NextToken }));
    const found = page.Policies?.find(({ Name }) => Name === ROOT_POLICY);
    if (found?.Id) return found.Id;
    NextToken = page.NextToken;
  } while (NextToken);
  return undefined;
}

async function isAttached(client: OrganizationsClient, account: string): Promise<boolean> {
  let NextToken: string | undefined;
  do {
    const page = await client.send(
      new ListPoliciesForTargetCommand({ TargetId: account, Filter: 'SERVICE_CONTROL_POLICY', NextToken }),
    );
    if (page.Policies?.some(({ Name }) => Name === ROOT_POLICY)) return true;
    NextToken = page.NextToken;
  } while (NextToken);
  return false;
}

async function stateOf(client: OrganizationsClient, account: string): Promise<State> {
  const id = await policyId(client);
  if (id === undefined) return { policy: false, attached: false };
  const { Policy } = await client.send(new DescribePolicyCommand({ PolicyId: id }));
  return { policy: Policy?.Content === denyRoot, attached: await isAttached(client, account) };
}

/** The policy's id; it is made where there is none. */
async function ensurePolicy(client: OrganizationsClient): Promise<string> {
  const existing = await policyId(client);
  if (existing !== undefined) return existing;
  const { Policy } = await client.send(
    new CreatePolicyCommand({
      Name: ROOT_POLICY,
      Type: 'SERVICE_CONTROL_POLICY',
      Description: 'Denies the root user everything, attached by cordon to contain an account’s root',
      Content: denyRoot,
    }),
  );
  return Policy?.PolicySummary?.Id ?? '';
}

/** Does it, unless it is so already. */
async function unless(settled: string, call: Promise<unknown>): Promise<void> {
  try {
    await call;
  } catch (error) {
    if (errorName(error) !== settled) throw error;
  }
}

/**
 * Denies this account's root everything by a service control policy, from the organization's management account. It holds
 * no root of the management account itself.
 * https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_scps.html
 */
const action = defineAction({
  title: 'deny root everything by a service control policy',
  contains: true,
  target: z.object({ account: z.string().regex(/^\d{12}$/) }),
  before: z.object({ policy: z.boolean(), attached: z.boolean() }),
  label: ({ account }: { account: string }) => `root of account ${account}`,
  words: ({ attached, policy }: State) =>
    attached
      ? policy
        ? 'root denied everything'
        : `a policy ${ROOT_POLICY} of somebody else is attached`
      : 'not held by cordon',
  blastRadius: 'root of this account can do nothing, also in a break-glass procedure; nobody else is held up',
  permissions: { contain: [assumeOrganizationRole], undo: [assumeOrganizationRole] },
  assess: async ({ account }, context) => {
    const client = await organizations({ id: 'cordon-assess' }, context);
    const { Organization } = await client.send(new DescribeOrganizationCommand({}));
    return Organization?.MasterAccountId === account
      ? {
          needed: false,
          reason: 'this is the management account: no service control policy holds its root',
          benign: false,
        }
      : { needed: true };
  },
  capture: async ({ account }, context, incident) => stateOf(await organizations(incident, context), account),
  contain: async ({ account }, _before, context, incident) => {
    const client = await organizations(incident, context);
    const PolicyId = await ensurePolicy(client);
    await unless(
      'DuplicatePolicyAttachmentException',
      client.send(new AttachPolicyCommand({ PolicyId, TargetId: account })),
    );
  },
  verify: async ({ account }, context, incident) => {
    const after = await stateOf(await organizations(incident, context), account);
    return { verified: after.attached && after.policy, after };
  },
  undo: async ({ account }, before, context, incident) => {
    const client = await organizations(incident, context);
    const PolicyId = await policyId(client);
    if (PolicyId === undefined || before.attached) return;
    await unless('PolicyNotAttachedException', client.send(new DetachPolicyCommand({ PolicyId, TargetId: account })));
    // Another account's root may be held by it too.
    if (!before.policy) await unless('PolicyInUseException', client.send(new DeletePolicyCommand({ PolicyId })));
  },
});

export default action;
export const contain = containHandler(action);
export const undo = undoHandler(action);
