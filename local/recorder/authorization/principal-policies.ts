import {
  GetGroupPolicyCommand,
  GetPolicyCommand,
  GetPolicyVersionCommand,
  GetRoleCommand,
  GetRolePolicyCommand,
  GetUserCommand,
  GetUserPolicyCommand,
  type IAMClient,
  paginateListAttachedGroupPolicies,
  paginateListAttachedRolePolicies,
  paginateListAttachedUserPolicies,
  paginateListGroupPolicies,
  paginateListGroupsForUser,
  paginateListRolePolicies,
  paginateListUserPolicies,
} from '@aws-sdk/client-iam';
import type { PolicyLayer } from './decision.ts';

/** What decides on the calls of an IAM user or role. */
export interface PrincipalPolicies {
  layers: PolicyLayer[];
  tags: { Key: string; Value: string }[];
}

/** Session policies, as they were passed when a session was made. */
export interface SessionPolicies {
  documents: string[];
  arns: string[];
}

/**
 * Reads what decides on a user's calls: their own policies, their groups', and the permissions boundary.
 * @throws {NoSuchEntityException} when there is no such user
 */
export async function userPolicies(client: IAMClient, UserName: string): Promise<PrincipalPolicies> {
  const paging = { client };
  const { User } = await client.send(new GetUserCommand({ UserName }));
  const documents: string[] = [];
  for await (const page of paginateListUserPolicies(paging, { UserName })) {
    for (const PolicyName of page.PolicyNames ?? []) {
      documents.push(text(await client.send(new GetUserPolicyCommand({ UserName, PolicyName }))));
    }
  }
  documents.push(...(await attached(client, paginateListAttachedUserPolicies(paging, { UserName }))));
  for await (const page of paginateListGroupsForUser(paging, { UserName })) {
    for (const { GroupName } of page.Groups ?? []) documents.push(...(await groupDocuments(client, GroupName ?? '')));
  }
  return withBoundary(client, documents, User);
}

/**
 * Reads what decides on the calls of a role's sessions.
 * @throws {NoSuchEntityException} when there is no such role
 */
export async function rolePolicies(client: IAMClient, RoleName: string): Promise<PrincipalPolicies> {
  const paging = { client };
  const { Role } = await client.send(new GetRoleCommand({ RoleName }));
  const documents: string[] = [];
  for await (const page of paginateListRolePolicies(paging, { RoleName })) {
    for (const PolicyName of page.PolicyNames ?? []) {
      documents.push(text(await client.send(new GetRolePolicyCommand({ RoleName, PolicyName }))));
    }
  }
  documents.push(...(await attached(client, paginateListAttachedRolePolicies(paging, { RoleName }))));
  return withBoundary(client, documents, Role);
}

/** Reads the layer that session policies make. */
export async function sessionLayer(client: IAMClient, { documents, arns }: SessionPolicies): Promise<PolicyLayer> {
  const managed = await Promise.all(arns.map((arn) => managedDocument(client, arn)));
  return { kind: 'session policy', documents: [...documents, ...managed] };
}

async function groupDocuments(client: IAMClient, GroupName: string): Promise<string[]> {
  const documents: string[] = [];
  for await (const page of paginateListGroupPolicies({ client }, { GroupName })) {
    for (const PolicyName of page.PolicyNames ?? []) {
      documents.push(text(await client.send(new GetGroupPolicyCommand({ GroupName, PolicyName }))));
    }
  }
  return [...documents, ...(await attached(client, paginateListAttachedGroupPolicies({ client }, { GroupName })))];
}

async function attached(
  client: IAMClient,
  pages: AsyncIterable<{ AttachedPolicies?: { PolicyArn?: string | undefined }[] | undefined }>,
): Promise<string[]> {
  const documents: string[] = [];
  for await (const page of pages) {
    for (const { PolicyArn } of page.AttachedPolicies ?? []) {
      documents.push(await managedDocument(client, PolicyArn ?? ''));
    }
  }
  return documents;
}

async function managedDocument(client: IAMClient, PolicyArn: string): Promise<string> {
  const { Policy } = await client.send(new GetPolicyCommand({ PolicyArn }));
  const version = new GetPolicyVersionCommand({ PolicyArn, VersionId: Policy?.DefaultVersionId });
  const { PolicyVersion } = await client.send(version);
  return decodeURIComponent(PolicyVersion?.Document ?? '{}');
}

async function withBoundary(
  client: IAMClient,
  documents: string[],
  entity:
    | {
        PermissionsBoundary?: { PermissionsBoundaryArn?: string | undefined } | undefined;
        Tags?: { Key: string | undefined; Value: string | undefined }[] | undefined;
      }
    | undefined,
): Promise<PrincipalPolicies> {
  const arn = entity?.PermissionsBoundary?.PermissionsBoundaryArn;
  const layers: PolicyLayer[] = [{ kind: 'identity-based policy', documents }];
  if (arn) layers.push({ kind: 'permissions boundary', documents: [await managedDocument(client, arn)] });
  return { layers, tags: (entity?.Tags ?? []).map(({ Key = '', Value = '' }) => ({ Key, Value })) };
}

/** IAM hands inline policies out percent-encoded. */
function text({ PolicyDocument = '{}' }: { PolicyDocument?: string | undefined }): string {
  return decodeURIComponent(PolicyDocument);
}
