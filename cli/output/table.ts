import stringWidth from 'string-width';
import { plain } from '../../playbooks/report/words.ts';
import type { Out } from './out.ts';
import type { Style } from './paint.ts';

/** One column of a table. What it shows is made visible and harmless before it is shown. */
export interface Column<T> {
  heading: string;
  text: (row: T) => string;
  style?: (row: T) => Style | undefined;
  /** May be broken into lines where the terminal is too narrow. What is to be copied, an id say, never is. */
  wraps?: true;
  /** May be left out where the terminal is too narrow, the first such column first: what another one says, too. */
  spare?: true;
}

const GAP = '  ';
/** A column that wraps is never made narrower than this. */
const NARROWEST = 20;

/**
 * The rows as aligned columns. In a terminal that is too narrow, columns that wrap give way, and spare ones go; where that
 * is not enough, each row becomes a block of labelled lines, so that nothing is ever cut off.
 */
export function table<T>(all: readonly Column<T>[], rows: readonly T[], out: Pick<Out, 'size' | 'paint'>): string {
  const found = fitting(all, rows, out.size?.columns);
  if (!found) return blocks(all, rows, out);
  const { columns, widths } = found;
  const heading = line(
    columns.map((column) => column.heading),
    widths,
    (text) => out.paint('strong', text),
  );
  const lines = rows.flatMap((row) => {
    const wrapped = columns.map((column, index) => wrap(cell(column, row), widths[index] ?? 0));
    return Array.from({ length: Math.max(...wrapped.map(({ length }) => length)) }, (_, part) =>
      line(
        wrapped.map((parts) => parts[part] ?? ''),
        widths,
        (text, index) => out.paint(columns[index]?.style?.(row), text),
      ),
    );
  });
  return [heading, ...lines].join('\n');
}

const cell = <T>(column: Column<T>, row: T): string => plain(column.text(row));

/** As many of the columns as fit, and their widths; undefined where not even those fit that must be there. */
function fitting<T>(
  columns: readonly Column<T>[],
  rows: readonly T[],
  room: number | undefined,
): { columns: readonly Column<T>[]; widths: number[] } | undefined {
  const natural = columns.map((column) =>
    Math.max(stringWidth(column.heading), ...rows.map((row) => stringWidth(cell(column, row)))),
  );
  const widths = widthsFor(columns, natural, room);
  if (widths) return { columns, widths };
  const spare = columns.findIndex((column) => column.spare);
  if (spare < 0) return undefined;
  return fitting(
    columns.filter((_, index) => index !== spare),
    rows,
    room,
  );
}

function line(cells: string[], widths: number[], paint: (text: string, index: number) => string): string {
  const last = cells.findLastIndex((cell) => cell !== '');
  return cells
    .slice(0, last + 1)
    .map((cell, index) => {
      const pad = index === last ? '' : ' '.repeat(Math.max(0, (widths[index] ?? 0) - stringWidth(cell)));
      return `${paint(cell, index)}${pad}`;
    })
    .join(GAP);
}

/** The width of each column, or undefined where they do not fit. */
function widthsFor<T>(
  columns: readonly Column<T>[],
  natural: number[],
  room: number | undefined,
): number[] | undefined {
  const over = (widths: number[]): number =>
    widths.reduce((sum, width) => sum + width, GAP.length * (widths.length - 1)) - (room ?? Number.POSITIVE_INFINITY);
  const widths = [...natural];
  for (let excess = over(widths); excess > 0; excess = over(widths)) {
    const [widest] = columns
      .map(({ wraps }, index) => ({ index, width: wraps ? (widths[index] ?? 0) : 0 }))
      .sort((a, b) => b.width - a.width);
    if (!widest || widest.width <= NARROWEST) return undefined;
    widths[widest.index] = Math.max(NARROWEST, widest.width - excess);
  }
  return widths;
}

function blocks<T>(
  columns: readonly Column<T>[],
  rows: readonly T[],
  { paint, size }: Pick<Out, 'size' | 'paint'>,
): string {
  const label = Math.max(...columns.map(({ heading }) => stringWidth(heading)));
  const room = Math.max(NARROWEST, (size?.columns ?? 80) - label - GAP.length);
  return rows
    .map((row) =>
      columns
        .flatMap((column) => {
          const text = cell(column, row);
          if (text === '') return [];
          // What is to be copied is left whole: the terminal breaks it, and copies it unbroken.
          const parts = column.wraps ? wrap(text, room) : [text];
          return parts.map(
            (part, number) =>
              `${paint('strong', (number === 0 ? column.heading : '').padEnd(label))}${GAP}${paint(column.style?.(row), part)}`,
          );
        })
        .join('\n'),
    )
    .join('\n\n');
}

/** A text in lines of at most `width`, broken between words where there are any. */
export function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let current = '';
  for (const word of text.split(' ').flatMap((one) => pieces(one, width))) {
    const longer = current === '' ? word : `${current} ${word}`;
    if (stringWidth(longer) <= width) current = longer;
    else {
      lines.push(current);
      current = word;
    }
  }
  return [...lines, current];
}

function pieces(word: string, width: number): string[] {
  if (stringWidth(word) <= width) return [word];
  const parts: string[] = [];
  let part = '';
  for (const character of word) {
    if (part !== '' && stringWidth(part + character) > width) {
      parts.push(part);
      part = '';
    }
    part += character;
  }
  return [...parts, part];
}
