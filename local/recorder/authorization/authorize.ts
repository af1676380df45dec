import type { IAMClient } from '@aws-sdk/client-iam';
import type { UserIdentity } from '../../../playbooks/cloudtrail.ts';
import { headerValue, type SeenRequest } from '../exchange.ts';
import type { RequestContext } from './conditions.ts';
import { type Decision, decide } from './decision.ts';
import {
  type PrincipalPolicies,
  rolePolicies,
  type SessionPolicies,
  sessionLayer,
  userPolicies,
} from './principal-policies.ts';

/** An authenticated call that the recorder must authorize itself, since the emulator knows no such action. */
export interface Authorized {
  identity: UserIdentity;
  session: SessionPolicies | undefined;
  request: SeenRequest;
  region: string;
  action: string;
  resource: string;
}

/** Decides on a call by the policies that stand in the account now, as IAM does. Fails with IAM's error when they cannot be read. */
export async function authorize(client: IAMClient, call: Authorized): Promise<Decision> {
  const { identity, session, action, resource } = call;
  if (identity.type === 'Root') return { allowed: true };
  const policies = await policiesOf(client, identity);
  if (!policies) return { allowed: false, because: `because no identity-based policy allows the ${action} action` };
  const layers = [...policies.layers];
  // A federated user has what the session policy gives, and nothing without one.
  const passed = session ?? (identity.type === 'FederatedUser' ? { documents: [], arns: [] } : undefined);
  if (passed) layers.push(await sessionLayer(client, passed));
  return decide(layers, action, resource, requestContext(call, policies.tags));
}

async function policiesOf(client: IAMClient, identity: UserIdentity): Promise<PrincipalPolicies | undefined> {
  const issuer = identity.sessionContext?.sessionIssuer?.userName;
  try {
    if (identity.type === 'IAMUser' && identity.userName) return await userPolicies(client, identity.userName);
    if (identity.type === 'FederatedUser' && issuer) return await userPolicies(client, issuer);
    if (identity.type === 'AssumedRole' && issuer) return await rolePolicies(client, issuer);
  } catch (error) {
    // Deleted meanwhile: nobody is left who may do anything.
    if (!(error instanceof Error) || error.name !== 'NoSuchEntityException') throw error;
  }
  return undefined;
}

/**
 * The condition keys of a request that the recorder can know.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
 */
function requestContext({ identity, request, region }: Authorized, tags: PrincipalPolicies['tags']): RequestContext {
  const issuer = identity.sessionContext?.sessionIssuer;
  const attributes = identity.sessionContext?.attributes;
  const isRole = identity.type === 'AssumedRole';
  const known: Record<string, string | undefined> = {
    'aws:PrincipalArn': isRole ? issuer?.arn : identity.arn,
    'aws:PrincipalAccount': identity.accountId,
    'aws:PrincipalType': identity.type === 'IAMUser' ? 'User' : identity.type,
    'aws:PrincipalIsAWSService': 'false',
    'aws:ResourceAccount': identity.accountId,
    'aws:userid': identity.principalId,
    'aws:username': identity.type === 'IAMUser' ? identity.userName : undefined,
    'aws:TokenIssueTime': attributes?.creationDate,
    'aws:MultiFactorAuthPresent': attributes?.mfaAuthenticated,
    'aws:SourceIp': request.sourceAddress,
    'aws:UserAgent': headerValue(request.headers, 'user-agent'),
    'aws:CurrentTime': request.at.toISOString(),
    'aws:EpochTime': String(Math.floor(request.at.getTime() / 1000)),
    'aws:RequestedRegion': region,
    'aws:SecureTransport': 'false',
    'aws:ViaAWSService': 'false',
    's3:signatureversion': 'AWS4-HMAC-SHA256',
    ...Object.fromEntries(tags.map(({ Key, Value }) => [`aws:PrincipalTag/${Key}`, Value])),
  };
  return new Map(
    Object.entries(known).flatMap(([key, value]): [string, string][] =>
      value === undefined ? [] : [[key.toLowerCase(), value]],
    ),
  );
}
