import type { Detection } from '../detection.ts';
import { sqlCondition } from './athena-sql.ts';
import { longestPattern } from './cloudwatch-pattern.ts';
import { eventPattern } from './event-pattern.ts';
import { type FilterPattern, matchesPattern, parseFilterPattern } from './filter-pattern/filter-pattern.ts';
import { insightsQuery } from './insights-query.ts';
import type { Match } from './match.ts';
import { parsePath } from './path.ts';
import { predicate } from './predicate.ts';
import { cloudWatchPatterns } from './split.ts';

/** Where else than in a metric filter a detection's match is to be said. */
export const lanes = ['event-rule', 'insights', 'athena'] as const;
export type Lane = (typeof lanes)[number];

/**
 * How near to the predicate a lane's form must be. `exact`: it takes the same records. `wider`: it may take more, never
 * fewer, since whoever is told by it applies the predicate again.
 */
export type Nearness = 'exact' | 'wider';

/** A detection that must not be deployed: which one, where in it, and why. */
export class DetectionRefused extends Error {
  override readonly name = 'DetectionRefused';
  readonly detection: string;

  constructor(detection: string, reason: string, options?: { cause?: unknown }) {
    super(`The detection '${detection}' cannot be deployed: ${reason}`, options);
    this.detection = detection;
  }
}

const writers: Record<Lane, (match: Match) => unknown> = {
  'event-rule': eventPattern,
  insights: insightsQuery,
  athena: sqlCondition,
};

type Condition = Exclude<Match, { kind: 'all' | 'any' }>;

/**
 * Where a lane's form takes other records than the predicate by the engine's nature, in words. Athena's SQL never does.
 *
 * - EventBridge has no value nodes: `anything-but` also takes null, true and false, and `exists` takes everything but objects.
 *   It looks into every element of an array, and compares numbers with numbers and text with text only.
 * - Logs Insights has true and false as 1 and 0, and shows a field of null, true or false as present.
 */
export function differences(match: Match, lane: Lane): string[] {
  if (!('path' in match)) return match.of.flatMap((one) => differences(one, lane));
  const reason = lane === 'event-rule' ? inEventRule(match) : lane === 'insights' ? inInsights(match) : undefined;
  return reason ? [`${match.kind}("${match.path}") ${reason}`] : [];
}

function inEventRule(match: Condition): string | undefined {
  switch (match.kind) {
    case 'isNot':
    case 'notLike':
      return 'also holds of null, true and false';
    case 'exists':
      return 'also holds of null, true and false';
    default:
      return parsePath(match.path).some((step) => 'index' in step) ? 'holds of any element of the array' : undefined;
  }
}

function inInsights(match: Condition): string | undefined {
  switch (match.kind) {
    case 'isTrue':
    case 'isFalse':
      return 'also holds of the numbers 1 and 0';
    case 'isNot':
    case 'notLike':
    case 'exists':
      return 'also holds of true and false';
    default:
      return undefined;
  }
}

/**
 * Refuses a detection that could not do what it declares: samples of both kinds that its match takes and leaves, a
 * filter pattern that CloudWatch takes, and for each lane that it claims a form as near as it claims.
 * @throws DetectionRefused
 */
export function checkDetection(id: string, detection: Detection): void {
  const { when, samples } = detection;
  if (samples.matching.length === 0)
    throw new DetectionRefused(id, 'samples.matching is empty: add a record that it must take.');
  if (samples.other.length === 0)
    throw new DetectionRefused(id, 'samples.other is empty: add a record that it must leave.');
  const matches = predicate(when);
  for (const { name, record } of samples.matching) {
    if (!matches(record)) throw new DetectionRefused(id, `its match leaves the sample "${name}" of samples.matching.`);
  }
  for (const { name, record } of samples.other) {
    if (matches(record)) throw new DetectionRefused(id, `its match takes the sample "${name}" of samples.other.`);
  }
  checkPublished(id, detection);
  const exclusive = detection.alarm.atLeast > 1;
  written(id, 'when, as a metric filter', () => cloudWatchPatterns(when, { exclusive }));
  for (const lane of lanes) {
    const claim = detection.lanes?.[lane];
    if (claim === undefined) continue;
    written(id, `when, for the lane ${lane}`, () => writers[lane](when));
    const [difference] = claim === 'exact' ? differences(when, lane) : [];
    if (difference === undefined) continue;
    throw new DetectionRefused(
      id,
      `when, for the lane ${lane}: ${difference}. Declare the lane as "wider" if that does no harm, or ask for it explicitly.`,
    );
  }
}

/** What is published must fit into a filter, and take every sample as the match does. */
function checkPublished(id: string, { published = [], samples, alarm }: Detection): void {
  const patterns = published.map((text) => {
    if (text.length > longestPattern)
      throw new DetectionRefused(id, `published has ${text.length} characters, CloudWatch takes ${longestPattern}.`);
    let pattern: FilterPattern | undefined;
    written(id, 'published', () => {
      pattern = parseFilterPattern(text);
    });
    return pattern as FilterPattern;
  });
  if (patterns.length > 1 && alarm.atLeast > 1)
    throw new DetectionRefused(id, 'published has several texts: its alarm would count a record more than once.');
  if (patterns.length === 0) return;
  const takes = (record: object) => patterns.some((pattern) => matchesPattern(pattern, JSON.stringify(record)));
  const differs = [...samples.matching, ...samples.other].find(
    ({ record }) => takes(record) !== samples.matching.some((one) => one.record === record),
  );
  if (differs) throw new DetectionRefused(id, `published and when differ on the sample "${differs.name}".`);
}

function written(id: string, where: string, write: () => unknown): void {
  try {
    write();
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    throw new DetectionRefused(id, `${where}: ${error.message}`, { cause: error });
  }
}
