import { readFileSync } from 'node:fs';
import { type Label, labelsSchema, type Tuning, tune } from '../backtest/tune.ts';
import { plain, plural } from '../playbooks/report/words.ts';
import {
  archiveOf,
  BACKTEST_USAGE,
  exitCodeOf,
  locally,
  parseBacktest,
  type Surroundings,
  subjectsOf,
} from './backtest.ts';
import { CliFailure } from './failure.ts';

/** Runs `tune`. Resolves to the exit code. @throws {CliFailure} */
export async function run(args: string[], surroundings: Surroundings): Promise<number> {
  const command = parseBacktest(args);
  if (command.help) {
    surroundings.out(BACKTEST_USAGE);
    return 0;
  }
  const { path, labels: file } = command;
  if (path === undefined)
    throw new CliFailure('usage', `tune needs a file, a folder or s3://BUCKET/PREFIX.\n${BACKTEST_USAGE}`);
  const labels = file === undefined ? [] : labelsIn(file);
  const result = await locally(command, subjectsOf(command), await archiveOf(path, command), surroundings);
  const tunings = result.subjects.map((subject) => tune(subject, labels, result.span));
  surroundings.out(command.json ? JSON.stringify(tunings, null, 2) : tunings.map(tuningText).join('\n\n'));
  return exitCodeOf(result);
}

function labelsIn(file: string): Label[] {
  try {
    return labelsSchema.parse(JSON.parse(readFileSync(file, 'utf8')));
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new CliFailure(
      'usage',
      `${file} must hold a list of {"detection","name","from","to"}, with times such as 2026-05-01T03:00:00Z: ${reason}`,
      { cause: error },
    );
  }
}

/** A tuning for the terminal: alarms a week for each threshold (down) and window (across). */
export function tuningText(tuning: Tuning): string {
  const { id, declared, weeks, matches, labels, settings, suggestion, separators } = tuning;
  const windows = [...new Set(settings.map(({ withinMinutes }) => withinMinutes))];
  const thresholds = [...new Set(settings.map(({ atLeast }) => atLeast))];
  const cell = (atLeast: number, withinMinutes: number): string => {
    const one = settings.find((each) => each.atLeast === atLeast && each.withinMinutes === withinMinutes);
    if (!one) return '';
    const mark = atLeast === declared.atLeast && withinMinutes === declared.withinMinutes ? '*' : '';
    return `${mark}${one.perWeek}${one.missed.length > 0 ? ` -${one.missed.length}` : ''}`;
  };
  const rows = [
    ['at least', ...windows.map((window) => `${window} min`)],
    ...thresholds.map((atLeast) => [String(atLeast), ...windows.map((window) => cell(atLeast, window))]),
  ];
  return [
    `${id}: ${plural(matches, 'matching record')} in ${weeks} weeks, ${plural(labels, 'labelled incident')}`,
    'Alarms a week by threshold and window (* as declared; -N: so many labelled incidents would be missed):',
    ...rows.map((row) => `  ${row.map((text) => text.padStart(10)).join('')}`),
    ...(suggestion
      ? [`Suggested: ${suggestion.setting.atLeast} in ${suggestion.setting.withinMinutes} min, ${suggestion.why}.`]
      : ['No setting is suggested: none is quiet enough without missing what is labelled.']),
    ...(separators.length > 0 ? ['What separates the noise (a suppression with the match takes it away):'] : []),
    ...separators.map(
      ({ path, value, records, alarmsLeft, missed }) =>
        `  ${path} = ${plain(value).slice(0, 80)}: ${plural(records, 'record')}, leaves ${plural(alarmsLeft, 'alarm')}` +
        (missed.length > 0 ? `, misses ${missed.map(plain).join(', ')}` : ''),
    ),
  ].join('\n');
}
