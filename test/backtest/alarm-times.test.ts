import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { alarmTimes } from '../../playbooks/alarm-times.ts';

const MINUTE = 60_000;
const at = (...minutes: number[]) => minutes.map((minute) => Math.round(minute * MINUTE));

describe('alarmTimes', () => {
  it.each<[string, number[], { atLeast: number; withinMinutes: number }, [number, number, number, number][]]>([
    ['nothing', [], { atLeast: 1, withinMinutes: 1 }, []],
    ['a single record', at(3.2), { atLeast: 1, withinMinutes: 1 }, [[4, 5, 0, 1]]],
    ['records of neighbouring minutes: one alarm', at(3.2, 4.9), { atLeast: 1, withinMinutes: 1 }, [[4, 6, 0, 2]]],
    [
      'records with a quiet minute between: two',
      at(3.2, 5.1),
      { atLeast: 1, withinMinutes: 1 },
      [
        [4, 5, 0, 1],
        [6, 7, 1, 2],
      ],
    ],
    ['too few', at(1, 2, 3, 4), { atLeast: 5, withinMinutes: 5 }, []],
    [
      'enough, across the borders of whole periods',
      at(3, 4, 4.5, 5, 6),
      { atLeast: 5, withinMinutes: 5 },
      [[7, 9, 0, 5]],
    ],
    ['enough in all, but never within the window', at(0, 2, 4, 6, 8, 10), { atLeast: 5, withinMinutes: 5 }, []],
    ['those that come while it is on', at(0, 0, 0, 0, 0, 4, 4.5), { atLeast: 5, withinMinutes: 5 }, [[1, 6, 0, 7]]],
    ['those just outside', at(0, 0, 0, 0, 0, 5), { atLeast: 5, withinMinutes: 5 }, [[1, 6, 0, 5]]],
  ])('%s', (_, times, threshold, expected) => {
    const alarms = alarmTimes(times, threshold);
    expect(alarms).toEqual(
      expected.map(([time, until, from, to]) => ({ time: time * MINUTE, until: until * MINUTE, from, to })),
    );
  });

  it('is what looking at every minute by itself gives', () => {
    const times = fc.array(fc.nat(40 * MINUTE), { maxLength: 40 }).map((all) => all.sort((a, b) => a - b));
    const property = fc.property(
      times,
      fc.integer({ min: 1, max: 6 }),
      fc.integer({ min: 1, max: 8 }),
      (all, atLeast, withinMinutes) => {
        const on = Array.from({ length: 60 }, (_, minute) => {
          const inWindow = (time: number) =>
            time < (minute + 1) * MINUTE && time >= (minute + 1 - withinMinutes) * MINUTE;
          return all.filter(inWindow).length >= atLeast;
        });
        const changes = on.flatMap((is, minute) => (is !== (on[minute - 1] ?? false) ? [(minute + 1) * MINUTE] : []));
        const alarms = alarmTimes(all, { atLeast, withinMinutes });
        expect(alarms.flatMap(({ time, until }) => [time, until])).toEqual(changes);
        for (const { from, to } of alarms) expect(to - from).toBeGreaterThanOrEqual(atLeast);
      },
    );
    fc.assert(property, { numRuns: 500 });
  });
});
