import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  byWeek,
  figuresOf,
  lastWeeks,
  type Measured,
  momentsOf,
  secondsToContain,
  secondsToDetect,
  spreadOf,
  weekOf,
} from '../../playbooks/figures.ts';
import { bucketBenign, bucketOpened, did, trailAttempt, trailStopped } from './incidents.ts';

describe('the moments of an incident', () => {
  it('are its first offence and its last containment that was read back', () => {
    expect(momentsOf(trailStopped())).toEqual({
      firstAt: '2026-05-01T03:00:05Z',
      containedAt: '2026-05-01T03:01:22.707Z',
    });
    expect(momentsOf(bucketOpened()).firstAt).toBe('2026-05-01T03:00:05Z');
  });

  it('begin with the first attempt where all was refused, and nothing was contained by a tag', () => {
    expect(momentsOf(trailAttempt())).toEqual({ firstAt: '2026-05-01T03:00:05Z' });
  });

  it('are none where nothing harmful was done', () => {
    expect(momentsOf(bucketBenign())).toEqual({});
  });

  it('leave out what was only changed, and what was undone', () => {
    const actions = (['contained', 'undone', 'failed'] as const).map((status) =>
      did('disable-iam-user', { user: 'mallory' }, status, { at: { verified: '2026-05-01T03:02:00.000Z' } }),
    );

    expect(momentsOf({ ...trailStopped(), actions })).toEqual({ firstAt: '2026-05-01T03:00:05Z' });
  });
});

describe('durations', () => {
  const moments = { firstAt: '2026-05-01T03:00:05Z', containedAt: '2026-05-01T03:01:22.500Z' };

  it('are counted from the first call, in seconds', () => {
    const openedAt = '2026-05-01T03:01:13.000Z';
    expect(secondsToDetect({ ...moments, openedAt, alarmAt: '2026-05-01T03:01:12.000Z' })).toBe(67);
    expect(secondsToContain(moments)).toBe(77.5);
  });

  it('are never negative, and unknown where one end is', () => {
    const early = { openedAt: '2026-05-01T03:00:06.000Z', alarmAt: '2026-05-01T03:00:04.900Z' };
    expect(secondsToDetect({ ...moments, ...early })).toBe(0);
    expect(secondsToDetect(early)).toBeUndefined();
    expect(secondsToContain({ firstAt: moments.firstAt })).toBeUndefined();
  });

  it('end, where the event of the call came before any alarm, as that opened the incident', () => {
    const head = { lane: 'event', openedAt: '2026-05-01T03:00:08.250Z', alarmAt: moments.firstAt } as const;

    expect(secondsToDetect({ ...moments, ...head })).toBe(3.25);
  });

  it('spread over what is known', () => {
    expect(spreadOf([4, undefined, 1, 3, 2])).toEqual({ count: 4, mean: 2.5, median: 2.5, ninth: 4 });
    expect(spreadOf([undefined])).toBeUndefined();
  });

  it('have a median and a percentile between the least and the most', () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: 0, max: 1e6, noNaN: true }), { minLength: 1 }), (values) => {
        const { mean, median, ninth, count } = spreadOf(values) ?? { mean: -1, median: -1, ninth: -1, count: 0 };
        const [least, most] = [Math.min(...values), Math.max(...values)];
        expect(count).toBe(values.length);
        for (const value of [median, ninth]) expect(value >= least && value <= most).toBe(true);
        expect(mean).toBeGreaterThanOrEqual(least - 1e-6);
        expect(values.filter((value) => value <= ninth).length).toBeGreaterThanOrEqual(0.9 * values.length);
      }),
    );
  });
});

describe('weeks', () => {
  it('begin on Monday, in UTC', () => {
    expect(weekOf('2026-05-01T03:00:05Z')).toBe('2026-04-27');
    expect(weekOf('2026-04-27T00:00:00Z')).toBe('2026-04-27');
    expect(weekOf('2026-04-26T23:59:59.999Z')).toBe('2026-04-20');
    expect(lastWeeks(new Date('2026-05-03T12:00:00Z'), 3)).toEqual(['2026-04-13', '2026-04-20', '2026-04-27']);
  });

  it('have what was opened in them, and nothing from before', () => {
    const heads = ['2026-04-27T00:00:00Z', '2026-05-03T23:59:59Z', '2026-04-01T00:00:00Z'].map((openedAt) => ({
      openedAt,
    }));

    expect(byWeek(heads, ['2026-04-20', '2026-04-27']).map((week) => week.length)).toEqual([0, 2]);
  });
});

describe('the figures of a detection', () => {
  const head = (openedAt: string, rest: Partial<Measured> = {}): Measured => ({
    detection: 'root-usage',
    severity: 'CRITICAL',
    status: 'closed',
    openedAt,
    alarmAt: openedAt,
    ...rest,
  });

  it('count its own alarms by week, and what analysts marked', () => {
    const heads = [
      head('2026-04-28T03:00:00Z', { marked: { as: 'false-positive' } }),
      head('2026-04-30T03:00:00Z', { marked: { as: 'true-positive' } }),
      head('2026-04-21T03:00:00Z', { outcome: 'benign' }),
      head('2026-04-30T05:00:00Z', { detection: 'trail-tampering' }),
    ];

    expect(figuresOf('root-usage', heads, ['2026-04-20', '2026-04-27'])).toEqual({
      incidents: 3,
      lastFired: '2026-04-30T03:00:00Z',
      perWeek: [1, 2],
      falsePositives: 1,
      marked: 2,
      benign: 1,
    });
  });

  it('are nought for one that never fired', () => {
    expect(figuresOf('root-usage', [], ['2026-04-20', '2026-04-27'])).toEqual({
      incidents: 0,
      perWeek: [0, 0],
      falsePositives: 0,
      marked: 0,
      benign: 0,
    });
  });
});
