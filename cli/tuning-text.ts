import type { Tuning } from '../backtest/tune.ts';
import { plain, plural } from '../playbooks/report/words.ts';

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
