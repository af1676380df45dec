import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isoTime } from '../../playbooks/iso-time.ts';

describe('an ISO time', () => {
  const inTime = fc.date({
    min: new Date('0001-01-01T00:00Z'),
    max: new Date('9999-12-31T23:59Z'),
    noInvalidDate: true,
  });

  it('is read, in UTC where it says nothing else', () => {
    fc.assert(
      fc.property(inTime, (date) => {
        const text = date.toISOString();
        expect(isoTime(text)).toBe(date.getTime());
        expect(isoTime(text.slice(0, -1))).toBe(date.getTime());
      }),
    );
    expect(isoTime('2026-05-01T03:00:00+02:00')).toBe(Date.UTC(2026, 4, 1, 1));
    expect(isoTime('2026-05-01T03:00')).toBe(Date.UTC(2026, 4, 1, 3));
    expect(isoTime('2024-02-29T23:59:59.5Z')).toBe(Date.UTC(2024, 1, 29, 23, 59, 59, 500));
  });

  it.each([
    ...['', '7', '2026', '2026-05-01', '2026-05-01 03:00:00Z', '2026-05-01T3:00Z', '2026-05-01T03:00:00z'],
    ...['2026-02-30T03:00:00Z', '2025-02-29T00:00:00Z', '2026-04-31T00:00:00Z', '2026-13-01T00:00:00Z'],
    ...['2026-00-10T00:00:00Z', '2026-05-01T24:01:00Z', '2026-05-01T03:60:00Z', '2026-05-01T03:00:00+99:00'],
    ...['+275760-09-13T00:00:00.000Z', '-271821-04-20T00:00:00.000Z', 'Fri, 01 May 2026 03:00:00 GMT'],
  ])('is none: %j', (text) => {
    expect(isoTime(text)).toBeNaN();
  });
});
