/** A table: its columns' headings, and its rows with as many cells. */
export interface Table {
  head: readonly string[];
  rows: readonly (readonly string[])[];
}

/** Cells that are aligned right: numbers with their unit, and what stands for a missing one. */
const isNumber = (cell: string): boolean => /^(?:[-–]|[<≈]?-?[\d.,]+(?: ?(?:ms|s|x|%))?)$/.test(cell);

/** The column is one of numbers: all its cells are. */
const isRight = ({ rows }: Table, column: number): boolean =>
  rows.length > 0 && rows.every((row) => isNumber(row[column] ?? ''));

function widths({ head, rows }: Table): number[] {
  return head.map((title, column) => Math.max(title.length, ...rows.map((row) => row[column]?.length ?? 0)));
}

/** The table for a terminal: columns two spaces apart, numbers at the right. */
export function textTable(table: Table): string {
  const width = widths(table);
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, at) => (isRight(table, at) ? cell.padStart(width[at] ?? 0) : cell.padEnd(width[at] ?? 0)))
      .join('  ')
      .trimEnd();
  return [line(table.head), line(width.map((length) => '-'.repeat(length))), ...table.rows.map(line)].join('\n');
}

/** The table in Markdown. A bar in a cell is escaped: it would end the cell. */
export function markdownTable(table: Table): string {
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  const rule = table.head.map((_, column) => (isRight(table, column) ? '---:' : '---'));
  return [line(table.head), line(rule), ...table.rows.map(line)].join('\n');
}
