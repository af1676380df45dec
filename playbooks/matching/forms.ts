import type { AnyDetection, Detection, KnownTrail } from '../detection.ts';
import { sourceOf, sources } from '../sources.ts';
import { sqlCondition } from './athena-sql.ts';
import { longestPattern } from './cloudwatch-pattern.ts';
import { eventPattern, NoEventPattern } from './event-pattern.ts';
import { matchesPattern, parseFilterPattern } from './filter-pattern/filter-pattern.ts';
import { insightsQuery } from './insights-query.ts';
import { all, any, type Match, missing } from './match.ts';
import { parsePath } from './path.ts';
import { predicate } from './predicate.ts';
import { inParts } from './split.ts';
import { hasInnerWildcard } from './values.ts';

/** Where else than in a metric filter a detection's match is said. */
export const lanes = ['event', 'insights', 'athena'] as const;
export type Lane = (typeof lanes)[number];

/**
 * How near to the predicate a lane's form must be. `exact`: it takes the same records. `wider`: it may take more, never
 * fewer, since whoever is told by it applies the predicate again.
 */
export type Nearness = 'exact' | 'wider';

/**
 * How near the rule on events is. `partial`: it may take more, and may miss some, which the alarm finds later: an event of
 * them is not lost, but slow.
 */
export type EventForm = Nearness | 'partial';

/**
 * The lane of events, in which EventBridge starts the playbook seconds after a call and before there is an alarm: how near its
 * pattern is, and whether it takes calls that only read as well, of which there may be many more; or why there is no such lane.
 */
export type EventLane = EventForm | { form: EventForm; reads: true } | { none: string };

/** In which further forms a detection's match is there. */
export interface Lanes {
  /** Every detection whose alarm fires at one record has it: `exact`, unless it says otherwise. */
  event?: EventLane;
  insights?: Nearness;
  athena?: Nearness;
}

/** How a detection's playbook is started by the event of a call; undefined where only its alarm starts it. */
export function eventLaneOf({
  alarm,
  source,
  lanes: { event = 'exact' } = {},
}: AnyDetection): { form: EventForm; reads: boolean } | undefined {
  // Only of what a trail records EventBridge makes events of calls.
  if (source !== undefined || alarm === undefined) return undefined;
  // One event says nothing about how many there were.
  if (alarm.atLeast > 1) return undefined;
  if (typeof event === 'string') return { form: event, reads: false };
  return 'none' in event ? undefined : event;
}

/** Why the playbook of a detection without a lane of events waits for the alarm. */
export const whyNoEventLane = ({ alarm, source, lanes: { event } = {} }: Detection): string =>
  source !== undefined
    ? `EventBridge has no events of ${sources[source].title}`
    : typeof event === 'object' && 'none' in event
      ? event.none
      : `it counts ${alarm.atLeast} records, and an event is only one`;

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
  event: (match) => inParts(match, eventPattern),
  insights: (match) => insightsQuery(match),
  athena: sqlCondition,
};

/**
 * The part of a match that calls and sign-ins can meet that succeeded: those alone have a lane of events. What failed changed
 * nothing, so the alarm is soon enough for it, and nobody can start playbooks by calls that he is refused.
 */
export function succeeded(match: Match): Match {
  const part = withoutFailures(match);
  if (!part)
    throw new NoEventPattern(
      'Only calls that failed can meet it, and these are left to the alarm: say so in lanes.event, { none: reason }.',
    );
  return all(part, missing('errorCode'), missing('errorMessage'));
}

/** Without the choices that only a call that failed can meet. */
function withoutFailures(match: Match): Match | undefined {
  if ('path' in match) {
    const demands = match.kind !== 'missing' && match.kind !== 'isNull';
    return demands && (match.path === 'errorCode' || match.path === 'errorMessage') ? undefined : match;
  }
  const of = match.of.map(withoutFailures);
  const possible = of.filter((one) => one !== undefined);
  if (match.kind === 'all') return possible.length < of.length ? undefined : all(...possible);
  return possible.length > 0 ? any(...possible) : undefined;
}

type Condition = Exclude<Match, { kind: 'all' | 'any' }>;

/** What a lane's form takes otherwise than the predicate: more or fewer records, and which, in words. */
export interface Difference {
  takes: 'more' | 'fewer';
  text: string;
}

/**
 * Where a lane's form takes other records than the predicate by the engine's nature. Athena's SQL never does.
 *
 * - EventBridge has no value nodes: `anything-but` and `exists` also take null, true and false. It has no index of an array, its
 *   wildcards reach over a line's end, and it measures and takes apart texts as texts and numbers as numbers only.
 * - Logs Insights has true and false as 1 and 0, and shows a field of null, true or false as present.
 *
 * A field is assumed to have the kind that its comparison names: EventBridge looks into an array wherever a value may stand, and
 * takes one that is empty, or an object, as missing. Every comparison would differ on such a field.
 */
export function differences(match: Match, lane: Lane): Difference[] {
  if (!('path' in match)) return match.of.flatMap((one) => differences(one, lane));
  const found = lane === 'event' ? inEventRule(match) : lane === 'insights' ? inInsights(match) : [];
  return found.map(({ takes, text }) => ({ takes, text: `${match.kind}("${match.path}") ${text}` }));
}

const more = (text: string): Difference => ({ takes: 'more', text });
const fewer = (text: string): Difference => ({ takes: 'fewer', text });

function inEventRule(match: Condition): Difference[] {
  const byIndex = parsePath(match.path).some((step) => 'index' in step);
  return [...inEventMatcher(match), ...(byIndex ? [more('holds of any element of the array')] : [])];
}

function inEventMatcher(match: Condition): Difference[] {
  switch (match.kind) {
    case 'isNot':
    case 'exists':
      return [more('also holds of null, true and false')];
    case 'notLike':
      return [
        more('also holds of null, true and false'),
        ...(hasInnerWildcard(match.glob) ? [fewer('does not hold of some texts of several lines')] : []),
      ];
    case 'above':
    case 'atLeast':
    case 'below':
    case 'atMost':
      return [fewer('does not hold of a text that writes a number')];
    case 'like':
      return inEventGlob(match.glob);
    default:
      return [];
  }
}

function inEventGlob(glob: string): Difference[] {
  if (!glob.includes('*')) return [];
  if (/^\*+$/.test(glob)) return [more('also holds of null, true and false')];
  return [
    ...(hasInnerWildcard(glob) ? [more('also holds of some texts of several lines')] : []),
    ...(mayBeNumber.test(glob) ? [fewer('does not hold of a number')] : []),
  ];
}

/** Globs that the digits of a number can fit, as JSON writes it: `-20`, `1.5`, `1e+21`. A `*` may stand for its "e" and sign as well. */
const mayBeNumber = /^-?[\d*]+(?:\.[\d*]+)?(?:(?:e|(?<=\*))(?:[+-]|(?=\*))[\d*]+)?$/;

function inInsights(match: Condition): Difference[] {
  switch (match.kind) {
    case 'isTrue':
    case 'isFalse':
      return [more('also holds of the numbers 1 and 0')];
    case 'isNot':
    case 'notLike':
    case 'exists':
      return [more('also holds of true and false')];
    default:
      return [];
  }
}

/**
 * Refuses a detection that could not do what it declares: samples of both kinds that its match takes and leaves, a
 * filter pattern that CloudWatch takes, and for each lane that it claims a form as near as it claims.
 * @param trail what the deployment knows of its trail, for a match that counts within it only
 * @throws DetectionRefused
 */
export function checkDetection(id: string, detection: Detection, trail?: KnownTrail): void {
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
  written(id, 'when, as a metric filter', () => sourceOf(detection).patterns(when, { exclusive }));
  if (exclusive && detection.lanes?.event !== undefined) {
    throw new DetectionRefused(id, 'lanes.event: its alarm counts records, and an event is only one. Leave it out.');
  }
  const parts: [string, Match][] = [['when', when]];
  if (trail && detection.within) parts.push(['within', detection.within(trail)]);
  for (const lane of lanes) for (const [name, match] of parts) checkLane(id, detection, lane, name, match);
}

function checkLane(id: string, detection: Detection, lane: Lane, name: string, match: Match): void {
  const claim = lane === 'event' ? eventLaneOf(detection)?.form : detection.lanes?.[lane];
  if (claim === undefined) return;
  const place = `${name}, for the lane ${lane}`;
  const write = lane === 'insights' ? sourceOf(detection).insights : writers[lane];
  written(id, place, () => write(lane === 'event' ? succeeded(match) : match));
  const difference = differences(match, lane).find(({ takes }) => !declaredBy[claim].includes(takes));
  if (difference === undefined) return;
  const remedy =
    difference.takes === 'fewer'
      ? 'Declare the lane as "partial" if the alarm is soon enough for these'
      : 'Declare the lane as "wider" if that does no harm';
  const otherwise = lane === 'event' ? ', or say in lanes.event why there is none' : '';
  throw new DetectionRefused(id, `${place}: ${difference.text}. ${remedy}, or ask for it explicitly${otherwise}.`);
}

/** Which differences are told of by a lane's declaration. */
const declaredBy: Record<EventForm, readonly Difference['takes'][]> = {
  exact: [],
  wider: ['more'],
  partial: ['more', 'fewer'],
};

/** What is published must fit into a filter, and take every sample as the match does. */
function checkPublished(id: string, { published = [], samples, alarm }: Detection): void {
  const patterns = published.map((text) => {
    if (text.length > longestPattern)
      throw new DetectionRefused(id, `published has ${text.length} characters, CloudWatch takes ${longestPattern}.`);
    return written(id, 'published', () => parseFilterPattern(text));
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

/** Runs what writes a form. @throws DetectionRefused with the place, where the form cannot be written */
export function written<Form>(id: string, where: string, write: () => Form): Form {
  try {
    return write();
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    throw new DetectionRefused(id, `${where}: ${error.message}`, { cause: error });
  }
}
