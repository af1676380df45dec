import { randomBytes } from 'node:crypto';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { EventIds, IdFilter } from '../../backtest/event-ids.ts';

const ids = (count: number): Uint8Array => Uint8Array.from(randomBytes(count * 16));

afterEach(() => {
  vi.unstubAllEnvs();
});

describe('EventIds', () => {
  it.each([[1_400_000], [5_000], [20_000]])('counts each once, with at most %i in memory', (most) => {
    const counter = new EventIds(most);
    const parts = Array.from({ length: 60 }, () => ids(1000));
    for (const part of [...parts, ...parts.slice(10, 40)]) counter.add(part);
    counter.add(new Uint8Array(32));
    counter.addText('00000000-0000-0000-0000-000000000000');
    counter.addText('0f0e0d0c-0b0a-0908-0706-050403020100');
    counter.addText('0F0E0D0C-0B0A-0908-0706-050403020100');
    counter.addText('0F0E0D0C-0B0A-0908-0706-050403020100');
    counter.addText('no uuid');
    expect(counter.finish()).toBe(60_000 + 4);
  });

  it('leaves nothing in the temporary folder, even when it does not come to an end', () => {
    const folder = mkdtempSync(join(tmpdir(), 'event-ids-'));
    vi.stubEnv('TMPDIR', folder);
    const counter = new EventIds(1000);
    for (let n = 0; n < 100; n += 1) counter.add(ids(1000));
    expect(readdirSync(folder)).toEqual([]);
    expect(counter.finish()).toBe(100_000);
    rmSync(folder, { recursive: true });
  });

  it('says where there is no room for more than it keeps', () => {
    vi.stubEnv('TMPDIR', '/dev/null');
    const counter = new EventIds(1000);
    expect(() => {
      for (let n = 0; n < 100; n += 1) counter.add(ids(1000));
    }).toThrow(/ENOTDIR.*\/dev\/null/);
  });
});

describe('IdFilter', () => {
  it('knows what it met', () => {
    const filter = new IdFilter();
    const numbers = Int32Array.of(1, 2, 3, 4, 1, 2, 3, 4, 5, 0, 0, 0, 0);
    expect(['a', 'b', 'a'].map((one) => filter.isNew(one))).toEqual([true, true, false]);
    expect([0, 4, 8, 9, 9, 1].map((at) => filter.isNewUuid(numbers, at))).toEqual([
      ...[true, false, true, true, false, true],
    ]);
  });

  it('knows many', () => {
    const filter = new IdFilter();
    const numbers = Int32Array.from({ length: 40_000 }, (_, n) => Math.imul(n, 0x9e3779b1));
    const isNew = (): number => numbers.filter((_, n) => n % 4 === 0 && filter.isNewUuid(numbers, n)).length;
    expect([isNew(), isNew()]).toEqual([10_000, 0]);
  });
});
