import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { percentile, spread } from '../../bench/statistics.ts';

describe('percentiles', () => {
  it.each<[number[], number, number]>([
    [[7], 0.5, 7],
    [[7], 0.95, 7],
    [[3, 1, 2], 0.5, 2],
    [[4, 1, 3, 2], 0.5, 2],
    [[10, 9, 8, 7, 6, 5, 4, 3, 2, 1], 0.95, 10],
    [Array.from({ length: 20 }, (_, at) => at + 1), 0.95, 19],
    [Array.from({ length: 100 }, (_, at) => at + 1), 0.95, 95],
    [[2, 10, 9], 1, 10],
  ])('of %j, the share %d is %d', (values, share, expected) => {
    expect(percentile(values, share)).toBe(expected);
  });

  it('are values that were measured, with the share of all at or below them, and leave their input as it is', () => {
    const values = fc.array(fc.double({ noNaN: true, min: 0, max: 1e6 }), { minLength: 1 });
    fc.assert(
      fc.property(values, fc.constantFrom(0.5, 0.95, 1), (measured, share) => {
        const before = [...measured];
        const found = percentile(measured, share);
        expect(measured).toEqual(before);
        expect(measured).toContain(found);
        expect(measured.filter((value) => value <= found).length).toBeGreaterThanOrEqual(share * measured.length);
        expect(measured.filter((value) => value < found).length).toBeLessThan(share * measured.length);
      }),
    );
  });

  it('of nothing are refused', () => {
    expect(() => percentile([], 0.5)).toThrow(RangeError);
  });
});

describe('a spread', () => {
  it('counts only what was measured', () => {
    expect(spread([5, undefined, 1, 3])).toEqual({ n: 3, p50: 3, p95: 5, min: 1, max: 5 });
  });

  it('of nothing is none', () => {
    expect(spread([undefined])).toBeUndefined();
  });
});
