import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Criterion } from '../../backtest/criterion.ts';
import { type FileResult, FileScan } from '../../backtest/file-scan.ts';
import { compileScanner } from '../../backtest/scan/compile.ts';
import { detections } from '../../playbooks/catalog.ts';
import * as m from '../../playbooks/matching/match.ts';
import { combined, fileText, plainly, plainlyKept, readFile, readText, recordText } from './archive.ts';

const criteria: Criterion[] = [
  ...Object.values(detections).map(({ when }) => ({ match: when })),
  { match: m.is('eventName', 'StopLogging') },
  { match: m.isNot('eventName', 'StopLogging') },
  { match: m.missing('eventName') },
  { match: m.is('userIdentity.type', 'Root') },
  { match: m.all(m.is('userIdentity.type', 'Root'), m.missing('userIdentity.invokedBy')) },
  { match: m.exists('errorCode') },
  { match: m.like('errorCode', '*Denied*') },
  { match: m.any(m.is('requestParameters.x', 'AccessDenied'), m.is('x', 'Stop')) },
  { match: m.like('requestParameters.x', '*ccess*') },
  { match: m.like('x', '*oot') },
  { match: m.is('eventID', 7) },
  { match: m.is('requestParameters.*', 'root') },
  { pattern: '{ $.eventName = Stop* && $.eventSource = "cloudtrail*" }' },
  { pattern: '{ $.errorCode = %Unauthorized% || $.requestParameters.type IS NULL }' },
  { pattern: 'AccessDenied -Root' },
];
/** Each of them by itself: what others need must not make up for what one needs. */
const alone = criteria.map((one) => [one]);

// Others may use the machine as well.
describe('a file', { timeout: 120_000 }, () => {
  it('gives what parsing every record and asking the predicate gives, whatever its form', async () => {
    let hits = 0;
    const property = fc.asyncProperty(fileText, fc.boolean(), async ({ text, records }, gzip) => {
      const read = await readText(text, criteria, { gzip });
      const expected = plainly(records, criteria);
      hits += expected.length;
      expect(read.hits).toEqual(expected);
      expect(read.kept).toEqual(plainlyKept(expected));
      expect(read.records).toBe(records.length);
      expect(read.ids).toBe(records.length);
      expect(read.faults).toEqual([]);
    });
    await fc.assert(property, { numRuns: 800 });
    expect(hits).toBeGreaterThan(500);
  });

  it.each(alone)('gives the same for %j by itself', async (one) => {
    const property = fc.asyncProperty(fc.array(recordText, { minLength: 1, maxLength: 20 }), async (records) => {
      const read = await readText(`{"Records":[${records.join(',')}]}`, [one]);
      expect(read.hits).toEqual(plainly(records, [one]));
      expect(read.kept).toEqual(plainlyKept(read.hits));
    });
    await fc.assert(property, { numRuns: 100 });
  });

  it('gives the same wherever a text stands in a value, beside what begins alike', async () => {
    const like: Criterion = { match: m.like('userAgent', '*kali*') };
    let hits = 0;
    const pieces = fc.array(fc.constantFrom('k', 'kal', 'kali', 'x', '-'.repeat(13), '"', '\\', 'é', '\n'), {
      maxLength: 8,
    });
    const property = fc.asyncProperty(fc.array(pieces, { minLength: 1, maxLength: 20 }), async (values) => {
      const records = values.map((parts) =>
        JSON.stringify({ eventTime: '2026-05-01T03:00:00Z', userAgent: parts.join(''), next: 'kali' }),
      );
      const expected = plainly(records, [like]);
      hits += expected.length;
      expect((await readText(`{"Records":[${records.join(',')}]}`, [like])).hits).toEqual(expected);
    });
    await fc.assert(property, { numRuns: 300 });
    expect(hits).toBeGreaterThan(100);
  });

  it('gives the same however deep a record is nested, and however long it is', async () => {
    const deep = `{"eventName":"StopLogging","eventTime":"2026-05-01T03:00:00Z","x":${'['.repeat(500)}${']'.repeat(500)}}`;
    const long = `{"eventName":"StopLogging","eventTime":"2026-05-01T03:00:00Z","x":"${'y'.repeat(300_000)}"}`;
    const records = [deep, long, deep, long];

    const read = await readText(`{"Records":[${records.join(',')}]}`, [{ match: m.is('eventName', 'StopLogging') }]);

    expect(read).toMatchObject({ records: 4, faults: [] });
    expect(read.hits.map(([text]) => text)).toEqual(records);
  });

  it('looks at fields with any name', async () => {
    const names = ['x', 'xy', 'a.b', 'é', 'a"b', 'back\\slash', 'x'.repeat(41), '__proto__', 'eventN'];
    const paths = names.map((name) => `['${name.replaceAll('\\', '\\\\')}']`);
    const criteria = [...paths, '[0]', '.*'.slice(1)].map((path): Criterion => ({ match: m.is(path, 'yes') }));
    const records = names.map((name) => `{${JSON.stringify(name)}:"yes","eventTime":"2026-05-01T03:00:00Z"}`);
    for (const some of [criteria, ...criteria.map((one) => [one])]) {
      const read = await readText(`{"Records":[${records.join(',')}]}`, some);
      expect(read.hits).toEqual(plainly(records, some));
    }
  });

  it('looks at more fields than the scanner knows', async () => {
    const many = Array.from({ length: 80 }, (_, n): Criterion => ({ match: m.is(`field${n}`, 'yes') }));
    const records = many.map((_, n) => `{"field${n}":"yes","eventTime":"2026-05-01T03:00:00Z"}`);
    const read = await readText(`{"Records":[${records.join(',')}]}`, many);
    expect(read.hits).toEqual(records.map((record, n) => [record, [n]]));
  });

  it('gives the same for more criteria than there are bits', async () => {
    const many = Array.from({ length: 70 }, (_, n): Criterion => ({ match: m.is('eventName', `Call${n}`) }));
    const records = many.map((_, n) => `{"eventName":"Call${n}","eventTime":"2026-05-01T03:00:00Z"}`);

    const read = await readText(`{"Records":[${records.join(',')}]}`, many);

    expect(read.hits).toEqual(records.map((record, n) => [record, [n]]));
  });

  it('may hold more records than the scanner lists at once', async () => {
    const records = Array.from(
      { length: 40_000 },
      (_, n) =>
        `{"eventName":"StopLogging","eventTime":"2026-05-01T03:00:00Z","eventID":"${`${n}`.padStart(8, '0')}-0000-4000-8000-000000000000"}`,
    );

    const read = await readText(`{"Records":[${records.join(',')}]}`, [{ match: m.is('eventName', 'StopLogging') }]);

    expect(read).toMatchObject({ records: 40_000, ids: 40_000, faults: [] });
    expect(read.hits).toHaveLength(40_000);
  });

  it('reads the same where it scans while it inflates, and what is broken is met on the way', async () => {
    const texts = fc.tuple(fileText, fc.constantFrom('', '', '}', ',', '"', '\u0000', 'x'), fc.nat());
    const property = fc.asyncProperty(texts, async ([{ text }, broken, place]) => {
      const long = text.repeat(Math.ceil(200_000 / Math.max(1, text.length)));
      const at = place % long.length;
      const whole = Buffer.from(long.slice(0, at) + broken + long.slice(at));
      // Blocks of few symbols, so that there are many parts.
      const data = Uint8Array.from(gzipSync(whole, { memLevel: 1 }));

      expect(await readFile({ bytes: data }, criteria)).toEqual(
        await readFile({ bytes: Uint8Array.from(whole) }, criteria),
      );
    });
    await fc.assert(property, { numRuns: 25 });
  });

  it('keeps every eventID of many files, where lists are full in the middle of one, and of a file that is read again', async () => {
    const most = 20_000;
    const gzip = (file: number): Buffer => {
      const ids = Array.from({ length: most }, (_, n) => (file * most + n).toString(16).padStart(12, '0'));
      const records = ids.map((id) => `{"eventVersion":"1.11","eventID":"00000000-0000-4000-8000-${id}"}`);
      return gzipSync(`{"Records":[${records.join(',')}]}`);
    };
    // The checksum in front of the size, at the end.
    const wrong = gzip(1);
    wrong.writeUInt32LE(0, wrong.length - 8);
    const files = [gzip(0), wrong, gzip(2), gzip(3)].map((bytes) => ({ bytes: Uint8Array.from(bytes) }));

    const parts: FileResult[] = [];
    const scan = new FileScan(compileScanner(), [{ match: m.is('eventName', 'StopLogging') }]);
    parts.push(await scan.read(files, (part) => parts.push(part)));

    const ids = new Set(parts.flatMap((part) => idsIn(part.ids)));
    expect(ids.size).toBe(4 * most);
    expect(combined(parts)).toMatchObject({ records: 4 * most, ids: 4 * most });
    expect(parts.flatMap(({ faults }) => faults)).toMatchObject([{ file: 1, reason: expect.stringContaining('gzip') }]);
  });
});

const idsIn = (ids: Uint8Array): string[] =>
  Array.from({ length: ids.length / 16 }, (_, n) => Buffer.from(ids.subarray(n * 16, n * 16 + 16)).toString('hex'));
