import { ListObjectsV2Command, S3Client } from '@aws-sdk/client-s3';
import { accessPointOf, bucketOf, isAccountBlock, weakensBlock } from '../../playbooks/buckets.ts';
import type { BucketExposure, ExposureWay } from '../../playbooks/findings.ts';
import type { ActionRecord, Incident, IncidentEvent } from '../../playbooks/incident.ts';
import { approvalOf, approvalPermissions } from '../buckets/approval.ts';
import { type AccessPointState, type BucketState, exposureWays, isFull, isPublic } from '../buckets/exposure.ts';
import { type BucketFound, readBucket, readBucketPermissions } from '../buckets/read.ts';
import type { Context } from '../context.ts';
import { errorText, TargetUnfit } from '../errors.ts';
import { inParts } from '../in-parts.ts';
import { allow, buckets } from '../permissions.ts';
import type { Investigation } from './investigation.ts';

/** Objects are counted up to this number; beyond it the report says "at least". */
const COUNT_CAP = 10_000;
/** Buckets that are looked at at the same time. */
const BUCKETS_AT_ONCE = 8;

/** How open each bucket was, what lies in it, since when, and whether it is closed now. */
export default {
  asks: 'How open each bucket was, what lies in it, since when, and whether it is closed now',
  permissions: [...readBucketPermissions, ...approvalPermissions, allow(['s3:ListBucket'], buckets)],
  find: async (incident, context) => {
    const found = await inParts([...callsByBucket(incident)], BUCKETS_AT_ONCE, async ([bucket, calls]) => {
      const exposure = await exposureOf(bucket, calls, incident, context).catch((error: unknown) =>
        unknownExposure(bucket, calls, error, context),
      );
      // A bucket that nothing opened is of interest only where somebody meant to open it.
      return calls.some(({ verdict }) => verdict === 'offence') || exposure.public ? [exposure] : [];
    });
    return found.flat();
  },
} satisfies Investigation<BucketExposure[]>;

/** The calls that succeeded, by the bucket that they name or lead to. */
function callsByBucket({ events, actions }: Incident): Map<string, IncidentEvent[]> {
  const calls = new Map<string, IncidentEvent[]>();
  for (const event of events) {
    if (event.verdict !== 'offence' && event.verdict !== 'benign') continue;
    const bucket = bucketOf(event.record) ?? bucketBehind(event, actions);
    if (bucket !== undefined) calls.set(bucket, [...(calls.get(bucket) ?? []), event]);
  }
  return calls;
}

/** The bucket behind the access point that a call names, as the access point's action captured it. */
function bucketBehind({ record }: IncidentEvent, actions: ActionRecord[]): string | undefined {
  const name = accessPointOf(record)?.name;
  const action = actions.find(
    (one) => one.action === 'close-access-point' && (one.target as { accessPoint?: string }).accessPoint === name,
  );
  return name === undefined ? undefined : (action?.before as { bucket?: string } | undefined)?.bucket;
}

/** One bucket that cannot be looked at hides none of the others. */
function unknownExposure(bucket: string, calls: IncidentEvent[], error: unknown, context: Context): BucketExposure {
  context.log.error('a bucket could not be looked at', { bucket, error: errorText(error) });
  return { bucket, public: true, ways: [], protectionRemoved: weakened(calls), closed: false, error: errorText(error) };
}

const weakened = (calls: IncidentEvent[]): boolean =>
  calls.some(({ record }) => weakensBlock(record) && !isAccountBlock(record));

async function exposureOf(
  bucket: string,
  calls: IncidentEvent[],
  incident: Incident,
  context: Context,
): Promise<BucketExposure> {
  const [first] = calls;
  const now = await stateNow(bucket, context, first?.record.awsRegion);
  const before = stateBefore(bucket, incident.actions, now);
  const ways = before ? exposureWays(before).map((way) => withOrigin(way, calls, incident)) : [];
  const approval = await approvalOf(
    bucket,
    calls.map(({ actor }) => actor.key),
    context,
  );
  const objects = now && (await count(bucket, context));
  const until = incident.actions.find((action) => isDoneOn(bucket, action))?.at.verified;
  return {
    bucket,
    public: isPublic(ways) || (now?.unread.length ?? 0) > 0,
    ways,
    protectionRemoved: weakened(calls),
    ...(objects ? { objects } : {}),
    ...(first ? { since: first.record.eventTime } : {}),
    ...(until ? { until } : {}),
    closed: now === undefined || isClosed(now),
    ...(approval ? { approval } : {}),
    ...(now?.unread.length ? { unread: now.unread } : {}),
  };
}

/** What closed the bucket: its own block, the account's, or the statements of the access point that leads to it. */
const isDoneOn = (bucket: string, { action, target, before, at }: ActionRecord): boolean =>
  at.verified !== undefined &&
  (action === 'block-account-public-access' ||
    (action === 'block-public-access' && (target as { bucket?: string }).bucket === bucket) ||
    (action === 'close-access-point' && (before as { bucket?: string } | undefined)?.bucket === bucket));

/** A full block closes a bucket whatever else it has; without one, all of it must have been read. */
const isClosed = (state: BucketFound): boolean =>
  isFull(state.block) || isFull(state.accountBlock)
    ? true
    : state.unread.length === 0 && !isPublic(exposureWays(state));

/** The state before anything was put back: what actions captured, and for the rest what there is now. */
function stateBefore(bucket: string, actions: ActionRecord[], now: BucketFound | undefined): BucketState | undefined {
  const block = actions.find(
    (one) => one.action === 'block-public-access' && (one.target as { bucket?: string }).bucket === bucket,
  );
  const captured = block?.before as Partial<BucketState> | undefined;
  const state = captured ? { ...captured, grants: captured.grants ?? [] } : now;
  if (!state) return undefined;
  const account = actions.find(({ action, before }) => action === 'block-account-public-access' && before);
  const accountBlock = account ? (account.before as { block?: BucketState['accountBlock'] }).block : now?.accountBlock;
  return { ...state, accountBlock, accessPoints: accessPointsBefore(actions, now?.accessPoints) };
}

function accessPointsBefore(actions: ActionRecord[], now: AccessPointState[] = []): AccessPointState[] {
  return now.map((point) => {
    const closed = actions.find(
      (one) =>
        one.action === 'close-access-point' &&
        (one.target as { accessPoint?: string }).accessPoint === point.name &&
        one.before !== undefined,
    );
    return closed ? { ...point, policy: (closed.before as { policy?: string }).policy } : point;
  });
}

const OPENS: Record<ExposureWay['via'], RegExp> = {
  policy: /^PutBucketPolicy$/,
  acl: /^PutBucketAcl$/,
  'access-point': /AccessPointPolicy$|^PutBucketPolicy$/,
};

/** Marks a way that no call of the incident opened, neither itself nor by taking a block away: it was open before. */
function withOrigin(way: ExposureWay, calls: IncidentEvent[], { events }: Incident): ExposureWay {
  if (way.blockedBy) return way;
  const account = events.filter(({ record, verdict }) => verdict === 'offence' && isAccountBlock(record));
  const opened = [...calls, ...account].some(
    ({ record }) => weakensBlock(record) || OPENS[way.via].test(record.eventName ?? ''),
  );
  return opened ? way : { ...way, before: true };
}

/** Undefined where the bucket is gone. */
async function stateNow(bucket: string, context: Context, region?: string): Promise<BucketFound | undefined> {
  try {
    return await readBucket(bucket, context, region);
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
