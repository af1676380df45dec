import { closeSync, mkdtempSync, openSync, readSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { compileIdSet } from './scan/compile.ts';
import { uuidBytes } from './uuid.ts';

/** Sizes of a table, in bytes: where little is expected, and where all that is kept in memory has room. */
const SMALL = 1 << 16;
const LARGE = 1 << 23;
/** Values are sorted onto so many pages of so many bytes before they are written. */
const PAGES = 256;
const PAGE_SIZE = 4096;

const PAGE = 65_536;
/** Where things are in the set's memory, as id-set.wat says; what is added is put at its beginning. */
const USED = 0x8000;
const FULL_PAGE = 0x8400;
const SORTED = 0x10000;
const TABLE = 0x110000;
/** So many values are added at a time. */
const AT_ONCE = 2048;

/** A set of 16-byte values, in 16 to 48 bytes each; id-set.wat does the work. */
class IdSet {
  readonly #memory: WebAssembly.Memory;
  readonly #add: (at: number, count: number, mask: number) => number;
  readonly #sort: (from: number, end: number) => number;
  #bytes: Uint8Array;
  #size: number;
  #hasZero = false;
  #count = 0;

  constructor(module: WebAssembly.Module, size = SMALL) {
    this.#size = size;
    const exports = new WebAssembly.Instance(module).exports;
    this.#memory = exports.memory as WebAssembly.Memory;
    this.#add = exports.add as (at: number, count: number, mask: number) => number;
    this.#sort = exports.sort as (from: number, end: number) => number;
    this.#memory.grow(size / PAGE);
    this.#bytes = new Uint8Array(this.#memory.buffer);
  }

  get size(): number {
    return this.#count + (this.#hasZero ? 1 : 0);
  }

  add(ids: Uint8Array): void {
    // Zero is how the table marks an empty slot: that value is counted by itself.
    this.#hasZero ||= ids.length > 0 && hasZero(ids);
    this.#addAll(ids);
  }

  /** Hands over each value other than zero, on pages of those with the same first byte; a page is valid during the call. */
  pages(write: (first: number, values: Uint8Array) => void): void {
    const words = new Uint32Array(this.#bytes.buffer, 0, SORTED >> 2);
    const turn = (page: number): void => {
      const used = words[(USED >> 2) + page] ?? 0;
      const at = SORTED + page * PAGE_SIZE;
      if (used > 0) write(page, this.#bytes.subarray(at, at + used));
      words[(USED >> 2) + page] = 0;
    };
    for (let at = this.#sort(0, this.#size); at >= 0; at = this.#sort(at, this.#size)) turn(words[FULL_PAGE >> 2] ?? 0);
    for (let page = 0; page < PAGES; page += 1) turn(page);
  }

  /** Takes all values out, but for zero, which the set goes on knowing. */
  clear(): void {
    this.#bytes.fill(0, TABLE);
    this.#count = 0;
  }

  #addAll(ids: Uint8Array): void {
    for (let from = 0; from < ids.length; from += AT_ONCE * 16) {
      const part = ids.subarray(from, from + AT_ONCE * 16);
      if ((this.#count + AT_ONCE) * 16 > this.#size * 0.7) this.#grow();
      this.#bytes.set(part, 0);
      this.#count += this.#add(0, part.length >> 4, this.#size - 1);
    }
  }

  #grow(): void {
    const values = this.#bytes.slice(TABLE, TABLE + this.#size);
    this.#memory.grow(this.#size / PAGE);
    this.#bytes = new Uint8Array(this.#memory.buffer);
    this.#size *= 2;
    this.clear();
    this.#addAll(values);
  }
}

function hasZero(ids: Uint8Array): boolean {
  for (let at = 0; at < ids.length; at += 16)
    if (ids[at] === 0 && ids.subarray(at, at + 16).every((byte) => byte === 0)) return true;
  return false;
}

let compiled: WebAssembly.Module | undefined;

function idSet(): WebAssembly.Module {
  compiled ??= compileIdSet();
  return compiled;
}

/** Tells eventIDs that were met before; it keeps all of them, in 16 to 48 bytes each. */
export class IdFilter {
  readonly #set = new IdSet(idSet());
  readonly #texts = new Set<string>();

  /** Whether an eventID comes for the first time; a UUID's 16 bytes are the same as its text. */
  isNew(id: string | Uint8Array): boolean {
    const bytes = typeof id === 'string' ? uuidBytes(id) : id;
    const before = bytes ? this.#set.size : this.#texts.size;
    if (bytes) this.#set.add(bytes);
    else this.#texts.add(id as string);
    return (bytes ? this.#set.size : this.#texts.size) > before;
  }
}

/**
 * Counts distinct eventIDs exactly, in bounded memory: beyond `most` they go to a file in the temporary folder, by their first
 * byte, and those of each are counted by themselves at the end. eventIDs that are no UUIDs are kept as texts.
 */
export class EventIds {
  readonly #most: number;
  readonly #module = idSet();
  readonly #set: IdSet;
  readonly #texts = new Set<string>();
  #spilled: SpillFile | undefined;

  constructor(most = 350_000) {
    this.#most = most;
    this.#set = new IdSet(this.#module, most > 100_000 ? LARGE : SMALL);
  }

  /** Adds eventIDs of 16 bytes each, one behind the other. */
  add(ids: Uint8Array): void {
    this.#set.add(ids);
    if (this.#set.size >= this.#most) this.#spill();
  }

  /** Adds an eventID as text. */
  addText(id: string): void {
    const bytes = uuidBytes(id);
    if (bytes) this.add(bytes);
    else this.#texts.add(id);
  }

  /** How many distinct ones were added. Ends the counting. */
  finish(): number {
    if (!this.#spilled) return this.#set.size + this.#texts.size;
    this.#spill();
    let distinct = this.#set.size + this.#texts.size;
    const set = new IdSet(this.#module);
    for (let first = 0; first < PAGES; first += 1) {
      for (const values of this.#spilled.read(first)) set.add(values);
      distinct += set.size;
      set.clear();
    }
    this.#spilled.close();
    this.#spilled = undefined;
    return distinct;
  }

  #spill(): void {
    this.#spilled ??= new SpillFile();
    const file = this.#spilled;
    this.#set.pages((first, values) => file.write(first, values));
    this.#set.clear();
  }
}

/** A file in the temporary folder with pages of values, and where those with each first byte are. */
class SpillFile {
  readonly #folder = mkdtempSync(join(tmpdir(), 'cordon-backtest-'));
  readonly #file = openSync(join(this.#folder, 'event-ids'), 'wx+');
  readonly #places: { at: number; length: number }[][] = Array.from({ length: PAGES }, () => []);
  #end = 0;

  write(first: number, values: Uint8Array): void {
    writeSync(this.#file, values);
    this.#places[first]?.push({ at: this.#end, length: values.length });
    this.#end += values.length;
  }

  /** The values with a first byte, page by page; each is valid until the next. */
  *read(first: number): Generator<Uint8Array> {
    const page = new Uint8Array(PAGE_SIZE);
    for (const { at, length } of this.#places[first] ?? []) {
      yield page.subarray(0, readSync(this.#file, page, 0, length, at));
    }
  }

  close(): void {
    closeSync(this.#file);
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
