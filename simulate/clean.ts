import { setTimeout as delay } from 'node:timers/promises';
import { CloudTrailClient, DeleteTrailCommand, ListTagsCommand, ListTrailsCommand } from '@aws-sdk/client-cloudtrail';
import {
  DeleteAccessKeyCommand,
  DeleteLoginProfileCommand,
  DeleteRoleCommand,
  DeleteUserCommand,
  DeleteUserPolicyCommand,
  DetachUserPolicyCommand,
  IAMClient,
  ListAccessKeysCommand,
  ListAttachedUserPoliciesCommand,
  ListRoleTagsCommand,
  ListUserPoliciesCommand,
  ListUserTagsCommand,
  paginateListRoles,
  paginateListUsers,
} from '@aws-sdk/client-iam';
import {
  DeleteBucketCommand,
  DeleteObjectsCommand,
  GetBucketTaggingCommand,
  ListBucketsCommand,
  ListObjectsV2Command,
  S3Client,
} from '@aws-sdk/client-s3';
import { SIMULATION_PREFIX, SIMULATION_TAG } from '../playbooks/simulation.ts';
import { as } from './attack.ts';
import { type Made, nothingMade, type Scene } from './scene.ts';

/** Something that a simulation made, and what became of it. */
export interface Cleaned {
  kind: 'user' | 'bucket' | 'trail' | 'role';
  name: string;
  /** Why it is still there; absent when it is gone. */
  error?: string;
}

/** The playbook may be at the same user at the same moment, and a trail's last files come late: tries, and ms between them. */
const TRIES = 6;
const PAUSE_MS = 2_000;

/** What simulations have left behind in the account, by the names that only they give and the tag that they put. */
export async function leftovers(scene: Scene): Promise<Made> {
  const found = nothingMade();
  const iam = new IAMClient(as(scene, scene.administrator));
  for await (const { Users = [] } of paginateListUsers({ client: iam }, {})) {
    for (const { UserName = '' } of Users) if (UserName.startsWith(SIMULATION_PREFIX)) found.users.add(UserName);
  }
  for await (const { Roles = [] } of paginateListRoles({ client: iam }, {})) {
    for (const { RoleName = '' } of Roles) if (RoleName.startsWith(SIMULATION_PREFIX)) found.roles.add(RoleName);
  }
  const { Buckets = [] } = await new S3Client(as(scene, scene.administrator)).send(new ListBucketsCommand({}));
  for (const { Name = '' } of Buckets) if (Name.startsWith(SIMULATION_PREFIX)) found.buckets.add(Name);
  const cloudTrail = new CloudTrailClient(as(scene, scene.administrator));
  let NextToken: string | undefined;
  do {
    const page = await cloudTrail.send(new ListTrailsCommand(NextToken ? { NextToken } : {}));
    for (const { Name = '', HomeRegion } of page.Trails ?? []) {
      if (Name.startsWith(SIMULATION_PREFIX) && HomeRegion === scene.region) found.trails.add(Name);
    }
    NextToken = page.NextToken;
  } while (NextToken);
  return found;
}

/**
 * Takes away what a simulation made: only what has a name that simulations give and carries their tag.
 * @returns what it was, with the reason where something is still there
 */
export async function clean(scene: Scene, { users, buckets, trails, roles }: Made): Promise<Cleaned[]> {
  const cleaned: Cleaned[] = [];
  const remove = async (kind: Cleaned['kind'], name: string, work: () => Promise<boolean>): Promise<void> => {
    if (!name.startsWith(SIMULATION_PREFIX)) return;
    try {
      if (await persistently(work)) cleaned.push({ kind, name });
    } catch (error) {
      cleaned.push({ kind, name, error: error instanceof Error ? `${error.name}: ${error.message}` : String(error) });
    }
  };
  // The trail first: while it is there, its bucket fills again.
  for (const name of trails) await remove('trail', name, () => removeTrail(scene, name));
  for (const name of buckets) await remove('bucket', name, () => removeBucket(scene, name));
  for (const name of roles) await remove('role', name, () => removeRole(scene, name));
  for (const name of users) await remove('user', name, () => removeUser(scene, name));
  return cleaned;
}

/** Thrown for something whose name looks like a simulation's, but that carries no such tag: it may be anybody's. */
class NotOurs extends Error {
  override readonly name = 'NotOurs';
  constructor() {
    super(`it lacks the tag ${SIMULATION_TAG}, so it is left alone`);
  }
}

const ABSENT = /^(NoSuchEntity(Exception)?|NoSuchBucket|NotFound|TrailNotFoundException|ResourceNotFoundException)$/;
const isAbsent = (error: unknown): boolean => error instanceof Error && ABSENT.test(error.name);
const isTagged = (tags: readonly { Key?: string | undefined }[] = []): boolean =>
  tags.some(({ Key }) => Key === SIMULATION_TAG);

/** False where there was nothing to remove. What is refused for good is not tried again. */
async function persistently(work: () => Promise<boolean>): Promise<boolean> {
  for (let left = TRIES - 1; ; left--) {
    try {
      return await work();
    } catch (error) {
      if (isAbsent(error)) return false;
      if (left === 0 || error instanceof NotOurs || /AccessDenied/.test((error as Error).name)) throw error;
      await delay(PAUSE_MS);
    }
  }
}

async function removeTrail(scene: Scene, Name: string): Promise<boolean> {
  const cloudTrail = new CloudTrailClient(as(scene, scene.administrator));
  const { Trails = [] } = await cloudTrail.send(new ListTrailsCommand({}));
  const arn = Trails.find((trail) => trail.Name === Name)?.TrailARN;
  if (!arn) return false;
  const { ResourceTagList = [] } = await cloudTrail.send(new ListTagsCommand({ ResourceIdList: [arn] }));
  if (!ResourceTagList.some(({ TagsList }) => isTagged(TagsList))) throw new NotOurs();
  await cloudTrail.send(new DeleteTrailCommand({ Name }));
  return true;
}

async function removeBucket(scene: Scene, Bucket: string): Promise<boolean> {
  const s3 = new S3Client(as(scene, scene.administrator));
  const { TagSet } = await s3.send(new GetBucketTaggingCommand({ Bucket })).catch((error: Error) => {
    if (error.name === 'NoSuchTagSet') return { TagSet: [] };
    throw error;
  });
  if (!isTagged(TagSet)) throw new NotOurs();
  for (;;) {
    const { Contents = [] } = await s3.send(new ListObjectsV2Command({ Bucket }));
    if (Contents.length === 0) break;
    await s3.send(
      new DeleteObjectsCommand({ Bucket, Delete: { Objects: Contents.map(({ Key }) => ({ Key: Key ?? '' })) } }),
    );
  }
  await s3.send(new DeleteBucketCommand({ Bucket }));
  return true;
}

/** One that a simulation made has no policies. */
async function removeRole(scene: Scene, RoleName: string): Promise<boolean> {
  const iam = new IAMClient(as(scene, scene.administrator));
  const { Tags } = await iam.send(new ListRoleTagsCommand({ RoleName }));
  if (!isTagged(Tags)) throw new NotOurs();
  await iam.send(new DeleteRoleCommand({ RoleName }));
  return true;
}

async function removeUser(scene: Scene, UserName: string): Promise<boolean> {
  const iam = new IAMClient(as(scene, scene.administrator));
  const { Tags } = await iam.send(new ListUserTagsCommand({ UserName }));
  if (!isTagged(Tags)) throw new NotOurs();
  const { AccessKeyMetadata = [] } = await iam.send(new ListAccessKeysCommand({ UserName }));
  for (const { AccessKeyId = '' } of AccessKeyMetadata) {
    await iam.send(new DeleteAccessKeyCommand({ UserName, AccessKeyId }));
  }
  // Those that the playbook has put there go with the others.
  const { PolicyNames = [] } = await iam.send(new ListUserPoliciesCommand({ UserName }));
  for (const PolicyName of PolicyNames) await iam.send(new DeleteUserPolicyCommand({ UserName, PolicyName }));
  const { AttachedPolicies = [] } = await iam.send(new ListAttachedUserPoliciesCommand({ UserName }));
  for (const { PolicyArn = '' } of AttachedPolicies)
    await iam.send(new DetachUserPolicyCommand({ UserName, PolicyArn }));
  await iam.send(new DeleteLoginProfileCommand({ UserName })).catch((error: unknown) => {
    if (!isAbsent(error)) throw error;
  });
  await iam.send(new DeleteUserCommand({ UserName }));
  return true;
}
