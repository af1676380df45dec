import { describe, expect, it } from 'vitest';
import { markdownTable, textTable } from '../../bench/table.ts';

const table = {
  head: ['playbook of', 'n', 'contained p50', 'flat'],
  rows: [
    ['trail-tampering', '10', '612 ms', 'yes'],
    ['root-usage', '9', '-', 'no'],
  ],
};

describe('a table', () => {
  it('is aligned for a terminal, numbers at the right', () => {
    expect(textTable(table).split('\n')).toEqual([
      'playbook of       n  contained p50  flat',
      '---------------  --  -------------  ----',
      'trail-tampering  10         612 ms  yes',
      'root-usage        9              -  no',
    ]);
  });

  it('says in Markdown which columns are numbers', () => {
    expect(markdownTable(table).split('\n')).toEqual([
      '| playbook of | n | contained p50 | flat |',
      '| --- | ---: | ---: | --- |',
      '| trail-tampering | 10 | 612 ms | yes |',
      '| root-usage | 9 | - | no |',
    ]);
  });

  it('keeps a bar of a cell inside its cell', () => {
    expect(markdownTable({ head: ['a'], rows: [['x|y']] })).toBe('| a |\n| --- |\n| x\\|y |');
  });

  it('without rows is its heading', () => {
    expect(textTable({ head: ['a', 'bc'], rows: [] })).toBe('a  bc\n-  --');
  });
});
