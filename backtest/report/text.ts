import { plain, plural } from '../../playbooks/report/words.ts';
import { actorsOf, type BacktestResult, type Shares, type SubjectResult } from '../backtest.ts';

/** So many alarms of a detection are written out. */
const MOST_ALARMS = 20;
const MOST_PROBLEMS = 20;

const when = (time: number): string =>
  new Date(time)
    .toISOString()
    .replace(/\.\d+Z$/, 'Z')
    .replace('T', ' ');
const number = (count: number): string => count.toLocaleString('en-US');

/** A result for the terminal. */
export function textReport(result: BacktestResult): string {
  const repeated = result.records - result.events;
  return [
    ...(result.complete
      ? []
      : ['PARTIAL: ended early. What follows is true of the files read so far, and of no others.', '']),
    `${plural(result.files, 'file')}, ${plural(result.events, 'event')}${repeated > 0 ? ` (${number(repeated)} more delivered again)` : ''}`,
    '',
    ...table(result),
    ...result.subjects.flatMap(subjectLines),
    ...problemLines(result),
  ].join('\n');
}

function table({ subjects }: BacktestResult): string[] {
  const rows = [
    ['DETECTION', 'MATCHES', 'ALARMS', 'THRESHOLD'],
    ...subjects.map(({ id, kept, alarms, threshold }) => [
      id,
      number(kept.length),
      number(alarms.length),
      `${threshold.atLeast} in ${threshold.withinMinutes} min`,
    ]),
  ];
  const widths = [0, 1, 2, 3].map((column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows.map((row) =>
    row
      .map((cell, n) => (n === 1 || n === 2 ? cell.padStart(widths[n] ?? 0) : cell.padEnd(widths[n] ?? 0)))
      .join('  ')
      .trimEnd(),
  );
}

function subjectLines(subject: SubjectResult): string[] {
  if (subject.kept.length === 0) return [];
  const top = ({ first, others }: Shares): string => {
    const more = others + Math.max(0, first.length - 5);
    const named = first.slice(0, 5).map(({ label, count }) => `${plain(label)} (${number(count)})`);
    return named.join(', ') + (more > 0 ? `, ${number(more)} more` : '');
  };
  return [
    '',
    subject.detection ? `${subject.id}: ${subject.detection.title}` : subject.id,
    `  actors     ${top(subject.actors)}`,
    `  addresses  ${top(subject.addresses)}`,
    ...subject.alarms.slice(0, MOST_ALARMS).flatMap((_, n) => alarmLines(subject, n)),
    ...(subject.alarms.length > MOST_ALARMS
      ? [`  and ${number(subject.alarms.length - MOST_ALARMS)} more alarms`]
      : []),
  ];
}

function alarmLines(subject: SubjectResult, n: number): string[] {
  const alarm = subject.alarms[n];
  if (!alarm) return [];
  const actors = actorsOf(subject, alarm);
  const named = actors.slice(0, 3).map(plain).join(', ') + (actors.length > 3 ? `, ${actors.length - 3} more` : '');
  const incident = subject.incidents[n];
  return [
    `  ${when(alarm.time)}  ${plural(alarm.to - alarm.from, 'record')}  ${named}`,
    ...(incident?.would ?? []).map(({ action, mode, target }) => `      ${verbs[mode]} ${action}: ${plain(target)}`),
    ...(incident && incident.would.length === 0 && incident.harmless > 0
      ? ['      would have closed it as harmless']
      : []),
    ...(incident?.partial ? ['      not all of its records are kept, so there may be more'] : []),
  ];
}

const verbs = { auto: 'would have done', approve: 'would have proposed', monitor: 'would have noted' } as const;

/** What was wrong with the files, after an empty line; nothing where nothing was. */
export function problemLines({ problems, problemCount }: BacktestResult): string[] {
  if (problemCount === 0) return [];
  const rest = problemCount - Math.min(problems.length, MOST_PROBLEMS);
  return [
    '',
    `${plural(problemCount, 'problem')} with the files:`,
    ...problems
      .slice(0, MOST_PROBLEMS)
      .map(({ file, offset, reason }) => `  ${plain(file)} at ${offset}: ${plain(reason)}`),
    ...(rest > 0 ? [`  and ${number(rest)} more`] : []),
  ];
}
