import stringWidth from 'string-width';
import { describe, expect, it } from 'vitest';
import { paintFor, takesColours } from '../../cli/output/paint.ts';
import { Screen } from '../../cli/output/screen.ts';
import { type Column, table, wrap } from '../../cli/output/table.ts';
import { age, left } from '../../cli/output/times.ts';
import { span } from '../../playbooks/report/words.ts';
import { fakeOut } from './out.ts';

interface Row {
  id: string;
  what: string;
}
const columns: Column<Row>[] = [
  { heading: 'WHEN', text: () => '03:00:12Z', spare: true },
  { heading: 'ID', text: ({ id }) => id, style: () => 'bad' },
  { heading: 'WHAT', text: ({ what }) => what, wraps: true },
];
const rows: Row[] = [
  { id: 'a', what: 'the bucket is meant to be public, says the team that owns it' },
  { id: 'trail-tampering-20260501', what: 'short' },
];

describe('a table', () => {
  it('aligns its columns, and is neither wrapped nor cut where there is no terminal', () => {
    expect(table(columns, rows, fakeOut().out).split('\n')).toEqual([
      'WHEN       ID                        WHAT',
      '03:00:12Z  a                         the bucket is meant to be public, says the team that owns it',
      '03:00:12Z  trail-tampering-20260501  short',
    ]);
  });

  it('wraps what may be wrapped where the terminal is narrow, and keeps ids whole', () => {
    const text = table(columns, rows, fakeOut({ columns: 70, rows: 24 }).out);

    expect(text.split('\n').every((line) => line.length <= 70)).toBe(true);
    expect(text).toContain('03:00:12Z  trail-tampering-20260501  short');
    expect(text.replace(/\s+/g, ' ')).toContain('the bucket is meant to be public, says the team');
  });

  it('leaves out what is spare where wrapping is not enough', () => {
    const text = table(columns, rows, fakeOut({ columns: 50, rows: 24 }).out);

    expect(text.split('\n')[0]).toBe('ID                        WHAT');
    expect(text.split('\n').every((line) => line.length <= 50)).toBe(true);
  });

  it('becomes blocks of labelled lines where even that is too wide, and leaves nothing out then', () => {
    const lines = table(columns, rows, fakeOut({ columns: 40, rows: 24 }).out).split('\n');

    expect(lines.slice(0, 2)).toEqual(['WHEN  03:00:12Z', 'ID    a']);
    expect(lines).toContain('ID    trail-tampering-20260501');
    expect(lines.every((line) => line.length <= 40)).toBe(true);
  });

  it('makes what an attacker put into a name visible, and counts wide characters', () => {
    const hostile = [
      { id: 'a\u001b[2J\u202e', what: '\u9280\u884c' },
      { id: 'b', what: 'x' },
    ];

    const lines = table([...columns.slice(1), { heading: 'END', text: () => '|' }], hostile, fakeOut().out).split('\n');

    expect(lines[1]).toContain('a\\u001b[2J\\u202e');
    expect(new Set(lines.slice(1).map((line) => stringWidth(line)))).toHaveProperty('size', 1);
  });

  it('is as wide with colours as without', () => {
    const plain = table(columns, rows, fakeOut().out);
    const painted = table(columns, rows, fakeOut(undefined, paintFor(true)).out);

    expect(painted).toContain('\u001b[31m');
    // biome-ignore lint/suspicious/noControlCharactersInRegex: colours are what is taken out
    expect(painted.replace(/\u001b\[[\d;]*m/g, '')).toBe(plain);
  });

  it('breaks a word that is longer than a line', () => {
    expect(wrap('aaaabbbbcc d', 4)).toEqual(['aaaa', 'bbbb', 'cc d']);
  });
});

describe('colours', () => {
  it.each([
    ['a terminal', true, {}, true],
    ['a pipe', false, {}, false],
    ['NO_COLOR', true, { NO_COLOR: '1' }, false],
    ['an empty NO_COLOR', true, { NO_COLOR: '' }, true],
    ['FORCE_COLOR at a pipe', false, { FORCE_COLOR: '1' }, true],
    ['FORCE_COLOR=0', true, { FORCE_COLOR: '0' }, false],
    ['both: NO_COLOR wins', true, { NO_COLOR: '1', FORCE_COLOR: '1' }, false],
    ['a dumb terminal', true, { TERM: 'dumb' }, false],
  ])('%s', (_, terminal, env, expected) => {
    expect(takesColours(terminal, env)).toBe(expected);
  });
});

describe('a view that is redrawn', () => {
  it('uses the other screen, fits the terminal, and gives it back as it was', () => {
    const { out, raw } = fakeOut({ columns: 80, rows: 3 });
    const screen = new Screen(out);
    const exits = process.listenerCount('exit');

    screen.draw(['one', 'two', 'three', 'four']);
    screen.draw(['one']);
    screen.close();
    screen.close();

    const written = raw.join('');
    expect(written.match(/\[\?1049h/g)).toHaveLength(1);
    expect(raw[1]).toContain('\u001b[2Kone\r\n\u001b[2Ktwo\r\n\u001b[2K...\u001b[?2026l');
    expect(raw[2]).toContain('\u001b[2Kone\r\n\u001b[J');
    expect(written.endsWith('\u001b[?25h\u001b[?1049l')).toBe(true);
    expect(written.match(/\[\?1049l/g)).toHaveLength(1);
    expect(process.listenerCount('exit')).toBe(exits);
  });
});

describe('times', () => {
  const now = new Date('2026-05-01T03:00:00Z');

  it('are said as people say them', () => {
    expect([40_000, 12 * 60_000, 5 * 3_600_000, 3 * 86_400_000].map(span)).toEqual(['40 s', '12 min', '5 h', '3 d']);
    expect(age('2026-05-01T02:48:00Z', now)).toBe('12 min');
    expect(left('2026-05-01T05:00:00Z', now)).toBe('2 h left');
    expect(left('2026-05-01T02:00:00Z', now)).toBe('60 min over');
  });
});
