import { setTimeout as wait } from 'node:timers/promises';
import { CloudTrailClient, LookupEventsCommand } from '@aws-sdk/client-cloudtrail';
import { type CloudTrailRecord, cloudTrailRecord } from '../../playbooks/cloudtrail.ts';
import type { Context } from '../context.ts';
import { errorName } from '../errors.ts';
import { allow } from '../permissions.ts';

/** What {@link lookUp} may do: event history cannot be allowed in part. */
export const lookUpPermissions = allow(['cloudtrail:LookupEvents'], '*');

/** What is looked for in event history. */
export interface Search {
  region: string;
  by: 'EventName' | 'ResourceName' | 'Username' | 'AccessKeyId';
  value: string;
  from: Date;
  to: Date;
  /** How many pages of 50 records are read at most. */
  pages: number;
}

/** What event history holds. */
export interface Found {
  /** Oldest first. */
  records: CloudTrailRecord[];
  /** There are more than were read. */
  more: boolean;
}

/** Waits so many milliseconds. */
export type Sleep = (ms: number) => Promise<unknown>;

/** The service takes two calls a second, for the whole account and region. */
const PAUSE_MS = 500;
const MOST_THROTTLED = 5;
/** When each client called last, in ms since the epoch: who has just called waits, and nobody else. */
const lastCalls = new WeakMap<CloudTrailClient, number>();

/**
 * Event history: the management events of the last 90 days, which are recorded whether or not a trail is logging, and can be read
 * up to 15 minutes after they happened.
 * https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_LookupEvents.html
 */
export async function lookUp(search: Search, context: Context, sleep: Sleep = wait): Promise<Found> {
  const client = context.client(CloudTrailClient, search.region);
  const records: CloudTrailRecord[] = [];
  let NextToken: string | undefined;
  for (let page = 0, throttled = 0; page < search.pages; ) {
    const since = context.now().getTime() - (lastCalls.get(client) ?? 0);
    const pause = throttled > 0 ? PAUSE_MS * 2 ** throttled : PAUSE_MS - since;
    if (pause > 0) await sleep(pause);
    lastCalls.set(client, context.now().getTime());
    const command = new LookupEventsCommand({
      LookupAttributes: [{ AttributeKey: search.by, AttributeValue: search.value }],
      StartTime: search.from,
      EndTime: search.to,
      MaxResults: 50,
      ...(NextToken ? { NextToken } : {}),
    });
    try {
      const answer = await client.send(command);
      records.push(...(answer.Events ?? []).flatMap(({ CloudTrailEvent = '' }) => parsed(CloudTrailEvent)));
      NextToken = answer.NextToken;
    } catch (error) {
      if (errorName(error) !== 'ThrottlingException' || throttled >= MOST_THROTTLED) throw error;
      throttled += 1;
      continue;
    }
    page += 1;
    if (!NextToken) break;
  }
  return { records: records.reverse(), more: NextToken !== undefined };
}

function parsed(text: string): CloudTrailRecord[] {
  try {
    const { data } = cloudTrailRecord.safeParse(JSON.parse(text));
    return data ? [data] : [];
  } catch {
    return [];
  }
}
