import {
  AddTagsCommand,
  CloudTrailClient,
  DescribeTrailsCommand,
  GetEventSelectorsCommand,
  GetTrailStatusCommand,
  ListTagsCommand,
  RemoveTagsCommand,
  type Tag,
} from '@aws-sdk/client-cloudtrail';
import { CloudWatchLogsClient, CreateLogStreamCommand, PutLogEventsCommand } from '@aws-sdk/client-cloudwatch-logs';
import { GetAccessKeyLastUsedCommand, GetRoleCommand, GetUserCommand, IAMClient } from '@aws-sdk/client-iam';
import { LambdaClient } from '@aws-sdk/client-lambda';
import {
  DeletePublicAccessBlockCommand,
  GetPublicAccessBlockCommand,
  PutObjectCommand,
  PutPublicAccessBlockCommand,
  paginateListBuckets,
  S3Client,
} from '@aws-sdk/client-s3';
import { type Authorized, authorize } from './authorization/authorize.ts';
import type { Decision } from './authorization/decision.ts';
import type { Buckets } from './bucket-blocks.ts';
import type { Destinations } from './delivery.ts';
import type { Directory } from './identities.ts';
import { findLambdaSession } from './lambda-sessions.ts';
import type { Structure } from './protocols/values.ts';
import { makeBlock } from './s3-answers.ts';
import { selectorsOf, type Trails } from './trails.ts';

/** How to reach the emulator itself, past the recorder: what AWS does within itself is recorded nowhere. */
export interface Upstream {
  endpoint: string;
  region: string;
  credentials: { accessKeyId: string; secretAccessKey: string };
}

/** What the recorder asks of, and delivers to, the account's own services. */
export interface AccountServices extends Directory, Destinations {
  /** Takes over the trails that exist already. */
  adoptTrails(trails: Trails): Promise<void>;
  /** Gives a new trail exactly these tags: the emulator ignores those of CreateTrail and keeps those of a deleted namesake. */
  tagTrail(arn: string, region: string, tags: Tag[]): Promise<void>;
  /** Decides on an authenticated call of an action that the emulator does not know. */
  authorize(call: Authorized): Promise<Decision>;
  buckets: Buckets;
  close(): void;
}

/** Makes the clients for {@link AccountServices}, one for each region when it is first needed. */
export function accountServices({ endpoint, region: home, credentials }: Upstream): AccountServices {
  const options = (region: string) => ({ endpoint, region, credentials, maxAttempts: 2 });
  const iam = new IAMClient(options('us-east-1'));
  const logs = regional((region) => new CloudWatchLogsClient(options(region)));
  const s3 = regional(
    (region) => new S3Client({ ...options(region), forcePathStyle: true, followRegionRedirects: true }),
  );
  const lambda = regional((region) => new LambdaClient(options(region)));
  const cloudtrail = regional((region) => new CloudTrailClient(options(region)));
  return {
    async user(UserName) {
      const found = await optional(iam.send(new GetUserCommand({ UserName })));
      return principal(found?.User?.Arn, found?.User?.UserId);
    },
    async role(RoleName) {
      const found = await optional(iam.send(new GetRoleCommand({ RoleName })));
      return principal(found?.Role?.Arn, found?.Role?.RoleId);
    },
    async keyOwner(AccessKeyId) {
      const found = await optional(iam.send(new GetAccessKeyLastUsedCommand({ AccessKeyId })));
      return found?.UserName || undefined;
    },
    lambdaSession: (keyId, region) => optional(findLambdaSession(lambda.of(region), keyId)),
    async putLogs(group, logStreamName, logEvents) {
      const client = logs.of(group.region);
      const put = new PutLogEventsCommand({ logGroupName: group.name, logStreamName, logEvents });
      try {
        await client.send(put);
      } catch (error) {
        if (!(error instanceof Error) || error.name !== 'ResourceNotFoundException') throw error;
        await client.send(new CreateLogStreamCommand({ logGroupName: group.name, logStreamName }));
        await client.send(put);
      }
    },
    async putFile(Bucket, region, Key, Body) {
      const ContentType = 'application/json';
      await s3.of(region).send(new PutObjectCommand({ Bucket, Key, Body, ContentType, ContentEncoding: 'gzip' }));
    },
    async adoptTrails(trails) {
      const client = cloudtrail.of(home);
      const { trailList = [] } = await client.send(new DescribeTrailsCommand({}));
      for (const trail of trailList) {
        const { IsLogging = false } = await client.send(new GetTrailStatusCommand({ Name: trail.TrailARN }));
        const selectors = await client.send(new GetEventSelectorsCommand({ TrailName: trail.TrailARN }));
        trails.adopt({ ...trail } as Structure, IsLogging, selectorsOf({ ...selectors } as unknown as Structure));
      }
    },
    async tagTrail(arn, region, TagsList) {
      const client = cloudtrail.of(region);
      const { ResourceTagList = [] } = await client.send(new ListTagsCommand({ ResourceIdList: [arn] }));
      const stale = ResourceTagList.flatMap(({ TagsList: tags = [] }) => tags);
      if (stale.length > 0) await client.send(new RemoveTagsCommand({ ResourceId: arn, TagsList: stale }));
      if (TagsList.length > 0) await client.send(new AddTagsCommand({ ResourceId: arn, TagsList }));
    },
    authorize: (call) => authorize(iam, call),
    buckets: bucketsOf(s3.of(home)),
    close() {
      iam.destroy();
      for (const clients of [logs, s3, lambda, cloudtrail]) clients.close();
    },
  };
}

function bucketsOf(client: S3Client): Buckets {
  return {
    async list() {
      const names: string[] = [];
      for await (const { Buckets = [] } of paginateListBuckets({ client }, {})) {
        names.push(...Buckets.flatMap(({ Name }) => Name ?? []));
      }
      return names;
    },
    async readBlock(Bucket) {
      const none = ['NoSuchPublicAccessBlockConfiguration', 'NoSuchBucket'];
      const found = await unless(none, client.send(new GetPublicAccessBlockCommand({ Bucket })));
      const block = found?.PublicAccessBlockConfiguration;
      return block && makeBlock((name) => block[name] ?? false);
    },
    async writeBlock(Bucket, PublicAccessBlockConfiguration) {
      const change = PublicAccessBlockConfiguration
        ? client.send(new PutPublicAccessBlockCommand({ Bucket, PublicAccessBlockConfiguration }))
        : client.send(new DeletePublicAccessBlockCommand({ Bucket }));
      await unless(['NoSuchBucket'], change);
    },
  };
}

/** Undefined when the call fails with one of these errors. */
async function unless<Answer>(names: string[], asked: Promise<Answer>): Promise<Answer | undefined> {
  try {
    return await asked;
  } catch (error) {
    if (error instanceof Error && names.includes(error.name)) return undefined;
    throw error;
  }
}

function regional<Client extends { destroy(): void }>(make: (region: string) => Client) {
  const clients = new Map<string, Client>();
  return {
    of(region: string): Client {
      const client = clients.get(region) ?? make(region);
      clients.set(region, client);
      return client;
    },
    close(): void {
      for (const client of clients.values()) client.destroy();
    },
  };
}

function principal(arn: string | undefined, id: string | undefined) {
  return arn === undefined || id === undefined ? undefined : { arn, id };
}

/** What cannot be found, or asked for now, is unknown: a record is written without it rather than not at all. */
async function optional<Answer>(asked: Promise<Answer>): Promise<Answer | undefined> {
  try {
    return await asked;
  } catch {
    return undefined;
  }
}
