import { plural } from '../../playbooks/report/words.ts';
import { actorsOf, type BacktestResult, type SubjectResult } from '../backtest.ts';
import { type Asked, askedRecords, matchingTimes, rangeOf } from './asked.ts';
import { shareBars, timelineChart } from './chart.ts';
import { escaped } from './escaped.ts';
import { incidentSize, MAY_BE_MORE, wouldHave } from './incident-words.ts';
import { shownProblems } from './problems.ts';
import { style } from './style.ts';
import { number, shortened, when } from './words.ts';

/** So many alarms of a detection are written out, problems of so many files, and so many of each. */
const MOST_ALARMS = 200;
const MOST_FILES = 200;
const MOST_OF_A_FILE = 10;

/** A result as one HTML page that needs nothing else: charts, alarms, what would have been done, and what could not be read. */
export function htmlReport(result: BacktestResult, { now, ...asked }: Asked & { now: Date }): string {
  const range = rangeOf(result);
  const records = askedRecords(asked);
  const made = `Made ${when(now.getTime())}. All times are UTC.`;
  const head = [made, ...(records ? [records] : []), matchingTimes(result)];
  const title = `Backtest of ${shortened(asked.archive)}`;
  return [
    '<!doctype html>',
    '<html lang="en">',
    '<head>',
    '<meta charset="utf-8">',
    '<meta name="viewport" content="width=device-width, initial-scale=1">',
    // The page needs nothing from anywhere, and is not to be talked into it by what stands in a record.
    `<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">`,
    `<title>${escaped(title)}</title>`,
    `<style>${style}</style>`,
    '</head>',
    '<body><main>',
    `<h1>${escaped(title)}</h1>`,
    `<p class="quiet">${head.map(escaped).join('<br>')}</p>`,
    ...(asked.pattern === undefined ? [] : [`<p>Pattern: <code>${escaped(asked.pattern)}</code></p>`]),
    ...(result.complete
      ? []
      : [
          '<p class="warning">Partial: the run was ended early. This is true of the files read so far, and of no others.</p>',
        ]),
    figures(result),
    summary(result),
    ...result.subjects.filter(({ kept }) => kept.length > 0).map((subject) => section(subject, range)),
    problems(result),
    '</main></body></html>',
    '',
  ].join('\n');
}

function figures(result: BacktestResult): string {
  const alarms = result.subjects.reduce((sum, subject) => sum + subject.alarms.length, 0);
  const cells: [string, string][] = [
    [number(result.files), 'files'],
    [number(result.events), 'events'],
    [number(alarms), 'alarms'],
    [number(result.problemCount), 'problems with files'],
  ];
  return `<dl class="figures">${cells.map(([value, name]) => `<div><dt>${name}</dt><dd>${value}</dd></div>`).join('')}</dl>`;
}

function summary({ subjects }: BacktestResult): string {
  const rows = subjects.map(({ id, detection, kept, alarms, threshold }) => {
    const name = kept.length > 0 ? `<a href="#${escaped(id)}">${escaped(id)}</a>` : escaped(id);
    return `<tr><td>${name}</td><td>${severity(detection?.severity)}</td><td class="number">${number(kept.length)}</td><td class="number">${number(alarms.length)}</td><td>${threshold.atLeast} in ${threshold.withinMinutes} min</td></tr>`;
  });
  return `<table><thead><tr><th>Detection</th><th>Severity</th><th class="number">Matches</th><th class="number">Alarms</th><th>Threshold</th></tr></thead><tbody>${rows.join('')}</tbody></table>`;
}

const severity = (name: string | undefined): string =>
  name ? `<span class="severity ${name.toLowerCase()}">${escaped(name)}</span>` : '';

function section(subject: SubjectResult, range: { from: number; to: number } | undefined): string {
  const { id, detection, kept, alarms } = subject;
  const times = kept.map(({ time }) => time);
  const chart = timelineChart({
    ...{ times, marks: alarms.map(({ time }) => time) },
    ...{ from: range?.from ?? 0, to: range?.to ?? 0 },
  });
  return [
    `<section id="${escaped(id)}">`,
    `<h2>${escaped(detection?.title ?? id)} ${severity(detection?.severity)}</h2>`,
    `<p class="quiet">${escaped(id)}: ${plural(kept.length, 'matching record')}, ${plural(alarms.length, 'alarm')}.${detection ? ` ${escaped(detection.why)}` : ''}</p>`,
    `<figure>${chart}<figcaption class="quiet">Matching records; a mark above is an alarm.</figcaption></figure>`,
    `<div class="columns">${shareBars('Actors', subject.actors)}${shareBars('Addresses', subject.addresses)}</div>`,
    alarmTable(subject),
    '</section>',
  ].join('\n');
}

/** Of the alarms; where a page is narrow they stand in front of each cell. */
const headings = ['Alarm', 'Records', 'Actors', 'Addresses', 'Would have'] as const;

function alarmTable(subject: SubjectResult): string {
  const { alarms, incidents, detection } = subject;
  if (alarms.length === 0) return '<p>The threshold was never reached.</p>';
  const rows = alarms.slice(0, MOST_ALARMS).map((alarm, n) => {
    const actors = actorsOf(subject, alarm);
    const addresses = [...new Set(subject.kept.slice(alarm.from, alarm.to).map(({ address }) => address))];
    const size = incidentSize(subject, alarm, incidents[n]);
    const cells = [
      `<time>${escaped(when(alarm.time))}</time>`,
      `${number(alarm.to - alarm.from)}${size ? aside(`incident: ${size.records}`) : ''}`,
      `${list(actors.slice(0, 4), actors.length - 4)}${size ? aside(`incident: ${size.actors}`) : ''}`,
      list(addresses.slice(0, 4), addresses.length - 4),
      ...(detection ? [would(incidents[n])] : []),
    ];
    return `<tr>${cells
      .map((cell, k) => `<td data-label="${headings[k]}"${k === 1 ? ' class="number"' : ''}><div>${cell}</div></td>`)
      .join('')}</tr>`;
  });
  const more = alarms.length - MOST_ALARMS;
  return [
    `<table class="alarms"><thead><tr>${headings
      .slice(0, detection ? 5 : 4)
      .map(
        (heading, k) => `<th${k === 1 ? ' class="number"' : ''}>${k === 4 ? 'The playbook would have' : heading}</th>`,
      )
      .join('')}</tr></thead>`,
    `<tbody>${rows.join('')}</tbody></table>`,
    more > 0 ? `<p class="quiet">and ${number(more)} more alarms</p>` : '',
  ].join('');
}

function would(incident: SubjectResult['incidents'][number] | undefined): string {
  if (!incident) return '';
  const lines = wouldHave(incident);
  return `${list(lines.slice(0, 6), lines.length - 6)}${incident.partial ? aside(MAY_BE_MORE) : ''}`;
}

const aside = (text: string): string => `<div class="quiet">${escaped(text)}</div>`;

const list = (items: readonly string[], more: number): string =>
  [...items.map((item) => `<div>${escaped(item)}</div>`), ...(more > 0 ? [aside(`${number(more)} more`)] : [])].join(
    '',
  );

function problems(result: BacktestResult): string {
  if (result.problemCount === 0) return '<h2>Files</h2><p>Every file could be read.</p>';
  const { files, rest } = shownProblems(result, { mostFiles: MOST_FILES, mostEach: MOST_OF_A_FILE });
  const rows = files.flatMap(({ file, first, more }) => [
    ...first.map(
      ({ offset, reason }, n) =>
        `<tr>${n === 0 ? `<td class="path" rowspan="${first.length + (more ? 1 : 0)}">${escaped(shortened(file))}</td>` : ''}<td class="number">${number(offset)}</td><td>${escaped(shortened(reason, 300))}</td></tr>`,
    ),
    ...(more ? [`<tr><td class="number"></td><td class="quiet">${escaped(more)}</td></tr>`] : []),
  ]);
  return [
    `<h2>${escaped(plural(result.problemCount, 'problem'))} with the files</h2>`,
    '<p class="quiet">Everything else was read and counts. Offsets are bytes of the text, after decompression.</p>',
    `<table class="problems"><thead><tr><th>File</th><th class="number">Offset</th><th>What is wrong</th></tr></thead><tbody>${rows.join('')}</tbody></table>`,
    rest ? `<p class="quiet">${escaped(rest)}</p>` : '',
  ].join('\n');
}
