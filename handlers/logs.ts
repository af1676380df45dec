import { CloudWatchLogsClient, type FilteredLogEvent, FilterLogEventsCommand } from '@aws-sdk/client-cloudwatch-logs';
import type { CloudTrailRecord } from '../playbooks/cloudtrail.ts';
import type { Match } from '../playbooks/matching/match.ts';
import { predicate } from '../playbooks/matching/predicate.ts';
import { type Source, type SourceId, sources } from '../playbooks/sources.ts';
import type { Context } from './context.ts';
import type { Environment } from './environment.ts';
import { InvalidInput } from './errors.ts';
import { allow } from './permissions.ts';

/** What {@link recordsMatching} may do. */
export const readLogsPermissions = allow(['logs:FilterLogEvents'], '{logGroup}', '{logGroup}:*');
/** What {@link searchLogs} may do of flow logs; a deployment without them has nobody who may. */
export const readFlowLogsPermissions = allow(['logs:FilterLogEvents'], '{flowLogGroup}', '{flowLogGroup}:*');

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

/** What a search came to. */
export interface Found {
  /** In order of time, each eventID once. */
  records: CloudTrailRecord[];
  /** How many log events matched, but are no usable records. */
  odd: number;
  /** It ended before its window did. */
  more: boolean;
}

const NO_BOUNDS: Bounds = { records: Number.POSITIVE_INFINITY, pages: Number.POSITIVE_INFINITY };

/**
 * The trail's records that match and whose log event lies between `from` and `to`, each eventID once, in order of time.
 */
export const recordsMatching = async (
  match: Match,
  from: Date,
  to: Date,
  context: Context,
  bounds?: Bounds,
): Promise<CloudTrailRecord[]> => (await searchLogs('trail', match, { from, to }, context, bounds)).records;

/** The log group that a source delivers to. @throws {InvalidInput} where this deployment has none of it */
function logGroupOf(source: SourceId, { logGroup, flowLogGroup }: Environment): string {
  const found = source === 'trail' ? logGroup : flowLogGroup;
  if (found === undefined) throw new InvalidInput(`This deployment has no log group of ${sources[source].title}.`);
  return found;
}

/**
 * The records of a source that match and whose log event lies in the window. The service filters by the pattern; the
 * predicate filters again, since a filter may take more than it should. A log event that is no usable record is counted,
 * reported to the log and left out.
 */
export async function searchLogs(
  source: SourceId,
  match: Match,
  { from, to }: { from: Date; to: Date },
  context: Context,
  bounds: Bounds = NO_BOUNDS,
): Promise<Found> {
  const { parse, read, patterns }: Source = sources[source];
  const matches = predicate(match);
  const found = new Map<string, CloudTrailRecord>();
  const logs = context.client(CloudWatchLogsClient);
  const logGroupName = logGroupOf(source, context.environment);
  let odd = 0;
  const take = ({ message = '', eventId = '', ingestionTime }: FilteredLogEvent): void => {
    const parsed = parse(message);
    if (parsed === undefined || !matches(parsed)) return;
    const checked = read(parsed, eventId);
    if ('record' in checked) {
      const { record } = checked;
      found.set(record.eventID, record);
      if (ingestionTime !== undefined) deliveries.set(record, new Date(ingestionTime).toISOString());
    } else {
      odd += 1;
      context.log.warn('a matching log event is no usable record', { source, eventId, problems: checked.problem });
    }
  };
  let pages = 0;
  let more = false;
  // A match that is too long for one pattern is asked for in several.
  for (const filterPattern of patterns(match)) {
    let nextToken: string | undefined;
    do {
      const page = await logs.send(
        new FilterLogEventsCommand({
          ...{ logGroupName, filterPattern, startTime: from.getTime(), endTime: to.getTime() },
          ...(nextToken ? { nextToken } : {}),
        }),
      );
      for (const event of page.events ?? []) {
        if (found.size < bounds.records) take(event);
        else more = true;
      }
      nextToken = page.nextToken;
      pages += 1;
    } while (nextToken && pages < bounds.pages && found.size < bounds.records);
    more ||= nextToken !== undefined;
  }
  const records = [...found.values()].sort((a, b) => a.eventTime.localeCompare(b.eventTime));
  return { records, odd, more };
}
