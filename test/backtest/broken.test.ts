import { createCipheriv } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { constants, gzipSync, inflateRawSync } from 'node:zlib';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import type { Criterion } from '../../backtest/criterion.ts';
import { testOf } from '../../backtest/criterion.ts';
import { type FileResult, FileScan } from '../../backtest/file-scan.ts';
import { compileScanner } from '../../backtest/scan/compile.ts';
import { RecordReader } from '../../backtest/scan/reader.ts';
import { Scanner } from '../../backtest/scan/scanner.ts';
import { is } from '../../playbooks/matching/match.ts';
import { combined, fileText, readFile, readText } from './archive.ts';

const folder = mkdtempSync(join(tmpdir(), 'cordon-test-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const stop: Criterion = { match: is('eventName', 'StopLogging') };
/** Nothing is known of what it needs, so every record is looked at. */
const everything: Criterion = { pattern: '' };
const rest = '"eventTime":"2026-05-01T03:00:00Z"';
const id = (n: number) => `${`${n}`.padStart(8, '0')}-0000-4000-8000-000000000000`;
const record = (n: number, name = 'StopLogging') =>
  `{"eventVersion":"1.11","eventName":"${name}",${rest},"eventID":"${id(n)}"}`;

/** So many bytes as base64, which are hardly packed, and the same each time. */
function noise(bytes: number): string {
  const cipher = createCipheriv('aes-128-ctr', Buffer.alloc(16), Buffer.alloc(16));
  return cipher.update(Buffer.alloc(bytes)).toString('base64url');
}

/** The text of a gzip file up to a fault that lies behind a place: the longest beginning that zlib takes. */
function inFrontOf(data: Buffer, place: number): Buffer {
  const taken = (end: number): Buffer | undefined => {
    try {
      return inflateRawSync(data.subarray(10, end), { finishFlush: constants.Z_SYNC_FLUSH });
    } catch {
      return undefined;
    }
  };
  let [good, bad] = [place, data.length];
  while (bad - good > 1) {
    const middle = (good + bad) >> 1;
    if (taken(middle)) good = middle;
    else bad = middle;
  }
  return taken(good) ?? Buffer.alloc(0);
}

describe('what is broken is reported with its place, and the rest counts', { timeout: 120_000 }, () => {
  it.each<[string, string, { records: number; faults: [number, RegExp][] }]>([
    ['an empty file', '', { records: 0, faults: [] }],
    ['blanks alone', ' \n\t ', { records: 0, faults: [] }],
    ['no records', '{"Records":[]}', { records: 0, faults: [] }],
    ['text', 'hello', { records: 0, faults: [[0, /not CloudTrail/]] }],
    ['a picture', '\u0089PNG\r\n\u001a\n', { records: 0, faults: [[0, /not CloudTrail/]] }],
    ['other JSON', '{"name":"cordon"}', { records: 0, faults: [[0, /not CloudTrail/]] }],
    ['Records that are no list', '{"Records":{"a":1}}', { records: 0, faults: [[0, /no list/]] }],
    [
      'a list of something else',
      '[1,"x",[2]]',
      {
        records: 0,
        faults: [
          [1, /no record/],
          [3, /no record/],
          [7, /no record/],
        ],
      },
    ],
    [
      'an element that is no record',
      `{"Records":[${record(1)},null,${record(2)}]}`,
      { records: 2, faults: [[12 + record(1).length + 1, /no record/]] },
    ],
    [
      'a record with a broken value',
      `{"Records":[${record(1)},{"eventVersion":"1.11","eventName":tru},${record(2)}]}`,
      { records: 2, faults: [[12 + record(1).length + 1, /is no JSON/]] },
    ],
    [
      'a record whose string has no end',
      `{"Records":[${record(1)},{"eventVersion":"1.11","eventName":"StopLogg},${record(2)},${record(3)}]}`,
      { records: 3, faults: [[12 + record(1).length + 1, /is no JSON/]] },
    ],
    [
      'a record whose bracket is missing',
      `{"Records":[${record(1)},{"eventVersion":"1.11","x":{"y":1,${record(2)},${record(3)}]}`,
      { records: 3, faults: [[12 + record(1).length + 1, /is no JSON/]] },
    ],
    [
      'a control character in a string',
      `{"Records":[${record(1)},${record(2, 'Stop\u0001Logging')},${record(3)}]}`,
      { records: 2, faults: [[12 + record(1).length + 1, /is no JSON/]] },
    ],
    [
      'a comma too few',
      `{"Records":[${record(1)}${record(2)}]}`,
      { records: 2, faults: [[12 + record(1).length, /comma is missing/]] },
    ],
    [
      'a comma too many',
      `{"Records":[${record(1)},]}`,
      { records: 1, faults: [[12 + record(1).length + 1, /no JSON/]] },
    ],
    [
      'an end too early',
      `{"Records":[${record(1)},`,
      { records: 1, faults: [[12 + record(1).length + 1, /ends before/]] },
    ],
    [
      'an end inside a record',
      `{"Records":[${record(1)},${record(2).slice(0, 60)}`,
      { records: 1, faults: [[12 + record(1).length + 1, /cut off/]] },
    ],
    [
      'a line that is no JSON',
      `${record(1)}\nhello\n${record(2)}\n`,
      { records: 2, faults: [[record(1).length + 1, /line is no JSON/]] },
    ],
    [
      'a first line that is no JSON, and another',
      `# exported\n#\n${record(1)}\n${record(2)}\n`,
      {
        records: 2,
        faults: [
          [0, /line is no JSON/],
          [11, /line is no JSON/],
        ],
      },
    ],
    [
      'a first line that is broken',
      `${record(1).slice(0, 40)}\n${record(2)}\n${record(3)}\n`,
      { records: 2, faults: [[0, /is no JSON/]] },
    ],
    [
      'lines that begin within a record',
      `${record(1).slice(30)}\n${record(2)}\n${record(3)}`,
      { records: 2, faults: [[0, /line is no JSON/]] },
    ],
    [
      'many lines of something else',
      `${'hello {\n'.repeat(30)}${record(1)}`,
      { records: 0, faults: [[0, /not CloudTrail: neither/]] },
    ],
    [
      'something else without an end',
      'x'.repeat(3 * 1024 * 1024),
      { records: 0, faults: [[0, /not CloudTrail: neither/]] },
    ],
    [
      'a line that is broken',
      `${record(1)}\n${record(2).slice(0, -1)}\n${record(3)}\n`,
      { records: 2, faults: [[record(1).length + 1, /is no JSON/]] },
    ],
    [
      'a matching record without a time',
      `{"Records":[${record(1)},{"eventName":"StopLogging","eventID":"${id(2)}"}]}`,
      { records: 2, faults: [[12 + record(1).length + 1, /no readable eventTime/]] },
    ],
  ])('%s', async (_, text, { records, faults }) => {
    for (const gzip of [false, true]) {
      const read = await readText(text, [stop], { gzip });
      expect(read.records).toBe(records);
      expect(read.faults).toEqual(
        faults.map(([offset, reason]) => ({ offset, reason: expect.stringMatching(reason) })),
      );
      expect(read.hits.length).toBe(records - (text.includes(`"${id(2)}"}]}`) && !text.includes(record(2)) ? 1 : 0));
    }
  });

  describe('a gzip file that is too large to be held as a whole', () => {
    // Of 30 MB each: well packed and small as stored, or hardly packed and large.
    const lines = (pad: (n: number) => string): string =>
      Array.from({ length: 30_000 }, (_, n) => `{"pad":"${pad(n)}",${record(n).slice(1)}\n`).join('');
    const random = noise(9 * 1024 * 1024);
    const small = Buffer.from(lines(() => 'x'.repeat(900)));
    const large = Buffer.from(lines((n) => random.slice(n * 400, n * 400 + 400)));
    const last = Buffer.from(`${record(30_000)}\n`);
    const twice = (one: Buffer): Buffer => Buffer.concat([gzipSync(one), gzipSync(last)]);
    const followed = (data: Buffer): Buffer => Buffer.concat([data, Buffer.from('xyz')]);
    const all = large.length + last.length;

    it.each<[string, Buffer, number, number, RegExp]>([
      ['without its end', gzipSync(small).subarray(0, -8), 30_000, small.length, /unexpected end of file/],
      ['with something behind it', followed(gzipSync(small)), 30_000, small.length, /read up to here/],
      ['large as stored, without its end', gzipSync(large).subarray(0, -8), 30_000, large.length, /unexpected end/],
      ['large as stored, with something behind it', followed(twice(large)), 30_001, all, /header/],
    ])('%s: all that stands in front of the fault counts', async (_, data, records, offset, reason) => {
      const path = join(folder, 'large.gz');
      writeFileSync(path, data);
      const read = await readFile({ path }, [stop]);

      expect(read.records).toBe(records);
      expect(read.ids).toBe(records);
      expect(read.faults).toEqual([{ offset, reason: expect.stringMatching(reason) }]);
    });

    it('gives all in front of a fault in its middle, to the byte', async () => {
      const path = join(folder, 'large.gz');
      const packed = Buffer.from(gzipSync(large));
      for (const at of [6_000_000, 6_500_001]) {
        const data = Buffer.from(packed);
        // No code begins like this, or the checks behind it fail: either way nothing behind it can be read.
        data.fill(0xff, at, at + 40);
        writeFileSync(path, data);
        const { records, faults } = await readFile({ path }, [stop]);

        const text = inFrontOf(data, at);
        const fault = faults.find(({ reason }) => /read up to here/.test(reason));
        expect(fault?.offset).toBe(text.length);
        // Wrong bits may still be codes, for some other text: what stands in front of them is right.
        const right = inflateRawSync(packed.subarray(10, at), { finishFlush: constants.Z_SYNC_FLUSH });
        expect(records).toBeGreaterThanOrEqual(right.toString('latin1').split('\n').length - 1);
      }
    });

    it.each([
      ['is read no further when the run ends early', true],
      ['is read to its end else', false],
    ])('%s', async (_, isEnded) => {
      const path = join(folder, 'large.gz');
      writeFileSync(path, twice(large));
      const scan = new FileScan(compileScanner(), [stop], { isEnded: () => isEnded });
      const parts: FileResult[] = [];
      parts.push(await scan.read([{ path }], (part) => parts.push(part)));

      const { records, faults } = combined(parts);
      expect(parts.at(-1)?.isCut).toBe(isEnded);
      expect(faults).toEqual([]);
      if (isEnded) expect(records).toBeLessThan(10_000);
      else expect(records).toBe(30_001);
    });
  });

  const text = `{"Records":[${Array.from({ length: 500 }, (_, n) => record(n)).join(',')}]}`;
  const packed = gzipSync(text);

  it('a gzip file that is cut off gives the records in front of the cut', async () => {
    const read = await readFile({ bytes: Uint8Array.from(packed.subarray(0, packed.length / 2)) }, [stop]);

    expect(read.records).toBeGreaterThan(50);
    expect(read.records).toBeLessThan(500);
    expect(read.hits).toHaveLength(read.records);
    expect(read.faults).toEqual([
      { offset: expect.any(Number), reason: expect.stringMatching(/gzip data is broken or cut off.*read up to here/) },
    ]);
    expect(read.faults[0]?.offset).toBeLessThan(text.length);
  });

  it('a gzip file whose checksum is wrong is read and reported', async () => {
    const bytes = Uint8Array.from(packed);
    bytes[bytes.length - 8] = (bytes[bytes.length - 8] ?? 0) ^ 1;

    const read = await readFile({ bytes }, [stop]);

    expect(read.records).toBe(500);
    expect(read.faults).toEqual([{ offset: text.length, reason: expect.stringContaining('incorrect data check') }]);
  });

  it('a gzip file with a wrong bit gives the records in front of it', async () => {
    const hardlyPacked = noise(300 * 300);
    const lines = Array.from(
      { length: 300 },
      (_, n) => `{"pad":"${hardlyPacked.slice(n * 400, n * 400 + 400)}",${record(n).slice(1)}\n`,
    );
    const packed = gzipSync(lines.join(''));
    for (let middle = packed.length >> 1; middle < packed.length - 100; middle += 997) {
      const bytes = Uint8Array.from(packed).fill(0xff, middle, middle + 40);

      const read = await readFile({ bytes }, [stop]);

      expect(read.records).toBeGreaterThan(10);
      expect(read.faults.at(-1)).toEqual({
        offset: inFrontOf(Buffer.from(bytes), middle).length,
        reason: expect.stringMatching(/gzip data is broken or cut off/),
      });
    }
  });

  it('says what is wrong with a record that is nested deeper than the scanner looks', async () => {
    const deep = `{"eventVersion":"1.11","x":${'['.repeat(70)}${'"y",'.repeat(50)}1${']'.repeat(69)},"eventID":"${id(1)}"}`;
    const read = await readText(`{"Records":[${deep},${record(2)}]}`, [stop]);
    const at = deep.indexOf(',"eventID"') + 10;
    expect(read.faults[0]).toEqual({ offset: 12, reason: expect.stringContaining(`at position ${at}`) });
    expect(read.records).toBe(1);
  });

  // The end of each is that of the file: to look for it took a minute for so many.
  it.each([
    ['lines', (records: string[]) => records.join('\n')],
    ['an array', (records: string[]) => `{"Records":[${records.join(',')}]}`],
  ])('very many broken records in %s are passed over one by one', async (_, text) => {
    const count = 20_000;
    const broken = Array.from({ length: count }, (_, n) => record(n).replace('"eventID"', '"x":{"eventID"'));
    const read = await readText(text([record(1), ...broken, record(2)]), [stop]);
    expect(read.records).toBe(2);
    expect(read.faults).toHaveLength(count);
    expect(read.faults[0]?.reason).toMatch(/is no JSON/);
  });

  it('a gzip file of several members is read to its end', async () => {
    const bytes = Uint8Array.from(Buffer.concat([gzipSync(text), gzipSync(`\n${record(1000)}\n`), gzipSync('')]));

    const read = await readFile({ bytes }, [stop]);

    expect(read).toMatchObject({ records: 501, faults: [] });
  });

  it.each([
    ['gzip', true],
    ['plain', false],
  ])('a %s file larger than what is read at once gives the same', async (_, gzip) => {
    const long = `{"Records":[${Array.from({ length: 90_000 }, (_, n) => record(n, n % 1000 === 0 ? 'StopLogging' : 'DescribeInstances')).join(',')}]}`;
    const padded = `{"x":"${Array.from({ length: 9_000 }, (_, n) => Math.sin(n).toString(36)).join('')}",${rest}}`;
    const text = `${long}\n{"Records":[${Array.from({ length: 40 }, () => padded).join(',')}]}\n`;
    const path = join(folder, `large-${gzip}`);
    writeFileSync(path, gzip ? gzipSync(text, { level: 1 }) : text);

    const read = await readFile({ path }, [stop]);

    expect(read).toMatchObject({ records: 90_040, ids: 90_040, faults: [] });
    expect(read.hits).toHaveLength(90);
  });

  it('a file that cannot be opened', async () => {
    const read = await readFile({ path: join(folder, 'nowhere.json.gz') }, [stop]);
    expect(read.faults).toEqual([{ offset: 0, reason: expect.stringMatching(/cannot be read: ENOENT/) }]);
  });
});

describe('whatever is done to a file', { timeout: 120_000 }, () => {
  /** A file with some bytes changed, taken out or put in. */
  const mangled = fc
    .tuple(
      fileText,
      fc.array(
        fc.tuple(
          fc.nat(),
          fc.constantFrom('', '"', '{', '}', '[', ']', ',', ':', '\\', '\n', 'x', '\u0000', 'é'),
          fc.nat(2),
        ),
        {
          maxLength: 3,
        },
      ),
    )
    .map(([{ text }, edits]) =>
      edits.reduce((was, [at, put, take]) => {
        const place = was.length === 0 ? 0 : at % was.length;
        return was.slice(0, place) + put + was.slice(place + take);
      }, text),
    );

  it('leaving records out by their bytes changes nothing', async () => {
    const property = fc.asyncProperty(mangled, async (text) => {
      const [quick, all] = [await readText(text, [stop]), await readText(text, [everything])];
      const test = testOf(stop);
      const expected = all.hits.filter(([one]) => test(JSON.parse(one), one)).map(([one]) => [one, [0]]);
      const untimed = (faults: typeof all.faults) => faults.filter(({ reason }) => !reason.includes('eventTime'));
      expect(quick.hits).toEqual(expected);
      expect(quick.records).toBe(all.records);
      expect(untimed(quick.faults)).toEqual(untimed(all.faults));
    });
    await fc.assert(property, { numRuns: 1000 });
  });

  it('the pieces in which it is read cut no word behind the records', () => {
    const module = compileScanner();
    const bytes = Buffer.from('{"Records":[{"eventName":"A"}],"next":null,"more":[true,false,-1.5e-7,{"n":0}]}');
    for (let size = 1; size <= bytes.length; size += 1) {
      expect(inPieces(module, bytes, [size])).toMatchObject({ records: 1, faults: [] });
    }
  });

  it('the pieces in which it is read change nothing', () => {
    const module = compileScanner();
    const property = fc.property(
      mangled,
      fc.array(fc.integer({ min: 1, max: 200 }), { minLength: 1 }),
      (text, sizes) => {
        const bytes = Buffer.from(text);
        expect(inPieces(module, bytes, sizes)).toEqual(inPieces(module, bytes, [bytes.length + 1]));
      },
    );
    fc.assert(property, { numRuns: 1000, interruptAfterTimeLimit: 100_000 });
  });
});

function inPieces(module: WebAssembly.Module, bytes: Uint8Array, sizes: readonly number[]) {
  const read = { records: 0, found: [] as string[], faults: [] as unknown[] };
  const scanner = new Scanner(module, [undefined]);
  const reader = new RecordReader(scanner, {
    candidate: (found, offset) => read.found.push(`${offset} ${Buffer.from(scanner.text(found)).toString()}`),
    counted: (records) => {
      read.records += records;
    },
    full: () => {},
    fault: (fault) => read.faults.push(fault),
  });
  for (let at = 0, n = 0; at < bytes.length; n += 1) {
    const size = sizes[n % sizes.length] ?? 1;
    reader.push(bytes.subarray(at, at + size));
    at += size;
  }
  reader.end();
  return read;
}
