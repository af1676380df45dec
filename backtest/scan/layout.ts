import type { Match } from '../../playbooks/matching/match.ts';
import { type Necessary, type NecessaryText, necessary } from './necessary.ts';

/** Where in the scanner's memory things are; scanner.wat and note.wat say the same. */
export const layout = {
  classes: 0x0000,
  transitions: 0x0100,
  escapes: 0x0200,
  hashes: 0x1000,
  interests: 0x25000,
  mostInterests: 127,
  interestSize: 128,
  fields: 0x4100,
  mostFields: 59,
  fieldSize: 64,
  picked: 0x2b000,
  pickedId: 0x2f000,
  hasPickedId: 0x2f010,
  /** What the record has of its own that was met last: begin and end of its session, and at 16 the number of its day. */
  own: 0x2f020,
  hits: 0x2f040,
  hitList: 0x260000,
  hitSize: 40,
  outlines: 0x142000,
  texts: 0x200000,
  /** In a table of texts: whether it was too small, and where the first one's entry is, and how large. */
  crowded: 8,
  entries: 0x8010,
  entrySize: 16,
  /** The longest record that is picked from. */
  mostPicked: 16_384,
  /** The longest that an outline is made of. */
  mostOutlined: 8192,
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
  bytes: 0x280000,
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
/** The same bits as two numbers: big ones are made anew for each operation. */
export interface Bits {
  low: number;
  high: number;
}

export const bitsOf = (mask: bigint): Bits => ({
  low: Number(BigInt.asIntN(32, mask)),
  high: Number(BigInt.asIntN(32, mask >> 32n)),
});
export const everyBit: Bits = { low: -1, high: -1 };
/** Whether the bit of the n-th detection is among them. */
export const hasBit = ({ low, high }: Bits, n: number): boolean =>
  (((n < 32 ? low : high) >>> (Math.min(n, bits - 1) & 31)) & 1) === 1;

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
    if (!needed || new Set([...texts.keys(), ...keys]).size > layout.mostInterests) free |= bit;
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

/** Which fields of a record anybody looks at. */
export interface Looked {
  /** At these, whatever it matches. */
  always: readonly string[];
  /** By match; undefined where it may be any. */
  each: readonly (readonly string[] | undefined)[];
}

/** Keys that JSON can write only as they are, or with `\u`. */
const plainField = /^[A-Za-z0-9_-]{3,39}$/;

/** An eventID is wanted of every record. */
const id = 'eventID';
/** The fields that an outline has in part, by their numbers in note.wat. */
const parts: Record<string, number> = {
  ...{ [id]: 1, eventTime: 2, sourceIPAddress: 3 },
  ...{ userIdentity: 4, awsRegion: 7, responseElements: 8 },
};

/** Writes the fields that matches look at into the scanner's memory. Returns the bits of those that may look at any. */
export function writeFields(memory: DataView, { always, each }: Looked): bigint {
  /** By field, the bits of those that look at it. */
  const masks = new Map<string, bigint>([...always, id].map((field) => [field, 0n]));
  const wantedByAll = masks.size;
  let whole = 0n;
  each.forEach((fields, n) => {
    const fresh = fields?.filter((field) => !masks.has(field)) ?? [];
    if (!fields?.every((field) => plainField.test(field)) || masks.size + fresh.length > layout.mostFields) {
      whole |= bitOf(n);
      return;
    }
    for (const field of fields) masks.set(field, (masks.get(field) ?? 0n) | bitOf(n));
  });
  [...masks].forEach(([field, mask], n) => {
    const at = layout.fields + n * layout.fieldSize;
    const look = BigInt.asIntN(64, mask);
    memory.setBigInt64(at, n < wantedByAll ? -1n : look, true);
    memory.setUint8(at + 8, field.length + 1);
    memory.setUint8(at + 9, field === id && mask === 0n ? 1 : 0);
    memory.setUint8(at + 10, parts[field] ?? 0);
    putText(memory, `${field}"`, at + 16);
    memory.setBigInt64(at + 56, look, true);
  });
  return whole;
}

/** Puts a text of interest into the table, in front of others whose first four bytes have the same hash. */
function writeText(
  memory: DataView,
  index: number,
  { text, level, contains, mask }: NecessaryText & { mask: bigint },
): void {
  const bytes = Buffer.from(`${text}"`, 'latin1');
  const at = layout.interests + index * layout.interestSize;
  const slot = layout.hashes + (Math.imul(bytes.readInt32LE(0), 0x9e3779b1 | 0) >>> 20);
  memory.setUint8(at, bytes.length);
  memory.setUint8(at + 1, memory.getUint8(slot));
  memory.setUint8(at + 2, contains?.length ?? 0);
  memory.setUint8(at + 3, level ?? 0);
  memory.setBigUint64(at + 8, mask, true);
  putText(memory, `${text}"`, at + 16);
  putText(memory, contains ?? '', at + 64);
  memory.setUint8(slot, index);
}

function putText(memory: DataView, text: string, at: number): void {
  for (const [n, byte] of Buffer.from(text, 'latin1').entries()) memory.setUint8(at + n, byte);
}
