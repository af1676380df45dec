import * as z from 'zod';
import { alarmTimes, type Threshold } from '../playbooks/alarm-times.ts';
import { is, type Match } from '../playbooks/matching/match.ts';
import { parsePath, select } from '../playbooks/matching/path.ts';
import { valueText } from '../playbooks/matching/values.ts';
import type { SubjectResult } from './backtest.ts';
import { type Kept, recordIn } from './tally.ts';

/** An incident that somebody knows of: what a detection must not miss. */
export interface Label {
  detection: string;
  name: string;
  /** ISO times. */
  from: string;
  to: string;
}

/** A file of labelled incidents. */
export const labelsSchema: z.ZodType<Label[]> = z.array(
  z.strictObject({
    detection: z.string().min(1),
    name: z.string().min(1),
    from: z.iso.datetime({ offset: true }),
    to: z.iso.datetime({ offset: true }),
  }),
);

/** What one threshold and window would have done. */
export interface Setting extends Threshold {
  alarms: number;
  perWeek: number;
  /** Names of the labelled incidents in which it would not have fired. */
  missed: string[];
}

/** One value of a field, and what leaving its records out would do. */
export interface Separator {
  path: string;
  value: string;
  /** Matching records that have it. */
  records: number;
  /** Alarms that would be left without them. */
  alarmsLeft: number;
  missed: string[];
  /** As a suppression's `match`. */
  match: Match;
}

/** What tuning a detection found. */
export interface Tuning {
  id: string;
  declared: Threshold;
  weeks: number;
  matches: number;
  labels: number;
  settings: Setting[];
  suggestion?: { setting: Setting; why: string };
  separators: Separator[];
}

const THRESHOLDS = [1, 2, 3, 4, 5, 8, 10, 15, 20, 30, 50, 100];
const WINDOWS = [1, 5, 10, 15, 30, 60];
const WEEK = 7 * 86_400_000;
/** Fields whose values often tell routine from attack. */
const FIELDS = [
  'userIdentity.arn',
  'userIdentity.userName',
  'userIdentity.sessionContext.sessionIssuer.userName',
  'userIdentity.invokedBy',
  'sourceIPAddress',
  'userAgent',
  'eventName',
  'errorCode',
  'awsRegion',
  'recipientAccountId',
];
/** A value must be in so large a part of the records to be worth a rule. */
const LEAST_SHARE = 0.02;
const MOST_SEPARATORS = 10;

/** Tries thresholds, windows and fields on what a run found. `span`: how long the archive is, in ms. */
export function tune(result: SubjectResult, labels: readonly Label[], span: number): Tuning {
  const own = labels.filter(({ detection }) => detection === result.id);
  const weeks = Math.max(span, 86_400_000) / WEEK;
  const distinct = (values: number[]): number[] => [...new Set(values)].sort((a, b) => a - b);
  const settings = distinct([...WINDOWS, result.threshold.withinMinutes]).flatMap((withinMinutes) =>
    distinct([...THRESHOLDS, result.threshold.atLeast]).map((atLeast) => {
      const { alarms, missed } = outcome(result.kept, { atLeast, withinMinutes }, own);
      return { atLeast, withinMinutes, alarms, perWeek: Math.round((alarms / weeks) * 100) / 100, missed };
    }),
  );
  const suggestion = suggested(settings, result.threshold, own.length);
  return {
    ...{ id: result.id, declared: result.threshold, weeks: Math.round(weeks * 100) / 100 },
    ...{ matches: result.kept.length, labels: own.length, settings },
    ...(suggestion ? { suggestion } : {}),
    separators: separatorsOf(result, own),
  };
}

function outcome(
  kept: readonly Kept[],
  threshold: Threshold,
  labels: readonly Label[],
): { alarms: number; missed: string[] } {
  const alarms = alarmTimes(
    Float64Array.from(kept, ({ time }) => time),
    threshold,
  );
  const isCaught = ({ from, to }: Label): boolean =>
    alarms.some(
      (alarm) => (kept[alarm.from]?.time ?? 0) <= Date.parse(to) && (kept[alarm.to - 1]?.time ?? 0) >= Date.parse(from),
    );
  return { alarms: alarms.length, missed: labels.filter((label) => !isCaught(label)).map(({ name }) => name) };
}

/** The fewest alarms that miss nothing; without labels, the lowest threshold in the declared window that is quiet enough. */
function suggested(settings: readonly Setting[], declared: Threshold, labels: number): Tuning['suggestion'] {
  if (labels === 0) {
    const quiet = settings.find(
      ({ withinMinutes, perWeek }) => withinMinutes === declared.withinMinutes && perWeek <= 1,
    );
    const why = 'the lowest threshold with at most one alarm a week; no labelled incident says what it would miss';
    return quiet ? { setting: quiet, why } : undefined;
  }
  const catching = settings.filter(({ missed }) => missed.length === 0);
  const [best] = catching.sort(
    // Of equal ones that with the least change, then the stricter.
    (a, b) => a.alarms - b.alarms || distance(a, declared) - distance(b, declared) || b.atLeast - a.atLeast,
  );
  return best && { setting: best, why: `the fewest alarms of all that miss none of the ${labels} labelled incidents` };
}

const distance = (a: Threshold, b: Threshold): number =>
  Math.abs(Math.log(a.atLeast / b.atLeast)) + Math.abs(Math.log(a.withinMinutes / b.withinMinutes));

function separatorsOf(result: SubjectResult, labels: readonly Label[]): Separator[] {
  const records = result.kept.map(recordIn);
  return FIELDS.flatMap((path) => valuesOf(path, records))
    .filter(({ at }) => at.size >= Math.max(2, records.length * LEAST_SHARE) && at.size < records.length)
    .map(({ path, value, at }): Separator => {
      const left = result.kept.filter((_, n) => !at.has(n));
      const { alarms, missed } = outcome(left, result.threshold, labels);
      return { path, value, records: at.size, alarmsLeft: alarms, missed, match: is(path, value) };
    })
    .filter(({ alarmsLeft }) => alarmsLeft < result.alarms.length)
    .sort((a, b) => a.missed.length - b.missed.length || a.alarmsLeft - b.alarmsLeft || b.records - a.records)
    .slice(0, MOST_SEPARATORS);
}

function valuesOf(path: string, records: readonly unknown[]): { path: string; value: string; at: Set<number> }[] {
  const steps = parsePath(path);
  const places = new Map<string, Set<number>>();
  for (const [n, record] of records.entries()) {
    const value = valueText(select(record, steps)[0]);
    if (value === undefined || value === '') continue;
    const at = places.get(value) ?? new Set();
    at.add(n);
    places.set(value, at);
  }
  return [...places].map(([value, at]) => ({ path, value, at }));
}
