import { CloudTrailClient, GetTrailStatusCommand, StartLoggingCommand } from '@aws-sdk/client-cloudtrail';
import {
  GetUserPolicyCommand,
  IAMClient,
  ListAccessKeysCommand,
  PutUserPolicyCommand,
  UpdateAccessKeyCommand,
} from '@aws-sdk/client-iam';
import {
  GetBucketAclCommand,
  GetBucketOwnershipControlsCommand,
  GetBucketPolicyCommand,
  GetBucketTaggingCommand,
  GetPublicAccessBlockCommand,
  PutPublicAccessBlockCommand,
  S3Client,
} from '@aws-sdk/client-s3';

/** Where the calls go and who signs them. */
export interface BareConfig {
  endpoint: string;
  region: string;
  credentials: { accessKeyId: string; secretAccessKey: string };
}

/** An action by hand, with one client. */
interface ByHand {
  read: (target: string) => Promise<unknown>;
  change: (target: string) => Promise<unknown>;
  /** Whether what was read back is contained. */
  isContained: (target: string) => Promise<boolean>;
}

const fullBlock = {
  BlockPublicAcls: true,
  IgnorePublicAcls: true,
  BlockPublicPolicy: true,
  RestrictPublicBuckets: true,
};
const denyAll = JSON.stringify({
  Version: '2012-10-17',
  Statement: [{ Effect: 'Deny', Action: '*', Resource: '*' }],
});

/** The block of a bucket, read, put on and read back. */
function blockBy(s3: S3Client): ByHand {
  const read = async (Bucket: string) =>
    (await s3.send(new GetPublicAccessBlockCommand({ Bucket }))).PublicAccessBlockConfiguration ?? {};
  return {
    // The attack took the block away: that there is none is an error to S3.
    read: (bucket) => read(bucket).catch(() => undefined),
    change: (Bucket) => s3.send(new PutPublicAccessBlockCommand({ Bucket, PublicAccessBlockConfiguration: fullBlock })),
    isContained: async (bucket) => Object.values(await read(bucket)).filter(Boolean).length === 4,
  };
}

/**
 * The calls of an action to the service that it changes, made by a script: what the action reads, its change, and what it reads back. No
 * ledger, no look at who did it, no guard rails, nothing that is tried again or could be undone.
 */
const bareActions = {
  'start-logging': (config: BareConfig): ByHand => {
    const trails = new CloudTrailClient(config);
    const read = (Name: string) => trails.send(new GetTrailStatusCommand({ Name }));
    return {
      read,
      change: (Name) => trails.send(new StartLoggingCommand({ Name })),
      isContained: async (name) => (await read(name)).IsLogging === true,
    };
  },
  'block-public-access': (config: BareConfig): ByHand => {
    const s3 = new S3Client(config);
    const block = blockBy(s3);
    // Part of what is read is not there, which is an error to S3.
    const tried = (call: Promise<unknown>): Promise<unknown> => call.catch(() => undefined);
    return {
      ...block,
      // What says whether the bucket may be open, and what the block is about to hide.
      read: (Bucket) =>
        Promise.all([
          tried(block.read(Bucket)),
          tried(s3.send(new GetBucketPolicyCommand({ Bucket }))),
          tried(s3.send(new GetBucketAclCommand({ Bucket }))),
          tried(s3.send(new GetBucketOwnershipControlsCommand({ Bucket }))),
          tried(s3.send(new GetBucketTaggingCommand({ Bucket }))),
        ]),
    };
  },
  'block-public-access, nothing read but the block': (config: BareConfig): ByHand => blockBy(new S3Client(config)),
  'disable-iam-user': (config: BareConfig): ByHand => {
    const iam = new IAMClient(config);
    const PolicyName = 'bare-deny-all';
    const keys = async (UserName: string) =>
      (await iam.send(new ListAccessKeysCommand({ UserName }))).AccessKeyMetadata ?? [];
    const denied = async (UserName: string) => {
      const { PolicyDocument = '' } = await iam.send(new GetUserPolicyCommand({ UserName, PolicyName }));
      return decodeURIComponent(PolicyDocument) === denyAll;
    };
    return {
      read: (user) => Promise.all([keys(user), denied(user).catch(() => false)]),
      change: async (UserName) => {
        const found = await keys(UserName);
        await Promise.all([
          iam.send(new PutUserPolicyCommand({ UserName, PolicyName, PolicyDocument: denyAll })),
          ...found.map(({ AccessKeyId }) =>
            iam.send(new UpdateAccessKeyCommand({ UserName, AccessKeyId, Status: 'Inactive' })),
          ),
        ]);
      },
      isContained: async (user) => {
        const [found, all] = await Promise.all([keys(user), denied(user)]);
        return all && found.every(({ Status }) => Status === 'Inactive');
      },
    };
  },
} as const;

/** Bare calls, by the action that makes them in the product, or its id and what is left out. */
export type BareAction = keyof typeof bareActions;

/** How long the calls took for each target, in ms. */
export interface BareTimes {
  alone: number[];
  atOnce: number[];
}

/**
 * Reads, changes and reads back each of `alone` one after the other, then all of `atOnce` together. All are read once before
 * the clock runs, so that neither the start of the process nor a new connection counts.
 * @throws Error when a target does not read back as contained: calls that do not contain are no measure
 */
export async function timeBareCalls(
  action: BareAction,
  config: BareConfig,
  targets: { alone: readonly string[]; atOnce: readonly string[] },
): Promise<BareTimes> {
  const { read, change, isContained } = bareActions[action](config);
  const timed = async (target: string): Promise<number> => {
    const began = performance.now();
    await read(target);
    await change(target);
    if (!(await isContained(target))) throw new Error(`${action} by hand: ${target} does not read back as contained.`);
    return performance.now() - began;
  };
  await Promise.all([...targets.alone, ...targets.atOnce].map(read));
  const alone: number[] = [];
  for (const target of targets.alone) alone.push(await timed(target));
  return { alone, atOnce: await Promise.all(targets.atOnce.map(timed)) };
}
