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
      expect(scanner.inflate(deflateRawSync(plain, way), at, plain.length)).toBe(true);
      expect(textAt(at, plain.length).equals(plain)).toBe(true);
    });
    fc.assert(property, { numRuns: 500 });
  });

  it('is declined where it is more or less than said, or cut off', () => {
    const property = fc.property(data, fc.integer({ min: 1, max: 1000 }), (plain, by) => {
      const deflated = deflateRawSync(plain);
      expect(scanner.inflate(deflated, 0, plain.length + by)).toBe(false);
      expect(scanner.inflate(deflated.subarray(0, Math.max(0, deflated.length - by)), 0, plain.length)).toBe(false);
      expect(scanner.inflate(Buffer.concat([deflated, Buffer.alloc(by)]), 0, plain.length)).toBe(false);
      if (plain.length >= by) expect(scanner.inflate(deflated, 0, plain.length - by)).toBe(false);
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
      if (!scanner.inflate(deflated, 0, plain.length)) return;
      expect(inflateRawSync(deflated).equals(textAt(0, plain.length))).toBe(true);
    });
    fc.assert(property, { numRuns: 1000 });
  });
});

describe('the checksum of a text', () => {
  it('is that of zlib, whatever its size and place', () => {
    const sizes = fc.oneof(fc.nat(5000), fc.nat(60_000), fc.constantFrom(0, 4799, 4800, 9599, 9600, 9601, 14_400));
    const property = fc.property(sizes, fc.nat(100), fc.integer(), (size, at, seed) => {
      const text = scanner.bytes(at + size).subarray(at);
      // A generator of numbers that look like chance: https://en.wikipedia.org/wiki/Linear_congruential_generator
      let state = seed;
      for (let n = 0; n < size; n += 1) {
        state = (Math.imul(state, 1_664_525) + 1_013_904_223) | 0;
        text[n] = state >>> 24;
      }
      expect(scanner.checksum(at, size)).toBe(crc32(text));
    });
    fc.assert(property, { numRuns: 300 });
  });

  it('tells every changed bit', () => {
    const size = 20_003;
    const text = scanner.bytes(size);
    text.fill(7);
    const right = scanner.checksum(0, size);
    const property = fc.property(fc.nat(size - 1), fc.nat(7), (at, bit) => {
      text[at] = 7 ^ (1 << bit);
      expect(scanner.checksum(0, size)).not.toBe(right);
      text[at] = 7;
    });
    fc.assert(property, { numRuns: 300 });
  });
});
