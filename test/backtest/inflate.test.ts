import { constants, crc32, deflateRawSync, inflateRawSync, type ZlibOptions } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compileScanner } from '../../backtest/scan/compile.ts';
import { Scanner } from '../../backtest/scan/scanner.ts';

const scanner = new Scanner(compileScanner(), []);
const { Z_FIXED, Z_HUFFMAN_ONLY, Z_RLE } = constants;
const ways: readonly ZlibOptions[] = [
  ...[0, 1, 6, 9].map((level) => ({ level })),
  ...[Z_HUFFMAN_ONLY, Z_RLE, Z_FIXED].map((strategy) => ({ strategy })),
];

/** Bytes that all kinds of blocks, codes of all lengths and copies from all distances come of. */
const data = fc
  .array(
    fc.oneof(
      fc.tuple(fc.uint8Array({ minLength: 1, maxLength: 300 }), fc.integer({ min: 1, max: 60 })),
      fc.tuple(fc.uint8Array({ minLength: 1, maxLength: 9 }), fc.integer({ min: 1, max: 4000 })),
      // Few bytes often and many seldom: their codes are of very different lengths.
      fc.tuple(
        fc
          .array(fc.nat(255), { minLength: 200, maxLength: 3000 })
          .map((all) => Uint8Array.from(all, (one) => (one ** 4) >> 24)),
        fc.constant(1),
      ),
    ),
    { maxLength: 8 },
  )
  .map((parts) => Buffer.concat(parts.flatMap(([bytes, times]) => Array<Uint8Array>(times).fill(bytes))));

const textAt = (at: number, size: number): Buffer => Buffer.from(scanner.bytes(at + size).subarray(at, at + size));

describe('deflated data', () => {
  it('comes to what it was made of, whatever blocks it consists of', () => {
    const property = fc.property(data, fc.constantFrom(...ways), fc.nat(100), (plain, way, at) => {
      expect(scanner.inflate(deflateRawSync(plain, way), at, plain.length)).toBe(crc32(plain));
      expect(textAt(at, plain.length).equals(plain)).toBe(true);
    });
    fc.assert(property, { numRuns: 500 });
  });

  it('is declined where it is more or less than said, or cut off', () => {
    const property = fc.property(data, fc.integer({ min: 1, max: 1000 }), (plain, by) => {
      const deflated = deflateRawSync(plain);
      expect(scanner.inflate(deflated, 0, plain.length + by)).toBeUndefined();
      expect(scanner.inflate(deflated.subarray(0, Math.max(0, deflated.length - by)), 0, plain.length)).toBeUndefined();
      expect(scanner.inflate(Buffer.concat([deflated, Buffer.alloc(by)]), 0, plain.length)).toBeUndefined();
      if (plain.length >= by) expect(scanner.inflate(deflated, 0, plain.length - by)).toBeUndefined();
    });
    fc.assert(property, { numRuns: 200 });
  });

  it('is taken, with bits changed, only where zlib takes it for the same', () => {
    const changes = fc.array(fc.tuple(fc.nat(), fc.nat(7)), { minLength: 1, maxLength: 3 });
    const property = fc.property(data, changes, (plain, bits) => {
      const deflated = deflateRawSync(plain);
      for (const [at, bit] of bits) {
        const place = at % deflated.length;
        deflated[place] = (deflated[place] ?? 0) ^ (1 << bit);
      }
      if (scanner.inflate(deflated, 0, plain.length) === undefined) return;
      expect(inflateRawSync(deflated).equals(textAt(0, plain.length))).toBe(true);
    });
    fc.assert(property, { numRuns: 1000 });
  });
});

describe('the checksum of a text', () => {
  /** A text whose bytes look like chance: https://en.wikipedia.org/wiki/Linear_congruential_generator */
  const textOf = (size: number, seed: number): Uint8Array => {
    let state = seed;
    return Uint8Array.from({ length: size }, () => {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) | 0;
      return state >>> 24;
    });
  };
  const sizes = fc.oneof(fc.nat(5000), fc.nat(200_000), fc.constantFrom(0, 4799, 4800, 9599, 9600, 9601, 14_400));

  it('is that of zlib, whatever its size and place', () => {
    const property = fc.property(sizes, fc.nat(100), fc.integer(), fc.constantFrom(...ways), (size, at, seed, way) => {
      const text = textOf(size, seed);
      expect(scanner.inflate(deflateRawSync(text, way), at, size)).toBe(crc32(text));
    });
    fc.assert(property, { numRuns: 300 });
  });

  it('tells how far the text has come, and what is there is right by then', () => {
    const property = fc.property(sizes, fc.integer(), fc.constantFrom(...ways), (size, seed, way) => {
      const text = textOf(size, seed);
      const ends: number[] = [];
      scanner.inflate(deflateRawSync(text, way), 0, size, (end) => {
        expect(textAt(0, end).equals(text.subarray(0, end))).toBe(true);
        ends.push(end);
      });
      expect(ends).toEqual([...new Set(ends)].sort((a, b) => a - b));
      expect(ends.at(-1)).toBe(size);
    });
    fc.assert(property, { numRuns: 50 });
  });
});
