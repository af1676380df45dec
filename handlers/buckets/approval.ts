import { CloudTrailClient, LookupEventsCommand } from '@aws-sdk/client-cloudtrail';
import { GetBucketTaggingCommand, S3Client } from '@aws-sdk/client-s3';
import { actorOf } from '../../playbooks/actor.ts';
import { approvalTag, setsTags } from '../../playbooks/buckets.ts';
import { type CloudTrailRecord, cloudTrailRecord } from '../../playbooks/cloudtrail.ts';
import type { Approval } from '../../playbooks/findings.ts';
import { oneOf } from '../../playbooks/matching/match.ts';
import { failed } from '../../playbooks/parameters.ts';
import type { Context } from '../context.ts';
import { errorText } from '../errors.ts';
import { readLogsPermissions, recordsMatching } from '../logs.ts';
import { allow, buckets, type Permission } from '../permissions.ts';
import { absentIf } from './absent.ts';

/** What {@link approvalOf} may do. */
export const approvalPermissions: Permission[] = [
  allow(['s3:GetBucketTagging'], buckets),
  allow(['cloudtrail:LookupEvents'], '*'),
  readLogsPermissions,
];

/** For so long a tag does not count that somebody set who then opened the bucket, in milliseconds. */
const FRESH_MS = 24 * 60 * 60_000;

/**
 * Whether a bucket is approved for the public by its tag, and who said so. A tag that was set by one who opened the
 * bucket, within a day, does not count (`void`): it is the first thing an intruder would do who has read how this works.
 * Undefined where the tag is absent or empty, or cannot be read.
 * @param openedBy keys of the actors who opened it
 */
export async function approvalOf(
  bucket: string,
  openedBy: readonly string[],
  context: Context,
): Promise<Approval | undefined> {
  const reason = await tagOf(bucket, context);
  if (!reason) return undefined;
  const settings = await tagSettings(bucket, context);
  const since = new Date(context.now().getTime() - FRESH_MS).toISOString();
  const byOpener = settings.find(({ by, at }) => openedBy.includes(by.key) && at >= since);
  const last = byOpener ?? settings.at(-1);
  return {
    reason: reason.slice(0, 200),
    ...(last ? { setBy: last.by.label, setAt: last.at } : {}),
    ...(byOpener ? { void: true } : {}),
  };
}

async function tagOf(bucket: string, context: Context): Promise<string | undefined> {
  try {
    const found = await absentIf(
      ['NoSuchTagSet'],
      context.client(S3Client).send(new GetBucketTaggingCommand({ Bucket: bucket })),
    );
    return found?.TagSet?.find(({ Key }) => Key === approvalTag)?.Value?.trim();
  } catch (error) {
    // Without the tag the bucket is closed, which is the safe side.
    context.log.warn('the tags of a bucket could not be read', { bucket, error: errorText(error) });
    return undefined;
  }
}

/** Who set tags of the bucket and when, oldest first, from the trail's log group and from event history. */
async function tagSettings(bucket: string, context: Context) {
  const { now, environment } = context;
  const from = new Date(now().getTime() - FRESH_MS);
  const [logged, remembered] = await Promise.all([
    recordsMatching(oneOf('eventName', setsTags), from, new Date(now().getTime() + 60_000), context),
    history(bucket, context),
  ]);
  const records = new Map([...remembered, ...logged].map((record) => [record.eventID, record]));
  return [...records.values()]
    .filter((record) => setsTags.includes(record.eventName ?? '') && !failed(record) && names(record, bucket))
    .map((record) => ({ by: actorOf(record, environment.account), at: new Date(record.eventTime).toISOString() }))
    .sort((left, right) => left.at.localeCompare(right.at));
}

/** Tagging has several APIs, which name the bucket in different places. */
const names = ({ requestParameters, resources }: CloudTrailRecord, bucket: string): boolean =>
  new RegExp(`["/:.]${bucket.replaceAll('.', '\\.')}["/.]`).test(JSON.stringify([requestParameters, resources]));

/**
 * The last calls that event history has of the bucket: it goes back 90 days, but may be a quarter of an hour late.
 * https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_LookupEvents.html
 */
async function history(bucket: string, context: Context): Promise<CloudTrailRecord[]> {
  try {
    const { Events = [] } = await context.client(CloudTrailClient).send(
      new LookupEventsCommand({
        LookupAttributes: [{ AttributeKey: 'ResourceName', AttributeValue: bucket }],
        MaxResults: 50,
      }),
    );
    return Events.flatMap(({ CloudTrailEvent = '{}' }) => {
      const { data } = cloudTrailRecord.safeParse(JSON.parse(CloudTrailEvent));
      return data ? [data] : [];
    });
  } catch (error) {
    context.log.warn('event history could not be read', { bucket, error: errorText(error) });
    return [];
  }
}
