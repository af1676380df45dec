import type { Severity } from './detection.ts';
import type { Incident, Outcome } from './incident.ts';

/** The two moments, besides the alarm's, that an incident's figures are measured from and to. ISO times. */
export interface Moments {
  /** The first call that the incident is about. */
  firstAt?: string;
  /** When the last containing action was read back. */
  containedAt?: string;
}

/** What figures are made of: the head of an incident, as far as they need it. */
export interface Measured extends Moments {
  detection: string;
  severity: Severity;
  status: Incident['status'];
  outcome?: Outcome;
  openedAt: string;
  alarmAt: string;
  /** The event of the call opened it: `alarmAt` is the time of the call then. */
  lane?: Incident['lane'];
  marked?: { as: Mark };
}

/** What an analyst says of an incident when all is known. */
export const marks = ['false-positive', 'true-positive'] as const;
export type Mark = (typeof marks)[number];

/**
 * When it began, and when it was contained. It began with the first offence, or, where all was refused, with the first
 * attempt. An action that was undone has contained nothing any more.
 */
export function momentsOf({ events, actions }: Pick<Incident, 'events' | 'actions'>): Moments {
  const first = (verdict: string) =>
    events
      .filter((event) => event.verdict === verdict)
      .map(({ record }) => record.eventTime)
      .sort()[0];
  const firstAt = first('offence') ?? first('attempt');
  const containedAt = actions
    .flatMap(({ contains, status, at }) => (contains && status === 'verified' && at.verified ? [at.verified] : []))
    .sort()
    .at(-1);
  return { ...(firstAt ? { firstAt } : {}), ...(containedAt ? { containedAt } : {}) };
}

/** When it was detected: by the alarm, or, where the event of a call or a finding came first, as that opened the incident. */
export const detectedAt = ({ lane, alarmAt, openedAt }: Pick<Measured, 'lane' | 'alarmAt' | 'openedAt'>): string =>
  lane === 'event' || lane === 'finding' ? openedAt : alarmAt;

/** Seconds from the first call until it was detected; undefined where no record says when it began. Records have whole seconds. */
export const secondsToDetect = ({
  firstAt,
  ...head
}: Pick<Measured, 'firstAt' | 'lane' | 'alarmAt' | 'openedAt'>): number | undefined =>
  firstAt === undefined ? undefined : secondsBetween(firstAt, detectedAt(head));

/** Seconds from the first call to the last containment that was read back; undefined where nothing was contained. */
export const secondsToContain = ({ firstAt, containedAt }: Moments): number | undefined =>
  firstAt === undefined || containedAt === undefined ? undefined : secondsBetween(firstAt, containedAt);

/** Never less than nothing: two services' clocks may differ by a little. */
const secondsBetween = (from: string, to: string): number => Math.max(0, (Date.parse(to) - Date.parse(from)) / 1000);

/** How a duration spreads, in seconds. */
export interface Spread {
  count: number;
  mean: number;
  median: number;
  /** Nine of ten are at most this. */
  ninth: number;
}

/** The spread of what is known, or undefined where nothing is. The percentile is the nearest rank: a value that occurred. */
export function spreadOf(values: readonly (number | undefined)[]): Spread | undefined {
  const known = values.filter((value) => value !== undefined).sort((a, b) => a - b);
  if (known.length === 0) return undefined;
  const at = (share: number): number => known[Math.max(0, Math.ceil(share * known.length) - 1)] ?? 0;
  const middle = known.length / 2;
  const median = known.length % 2 === 1 ? at(0.5) : ((known[middle - 1] ?? 0) + (known[middle] ?? 0)) / 2;
  return {
    count: known.length,
    mean: known.reduce((sum, value) => sum + value, 0) / known.length,
    median,
    ninth: at(0.9),
  };
}

const DAY_MS = 86_400_000;

/** The Monday, in UTC, of the week that a time lies in: `2026-04-27`. */
export function weekOf(iso: string): string {
  const time = Date.parse(iso);
  const sinceMonday = (new Date(time).getUTCDay() + 6) % 7;
  return new Date(time - sinceMonday * DAY_MS).toISOString().slice(0, 10);
}

/** The Mondays of the last `count` weeks, oldest first, the one of `now` last. */
export const lastWeeks = (now: Date, count: number): string[] =>
  Array.from({ length: count }, (_, index) =>
    weekOf(new Date(now.getTime() - (count - 1 - index) * 7 * DAY_MS).toISOString()),
  );

/** What came in each week: the values in the weeks' order, an empty list for a week without any. */
export function byWeek<T extends Pick<Measured, 'openedAt'>>(heads: readonly T[], weeks: readonly string[]): T[][] {
  const slots = new Map<string, T[]>(weeks.map((week) => [week, []]));
  for (const head of heads) slots.get(weekOf(head.openedAt))?.push(head);
  return weeks.map((week) => slots.get(week) ?? []);
}

/** What one detection has done in a time. */
export interface DetectionFigures {
  incidents: number;
  /** The newest of them. */
  lastFired?: string;
  perWeek: number[];
  falsePositives: number;
  /** How many have any mark. */
  marked: number;
  benign: number;
}

/** The figures of a detection among the incidents of all; a duplicate is no alarm of its own, but counts as one that fired. */
export function figuresOf(detection: string, heads: readonly Measured[], weeks: readonly string[]): DetectionFigures {
  const own = heads.filter((head) => head.detection === detection);
  const lastFired = own.map(detectedAt).sort().at(-1);
  return {
    incidents: own.length,
    ...(lastFired ? { lastFired } : {}),
    perWeek: byWeek(own, weeks).map((week) => week.length),
    falsePositives: own.filter(({ marked }) => marked?.as === 'false-positive').length,
    marked: own.filter(({ marked }) => marked !== undefined).length,
    benign: own.filter(({ outcome }) => outcome === 'benign').length,
  };
}
