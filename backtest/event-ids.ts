import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { compileIdSet } from './scan/compile.ts';
import { uuidBytes } from './uuid.ts';

/** Sizes of a table, in bytes: where little is expected, and where all that is kept in memory has room. */
const SMALL = 1 << 16;
const LARGE = 1 << 23;
/** So many bytes are written to a file at a time. */
const WRITE = 4096;
const PARTITIONS = 256;

const PAGE = 65_536;
/** Where the table begins in the set's memory; what is added is put in front. */
const TABLE = 0x10000;
/** So many values are added at a time. */
const AT_ONCE = 2048;

/** A set of 16-byte values, in 16 to 48 bytes each; id-set.wat does the work. */
class IdSet {
  readonly #memory: WebAssembly.Memory;
  readonly #add: (at: number, count: number, mask: number) => number;
  #bytes: Uint8Array;
  #size: number;
  #hasZero = false;
  #count = 0;

  constructor(module: WebAssembly.Module, size = SMALL) {
    this.#size = size;
    const exports = new WebAssembly.Instance(module).exports;
    this.#memory = exports.memory as WebAssembly.Memory;
    this.#add = exports.add as (at: number, count: number, mask: number) => number;
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

  /** Calls back with the place of each value other than zero, in words of 4 bytes. */
  each(visit: (words: Uint32Array, at: number) => void): void {
    const words = new Uint32Array(this.#bytes.buffer, TABLE, this.#size >> 2);
    for (let at = 0; at < words.length; at += 4) {
      if (((words[at] ?? 0) | (words[at + 1] ?? 0) | (words[at + 2] ?? 0) | (words[at + 3] ?? 0)) !== 0)
        visit(words, at);
    }
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
 * Counts distinct eventIDs exactly, in bounded memory: beyond `most` they go to files in the temporary folder, by their first
 * byte, and each file is counted by itself at the end. eventIDs that are no UUIDs are kept as texts.
 */
export class EventIds {
  readonly #most: number;
  readonly #module = idSet();
  readonly #set: IdSet;
  readonly #texts = new Set<string>();
  #spilled: { folder: string; files: number[] } | undefined;

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
    const { folder, files } = this.#spilled;
    let distinct = this.#set.size + this.#texts.size;
    const set = new IdSet(this.#module);
    for (const [n, file] of files.entries()) {
      closeSync(file);
      set.add(readFileSync(join(folder, String(n))));
      distinct += set.size;
      set.clear();
    }
    rmSync(folder, { recursive: true, force: true });
    this.#spilled = undefined;
    return distinct;
  }

  #spill(): void {
    this.#spilled ??= spillFiles();
    const { files } = this.#spilled;
    const pages = files.map(() => ({ words: new Uint32Array(WRITE / 4), used: 0 }));
    const write = (n: number): void => {
      const page = pages[n];
      if (!page || page.used === 0) return;
      writeSync(files[n] ?? -1, new Uint8Array(page.words.buffer, 0, page.used * 4));
      page.used = 0;
    };
    this.#set.each((words, at) => {
      const n = (words[at] ?? 0) & 0xff;
      const page = pages[n];
      if (!page) return;
      for (let k = 0; k < 4; k += 1) page.words[page.used + k] = words[at + k] ?? 0;
      page.used += 4;
      if (page.used === page.words.length) write(n);
    });
    for (const n of pages.keys()) write(n);
    this.#set.clear();
  }
}

function spillFiles(): { folder: string; files: number[] } {
  const folder = mkdtempSync(join(tmpdir(), 'cordon-backtest-'));
  return { folder, files: Array.from({ length: PARTITIONS }, (_, n) => openSync(join(folder, String(n)), 'w')) };
}
