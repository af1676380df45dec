import { plural } from '../../playbooks/report/words.ts';
import { actorsOf, type BacktestResult, type SubjectResult } from '../backtest.ts';
import { shareBars, timelineChart } from './chart.ts';
import { escaped } from './escaped.ts';
import { style } from './style.ts';

/** So many alarms of a detection, and problems, are written out. */
const MOST_ALARMS = 200;
const MOST_PROBLEMS = 200;

const number = (count: number): string => count.toLocaleString('en-US');
const when = (time: number): string =>
  new Date(time)
    .toISOString()
    .replace('T', ' ')
    .replace(/\.\d+Z$/, 'Z');

/** A result as one HTML page that needs nothing else: charts, alarms, what would have been done, and what could not be read. */
export function htmlReport(result: BacktestResult, { archive, now }: { archive: string; now: Date }): string {
  const range = rangeOf(result);
  const title = `Backtest of ${archive}`;
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
    `<p class="quiet">Made ${escaped(when(now.getTime()))}. All times are UTC.${range ? ` Matching records from ${escaped(when(range.from))} to ${escaped(when(range.to))}.` : ''}</p>`,
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

function rangeOf({ subjects }: BacktestResult): { from: number; to: number } | undefined {
  const ends = subjects.flatMap(({ kept }) => (kept.length > 0 ? [kept[0]?.time ?? 0, kept.at(-1)?.time ?? 0] : []));
  return ends.length > 0 ? { from: Math.min(...ends), to: Math.max(...ends) } : undefined;
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
const verbs = { auto: 'done', approve: 'proposed', monitor: 'noted' } as const;

function alarmTable(subject: SubjectResult): string {
  const { alarms, incidents, detection } = subject;
  if (alarms.length === 0) return '<p>The threshold was never reached.</p>';
  const rows = alarms.slice(0, MOST_ALARMS).map((alarm, n) => {
    const actors = actorsOf(subject, alarm);
    const addresses = [...new Set(subject.kept.slice(alarm.from, alarm.to).map(({ address }) => address))];
    const cells = [
      `<time>${escaped(when(alarm.time))}</time>`,
      number(alarm.to - alarm.from),
      list(actors.slice(0, 4), actors.length - 4),
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
  const lines = incident.would.map(({ action, mode, target }) => `${verbs[mode]} ${action}: ${target}`);
  if (lines.length === 0 && incident.harmless > 0) lines.push('closed it as harmless');
  if (lines.length === 0) lines.push('reported it, and left it to a person');
  if (incident.partial) lines.push('perhaps more: not all records are kept');
  return list(lines.slice(0, 6), lines.length - 6);
}

const list = (items: readonly string[], more: number): string =>
  [
    ...items.map((item) => `<div>${escaped(item)}</div>`),
    ...(more > 0 ? [`<div class="quiet">${number(more)} more</div>`] : []),
  ].join('');

function problems({ problems: all, problemCount }: BacktestResult): string {
  if (problemCount === 0) return '<h2>Files</h2><p>Every file could be read.</p>';
  const rows = all
    .slice(0, MOST_PROBLEMS)
    .map(
      ({ file, offset, reason }) =>
        `<tr><td class="path">${escaped(file)}</td><td class="number">${number(offset)}</td><td>${escaped(reason)}</td></tr>`,
    );
  const more = problemCount - rows.length;
  return [
    `<h2>${escaped(plural(problemCount, 'problem'))} with the files</h2>`,
    '<p class="quiet">Everything else was read and counts. Offsets are bytes of the text, after decompression.</p>',
    `<table><thead><tr><th>File</th><th class="number">Offset</th><th>What is wrong</th></tr></thead><tbody>${rows.join('')}</tbody></table>`,
    more > 0 ? `<p class="quiet">and ${number(more)} more</p>` : '',
  ].join('\n');
}
