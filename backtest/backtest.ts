import { type AlarmTime, alarmTimes, type Threshold } from '../playbooks/alarm-times.ts';
import type { Detection } from '../playbooks/detection.ts';
import type { Criterion } from './criterion.ts';
import type { PastIncident } from './incidents.ts';
import { type InputFile, readAll } from './pool.ts';
import type { Kept } from './rows.ts';
import { compileScanner } from './scan/compile.ts';
import { type Problem, Tally } from './tally.ts';
import { workerCode } from './worker-code.ts';

/** What is tried on an archive: a detection of the catalog, or a filter pattern under the id `pattern`. */
export interface Subject {
  id: string;
  criterion: Criterion;
  threshold: Threshold;
  /** Undefined for a pattern, which has no playbook. */
  detection?: Detection;
}

/** What a run needs. */
export interface BacktestOptions {
  subjects: readonly Subject[];
  files: AsyncIterable<InputFile> | Iterable<InputFile>;
  workers: number;
  /** Times in ms: records from `since` on, and before `until`. */
  since?: number | undefined;
  until?: number | undefined;
  /** Keeps texts of records for all detections, not for those alone that a playbook judges. */
  keepTexts?: boolean;
  /** Ends the run early; the result then says that it is partial. */
  signal?: AbortSignal | undefined;
  /** Called when some files were read, with what they were, or a part of large ones, with none; and with what is known by then. */
  onFiles?: (files: readonly InputFile[], tally: Tally) => void;
}

/** How often somebody or something appears among matching records. */
export interface Share {
  label: string;
  count: number;
  /** Of a role, in how many sessions, where there are several. */
  sessions?: number;
}

/** Those that appear most often, the most frequent first and of equal ones by name, and how many others there are. */
export interface Shares {
  first: readonly Share[];
  others: number;
}

/** What came of one subject. */
export interface SubjectResult {
  id: string;
  threshold: Threshold;
  detection?: Detection;
  /** Matching records, in order of time, each eventID once. */
  kept: readonly Kept[];
  alarms: readonly AlarmTime[];
  /** One for each alarm; none for a pattern. */
  incidents: readonly PastIncident[];
  actors: Shares;
  addresses: Shares;
}

/** What came of a run. */
export interface BacktestResult {
  files: number;
  /** Distinct events read. */
  events: number;
  /** Records read: events that were delivered twice count twice. */
  records: number;
  problems: readonly Problem[];
  /** All problems, of which only the first are listed. */
  problemCount: number;
  /** False where the run was ended early: the result is that of the files read. */
  complete: boolean;
  /** How long a time the archive covers, in ms, as far as files' names and matching records tell. */
  span: number;
  subjects: readonly SubjectResult[];
}

/** What is looked for, and for whom: the subjects' own criteria, and behind them those of records that are related to a detection's. */
const sought = (subjects: readonly Subject[]): { subject: Subject; criterion: Criterion }[] => [
  ...subjects.map((subject) => ({ subject, criterion: subject.criterion })),
  ...subjects.flatMap((subject) => {
    const { related } = subject.detection ?? {};
    return related ? [{ subject, criterion: { match: related.when } }] : [];
  }),
];

/** The criteria that are looked for. */
export const criteriaOf = (subjects: readonly Subject[]): Criterion[] =>
  sought(subjects).map(({ criterion }) => criterion);

/** Has those texts of records kept that a playbook which acts is to judge, or those of all detections. */
export async function keepTexts(tally: Tally, subjects: readonly Subject[], ofAll = false): Promise<void> {
  const incidents = await incidentsFor(subjects);
  const isJudged = ({ detection }: Subject): boolean =>
    detection !== undefined && (ofAll || incidents?.isJudged(detection) === true);
  tally.want(sought(subjects).map(({ subject }) => isJudged(subject)));
}

/** Reads an archive, and finds out what would have happened. @throws InvalidPath, InvalidFilterPattern */
export async function backtest(options: BacktestOptions): Promise<BacktestResult> {
  const { subjects } = options;
  const criteria = criteriaOf(subjects);
  const tally = new Tally(criteria.length);
  const reading = readAll({
    ...options,
    module: compileScanner(),
    code: await workerCode(),
    criteria,
    full: tally.full,
    // There is time for it while workers get ready.
    ready: keepTexts(tally, subjects, options.keepTexts),
    onReport: (report, files) => {
      const names = files.map(({ name }) => name);
      tally.add(report, names);
      options.onFiles?.(report.done ? files : [], tally);
    },
  });
  return resultOf(tally, subjects, await reading);
}

type Incidents = typeof import('./incidents.ts');

/** What tells of incidents. Only detections need it, at the end of a run, and it is more than all else that a run needs. */
const incidentsFor = async (subjects: readonly Subject[]): Promise<Incidents | undefined> =>
  subjects.some(({ detection }) => detection) ? import('./incidents.ts') : undefined;

/** Draws the results from what was added up by the {@link criteriaOf} the subjects. */
export async function resultOf(tally: Tally, subjects: readonly Subject[], complete: boolean): Promise<BacktestResult> {
  const incidents = await incidentsFor(subjects);
  let behind = subjects.length;
  return {
    files: tally.files,
    events: tally.events(),
    records: tally.records,
    problems: tally.problems,
    problemCount: tally.problemCount,
    complete,
    span: tally.span,
    subjects: subjects.map((subject, n) => {
      const related = subject.detection?.related ? tally.kept(behind++) : [];
      return subjectResult(subject, tally.kept(n), related, incidents);
    }),
  };
}

/** What came of one subject, from its matching records in order of their time. */
function subjectResult(
  subject: Subject,
  kept: readonly Kept[],
  related: readonly Kept[],
  incidents: Incidents | undefined,
): SubjectResult {
  const { id, threshold, detection } = subject;
  const alarms = alarmTimes(
    kept.map(({ time }) => time),
    threshold,
  );
  return {
    ...{ id, threshold, kept, alarms },
    ...(detection ? { detection } : {}),
    incidents: (detection && incidents?.pastIncidents(id, detection, alarms, kept, related)) ?? [],
    actors: shares(kept, actors),
    addresses: shares(kept, addresses),
  };
}

/** As many are named. */
const MOST_NAMED = 20;

/** What {@link shares} has to know: numbers tell things and their parts apart. */
interface Sharing<T> {
  keyOf: (one: T) => number;
  partOf?: (one: T) => number;
  /** What to call one, of so many parts. */
  labelOf: (one: T, parts: number) => string;
}

interface Group<T> {
  one: T;
  count: number;
  parts: Set<number>;
}

/** How often things appear. */
export function shares<T>(of: readonly T[], { keyOf, partOf, labelOf }: Sharing<T>): Shares {
  const groups = new Map<number, Group<T>>();
  for (const one of of) {
    const key = keyOf(one);
    let group = groups.get(key);
    if (!group) {
      group = { one, count: 0, parts: new Set() };
      groups.set(key, group);
    }
    group.count += 1;
    if (partOf) group.parts.add(partOf(one));
  }
  const all = [...groups.values()];
  const least = Uint32Array.from(all, ({ count }) => count)
    .sort()
    .at(-MOST_NAMED);
  // There may be very many, of which few are ever named.
  const first = all
    .filter(({ count }) => count >= (least ?? 0))
    .map(({ one, count, parts: { size } }) => ({
      ...{ label: labelOf(one, size), count },
      ...(size > 1 ? { sessions: size } : {}),
    }))
    .sort((a, b) => b.count - a.count || (a.label < b.label ? -1 : 1))
    .slice(0, MOST_NAMED);
  return { first, others: groups.size - first.length };
}

/** By role rather than by session, of which a role may have very many. */
const actors: Sharing<Kept> = {
  keyOf: ({ who }) => who,
  partOf: ({ session }) => session,
  labelOf: ({ label, name }, sessions) => (sessions > 1 ? name : label),
};
const addresses: Sharing<Kept> = {
  keyOf: ({ where }) => where,
  labelOf: ({ address }) => address || 'no address',
};

/** Everybody who is behind an alarm's records, in the order in which they appear. */
export function actorsOf(result: SubjectResult, { from, to }: { from: number; to: number }): string[] {
  return [...new Set(result.kept.slice(from, to).map(({ label }) => label))];
}
