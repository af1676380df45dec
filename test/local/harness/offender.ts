import {
  CreateAccessKeyCommand,
  IAMClient,
  ListAccessKeysCommand,
  ListUserPoliciesCommand,
  ListUserTagsCommand,
  UpdateAccessKeyCommand,
} from '@aws-sdk/client-iam';
import { ListBucketsCommand, S3Client } from '@aws-sdk/client-s3';
import type { AccessKey } from '../../../local/account.ts';
import { as, type Credentials, makeAttacker, type Stage, sessionOf } from '../../../simulate/attack.ts';

/** An IAM user with a key and session credentials that were made with it; may list buckets, besides what it is for. */
export interface Offender {
  name: string;
  key: AccessKey;
  session: Credentials;
}

/** Makes a user who may do `actions`, and session credentials of it. */
export async function makeOffender(stage: Stage, name: string, actions: string[]): Promise<Offender> {
  const key = await makeAttacker(stage, name, [...actions, 's3:ListAllMyBuckets', 'sts:GetSessionToken']);
  return { name, key, session: await sessionOf(stage, key) };
}

/** What the service answers to a harmless signed call: `allowed`, or the name of its refusal. */
export async function answerTo(stage: Stage, credentials: Credentials): Promise<string> {
  const s3 = new S3Client(as(stage, credentials));
  try {
    await s3.send(new ListBucketsCommand({}));
    return 'allowed';
  } catch (error) {
    return error instanceof Error ? error.name : String(error);
  } finally {
    s3.destroy();
  }
}

/** One more access key of a user. */
export async function addKey(stage: Stage, UserName: string): Promise<AccessKey> {
  const iam = new IAMClient(as(stage, stage.administrator));
  const { AccessKey: key } = await iam.send(new CreateAccessKeyCommand({ UserName }));
  return { accessKeyId: key?.AccessKeyId ?? '', secretAccessKey: key?.SecretAccessKey ?? '' };
}

/** Deactivates the only key of a user. Resolves to its id. */
export async function deactivateKey(stage: Stage, user: string): Promise<string> {
  const [id = ''] = Object.keys((await readUser(stage, user)).keys);
  await setKey(stage, user, id, 'Inactive');
  return id;
}

/** Sets a key of a user to a status, as the account's administrator. */
export async function setKey(
  stage: Stage,
  UserName: string,
  AccessKeyId: string,
  Status: 'Active' | 'Inactive',
): Promise<void> {
  const iam = new IAMClient(as(stage, stage.administrator));
  await iam.send(new UpdateAccessKeyCommand({ UserName, AccessKeyId, Status }));
}

/** What IAM says of a user: each key's status, the names of the inline policies, the tags. */
export async function readUser(stage: Stage, UserName: string) {
  const iam = new IAMClient(as(stage, stage.administrator));
  const { AccessKeyMetadata = [] } = await iam.send(new ListAccessKeysCommand({ UserName }));
  const { PolicyNames = [] } = await iam.send(new ListUserPoliciesCommand({ UserName }));
  const { Tags = [] } = await iam.send(new ListUserTagsCommand({ UserName }));
  return {
    keys: Object.fromEntries(AccessKeyMetadata.map(({ AccessKeyId = '', Status }) => [AccessKeyId, Status])),
    policies: PolicyNames.sort(),
    tags: Object.fromEntries(Tags.map(({ Key = '', Value }) => [Key, Value])),
  };
}
