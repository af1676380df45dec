import { describe, expect, it } from 'vitest';
import type { FileResult } from '../../backtest/file-scan.ts';
import type { Facts } from '../../backtest/judge.ts';
import { HitPacker } from '../../backtest/packed-hits.ts';
import { Tally } from '../../backtest/tally.ts';

const MB = 1024 * 1024;
let time = 0;

type Hit = Facts & { record: Uint8Array };

/** A record of so many bytes that fits these criteria. */
function hit(fits: number[], bytes: number, texts: Partial<Hit> = {}): Hit {
  time += 1;
  const plain = { eventID: undefined, actor: '', session: '', address: '', isAttempt: false };
  return { ...plain, fits, time, record: new Uint8Array(bytes), ...texts };
}

const add = (tally: Tally, fits: number[], bytes: number): void => tally.hit(hit(fits, bytes), {}, 'here');

/** A tally of criteria that all want texts. */
function tallyOf(criteria: number): Tally {
  const tally = new Tally(criteria);
  tally.want(Array(criteria).fill(true));
  return tally;
}

const textsOf = (tally: Tally, criterion: number): number[] =>
  tally.kept(criterion).map(({ record }) => record?.length ?? 0);

describe('the texts of records that are kept', () => {
  it('are 6 MB of the first ones where there is one criterion', () => {
    const tally = tallyOf(1);
    for (let n = 0; n < 12; n += 1) add(tally, [0], MB);
    expect(textsOf(tally, 0)).toEqual([...Array(6).fill(MB), ...Array(6).fill(0)]);
    expect([...tally.full]).toEqual([1]);
  });

  it('are all of those that fit rarely, though others fit often and come first', () => {
    const tally = tallyOf(4);
    for (let n = 0; n < 100; n += 1) add(tally, [0], MB / 2);
    for (let n = 0; n < 100; n += 1) add(tally, [1], MB / 2);
    add(tally, [2], MB / 2);
    add(tally, [0, 2], MB / 2);

    // 2 MB of the first, and 1 MB of each.
    expect(textsOf(tally, 0).filter((length) => length > 0)).toHaveLength(4 + 2);
    expect(textsOf(tally, 1).filter((length) => length > 0)).toHaveLength(2);
    expect(textsOf(tally, 2)).toEqual([MB / 2, MB / 2]);
    expect([...tally.full]).toEqual([1, 1, 0, 0]);
  });

  it('are the first of a criterion: none behind, though it is kept for another one', () => {
    const tally = tallyOf(2);
    for (let n = 0; n < 8; n += 1) add(tally, [0], MB);
    add(tally, [0, 1], MB);
    expect(textsOf(tally, 0)).toEqual([...Array(4).fill(MB), ...Array(5).fill(0)]);
    expect(textsOf(tally, 1)).toEqual([MB]);
  });

  it('are none of those that nobody looks into', () => {
    const tally = new Tally(2);
    tally.want([true, false]);
    for (const fits of [[1], [0], [0, 1]]) add(tally, fits, MB);
    expect(textsOf(tally, 0)).toEqual([MB, MB]);
    expect(textsOf(tally, 1)).toEqual([0, 0]);
  });

  it('once refused are refused, though a smaller one would have room: whoever sends them may have been told', () => {
    const tally = tallyOf(1);
    for (let n = 0; n < 5; n += 1) add(tally, [0], MB);
    add(tally, [0], 2 * MB);
    add(tally, [0], 1);
    expect(textsOf(tally, 0)).toEqual([...Array(5).fill(MB), 0, 0]);
  });

  it('go beyond a small share by one record as CloudTrail writes them', () => {
    const tally = tallyOf(40);
    for (let n = 0; n < 5; n += 1) add(tally, [0], MB);
    for (const bytes of [200_000, 1000]) add(tally, [1], bytes);
    add(tally, [2], 300_000);
    expect(textsOf(tally, 1)).toEqual([200_000, 0]);
    expect(textsOf(tally, 2)).toEqual([0]);
  });

  it('are the same whether or not those who send them look at what is full', () => {
    const hits = Array.from({ length: 60 }, (_, n) => hit(n % 7 === 0 ? [1] : n % 5 === 0 ? [0, 2] : [0], MB / 4));
    const kept = [true, false].map((looks) => {
      const tally = tallyOf(3);
      for (const one of hits) {
        const isSent = !looks || one.fits.some((criterion) => tally.full[criterion] === 0);
        tally.hit(isSent ? one : { ...one, record: new Uint8Array(0) }, {}, 'here');
      }
      return [0, 1, 2].map((criterion) => textsOf(tally, criterion));
    });
    expect(kept[1]).toEqual(kept[0]);
    expect(kept[0]?.flat()).toContain(0);
  });
});

it('tells the texts of several packers apart, also when they have forgotten those that came before', () => {
  const tally = new Tally(1);
  const packers = [new HitPacker(), new HitPacker()];
  const nothing = {
    records: 0,
    ids: new Uint8Array(0),
    oddIds: [],
    withoutId: 0,
    faults: [],
    moreFaults: 0,
    isCut: false,
  };
  const expected: string[] = [];
  // Beyond what a packer knows at a time, twice.
  for (let part = 0; part < 160; part += 1) {
    const packer = packers[part % 3 === 0 ? 1 : 0] as HitPacker;
    for (let n = 0; n < 1000; n += 1) {
      const address = n % 10 === 0 ? 'often' : `${part}/${n}`;
      expected.push(address);
      const eventID = n % 3 === 0 ? `odd ${part}/${n}` : undefined;
      packer.add(hit([0], 0, { address, eventID }), new Uint8Array(0));
    }
    const noted = { rows: new Uint8Array(0), texts: [], textsBefore: 0, likes: [], likesBefore: 0 };
    const report: FileResult = { ...nothing, noted, hits: packer.take() };
    tally.add({ ...report, number: part, done: true }, []);
  }
  expect(tally.kept(0).map(({ address }) => address)).toEqual(expected);
});
