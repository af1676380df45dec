import { AssumeRoleCommand, AssumeRootCommand, STSClient } from '@aws-sdk/client-sts';
import { partitionOf } from '../playbooks/partition.ts';
import type { Context, SessionCredentials } from './context.ts';
import { TargetUnfit } from './errors.ts';
import { allow } from './permissions.ts';

/** What acting from the organization's management account takes here; what its role must allow there says the manual. */
export const assumeOrganizationRole = allow(['sts:AssumeRole'], '{organizationRole}');

/** Credentials of the role in the management account. @throws {TargetUnfit} when the deployment names none */
export async function managementCredentials(incident: { id: string }, context: Context): Promise<SessionCredentials> {
  const { organizationRole } = context.environment.options;
  if (!organizationRole) {
    throw new TargetUnfit(
      'No role in the organization’s management account is given: deploy with -c organizationRole=ARN, or act there by hand.',
    );
  }
  const { Credentials } = await context
    .client(STSClient)
    .send(new AssumeRoleCommand({ RoleArn: organizationRole, RoleSessionName: incident.id.slice(0, 64) }));
  return usable(Credentials);
}

/** What a privileged session of a member account's root may do. */
export type RootTask = 'IAMAuditRootUserCredentials' | 'IAMDeleteRootUserCredentials';

/**
 * Credentials for one task in the name of a member account's root. The organization must have centralized root access.
 * https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRoot.html
 */
export async function rootCredentials(
  account: string,
  task: RootTask,
  incident: { id: string },
  context: Context,
): Promise<SessionCredentials> {
  const { Credentials } = await context
    .client(STSClient, undefined, await managementCredentials(incident, context))
    .send(
      new AssumeRootCommand({
        TargetPrincipal: account,
        TaskPolicyArn: { arn: `arn:${partitionOf(context.environment.region)}:iam::aws:policy/root-task/${task}` },
        DurationSeconds: 900,
      }),
    );
  return usable(Credentials);
}

function usable(
  given: {
    AccessKeyId?: string | undefined;
    SecretAccessKey?: string | undefined;
    SessionToken?: string | undefined;
  } = {},
): SessionCredentials {
  const { AccessKeyId, SecretAccessKey, SessionToken } = given;
  if (!AccessKeyId || !SecretAccessKey || !SessionToken) {
    throw new TargetUnfit(
      'STS gave no credentials for the organization’s management account: look at the role’s trust.',
    );
  }
  return { accessKeyId: AccessKeyId, secretAccessKey: SecretAccessKey, sessionToken: SessionToken };
}
