import { plain, plural } from '../../playbooks/report/words.ts';
import { actorsOf, type BacktestResult, type Shares, type SubjectResult } from '../backtest.ts';
import { type Asked, askedRecords, matchingTimes } from './asked.ts';
import { incidentSize, MAY_BE_MORE, wouldHave } from './incident-words.ts';
import { shownProblems } from './problems.ts';
import { number, shortened, when } from './words.ts';

/** So many alarms of a detection are written out, problems of so many files, and so many of each. */
const MOST_ALARMS = 20;
const MOST_FILES = 20;
const MOST_OF_A_FILE = 3;

/** A result for the terminal. */
export function textReport(result: BacktestResult, asked: Asked): string {
  const repeated = result.records - result.events;
  const records = askedRecords(asked);
  return [
    ...(result.complete
      ? []
      : ['PARTIAL: ended early. What follows is true of the files read so far, and of no others.', '']),
    `${plural(result.files, 'file')}, ${plural(result.events, 'event')}${repeated > 0 ? ` (${number(repeated)} more delivered again)` : ''}`,
    [...(records ? [records] : []), matchingTimes(result)].join(' '),
    ...(asked.pattern === undefined ? [] : [`Pattern: ${plain(asked.pattern)}`]),
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
    const named = first.slice(0, 5).map(({ label, count, sessions }) => {
      const within = sessions === undefined ? '' : ` in ${number(sessions)} sessions`;
      return `${plain(label)} (${number(count)}${within})`;
    });
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
  const size = incidentSize(subject, alarm, incident);
  const records =
    plural(alarm.to - alarm.from, 'record') + (size ? ` (incident: ${size.records}, ${size.actors})` : '');
  return [
    `  ${when(alarm.time)}  ${records}  ${named}`,
    ...(incident ? wouldHave(incident).map((one) => `      would have ${plain(one)}`) : []),
    ...(incident?.partial ? [`      ${MAY_BE_MORE}`] : []),
  ];
}

/** What was wrong with the files, after an empty line; nothing where nothing was. */
export function problemLines(result: BacktestResult): string[] {
  if (result.problemCount === 0) return [];
  const { files, rest } = shownProblems(result, { mostFiles: MOST_FILES, mostEach: MOST_OF_A_FILE });
  return [
    '',
    `${plural(result.problemCount, 'problem')} with the files:`,
    ...files.flatMap(({ file, first, more }) => [
      ...first.map(
        ({ offset, reason }, n) =>
          `${n === 0 ? `  ${shortened(file)}` : '     '} at ${offset}: ${shortened(reason, 300)}`,
      ),
      ...(more ? [`      ${more}`] : []),
    ]),
    ...(rest ? [`  ${rest}`] : []),
  ];
}
