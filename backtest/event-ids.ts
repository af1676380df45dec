import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { compileIdSet } from './scan/compile.ts';

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const SMALLEST = 1 << 20;
const PARTITIONS = 256;

/** A UUID's 16 bytes, or undefined where a text is none as CloudTrail writes them: lower case. */
export function uuidBytes(text: string): Uint8Array | undefined {
  return UUID.test(text) ? Uint8Array.from(Buffer.from(text.replaceAll('-', ''), 'hex')) : undefined;
}

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
  #size = SMALLEST;
  #hasZero = false;
  #count = 0;

  constructor(module: WebAssembly.Module) {
    const exports = new WebAssembly.Instance(module).exports;
    this.#memory = exports.memory as WebAssembly.Memory;
    this.#add = exports.add as (at: number, count: number, mask: number) => number;
    this.#memory.grow(SMALLEST / PAGE);
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

  /** The values other than zero, one behind the other. */
  values(): Uint8Array {
    const words = new BigUint64Array(this.#bytes.buffer, TABLE, this.#size >> 3);
    const values = new BigUint64Array(this.#count * 2);
    let to = 0;
    for (let at = 0; at < words.length; at += 2) {
      const [low, high] = [words[at] ?? 0n, words[at + 1] ?? 0n];
      if (low === 0n && high === 0n) continue;
      values[to] = low;
      values[to + 1] = high;
      to += 2;
    }
    return new Uint8Array(values.buffer);
  }

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

/** Tells eventIDs that were met before; it keeps all of them, in 16 to 48 bytes each. */
export class IdFilter {
  readonly #set = new IdSet(compileIdSet());
  readonly #texts = new Set<string>();

  /** Whether an eventID comes for the first time. */
  isNew(id: string): boolean {
    const bytes = uuidBytes(id);
    const before = bytes ? this.#set.size : this.#texts.size;
    if (bytes) this.#set.add(bytes);
    else this.#texts.add(id);
    return (bytes ? this.#set.size : this.#texts.size) > before;
  }
}

/**
 * Counts distinct eventIDs exactly, in bounded memory: beyond `most` they go to files in the temporary folder, by their first
 * byte, and each file is counted by itself at the end. eventIDs that are no UUIDs are kept as texts.
 */
export class EventIds {
  readonly #most: number;
  readonly #module: WebAssembly.Module;
  readonly #set: IdSet;
  readonly #texts = new Set<string>();
  #spilled: { folder: string; files: number[] } | undefined;

  constructor(most = 1_400_000) {
    this.#most = most;
    this.#module = compileIdSet();
    this.#set = new IdSet(this.#module);
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
    for (const [n, file] of files.entries()) {
      closeSync(file);
      const set = new IdSet(this.#module);
      set.add(readFileSync(join(folder, String(n))));
      distinct += set.size;
    }
    rmSync(folder, { recursive: true, force: true });
    this.#spilled = undefined;
    return distinct;
  }

  #spill(): void {
    this.#spilled ??= spillFiles();
    const values = this.#set.values();
    const counts = new Uint32Array(PARTITIONS + 1);
    for (let at = 0; at < values.length; at += 16)
      counts[(values[at] ?? 0) + 1] = (counts[(values[at] ?? 0) + 1] ?? 0) + 1;
    for (let n = 0; n < PARTITIONS; n += 1) counts[n + 1] = (counts[n + 1] ?? 0) + (counts[n] ?? 0);
    const starts = counts.slice();
    const sorted = new Uint8Array(values.length);
    for (let at = 0; at < values.length; at += 16) {
      const partition = values[at] ?? 0;
      sorted.set(values.subarray(at, at + 16), (counts[partition] ?? 0) * 16);
      counts[partition] = (counts[partition] ?? 0) + 1;
    }
    for (const [n, file] of this.#spilled.files.entries()) {
      writeSync(file, sorted, (starts[n] ?? 0) * 16, ((starts[n + 1] ?? 0) - (starts[n] ?? 0)) * 16);
    }
    this.#set.clear();
  }
}

function spillFiles(): { folder: string; files: number[] } {
  const folder = mkdtempSync(join(tmpdir(), 'cordon-backtest-'));
  return { folder, files: Array.from({ length: PARTITIONS }, (_, n) => openSync(join(folder, String(n)), 'w')) };
}
