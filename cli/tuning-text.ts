import { daysText, type Setting, type Tuning } from '../backtest/tune.ts';
import { plain, plural } from '../playbooks/report/words.ts';

/** Tunings for the terminal, one paragraph each; those without a matching record in one line at the end. */
export function tuningTexts(tunings: readonly Tuning[]): string[] {
  const idle = tunings.filter(({ matches }) => matches === 0);
  const missed = idle.flatMap(({ id, settings }) =>
    (settings[0]?.missed ?? []).map((name) => `${plain(name)} (${id})`),
  );
  return [
    ...tunings.filter(({ matches }) => matches > 0).map(tuningText),
    ...(idle.length > 0
      ? [
          [
            `No matching records: ${idle.map(({ id }) => id).join(', ')}.`,
            ...(missed.length > 0
              ? [`So these labelled incidents are missed at any threshold: ${missed.join(', ')}.`]
              : []),
          ].join('\n'),
        ]
      : []),
  ];
}

function tuningText(tuning: Tuning): string {
  const { id, days, matches, labels, settings, suggestion, noSuggestion } = tuning;
  const [only, ...others] = settings;
  return [
    `${id}: ${plural(matches, 'matching record')} in ${daysText(days)}, ${labels > 0 ? plural(labels, 'labelled incident') : 'nothing labelled'}`,
    ...(only && others.length === 0
      ? [`${settingText(only)}, as declared: ${plural(only.alarms, 'alarm')}, ${only.perWeek} a week.`]
      : tableOf(tuning)),
    ...(suggestion ? [`Suggested: ${settingText(suggestion.setting)}, ${suggestion.why}.`] : []),
    ...(noSuggestion ? [`No setting is suggested: ${plain(noSuggestion)}.`] : []),
    ...noiseLines(tuning),
  ].join('\n');
}

const settingText = ({ atLeast, withinMinutes }: Setting): string => `${atLeast} in ${withinMinutes} min`;

/** Alarms a week for each threshold (down) and window (across). */
function tableOf({ declared, settings }: Tuning): string[] {
  const windows = [...new Set(settings.map(({ withinMinutes }) => withinMinutes))];
  const thresholds = [...new Set(settings.map(({ atLeast }) => atLeast))];
  // What more records never came together for is one line, not many of zeros.
  const most = Math.max(declared.atLeast, ...settings.map(({ alarms, atLeast }) => (alarms > 0 ? atLeast : 0)));
  const silent = thresholds.find((atLeast) => atLeast > most);
  const cell = (atLeast: number, withinMinutes: number): string => {
    const one = settings.find((each) => each.atLeast === atLeast && each.withinMinutes === withinMinutes);
    if (!one) return '';
    const mark = atLeast === declared.atLeast && withinMinutes === declared.withinMinutes ? '*' : '';
    return `${mark}${one.perWeek}${one.missed.length > 0 ? ` -${one.missed.length}` : ''}`;
  };
  const rows = [
    ['at least', ...windows.map((window) => `${window} min`)],
    ...thresholds
      .filter((atLeast) => atLeast <= most)
      .map((atLeast) => [String(atLeast), ...windows.map((window) => cell(atLeast, window))]),
  ];
  return [
    'Alarms a week by threshold and window (* as declared; -N: so many labelled incidents would be missed):',
    ...rows.map((row) => `  ${row.map((text) => text.padStart(10)).join('')}`),
    ...(silent === undefined ? [] : [`  no alarm at all from ${silent} on`]),
  ];
}

function noiseLines({ matches, declared, settings, separators, judgedOn, unjudged = [] }: Tuning): string[] {
  const asDeclared = settings.find(
    ({ atLeast, withinMinutes }) => atLeast === declared.atLeast && withinMinutes === declared.withinMinutes,
  );
  if (asDeclared?.alarms === 0) return [];
  // What seldom fires makes no noise.
  if (separators.length === 0 && (asDeclared?.perWeek ?? 0) <= 1) return [];
  if (judgedOn === 0) {
    return ['What separates the noise is not known: no text of its records is kept. Tune it alone, or fewer days.'];
  }
  return [
    separators.length > 0
      ? 'What separates the noise (a suppression with the match takes it away):'
      : 'Nothing separates the noise: no value of a field that some of the records have makes alarms of its own.',
    ...(judgedOn === undefined
      ? []
      : [
          `  judged on the first ${plural(judgedOn, 'record')} of ${matches.toLocaleString('en-US')}, in the order of files`,
        ]),
    ...(unjudged.length > 0 ? [`  no alarm among those is of ${unjudged.map(plain).join(', ')}`] : []),
    ...separators.map(
      ({ path, value, records, alarms, alarmsLeft, missed }) =>
        `  ${path} = ${plain(value).slice(0, 80)}: ${plural(records, 'record')}, leaves ${alarmsLeft.toLocaleString('en-US')} of ${plural(alarms, 'alarm')}` +
        (missed.length > 0 ? `, misses ${missed.map(plain).join(', ')}` : ''),
    ),
  ];
}
