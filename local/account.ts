import {
  AttachUserPolicyCommand,
  CreateAccessKeyCommand,
  CreatePolicyCommand,
  CreateUserCommand,
  IAMClient,
} from '@aws-sdk/client-iam';
import {
  deployPolicy,
  operatePolicy,
  type PolicyDocument,
  roleBoundary,
  SOC_ADMINISTRATOR,
  SOC_POLICIES,
  socBoundary,
  socPolicyArn,
} from '../infra/soc-administrator.ts';
import type { AccessKey } from '../simulate/scene.ts';
import { LocalFailure } from './failure.ts';

export type { AccessKey };

/** Where the account is, and how its root signs. */
export interface AccountAddress {
  /** The recorder's address, so that the calls are recorded. */
  endpoint: string;
  /** Account id, 12 digits. */
  account: string;
  region: string;
}

/** Name of the IAM user with AdministratorAccess that makes users once the account is set up, so that root need not. */
export const ACCOUNT_ADMINISTRATOR = 'account-admin';

const ADMINISTRATOR_ACCESS = 'arn:aws:iam::aws:policy/AdministratorAccess';
/** IAM's own rule for user names. https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateUser.html */
const USER_NAME = /^[\w+=,.@-]{1,64}$/;
/** IAM's limit of a managed policy, in characters without white space. */
const POLICY_CHARACTERS = 6144;

/** An IAM client for an address, signing with a key. The caller destroys it. */
export function iamClient({ endpoint, region }: AccountAddress, credentials: AccessKey): IAMClient {
  return new IAMClient({ endpoint, region, credentials });
}

/**
 * Sets a new account up as root, which signs nothing after it: the policies and boundaries, the SOC administrator that
 * deploys and operates, and the account administrator that makes other users.
 * @throws LocalFailure of kind `failed`, naming the call, when the account refuses one.
 */
export async function setUpAccount(
  address: AccountAddress,
  root: AccessKey,
): Promise<{ soc: AccessKey; accountAdministrator: AccessKey }> {
  const iam = iamClient(address, root);
  const { account } = address;
  const documents: Record<keyof typeof SOC_POLICIES, PolicyDocument> = {
    deploy: deployPolicy(account),
    operate: operatePolicy(account),
    boundary: socBoundary(account),
    roleBoundary: roleBoundary(account),
  };
  try {
    for (const [policy, content] of Object.entries(documents)) {
      await iam.send(
        new CreatePolicyCommand({
          PolicyName: SOC_POLICIES[policy as keyof typeof SOC_POLICIES],
          PolicyDocument: compact(content),
        }),
      );
    }
    const soc = await makeUserWith(iam, SOC_ADMINISTRATOR, {
      policies: [socPolicyArn(account, 'deploy'), socPolicyArn(account, 'operate')],
      boundary: socPolicyArn(account, 'boundary'),
    });
    const accountAdministrator = await makeUserWith(iam, ACCOUNT_ADMINISTRATOR, { policies: [ADMINISTRATOR_ACCESS] });
    return { soc, accountAdministrator };
  } catch (error) {
    if (error instanceof LocalFailure) throw error;
    throw new LocalFailure('failed', `The account could not be set up: ${messageOf(error)}.`, { cause: error });
  } finally {
    iam.destroy();
  }
}

/**
 * A new access key of the IAM user `name`, who is made first, with administrator rights, where he does not exist. An
 * existing user keeps the rights that he has.
 * @param credentials the account administrator's
 * @throws LocalFailure of kind `usage` for a name that IAM does not take, of kind `failed` when the account refuses.
 */
export async function makeUser(address: AccountAddress, credentials: AccessKey, name: string): Promise<AccessKey> {
  if (!USER_NAME.test(name)) {
    throw new LocalFailure(
      'usage',
      `"${name}" is no IAM user name: 1 to 64 letters, digits and any of +=,.@_- make one.`,
    );
  }
  const iam = iamClient(address, credentials);
  try {
    return await makeUserWith(iam, name, { policies: [ADMINISTRATOR_ACCESS] });
  } catch (error) {
    if (!(error instanceof Error) || error.name !== 'EntityAlreadyExistsException') {
      throw new LocalFailure('failed', `The user ${name} could not be made: ${messageOf(error)}.`, { cause: error });
    }
    return await makeKey(iam, name).catch((cause: unknown) => {
      throw new LocalFailure(
        'failed',
        `No access key could be made for the user ${name}, who exists already: ${messageOf(cause)}.`,
        { cause },
      );
    });
  } finally {
    iam.destroy();
  }
}

async function makeUserWith(
  iam: IAMClient,
  UserName: string,
  { policies, boundary }: { policies: string[]; boundary?: string },
): Promise<AccessKey> {
  await iam.send(new CreateUserCommand({ UserName, PermissionsBoundary: boundary }));
  for (const PolicyArn of policies) await iam.send(new AttachUserPolicyCommand({ UserName, PolicyArn }));
  return makeKey(iam, UserName);
}

async function makeKey(iam: IAMClient, UserName: string): Promise<AccessKey> {
  const { AccessKey: key } = await iam.send(new CreateAccessKeyCommand({ UserName }));
  if (!key?.AccessKeyId || !key.SecretAccessKey) {
    throw new LocalFailure('failed', `The account made no access key for ${UserName}; start the local AWS again.`);
  }
  return { accessKeyId: key.AccessKeyId, secretAccessKey: key.SecretAccessKey };
}

/** A document as IAM takes it. */
function compact(content: PolicyDocument): string {
  const text = JSON.stringify(content);
  if (text.length > POLICY_CHARACTERS) {
    throw new LocalFailure(
      'failed',
      `A policy of ${text.length} characters is over IAM's limit of ${POLICY_CHARACTERS}; shorten it in infra/soc-administrator.ts.`,
    );
  }
  return text;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? `${error.name}: ${error.message.replace(/\.$/, '')}` : String(error);
}
