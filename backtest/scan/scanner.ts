import { crc32 } from 'node:zlib';
import { isoTime } from '../../playbooks/iso-time.ts';
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
  note: (at: number, end: number, low: number, high: number) => number;
  hit: () => number;
  hasRoom: () => number;
  clear: (table: number) => void;
  since: WebAssembly.Global;
  until: WebAssembly.Global;
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

/** Where in a table of texts what is known of one is. */
const entry = (table: number, number: number): number => table + layout.entries + number * layout.entrySize;

/** What the scanner returns instead of an outline's number. */
const FULL = -2;

/** Finds records in bytes, and those of them that may match. Its memory holds the bytes; scanner.wat does the work. */
export class Scanner {
  readonly #exports: Exports;
  readonly #nameMask: (name: string | undefined) => bigint;
  /** The bits of the matches that may look at any field. */
  readonly #whole: Bits;
  readonly #id = new Int32Array(4);
  /** By the bits of those who may want them, how many records were met, how many noted, and of how many somebody had to ask in vain. */
  readonly #met = new Map<number, { all: number; noted: number; vain: number }>();
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
    this.#exports.clear(layout.outlines);
    this.#exports.clear(layout.texts);
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

  /** The text of a record that was found. */
  text({ start, end }: Found): Uint8Array {
    return this.bytes(end).subarray(start);
  }

  /**
   * The text of a record that was found, with only those fields that anybody looks at who may want it: a fraction of it to parse. Undefined
   * where that may be any, and where it is not plain or long.
   */
  pick(found: Found): Picked | undefined {
    const { start, end, low, high } = found;
    if (!this.#isPlain(found, layout.mostPicked)) return undefined;
    const length = this.#exports.pick(layout.bytes + start, layout.bytes + end, low, high);
    const text = this.#buffer.toString('utf8', layout.picked, layout.picked + length);
    return this.#number(layout.hasPickedId) === 0 ? { text } : { text, id: this.#pickedId() };
  }

  /**
   * Notes a record that was found among the hits, if one like it was judged: in all that anybody looks at who may want it they are the same,
   * and in who is behind them, but for what each has of its own: eventID, time, address and the session of a role. Returns `noted` where
   * that is done, or it is known not to fit; `full` where hits must be taken first; the number of its outline where nobody speaks for it yet, or
   * its day is met for the first time; undefined where it has none, since it is not plain or long, where anybody may look at any of its
   * fields, or where hardly any are alike.
   */
  note(found: Found): 'noted' | 'full' | number | undefined {
    const { start, end, low, high } = found;
    if (!this.#isPlain(found, layout.mostOutlined)) return undefined;
    const met = this.#metBy(found);
    met.all += 1;
    // Looking for those that are alike costs a third of judging one.
    if (met.vain > 32 + met.noted * 8 + (met.all >> 4)) return undefined;
    const outline = this.#exports.note(layout.bytes + start, layout.bytes + end, low, high);
    if (outline === 0) {
      met.noted += 1;
      return 'noted';
    }
    if (outline === FULL) return 'full';
    met.vain += 1;
    return outline < 0 ? undefined : outline;
  }

  /** Whether the record that was met last has a session beside its outline. */
  get hasSession(): boolean {
    return this.#number(layout.own) !== 0;
  }

  /** Has a day known, that of the record that was met last. */
  learnDay(): void {
    const day = this.#number(layout.own + 16);
    const at = entry(layout.outlines, day) + 8;
    const first = isoTime(`${this.#text(layout.outlines, day)}T00:00:00Z`);
    // 0 is one that is not known.
    this.#view.setFloat64(at, first === 0 ? -0 : first, true);
  }

  /** Who speaks for an outline: a number from 1 on, which hits are given that are like it; -1 where it does not fit; 0 where nobody does. */
  speaker(outline: number): number {
    return this.#view.getInt32(entry(layout.outlines, outline) + 8, true);
  }

  /** Says who does. */
  setSpeaker(outline: number, speaker: number): void {
    this.#view.setInt32(entry(layout.outlines, outline) + 8, speaker, true);
  }

  /** Leaves out of what it notes records from before or behind, in ms since 1970. */
  within(since = Number.NEGATIVE_INFINITY, until = Number.POSITIVE_INFINITY): void {
    this.#exports.since.value = since;
    this.#exports.until.value = until;
  }

  /** Puts a hit among those that are noted, of which nothing is known here: it is packed otherwise. */
  addUnknown(): void {
    this.#exports.hit();
  }

  /** Whether there is room for another hit. */
  get hasRoom(): boolean {
    return this.#exports.hasRoom() !== 0;
  }

  /** Takes the hits, 40 bytes each as note.wat says. */
  takeHits(): Uint8Array {
    const count = this.#number(layout.hits);
    this.#view.setUint32(layout.hits, 0, true);
    return this.#memory.slice(layout.hitList, layout.hitList + count * layout.hitSize);
  }

  /** The texts of hits by their numbers, beginning behind so many. */
  texts(behind: number): string[] {
    const texts: string[] = [];
    for (let n = behind + 1; n <= this.#number(layout.texts); n += 1) texts.push(this.#text(layout.texts, n));
    return texts;
  }

  /** Forgets outlines, or the texts of hits, if there was no room for another one. Returns whether they are forgotten. */
  forgetIfCrowded(what: 'outlines' | 'texts'): boolean {
    if (this.#number(layout[what] + layout.crowded) === 0) return false;
    this.#exports.clear(layout[what]);
    return true;
  }

  #text(table: number, number: number): string {
    const at = entry(table, number);
    const from = this.#number(at);
    return this.#buffer.toString('utf8', from, from + this.#number(at + 4));
  }

  #metBy({ low, high }: Bits): { all: number; noted: number; vain: number } {
    // Where two sets of bits come to the same, they share what is no more than an estimate.
    const key = (low ^ Math.imul(high, 0x9e3779b1)) & 0xffff;
    let met = this.#met.get(key);
    if (!met) {
      met = { all: 0, noted: 0, vain: 0 };
      this.#met.set(key, met);
    }
    return met;
  }

  #isPlain({ start, end, low, high, odd }: Found, most: number): boolean {
    const isAny = (low & this.#whole.low) !== 0 || (high & this.#whole.high) !== 0;
    return !odd && !isAny && end - start <= most;
  }

  #pickedId(): Int32Array {
    for (let n = 0; n < 4; n += 1) this.#id[n] = this.#view.getInt32(layout.pickedId + n * 4);
    return this.#id;
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
