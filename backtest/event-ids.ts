import { closeSync, mkdtempSync, openSync, readSync, rmSync, writevSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { compileIdSet } from './scan/compile.ts';
import { uuidBytes } from './uuid.ts';

/** A table's size at first, in bytes. */
const SMALL = 1 << 16;
/** Values are sorted onto so many pages of so many bytes. */
const PAGES = 256;
const PAGE_SIZE = 4096;

const PAGE = 65_536;
/** Where things are in the memory of id-set.wat; what is sorted or added is put at its beginning. */
const USED = 0x8000;
const FULL_PAGE = 0x8400;
const SORTED = 0x10000;
const TABLE = 0x110000;
/** So many values are sorted or added at a time. */
const AT_ONCE = 2048;

interface Exports {
  memory: WebAssembly.Memory;
  zero: WebAssembly.Global;
  add: (at: number, count: number, mask: number) => number;
  sort: (at: number, count: number) => number;
}

/** A set of 16-byte values, in 16 to 48 bytes each; id-set.wat does the work. */
class IdSet {
  readonly #exports: Exports;
  #bytes: Uint8Array;
  #first: Int32Array;
  #size = SMALL;
  #count = 0;

  constructor(module: WebAssembly.Module) {
    this.#exports = new WebAssembly.Instance(module).exports as unknown as Exports;
    this.#exports.memory.grow(SMALL / PAGE);
    this.#bytes = new Uint8Array(this.#exports.memory.buffer);
    this.#first = new Int32Array(this.#exports.memory.buffer, 0, 4);
  }

  get size(): number {
    return this.#count + this.#exports.zero.value;
  }

  add(ids: Uint8Array): void {
    for (let from = 0; from < ids.length; from += AT_ONCE * 16) {
      const part = ids.subarray(from, from + AT_ONCE * 16);
      if ((this.#count + AT_ONCE) * 16 > this.#size * 0.7) this.#grow();
      this.#bytes.set(part, 0);
      this.#count += this.#exports.add(0, part.length >> 4, this.#size - 1);
    }
  }

  /** Adds one, of the four numbers from `at` on. Returns whether it is new. */
  addOne(numbers: Int32Array, at: number): boolean {
    if ((this.#count + 1) * 16 > this.#size * 0.7) this.#grow();
    const [a = 0, b = 0, c = 0, d = 0] = [numbers[at], numbers[at + 1], numbers[at + 2], numbers[at + 3]];
    const before = (a | b | c | d) === 0 ? this.#exports.zero.value : 1;
    this.#first[0] = a;
    this.#first[1] = b;
    this.#first[2] = c;
    this.#first[3] = d;
    const added = this.#exports.add(0, 1, this.#size - 1);
    this.#count += added;
    return added === 1 || before === 0;
  }

  clear(): void {
    this.#empty();
    this.#exports.zero.value = 0;
  }

  #empty(): void {
    this.#bytes.fill(0, TABLE);
    this.#count = 0;
  }

  #grow(): void {
    const values = this.#bytes.slice(TABLE, TABLE + this.#size);
    this.#exports.memory.grow(this.#size / PAGE);
    this.#bytes = new Uint8Array(this.#exports.memory.buffer);
    this.#first = new Int32Array(this.#exports.memory.buffer, 0, 4);
    this.#size *= 2;
    const { value: hadZero } = this.#exports.zero;
    this.#empty();
    this.add(values);
    // Empty slots are zero.
    this.#exports.zero.value = hadZero;
  }
}

/** Sorts 16-byte values onto pages by their first byte. */
class IdPages {
  readonly #exports: Exports;
  readonly #bytes: Uint8Array;
  readonly #words: Uint32Array;
  readonly #full: (first: number, values: Uint8Array) => void;

  /** `full` gets each page that is full, or left at the end; it is valid during the call. */
  constructor(module: WebAssembly.Module, full: (first: number, values: Uint8Array) => void) {
    this.#exports = new WebAssembly.Instance(module).exports as unknown as Exports;
    this.#bytes = new Uint8Array(this.#exports.memory.buffer);
    this.#words = new Uint32Array(this.#bytes.buffer, 0, SORTED >> 2);
    this.#full = full;
  }

  add(ids: Uint8Array): void {
    for (let from = 0; from < ids.length; from += AT_ONCE * 16) {
      const part = ids.subarray(from, from + AT_ONCE * 16);
      const count = part.length >> 4;
      this.#bytes.set(part, 0);
      for (let left = count; left > 0; ) {
        left = this.#exports.sort((count - left) * 16, left);
        if (left >= 0) this.#turn(this.#words[FULL_PAGE >> 2] ?? 0);
      }
    }
  }

  finish(): void {
    for (let page = 0; page < PAGES; page += 1) this.#turn(page);
  }

  #turn(page: number): void {
    const used = this.#words[(USED >> 2) + page] ?? 0;
    const at = SORTED + page * PAGE_SIZE;
    if (used > 0) this.#full(page, this.#bytes.subarray(at, at + used));
    this.#words[(USED >> 2) + page] = 0;
  }
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

  /** Whether an eventID that is no UUID comes for the first time. */
  isNew(id: string): boolean {
    const before = this.#texts.size;
    return this.#texts.add(id).size > before;
  }

  /** Whether a UUID does, of the four numbers from `at` on. */
  isNewUuid(numbers: Int32Array, at: number): boolean {
    return this.#set.addOne(numbers, at);
  }
}

/**
 * Counts distinct eventIDs exactly, in bounded memory: they are kept by their first byte, beyond `most` in a file in the temporary
 * folder, and those of each are counted by themselves at the end. eventIDs that are no UUIDs are kept as texts.
 */
export class EventIds {
  readonly #pages = new IdPages(idSet(), (first, values) => this.#keep(first, values));
  readonly #texts = new Set<string>();
  /** Pages one behind the other, and by first byte, where those are; memory for them is taken as they come. */
  readonly #kept: Uint8Array;
  #used = 0;
  #places = nonePlaced();
  #spilled: SpillFile | undefined;

  constructor(most = 1_000_000) {
    this.#kept = new Uint8Array(most * 16 + PAGE_SIZE);
  }

  /** Adds eventIDs of 16 bytes each, one behind the other. */
  add(ids: Uint8Array): void {
    this.#pages.add(ids);
  }

  /** Adds an eventID as text. */
  addText(id: string): void {
    const bytes = uuidBytes(id);
    if (bytes) this.add(bytes);
    else this.#texts.add(id);
  }

  /** How many distinct ones were added. Ends the counting. */
  finish(): number {
    this.#pages.finish();
    let distinct = this.#texts.size;
    const set = new IdSet(idSet());
    for (let first = 0; first < PAGES; first += 1) {
      for (const values of this.#with(first)) set.add(values);
      for (const values of this.#spilled?.read(first) ?? []) set.add(values);
      distinct += set.size;
      set.clear();
    }
    this.#spilled?.close();
    this.#spilled = undefined;
    return distinct;
  }

  /** Those with a first byte that are not in the file. */
  #with(first: number): Uint8Array[] {
    return (this.#places[first] ?? []).map(({ at, length }) => this.#kept.subarray(at, at + length));
  }

  #keep(first: number, values: Uint8Array): void {
    if (this.#used + values.length > this.#kept.length) this.#spill();
    this.#kept.set(values, this.#used);
    this.#places[first]?.push({ at: this.#used, length: values.length });
    this.#used += values.length;
  }

  #spill(): void {
    this.#spilled ??= new SpillFile();
    this.#spilled.write(Array.from({ length: PAGES }, (_, first) => this.#with(first)));
    this.#places = nonePlaced();
    this.#used = 0;
  }
}

/** Where values are, in bytes. */
interface Place {
  at: number;
  length: number;
}

const nonePlaced = (): Place[][] => Array.from({ length: PAGES }, () => []);

/** A file in the temporary folder with values, and where those with each first byte are. */
class SpillFile {
  readonly #folder = mkdtempSync(join(tmpdir(), 'cordon-backtest-'));
  readonly #file = openSync(join(this.#folder, 'event-ids'), 'wx+');
  readonly #places = nonePlaced();
  #end = 0;

  constructor() {
    // An open file needs no name, and without one it is gone with the process, however that ends. Windows keeps names.
    if (process.platform !== 'win32') rmSync(this.#folder, { recursive: true });
  }

  /** Writes values by their first byte. @throws where there is no room for them */
  write(byFirst: readonly (readonly Uint8Array[])[]): void {
    for (const [first, values] of byFirst.entries()) {
      const length = values.reduce((sum, part) => sum + part.length, 0);
      if (length === 0) continue;
      this.#places[first]?.push({ at: this.#end, length });
      this.#end += length;
      if (writevSync(this.#file, values) !== length) throw new Error(`no room for eventIDs in ${tmpdir()}`);
    }
  }

  /** The values with a first byte, in parts. */
  *read(first: number): Generator<Uint8Array> {
    for (const { at, length } of this.#places[first] ?? []) {
      const part = new Uint8Array(length);
      yield part.subarray(0, readSync(this.#file, part, 0, length, at));
    }
  }

  close(): void {
    closeSync(this.#file);
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
