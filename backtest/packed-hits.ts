import { threadId } from 'node:worker_threads';
import { grown } from './growing.ts';
import type { Facts } from './judge.ts';
import { uuidInto } from './uuid.ts';

/**
 * Hits as a worker hands them over: numbers, and each text once. As objects they took the thread that adds them up longer than it
 * took the workers to find them.
 */
export interface PackedHits {
  count: number;
  /** ms since 1970. */
  times: Float64Array;
  /** By hit, {@link width} numbers: places in `fits` and `texts`. */
  places: Int32Array;
  /** eventIDs that are UUIDs, four numbers for each hit. */
  ids: Int32Array;
  fits: number[][];
  /** Whose hits they are, and those texts that it did not hand over with others before. */
  packer: string;
  texts: string[];
  /** How many came before; 0 where those are forgotten. */
  textsBefore: number;
  /** Records as JSON, one behind the other, and where each ends. */
  records: Uint8Array;
  ends: Int32Array;
}

/**
 * Where in a hit's places that of its eventID is, where 1 says that it is an attempt, where those of actor, session and address begin, and
 * how many places it has.
 */
export const idPlace = 1;
export const attemptPlace = 2;
export const textPlace = 3;
export const width = textPlace + 3;
/** In the eventID's place: it is a UUID, or there is none. */
export const UUID = -1;
export const NONE = -2;

/** So many texts are known again at a time. */
const MOST_KNOWN = 65_536;

/** Of this thread, so far. */
let packers = 0;

/** Puts hits together for the way to another thread. */
export class HitPacker {
  readonly #packer = `${threadId}.${packers++}`;
  #count = 0;
  #times = new Float64Array(64);
  #places = new Int32Array(64 * width);
  #ids = new Int32Array(64 * 4);
  #fits: number[][] = [];
  #texts: string[] = [];
  #records: Uint8Array[] = [];
  readonly #lists = new Map<string | number, number>();
  readonly #known = new Map<string, number>();
  #textsBefore = 0;

  /** `record` is its text, as JSON in UTF-8; empty where nobody keeps it. */
  add(hit: Facts, record: Uint8Array): void {
    const n = this.#count;
    if (n === this.#times.length) this.#grow();
    this.#count += 1;
    this.#times[n] = hit.time;
    const at = n * width;
    const [only = 0] = hit.fits;
    this.#places[at] = this.#listOf(hit.fits.length === 1 ? only : hit.fits.join(), hit.fits);
    this.#places[at + idPlace] = this.#idOf(hit, n);
    this.#places[at + attemptPlace] = hit.isAttempt ? 1 : 0;
    // One by one, as all this is for each of very many.
    this.#places[at + textPlace] = this.#placeOf(hit.actor);
    this.#places[at + textPlace + 1] = this.#placeOf(hit.session);
    this.#places[at + textPlace + 2] = this.#placeOf(hit.address);
    this.#records.push(record);
  }

  #grow(): void {
    const room = 2 * this.#times.length;
    this.#times = grown(this.#times, room);
    this.#places = grown(this.#places, room * width);
    this.#ids = grown(this.#ids, room * 4);
  }

  #idOf({ eventID }: Facts, n: number): number {
    if (eventID === undefined) return NONE;
    if (typeof eventID !== 'string') {
      for (let k = 0; k < 4; k += 1) this.#ids[n * 4 + k] = eventID[k] ?? 0;
      return UUID;
    }
    if (uuidInto(eventID, this.#ids, n * 4)) return UUID;
    return this.#placeOf(eventID);
  }

  #listOf(key: string | number, fits: number[]): number {
    let place = this.#lists.get(key);
    if (place === undefined) {
      place = this.#fits.push(fits) - 1;
      this.#lists.set(key, place);
    }
    return place;
  }

  #placeOf(text: string): number {
    let place = this.#known.get(text);
    if (place === undefined) {
      place = this.#textsBefore + this.#texts.push(text) - 1;
      this.#known.set(text, place);
    }
    return place;
  }

  /** Takes what there is, and begins anew. */
  take(): PackedHits {
    const count = this.#count;
    const packed: PackedHits = {
      ...{ count, times: this.#times.slice(0, count), places: this.#places.slice(0, count * width) },
      ...{ ids: this.#ids.slice(0, count * 4), fits: this.#fits, ...joined(this.#records) },
      ...{ packer: this.#packer, texts: this.#texts, textsBefore: this.#textsBefore },
    };
    this.#count = 0;
    this.#textsBefore += this.#texts.length;
    [this.#fits, this.#texts, this.#records] = [[], [], []];
    this.#lists.clear();
    if (this.#textsBefore > MOST_KNOWN) {
      this.#textsBefore = 0;
      this.#known.clear();
    }
    return packed;
  }
}

function joined(parts: readonly Uint8Array[]): { records: Uint8Array; ends: Int32Array } {
  const ends = new Int32Array(parts.length);
  let end = 0;
  for (const [n, part] of parts.entries()) {
    end += part.length;
    ends[n] = end;
  }
  const records = new Uint8Array(end);
  if (end > 0) for (const [n, part] of parts.entries()) records.set(part, (ends[n] ?? 0) - part.length);
  return { records, ends };
}
