import { ListObjectsV2Command, S3Client } from '@aws-sdk/client-s3';
import { bucketOf, isAccountBlock, weakensBlock } from '../../playbooks/buckets.ts';
import type { BucketExposure } from '../../playbooks/findings.ts';
import type { ActionRecord, Incident } from '../../playbooks/incident.ts';
import { type BucketState, exposureWays, type Grant, isPublic } from '../buckets/exposure.ts';
import { readBucket, readBucketPermissions } from '../buckets/read.ts';
import type { Context } from '../context.ts';
import { errorText, TargetUnfit } from '../errors.ts';
import { allow, buckets } from '../permissions.ts';
import type { Investigation } from './investigation.ts';

/** Objects are counted up to this number; beyond it the report says "at least". */
const COUNT_CAP = 10_000;

/** How open each bucket was, what lies in it, since when, and whether it is closed now. */
export default {
  permissions: [...readBucketPermissions, allow(['s3:ListBucket'], buckets)],
  find: async (incident, context) => {
    const names = new Set(
      incident.events
        .filter((event) => event.verdict === 'offence')
        .map((event) => bucketOf(event.record))
        .filter((bucket) => bucket !== undefined),
    );
    const found: BucketExposure[] = [];
    for (const bucket of names) found.push(await exposureOf(bucket, incident, context));
    return found;
  },
} satisfies Investigation<BucketExposure[]>;

async function exposureOf(bucket: string, incident: Incident, context: Context): Promise<BucketExposure> {
  const block = incident.actions.find(
    (action) => action.action === 'block-public-access' && (action.target as { bucket?: string }).bucket === bucket,
  );
  const calls = incident.events.filter(({ record, verdict }) => verdict === 'offence' && bucketOf(record) === bucket);
  const now = await stateNow(bucket, context);
  const before = stateBefore(block) ?? now;
  const account = incident.actions.find(({ action }) => action === 'block-account-public-access');
  const ways = before ? exposureWays({ ...before, accountBlock: accountBlockBefore(account, now) }) : [];
  const objects = await count(bucket, context);
  const until = block?.at.verified ?? account?.at.verified;
  return {
    bucket,
    public: isPublic(ways),
    ways,
    protectionRemoved: calls.some(({ record }) => weakensBlock(record) && !isAccountBlock(record)),
    ...(objects ? { objects } : {}),
    ...(calls[0] ? { since: calls[0].record.eventTime } : {}),
    ...(until ? { until } : {}),
    closed: now === undefined || !isPublic(exposureWays(now)),
  };
}

/** The state as it was captured before the block was put on. */
function stateBefore(action: ActionRecord | undefined): BucketState | undefined {
  const before = action?.before as {
    policy?: string;
    grants?: Grant[];
    ownership?: string;
    block?: BucketState['block'];
  };
  return before && { ...before, grants: before.grants ?? [] };
}

/** The account's block as it was before it was put back; where it was not touched, as it is. */
function accountBlockBefore(
  action: ActionRecord | undefined,
  now: BucketState | undefined,
): BucketState['accountBlock'] {
  if (!action?.before) return now?.accountBlock;
  return (action.before as { block?: BucketState['accountBlock'] }).block;
}

/** Undefined where the bucket is gone. */
async function stateNow(bucket: string, context: Context): Promise<BucketState | undefined> {
  try {
    return await readBucket(bucket, context);
  } catch (error) {
    if (error instanceof TargetUnfit) return undefined;
    throw error;
  }
}

async function count(bucket: string, context: Context): Promise<BucketExposure['objects']> {
  const objects = { count: 0, bytes: 0, atLeast: false };
  let token: string | undefined;
  try {
    do {
      const page = await context
        .client(S3Client)
        .send(new ListObjectsV2Command({ Bucket: bucket, ...(token ? { ContinuationToken: token } : {}) }));
      objects.count += page.Contents?.length ?? 0;
      for (const { Size = 0 } of page.Contents ?? []) objects.bytes += Size;
      token = page.NextContinuationToken;
      objects.atLeast = token !== undefined && objects.count >= COUNT_CAP;
    } while (token !== undefined && !objects.atLeast);
    return objects;
  } catch (error) {
    context.log.warn('the objects of a bucket could not be counted', { bucket, error: errorText(error) });
    return undefined;
  }
}
