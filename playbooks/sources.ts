import { type Actor, actorOf } from './actor.ts';
import { type CloudTrailRecord, cloudTrailRecord } from './cloudtrail.ts';
import { flowFieldNames, flowFields, flowFieldsOf, readFlow, sourceActor } from './flow-logs.ts';
import { delimitedPattern } from './matching/delimited-pattern.ts';
import { insightsQuery } from './matching/insights-query.ts';
import type { Match } from './matching/match.ts';
import { cloudWatchPatterns } from './matching/split.ts';
import { failed } from './parameters.ts';

/** What came of a log event that was to be a record. */
export type Read = { record: CloudTrailRecord } | { problem: string };

/**
 * Where records come from: how a log event becomes a record, who is behind it, and how a match is said to its log group.
 * All records share an envelope, an id and a time; what else they have is their source's.
 */
export interface Source {
  /** What it is called: "the trail". */
  title: string;
  /** What a log event's message holds, for matches to look at; undefined where it is nothing of the kind. */
  parse: (message: string) => unknown;
  /** What was parsed, checked. `id`: what the log group knows the event by. */
  read: (parsed: unknown, id: string) => Read;
  /** The message of a record, as the log group has it. */
  message: (record: object) => string;
  actorOf: (record: CloudTrailRecord, account: string) => Actor;
  /** What the record tells of was refused or failed. */
  failed: (record: CloudTrailRecord) => boolean;
  /** The match as patterns of CloudWatch Logs. @throws as the writer of the pattern does */
  patterns: (match: Match, options?: { exclusive?: boolean }) => string[];
  /** The match as a query of Logs Insights. @throws NotInInsights */
  insights: (match: Match) => string;
  /** How many records of a window are taken into one incident at most, since there may be any number. */
  most: number;
}

/** Every source by its id. */
export const sources = {
  trail: {
    title: 'the trail',
    parse: (message) => {
      try {
        return JSON.parse(message) as unknown;
      } catch {
        return undefined;
      }
    },
    read: (parsed) => {
      const { data, error } = cloudTrailRecord.safeParse(parsed);
      return data ? { record: data } : { problem: error.message };
    },
    message: (record) => JSON.stringify(record),
    actorOf,
    failed,
    patterns: cloudWatchPatterns,
    insights: insightsQuery,
    most: Number.POSITIVE_INFINITY,
  },
  'flow-logs': {
    title: 'the flow logs',
    parse: flowFieldsOf,
    read: readFlow,
    message: (record) => {
      const fields = record as Record<string, unknown>;
      return flowFieldNames.map((name) => String(fields[name] ?? '-')).join(' ');
    },
    actorOf: sourceActor,
    failed: ({ action }) => action === 'REJECT',
    patterns: (match) => [delimitedPattern(match, flowFieldNames)],
    insights: (match) =>
      insightsQuery(match, {
        nameOf: (name) => (flowFields as Record<string, string>)[name] ?? name,
        shows: Object.values(flowFields),
      }),
    most: 400,
  },
} as const satisfies Record<string, Source>;

/** The id of a source. */
export type SourceId = keyof typeof sources;

/** Where the records of a detection come from. What GuardDuty finds is told as records of the trail's shape. */
export const sourceOf = ({ source = 'trail' }: { source?: SourceId | 'guardduty' }): Source =>
  sources[source === 'guardduty' ? 'trail' : source];
