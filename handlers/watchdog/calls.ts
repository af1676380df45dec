import type { CloudTrailRecord } from '../../playbooks/cloudtrail.ts';
import type { Difference } from '../../playbooks/difference.ts';
import type { Match } from '../../playbooks/matching/match.ts';
import { predicate } from '../../playbooks/matching/predicate.ts';
import { valuesOf } from '../../playbooks/matching/split.ts';
import type { Context } from '../context.ts';
import { lookUp, type Sleep } from '../trails/event-history.ts';

/** Where the calls of services without Regions are recorded. */
const GLOBAL: Record<string, string> = { iam: 'us-east-1' };
/** Pages of 50 calls of one name that are read at most. */
const PAGES = 4;

/** What event history has of the calls that can have made differences. */
export interface Behind {
  /** Oldest first; those that failed made nothing, and are left out. */
  records: CloudTrailRecord[];
  /** There are more of a name than were read. */
  more: boolean;
}

/**
 * The calls that a detection looks for, by the services that can have made the differences, as event history has them: it
 * goes on recording while every trail is off. It may have a call up to 15 minutes late only.
 * https://docs.aws.amazon.com/awscloudtrail/latest/userguide/view-cloudtrail-events.html
 */
export async function callsBehind(
  {
    match,
    differences,
    region,
    since,
    until,
  }: {
    match: Match;
    differences: readonly Difference[];
    region: string;
    since: Date;
    until: Date;
  },
  context: Context,
  sleep?: Sleep,
): Promise<Behind> {
  const counts = predicate(match);
  const places = new Map<string, Set<string>>();
  for (const one of differences) {
    for (const service of one.services) {
      places.set(service, (places.get(service) ?? new Set()).add(GLOBAL[service] ?? one.region ?? region));
    }
  }
  const found = new Map<string, CloudTrailRecord>();
  let more = false;
  // One after the other: event history takes two calls a second.
  for (const { service, name } of namedCalls(match)) {
    for (const where of places.get(service) ?? []) {
      const search = { region: where, by: 'EventName' as const, value: name, from: since, to: until, pages: PAGES };
      const answer = await lookUp(search, context, sleep);
      more ||= answer.more;
      for (const record of answer.records) {
        if (record.errorCode === undefined && counts(record)) found.set(record.eventID, record);
      }
    }
  }
  const records = [...found.values()].sort((a, b) => a.eventTime.localeCompare(b.eventTime));
  return { records, more };
}

/** The calls that a match names, each with its service: those of one alternative belong together. */
export function namedCalls(match: Match): { service: string; name: string }[] {
  const found = new Map<string, { service: string; name: string }>();
  for (const part of alternatives(match)) {
    const values = (path: string) =>
      part.flatMap(valuesOf).flatMap((one) => (one.path === path ? one.values.map(String) : []));
    for (const source of values('eventSource')) {
      const service = source.replace(/\.amazonaws\.com$/, '');
      for (const name of values('eventName')) found.set(`${service}:${name}`, { service, name });
    }
  }
  return [...found.values()];
}

/** The conditions of each alternative, without those that stand deeper than that. */
function alternatives(match: Match): Match[][] {
  if (match.kind === 'any') return match.of.flatMap(alternatives);
  if (match.kind !== 'all') return [[match]];
  return match.of.reduce<Match[][]>(
    (ways, one) => {
      const inner = one.kind === 'any' || one.kind === 'all' ? alternatives(one) : [[one]];
      return ways.flatMap((way) => inner.map((more) => [...way, ...more]));
    },
    [[]],
  );
}
