import { describe, expect, it } from 'vitest';
import { Tally } from '../../backtest/tally.ts';

const MB = 1024 * 1024;
let time = 0;

/** A record of so many bytes that fits these criteria. */
function add(tally: Tally, fits: number[], bytes: number): void {
  time += 1;
  const texts = { actor: '', session: '', address: '', failed: false };
  tally.hit({ fits, eventID: undefined, time, ...texts, record: new Uint8Array(bytes) }, {}, 'here');
}

const textsOf = (tally: Tally, criterion: number): number[] =>
  tally.kept(criterion).map(({ record }) => record?.length ?? 0);

describe('the texts of records that are kept', () => {
  it('are 8 MB of the first ones where there is one criterion', () => {
    const tally = new Tally([true]);
    for (let n = 0; n < 12; n += 1) add(tally, [0], MB);
    expect(textsOf(tally, 0)).toEqual([...Array(8).fill(MB), ...Array(4).fill(0)]);
    expect([...tally.full]).toEqual([1]);
  });

  it('are all of those that fit rarely, though others fit often and come first', () => {
    const tally = new Tally([true, true, true, true]);
    for (let n = 0; n < 100; n += 1) add(tally, [0], MB / 2);
    for (let n = 0; n < 100; n += 1) add(tally, [1], MB / 2);
    add(tally, [2], MB / 2);
    add(tally, [0, 2], MB / 2);
    add(tally, [0, 1], MB / 2);

    // 4 MB of the first, and 1 MB of each.
    expect(textsOf(tally, 0).filter((length) => length > 0)).toHaveLength(8 + 2 + 1);
    expect(textsOf(tally, 1).filter((length) => length > 0)).toHaveLength(2);
    expect(textsOf(tally, 2)).toEqual([MB / 2, MB / 2]);
    expect([...tally.full]).toEqual([1, 1, 0, 0]);
  });

  it('are none of those that fit what nobody looks into', () => {
    const tally = new Tally([true, false]);
    for (const fits of [[1], [0], [0, 1]]) add(tally, fits, MB);
    expect(textsOf(tally, 0)).toEqual([MB, MB]);
    expect(textsOf(tally, 1)).toEqual([0, MB]);
  });

  it('once refused are refused, though a smaller one would have room: whoever sends them may have been told', () => {
    const tally = new Tally([true]);
    for (let n = 0; n < 7; n += 1) add(tally, [0], MB);
    add(tally, [0], 2 * MB);
    add(tally, [0], 1);
    expect(textsOf(tally, 0)).toEqual([...Array(7).fill(MB), 0, 0]);
  });
});
