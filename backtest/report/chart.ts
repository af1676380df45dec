import type { Shares } from '../backtest.ts';
import { escaped } from './escaped.ts';

/** A point in time that a chart counts or marks, in ms. */
export interface Timeline {
  times: readonly number[];
  /** Marked above the bars. */
  marks: readonly number[];
  from: number;
  to: number;
}

const WIDTH = 960;
const HEIGHT = 150;
const MARGIN = { left: 44, right: 8, top: 20, bottom: 24 };
const MINUTE = 60_000;
/** Lengths of a bar, in ms: from a minute to a week. */
const STEPS = [1, 5, 15, 60, 180, 720, 1440, 10_080].map((minutes) => minutes * MINUTE);
const MOST_BARS = 120;

/** Bars of how many records there were at each time, with a mark for each alarm, as SVG. Times are UTC. */
export function timelineChart({ times, marks, from, to }: Timeline): string {
  const step = STEPS.find((one) => (to - from) / one <= MOST_BARS) ?? Math.ceil((to - from) / MOST_BARS / WEEK) * WEEK;
  const start = Math.floor(from / step) * step;
  const count = Math.max(1, Math.floor((to - start) / step) + 1);
  const bars = new Array<number>(count).fill(0);
  for (const time of times) {
    const n = Math.floor((time - start) / step);
    if (n >= 0 && n < count) bars[n] = (bars[n] ?? 0) + 1;
  }
  const most = Math.max(1, ...bars);
  const inner = { width: WIDTH - MARGIN.left - MARGIN.right, height: HEIGHT - MARGIN.top - MARGIN.bottom };
  const x = (time: number): number => MARGIN.left + ((time - start) / (count * step)) * inner.width;
  const base = MARGIN.top + inner.height;
  const width = inner.width / count;
  const drawn = bars.map((value, n) => {
    if (value === 0) return '';
    const height = Math.max(1, (value / most) * inner.height);
    const label = `${day(start + n * step, step)}: ${value.toLocaleString('en-US')} records`;
    return `<rect class="bar" x="${fixed(x(start + n * step) + 0.5)}" y="${fixed(base - height)}" width="${fixed(Math.max(1, width - 1))}" height="${fixed(height)}"><title>${escaped(label)}</title></rect>`;
  });
  const alarms = marks.map((time) => {
    const at = x(time);
    return `<path class="mark" d="M${fixed(at - 4)} 4h8l-4 8z"><title>${escaped(`alarm at ${new Date(time).toISOString()}`)}</title></path>`;
  });
  return [
    `<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="Matching records and alarms over time">`,
    `<line class="axis" x1="${MARGIN.left}" x2="${WIDTH - MARGIN.right}" y1="${base}" y2="${base}"/>`,
    `<text class="tick" x="${MARGIN.left - 6}" y="${MARGIN.top + 8}" text-anchor="end">${most.toLocaleString('en-US')}</text>`,
    `<text class="tick" x="${MARGIN.left - 6}" y="${base}" text-anchor="end">0</text>`,
    ...ticks(start, count * step).map(
      ({ time, text, anchor }) =>
        `<text class="tick" x="${fixed(x(time))}" y="${HEIGHT - 6}" text-anchor="${anchor}">${escaped(text)}</text>`,
    ),
    ...drawn,
    ...alarms,
    '</svg>',
  ].join('');
}

const WEEK = 7 * 1440 * MINUTE;
const fixed = (value: number): string => value.toFixed(1).replace(/\.0$/, '');

function day(time: number, step: number): string {
  const iso = new Date(time).toISOString();
  return step >= 1440 * MINUTE ? iso.slice(0, 10) : `${iso.slice(0, 10)} ${iso.slice(11, 16)}`;
}

function ticks(start: number, length: number): { time: number; text: string; anchor: string }[] {
  // Within few days, days alone would stand twice, and far from where they begin.
  const step = length > 28 * 1440 * MINUTE ? 1440 * MINUTE : MINUTE;
  return [0, 0.25, 0.5, 0.75, 1].map((part) => ({
    time: start + part * length,
    text: day(start + part * length, step),
    anchor: part === 0 ? 'start' : part === 1 ? 'end' : 'middle',
  }));
}

/** Horizontal bars of the most frequent ones, with their numbers, as a table. */
export function shareBars(heading: string, { first, others }: Shares, most = 8): string {
  const highest = first[0]?.count ?? 1;
  const rows = first
    .slice(0, most)
    .map(
      ({ label, count, sessions }) =>
        `<tr><td class="name">${escaped(label)}${sessions === undefined ? '' : ` <span class="quiet">${sessions.toLocaleString('en-US')} sessions</span>`}</td><td class="share"><svg viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true"><rect class="bar" width="${fixed(Math.max(1, (count / highest) * 100))}" height="10"/></svg></td><td class="number">${count.toLocaleString('en-US')}</td></tr>`,
    );
  const rest = others + Math.max(0, first.length - most);
  return `<table class="shares"><caption>${escaped(heading)}${rest > 0 ? ` <span class="quiet">and ${rest.toLocaleString('en-US')} more</span>` : ''}</caption><tbody>${rows.join('')}</tbody></table>`;
}
