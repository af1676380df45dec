import { CloudWatchLogsClient, type FilteredLogEvent, FilterLogEventsCommand } from '@aws-sdk/client-cloudwatch-logs';
import { type CloudTrailRecord, cloudTrailRecord } from '../playbooks/cloudtrail.ts';
import type { Match } from '../playbooks/matching/match.ts';
import { predicate } from '../playbooks/matching/predicate.ts';
import { cloudWatchPatterns } from '../playbooks/matching/split.ts';
import type { Context } from './context.ts';
import { allow } from './permissions.ts';

/** What {@link recordsMatching} may do. */
export const readLogsPermissions = allow(['logs:FilterLogEvents'], '{logGroup}', '{logGroup}:*');

/** When each record came to the log group: what the service says beside the record, which itself knows nothing of it. */
const deliveries = new WeakMap<CloudTrailRecord, string>();

/** When a record that {@link recordsMatching} gave was delivered to the log group, ISO time. */
export const deliveryOf = (record: CloudTrailRecord): string | undefined => deliveries.get(record);

/** Where a search ends before its window does: what is found by then must do. */
export interface Bounds {
  records: number;
  /** Pages of the service, which may well be empty. */
  pages: number;
}

/**
 * The trail's records that match and whose log event lies between `from` and `to`, each eventID once, in order of time.
 * The service filters by the pattern; the predicate filters again, since a filter may take more than it should.
 * A log event that is no usable record is reported to the log and left out.
 */
export async function recordsMatching(
  match: Match,
  from: Date,
  to: Date,
  context: Context,
  bounds: Bounds = { records: Number.POSITIVE_INFINITY, pages: Number.POSITIVE_INFINITY },
): Promise<CloudTrailRecord[]> {
  const matches = predicate(match);
  const found = new Map<string, CloudTrailRecord>();
  const logs = context.client(CloudWatchLogsClient);
  const take = ({ message = '', eventId, ingestionTime }: FilteredLogEvent): void => {
    const parsed = parse(message);
    if (parsed === undefined || !matches(parsed)) return;
    const { data, error } = cloudTrailRecord.safeParse(parsed);
    if (data) {
      found.set(data.eventID, data);
      if (ingestionTime !== undefined) deliveries.set(data, new Date(ingestionTime).toISOString());
    } else {
      const problems = error.message;
      context.log.warn('a matching log event is no usable CloudTrail record', { eventId, problems });
    }
  };
  let pages = 0;
  // A match that is too long for one pattern is asked for in several.
  for (const filterPattern of cloudWatchPatterns(match)) {
    let nextToken: string | undefined;
    do {
      const page = await logs.send(
        new FilterLogEventsCommand({
          logGroupName: context.environment.logGroup,
          filterPattern,
          startTime: from.getTime(),
          endTime: to.getTime(),
          ...(nextToken ? { nextToken } : {}),
        }),
      );
      page.events?.forEach(take);
      nextToken = page.nextToken;
      pages += 1;
    } while (nextToken && pages < bounds.pages && found.size < bounds.records);
  }
  return [...found.values()].sort((a, b) => a.eventTime.localeCompare(b.eventTime));
}

function parse(message: string): unknown {
  try {
    return JSON.parse(message) as unknown;
  } catch {
    return undefined;
  }
}
