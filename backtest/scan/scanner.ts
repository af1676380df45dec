import { crc32 } from 'node:zlib';
import type { Match } from '../../playbooks/matching/match.ts';
import {
  type Bits,
  bitsOf,
  everyBit,
  type Looked,
  layout,
  states,
  writeConditions,
  writeFields,
  writeGrammar,
} from './layout.ts';

/** Where in a file's structure a scan begins: outside any value, or among the elements of an array of records. */
export interface Place {
  /** How many brackets are open around a record: 0 in a sequence of documents, 1 in a bare array, 2 in `{"Records":[`; more behind these. */
  base: number;
  depth: number;
  state: number;
  /** Which of the open brackets are objects: the last is the lowest bit. */
  stack: bigint;
}

/** Outside any document. */
export const outside: Place = { base: 0, depth: 0, state: states.document, stack: 0n };

/** Among records, behind a comma, as many brackets deep as `base` says. */
export const amongRecords = (base: number, state: number = states.arrayValue): Place =>
  base === 0 ? outside : { base, depth: base, state, stack: base === 2 ? 2n : 0n };

/** A record that may match, with the bits of the matches that may hold, or that must be looked at for another reason. Positions count from the start of the bytes scanned. */
export interface Found extends Bits {
  start: number;
  end: number;
  /** Something in it is not plain: its eventID is not among those counted. */
  odd: boolean;
  /** It is a document of its own, not an element of Records: it may be something else than a record. */
  document: boolean;
}

/** What was picked out of a record. */
export interface Picked {
  /** As JSON. */
  text: string;
  /** Its eventID as four numbers, where they are not in the text; they change with the next record. */
  id?: Int32Array;
}

/** How a stretch of bytes was read. */
export interface Scan {
  /**
   * `end`: all of it; `fault`: it is no JSON at `at`; `element`: at `at` an element of Records begins that is no object.
   */
  stopped: 'end' | 'fault' | 'element';
  at: number;
  /** Where the record begins that is not complete, or that holds the fault. */
  open?: number;
  /** Where to begin again once there are more bytes: in front of what is not complete. */
  resume: number;
  /** Where in the structure `resume` is. */
  place: Place;
}

/** What a scan reports while it goes on. */
export interface Sink {
  found: (record: Found) => void;
  /** So many complete records. */
  counted: (records: number) => void;
  /** eventIDs that there is no more room for, 16 bytes each. */
  full: (ids: Uint8Array) => void;
}

interface Exports {
  memory: WebAssembly.Memory;
  scan: (from: number, to: number) => number;
  pick: (at: number, end: number, low: number, high: number) => number;
  remember: (at: number, length: number, mask: bigint) => number;
  begin: (from: number, to: number, out: number) => void;
  inflate: (enough: number, limit: number) => number;
  used: () => number;
  foldNothing: () => void;
  fold: (from: number, to: number) => void;
  foldRest: (at: number) => void;
}

/** So many bytes behind what is inflated may be written, and behind its input read. */
const SLACK = 512;

/** About as much text is inflated, folded and scanned before there is more: while the processor's cache has it. */
const PART = 64 * 1024;

/** Finds records in bytes, and those of them that may match. Its memory holds the bytes; scanner.wat does the work. */
export class Scanner {
  readonly #exports: Exports;
  readonly #nameMask: (name: string | undefined) => bigint;
  /** The bits of the matches that may look at any field. */
  readonly #whole: Bits;
  readonly #id = new Int32Array(4);
  #view: DataView;
  #memory: Uint8Array;
  #buffer: Buffer;

  /** @throws InvalidPath */
  constructor(module: WebAssembly.Module, matches: readonly (Match | undefined)[], looked?: Looked) {
    this.#exports = new WebAssembly.Instance(module).exports as unknown as Exports;
    this.#memory = new Uint8Array(this.#exports.memory.buffer);
    this.#view = new DataView(this.#exports.memory.buffer);
    this.#buffer = Buffer.from(this.#exports.memory.buffer);
    writeGrammar(this.#memory);
    this.#nameMask = writeConditions(this.#view, matches).nameMask;
    this.#whole = looked ? bitsOf(writeFields(this.#view, looked)) : everyBit;
  }

  /** The bytes to scan go here; there is room for `size` of them. What was there before stays. */
  bytes(size: number): Uint8Array {
    const missing = layout.bytes + size + layout.padding - this.#memory.length;
    if (missing > 0) {
      this.#exports.memory.grow(Math.ceil(missing / 65_536));
      this.#memory = new Uint8Array(this.#exports.memory.buffer);
      this.#view = new DataView(this.#exports.memory.buffer);
      this.#buffer = Buffer.from(this.#exports.memory.buffer);
    }
    return this.#memory.subarray(layout.bytes, layout.bytes + size);
  }

  /**
   * Inflates raw deflate data to where `at` says in {@link bytes}. `part` is told how far it has come, again and again: what is there by
   * then can be scanned. Returns the CRC-32 of the text; or undefined where not all data was used or it came to other than `size`
   * bytes: what is unusual is left to others. It does not tell whether the bytes are right.
   */
  inflate(data: Uint8Array, at: number, size: number, part: (end: number) => void = () => {}): number | undefined {
    this.bytes(at + size + data.length + 2 * SLACK);
    const begin = layout.bytes + at;
    const from = begin + size + SLACK;
    const to = from + data.length;
    this.#memory.set(data, from);
    this.#exports.begin(from, to, begin);
    this.#exports.foldNothing();
    const toFold = Math.max(0, Math.floor(size / layout.foldedSize) - 1) * layout.foldedSize;
    let folded = begin;
    let end = begin;
    while (this.#exports.used() === 0) {
      end = this.#exports.inflate(end + PART, begin + size);
      if (end === 0) return undefined;
      const next = begin + Math.min(toFold, Math.floor((end - begin) / layout.foldedSize) * layout.foldedSize);
      this.#exports.fold(folded, next);
      folded = next;
      part(end - layout.bytes);
    }
    if (end !== begin + size || this.#exports.used() !== to) return undefined;
    const text = this.#memory.subarray(folded, end);
    if (folded === begin) return crc32(text);
    this.#exports.foldRest(folded);
    const rest = this.#memory.subarray(layout.folded, layout.folded + layout.foldedSize);
    // Of what begins with zeros, as zlib writes it.
    return crc32(text.subarray(layout.foldedSize), crc32(rest, 0xffffffff));
  }

  /**
   * The text of a record that was found, with only those fields that anybody looks at who may want it: a fraction of it to parse. Undefined
   * where that may be any, and where it is not plain or long.
   */
  pick({ start, end, low, high, odd }: Found): Picked | undefined {
    const isAny = (low & this.#whole.low) !== 0 || (high & this.#whole.high) !== 0;
    if (odd || isAny || end - start > layout.mostPicked) return undefined;
    const length = this.#exports.pick(layout.bytes + start, layout.bytes + end, low, high);
    const text = this.#buffer.toString('utf8', layout.picked, layout.picked + length);
    if (this.#number(layout.hasPickedId) === 0) return { text };
    for (let n = 0; n < 4; n += 1) this.#id[n] = this.#view.getInt32(layout.pickedId + n * 4);
    return { text, id: this.#id };
  }

  /** How many eventIDs wait to be taken: of all records that are not odd. To set it lower forgets the last ones. */
  get ids(): number {
    return this.#number(layout.ids);
  }

  set ids(count: number) {
    this.#view.setUint32(layout.ids, count, true);
  }

  /** Takes the eventIDs that wait, 16 bytes each. */
  takeIds(): Uint8Array {
    const ids = this.#memory.slice(layout.idList, layout.idList + this.ids * 16);
    this.ids = 0;
    return ids;
  }

  /** Scans the bytes from `from` to `to`, beginning at a place in the structure. */
  scan(from: number, to: number, place: Place, sink: Sink): Scan {
    const end = layout.bytes + to;
    this.#memory.fill(32, end, end + layout.padding);
    this.#write(place, layout.bytes + from);
    for (let at = layout.bytes + from; ; ) {
      this.#view.setUint32(layout.found, 0, true);
      const code = this.#exports.scan(at, end);
      this.#drain(sink);
      if (this.ids >= layout.mostIds) sink.full(this.takeIds());
      if (code === 1) at = this.#number(layout.position);
      else return this.#result(code, to);
    }
  }

  #write({ base, depth, state, stack }: Place, at: number): void {
    this.#view.setUint32(layout.documentTail, at, true);
    this.#view.setUint32(layout.base, base, true);
    this.#view.setUint32(layout.depth, depth, true);
    this.#view.setUint32(layout.state, state, true);
    this.#view.setBigUint64(layout.stack, stack, true);
  }

  #number(at: number): number {
    return this.#view.getUint32(at, true);
  }

  #drain(sink: Sink): void {
    sink.counted(this.#number(layout.records));
    for (let n = 0, count = this.#number(layout.found); n < count; n += 1) {
      const at = layout.foundList + n * layout.foundSize;
      const kind = this.#number(at + 24);
      let [low, high] = [this.#view.getInt32(at + 8, true), this.#view.getInt32(at + 12, true)];
      if (kind === 2) {
        const possible = this.#learn(this.#number(at + 16), this.#number(at + 20));
        low &= possible.low;
        high &= possible.high;
      }
      if (low === 0 && high === 0 && kind !== 1) continue;
      const start = this.#number(at) - layout.bytes;
      sink.found({
        start,
        end: this.#number(at + 4) - layout.bytes,
        low,
        high,
        odd: kind === 1,
        document: this.#number(at + 28) === 0,
      });
    }
  }

  /** Says what an event name leaves possible, and has the scanner know it from now on. */
  #learn(at: number, length: number): Bits {
    const name = Buffer.from(this.#memory.buffer, at, length).toString('utf8');
    const mask = this.#nameMask(name);
    this.#exports.remember(at, length, mask);
    return bitsOf(mask);
  }

  #result(code: number, to: number): Scan {
    const start = this.#number(layout.recordStart);
    const state = this.#number(layout.state);
    const base = this.#number(layout.base);
    const stopped = code === 0 ? 'end' : code === 2 ? 'fault' : 'element';
    const at = code === 0 ? to : this.#number(layout.position) - layout.bytes;
    if (start !== 0) {
      const open = start - layout.bytes;
      return { stopped, at, open, resume: open, place: amongRecords(base, this.#number(layout.startState)) };
    }
    if (base > 2) {
      const resume = this.#number(layout.documentTail) - layout.bytes;
      return { stopped, at, resume, place: { base, depth: 1, state: states.afterValueInObject, stack: 1n } };
    }
    const place = {
      base,
      depth: this.#number(layout.depth),
      state,
      stack: this.#view.getBigUint64(layout.stack, true),
    };
    return { stopped, at, resume: at, place };
  }
}
