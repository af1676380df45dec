import * as z from 'zod';
import { type AlarmTime, alarmTimes, type Threshold } from '../playbooks/alarm-times.ts';
import { is, type Match } from '../playbooks/matching/match.ts';
import { parsePath, select } from '../playbooks/matching/path.ts';
import { valueText } from '../playbooks/matching/values.ts';
import { plural } from '../playbooks/report/words.ts';
import type { SubjectResult } from './backtest.ts';
import { firstPlace } from './first-place.ts';
import { recordIn } from './rows.ts';

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
  z
    .strictObject({
      detection: z.string().min(1),
      name: z.string().min(1),
      from: z.iso.datetime({ offset: true }),
      to: z.iso.datetime({ offset: true }),
    })
    // Of a time that is none, its own fault is told.
    .refine(({ from, to }) => !(Date.parse(from) > Date.parse(to)), {
      error: ({ input }) => `the label "${(input as Label).name}" ends before it begins`,
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
  /** Matching records that have it, of those that are judged. */
  records: number;
  /** Alarms of all records that are judged. */
  alarms: number;
  /** Alarms that would be left without those that have the value. */
  alarmsLeft: number;
  /** Names of the labelled incidents in which no alarm would be left. */
  missed: string[];
  /** As a suppression's `match`. */
  match: Match;
}

/** What tuning a detection found. */
export interface Tuning {
  id: string;
  declared: Threshold;
  /** How long the archive is. */
  days: number;
  matches: number;
  labels: number;
  /** Only the declared one where a single record is enough for the detection and nothing is labelled. */
  settings: Setting[];
  suggestion?: { setting: Setting; why: string };
  /** Why there is no suggestion. */
  noSuggestion?: string;
  separators: Separator[];
  /** From so many records the separators are judged, where the texts of the others are not kept. */
  judgedOn?: number;
  /** Names of the labelled incidents whose alarms are not among those records: nothing says whether a separator misses them. */
  unjudged?: string[];
}

const THRESHOLDS = [1, 2, 3, 4, 5, 8, 10, 15, 20, 30, 50, 100];
const WINDOWS = [1, 5, 10, 15, 30, 60];
const DAY = 86_400_000;
const WEEK = 7 * DAY;
/** Files come every few minutes, so those of a week span a little less. */
const ENOUGH = WEEK - 3_600_000;
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
  const { id, threshold: declared, kept } = result;
  const own = labels.filter(({ detection }) => detection === id);
  const times = Float64Array.from(kept, ({ time }) => time);
  const weeks = Math.max(span, DAY) / WEEK;
  const settings = settingsFor(declared, own.length > 0).map((setting): Setting => {
    const { alarms, missed } = outcome(times, setting, own);
    return { ...setting, alarms, perWeek: Math.round((alarms / weeks) * 100) / 100, missed };
  });
  return {
    // Rounded down, so that what is too short never reads as long enough.
    ...{ id, declared, days: Math.floor((span / DAY) * 100) / 100, matches: kept.length, labels: own.length, settings },
    ...suggested(settings, declared, times, own, span),
    ...separatorsOf(result, own),
  };
}

/** The thresholds and windows to try. Where one record is enough, others are of use only if labels say what they miss. */
function settingsFor({ atLeast, withinMinutes }: Threshold, labelled: boolean): Threshold[] {
  if (atLeast === 1 && !labelled) return [{ atLeast, withinMinutes }];
  const distinct = (values: number[]): number[] => [...new Set(values)].sort((a, b) => a - b);
  return distinct([...WINDOWS, withinMinutes]).flatMap((window) =>
    distinct([...THRESHOLDS, atLeast]).map((threshold) => ({ atLeast: threshold, withinMinutes: window })),
  );
}

/** What a threshold does on records with these times, in their order. */
function outcome(
  times: Float64Array,
  threshold: Threshold,
  labels: readonly Label[],
): { alarms: number; missed: string[] } {
  const alarms = alarmTimes(times, threshold);
  return {
    alarms: alarms.length,
    missed: labels.filter((label) => !isCaught(label, times, alarms)).map(({ name }) => name),
  };
}

/** Whether a record of an alarm lies within a label's time. */
function isCaught(label: Label, times: Float64Array, alarms: readonly AlarmTime[]): boolean {
  const { from, to } = within(label, times);
  // Alarms stand in the order of their records: the first one that ends behind `from` begins before all later ones.
  const alarm = alarms[firstPlace(alarms.length, (n) => (alarms[n]?.to ?? 0) > from)];
  return alarm !== undefined && Math.max(alarm.from, from) < Math.min(alarm.to, to);
}

/** The places of the records within a label's time: from the first one up to before `to`. */
function within(label: Label, times: Float64Array): { from: number; to: number } {
  const [first, last] = [Date.parse(label.from), Date.parse(label.to)];
  return {
    from: firstPlace(times.length, (n) => (times[n] ?? 0) >= first),
    to: firstPlace(times.length, (n) => (times[n] ?? 0) > last),
  };
}

/**
 * The fewest alarms that miss nothing; without labels, the lowest threshold in the declared window that is quiet enough. Never one
 * that does not fire at all: the archive says nothing of it.
 */
function suggested(
  settings: readonly Setting[],
  declared: Threshold,
  times: Float64Array,
  labels: readonly Label[],
  span: number,
): Pick<Tuning, 'suggestion' | 'noSuggestion'> {
  if (times.length === 0) return { noSuggestion: 'no record matches' };
  const firing = settings.filter(({ alarms }) => alarms > 0);
  if (labels.length === 0) return unlabelled(firing, declared, span);
  const empty = labels.filter((label) => {
    const { from, to } = within(label, times);
    return from === to;
  });
  if (empty.length > 0) {
    return { noSuggestion: `no matching record lies in the time of ${empty.map(({ name }) => name).join(', ')}` };
  }
  const [best] = firing
    .filter(({ missed }) => missed.length === 0)
    // Of equal ones that with the least change, then the stricter.
    .sort((a, b) => a.alarms - b.alarms || distance(a, declared) - distance(b, declared) || b.atLeast - a.atLeast);
  const all = labels.length === 1 ? 'the labelled incident' : `all ${labels.length} labelled incidents`;
  return best
    ? { suggestion: { setting: best, why: `the fewest alarms of all settings that catch ${all}` } }
    : { noSuggestion: 'every setting misses one of the labelled incidents' };
}

function unlabelled(
  firing: readonly Setting[],
  declared: Threshold,
  span: number,
): Pick<Tuning, 'suggestion' | 'noSuggestion'> {
  if (declared.atLeast === 1) {
    return {
      noSuggestion:
        'one record is enough for this detection, and nothing labelled says what a higher threshold would miss',
    };
  }
  if (span < ENOUGH) {
    return {
      noSuggestion: `the archive covers ${daysText(span / DAY)}: too short to say how many alarms a week are too many`,
    };
  }
  const quiet = firing.find(({ withinMinutes, perWeek }) => withinMinutes === declared.withinMinutes && perWeek <= 1);
  return quiet
    ? {
        suggestion: {
          setting: quiet,
          why: 'the lowest threshold with at most one alarm a week; no labelled incident says what it would miss',
        },
      }
    : { noSuggestion: 'within the declared window, what fires at all fires more than once a week' };
}

/** `30 days`, `1.5 days`, `less than a day`. */
export const daysText = (days: number): string =>
  days < 1 ? 'less than a day' : plural(Math.floor(days * 10) / 10, 'day');

const distance = (a: Threshold, b: Threshold): number =>
  Math.abs(Math.log(a.atLeast / b.atLeast)) + Math.abs(Math.log(a.withinMinutes / b.withinMinutes));

/** What separates the noise, judged from the records whose texts are kept: nothing is known of the others' fields. */
function separatorsOf(
  { kept, threshold }: SubjectResult,
  labels: readonly Label[],
): Pick<Tuning, 'separators' | 'judgedOn' | 'unjudged'> {
  const judged = kept.filter(({ record }) => record !== undefined);
  const records = judged.map(recordIn);
  const times = Float64Array.from(judged, ({ time }) => time);
  const all = outcome(times, threshold, labels);
  const separators = FIELDS.flatMap((path) => valuesOf(path, records))
    .filter(({ at }) => at.size >= Math.max(2, records.length * LEAST_SHARE) && at.size < records.length)
    .map(({ path, value, at }): Separator => {
      const left = outcome(
        times.filter((_, n) => !at.has(n)),
        threshold,
        labels,
      );
      return {
        ...{ path, value, records: at.size, alarms: all.alarms, alarmsLeft: left.alarms },
        ...{ missed: left.missed, match: is(path, value) },
      };
    })
    .filter(({ alarms, alarmsLeft }) => alarmsLeft < alarms)
    .sort((a, b) => a.missed.length - b.missed.length || a.alarmsLeft - b.alarmsLeft || b.records - a.records)
    .slice(0, MOST_SEPARATORS);
  if (judged.length === kept.length) return { separators };
  const unjudged = all.missed;
  return {
    // What is missed with all of these records says nothing against a separator.
    separators: separators.map((one) => ({ ...one, missed: one.missed.filter((name) => !unjudged.includes(name)) })),
    judgedOn: judged.length,
    ...(unjudged.length > 0 ? { unjudged } : {}),
  };
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
