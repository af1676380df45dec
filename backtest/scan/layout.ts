import type { Match } from '../../playbooks/matching/match.ts';
import { type Necessary, type NecessaryText, necessary } from './necessary.ts';

/** Where in the scanner's memory things are; scanner.wat says the same. */
export const layout = {
  classes: 0x0000,
  transitions: 0x0100,
  escapes: 0x0200,
  hashes: 0x1000,
  texts: 0x25000,
  mostTexts: 127,
  textSize: 128,
  folded: 0x29000,
  foldedSize: 4800,
  position: 0x4004,
  recordStart: 0x4008,
  found: 0x400c,
  ids: 0x4010,
  records: 0x4014,
  documentTail: 0x4018,
  startState: 0x401c,
  base: 0x4020,
  depth: 0x4024,
  state: 0x4028,
  stack: 0x4030,
  freeMask: 0x4040,
  namelessMask: 0x4048,
  foundList: 0x5000,
  foundSize: 32,
  idList: 0x30000,
  /** As many fit in, and a scan ends where they do. */
  mostIds: 32768,
  bytes: 0x180000,
  /** Blank bytes that must follow the bytes to scan. */
  padding: 256,
} as const;

/** States of the grammar in which a scan can begin. */
export const states = {
  afterValueInObject: 4,
  arrayFirst: 5,
  arrayValue: 6,
  afterValueInArray: 7,
  document: 8,
} as const;

const FAULT = 255;
/** By state: the next state for `{ } [ ] : , string scalar` and any other character; closing leads to where the scanner's stack says. */
const grammar: readonly (readonly number[])[] = [
  [FAULT, 0, FAULT, FAULT, FAULT, FAULT, 2, FAULT],
  [FAULT, FAULT, FAULT, FAULT, FAULT, FAULT, 2, FAULT],
  [FAULT, FAULT, FAULT, FAULT, 3, FAULT, FAULT, FAULT],
  [0, FAULT, 5, FAULT, FAULT, FAULT, 4, 4],
  [FAULT, 0, FAULT, FAULT, FAULT, 1, FAULT, FAULT],
  [0, FAULT, 5, 0, FAULT, FAULT, 7, 7],
  [0, FAULT, 5, FAULT, FAULT, FAULT, 7, 7],
  [FAULT, FAULT, FAULT, 0, FAULT, 6, FAULT, FAULT],
  [0, FAULT, FAULT, FAULT, FAULT, FAULT, FAULT, FAULT],
];

/** Writes what the scanner has to know of JSON. */
export function writeGrammar(memory: Uint8Array): void {
  memory.fill(7, layout.classes, layout.classes + 256);
  memory.fill(8, layout.classes, layout.classes + 33);
  for (const blank of ' \t\n\r') memory[layout.classes + blank.charCodeAt(0)] = 9;
  [...'{}[]:,"'].forEach((char, cls) => {
    memory[layout.classes + char.charCodeAt(0)] = cls;
  });
  memory.fill(FAULT, layout.transitions, layout.transitions + 256);
  grammar.forEach((row, state) => {
    memory.set(row, layout.transitions + state * 16);
  });
  for (const char of '"\\/bfnrt') memory[layout.escapes + char.charCodeAt(0)] = 1;
}

/** How many detections have a bit of their own; those beyond share the last one. */
const bits = 64;
/** The bit of the n-th detection. */
export const bitOf = (n: number): bigint => 1n << BigInt(Math.min(n, bits - 1));
/** Tells for a mask whether it has the bit of the n-th detection; in numbers, since big ones are made anew for each operation. */
export function bitsIn(mask: bigint): (n: number) => boolean {
  const low = Number(BigInt.asUintN(32, mask));
  const high = Number(BigInt.asUintN(32, mask >> 32n));
  return (n) => (((n < 32 ? low : high) >>> (Math.min(n, bits - 1) & 31)) & 1) === 1;
}

/** The necessary conditions of several matches, as the scanner takes them. */
export interface Conditions {
  /** The bits of the matches that can hold of a record with this event name, or with none. */
  nameMask: (name: string | undefined) => bigint;
}

/** Of what is sought nothing is known: every record is looked at. */
const unknown: Necessary = { couldHaveName: () => true };

/** Writes the necessary conditions of `matches` into the scanner's memory; undefined is one without any. @throws InvalidPath */
export function writeConditions(memory: DataView, matches: readonly (Match | undefined)[]): Conditions {
  const each = matches.map((match, n) => ({ ...(match ? necessary(match) : unknown), bit: bitOf(n) }));
  const texts = new Map<string, NecessaryText & { mask: bigint }>();
  let free = 0n;
  for (const { texts: needed, bit } of each) {
    const keys = needed?.map((one) => JSON.stringify(one)) ?? [];
    if (!needed || new Set([...texts.keys(), ...keys]).size > layout.mostTexts) free |= bit;
    else {
      needed.forEach((one, n) => {
        const key = keys[n] ?? '';
        texts.set(key, { ...one, mask: (texts.get(key)?.mask ?? 0n) | bit });
      });
    }
  }
  [...texts.values()].forEach((one, n) => {
    writeText(memory, n + 1, one);
  });
  const nameMask = (name: string | undefined): bigint =>
    each.reduce((mask, one) => (one.couldHaveName(name) ? mask | one.bit : mask), 0n);
  memory.setBigUint64(layout.freeMask, free, true);
  memory.setBigUint64(layout.namelessMask, nameMask(undefined), true);
  return { nameMask };
}

/** Puts a text of interest into the table, in front of others whose first four bytes have the same hash. */
function writeText(
  memory: DataView,
  index: number,
  { text, level, contains, mask }: NecessaryText & { mask: bigint },
): void {
  const bytes = Buffer.from(`${text}"`, 'latin1');
  const at = layout.texts + index * layout.textSize;
  const slot = layout.hashes + (Math.imul(bytes.readInt32LE(0), 0x9e3779b1 | 0) >>> 20);
  const put = (part: Buffer, to: number): void => {
    for (const [n, byte] of part.entries()) memory.setUint8(to + n, byte);
  };
  memory.setUint8(at, bytes.length);
  memory.setUint8(at + 1, memory.getUint8(slot));
  memory.setUint8(at + 2, contains?.length ?? 0);
  memory.setUint8(at + 3, level ?? 0);
  memory.setBigUint64(at + 8, mask, true);
  put(bytes, at + 16);
  put(Buffer.from(contains ?? '', 'latin1'), at + 64);
  memory.setUint8(slot, index);
}
