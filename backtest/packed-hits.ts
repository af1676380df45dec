import type { Hit } from './file-scan.ts';
import { grown } from './growing.ts';
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
  texts: string[];
  /** Records as JSON, one behind the other, and where each ends. */
  records: Uint8Array;
  ends: Int32Array;
}

/** Fields of a hit that are texts, in the order in which their places stand, behind those of `fits` and the eventID. */
export const textFields = ['actor', 'address', 'name', 'region'] as const;
/** Where in a hit's places that of its eventID is, where those of its texts begin, and how many places it has. */
export const idPlace = 1;
export const firstText = 2;
export const width = firstText + textFields.length;
/** In the eventID's place: it is a UUID, or there is none. */
export const UUID = -1;
export const NONE = -2;

/** Puts hits together for the way to another thread. */
export class HitPacker {
  #count = 0;
  #times = new Float64Array(64);
  #places = new Int32Array(64 * width);
  #ids = new Int32Array(64 * 4);
  #fits: number[][] = [];
  #texts: string[] = [];
  #records: Uint8Array[] = [];
  readonly #lists = new Map<string | number, number>();
  readonly #known = new Map<string, number>();

  /** How many there are. */
  get count(): number {
    return this.#count;
  }

  add(hit: Hit): void {
    const n = this.#count;
    if (n === this.#times.length) this.#grow();
    this.#count += 1;
    this.#times[n] = hit.time;
    const at = n * width;
    const [only = 0] = hit.fits;
    this.#places[at] = placeOf(this.#lists, hit.fits.length === 1 ? only : hit.fits.join(), this.#fits, hit.fits);
    this.#places[at + idPlace] = this.#idOf(hit, n);
    for (let k = 0; k < textFields.length; k += 1) {
      const text = hit[textFields[k] ?? 'name'];
      this.#places[at + firstText + k] = placeOf(this.#known, text, this.#texts, text);
    }
    this.#records.push(hit.record);
  }

  #grow(): void {
    const room = 2 * this.#times.length;
    this.#times = grown(this.#times, room);
    this.#places = grown(this.#places, room * width);
    this.#ids = grown(this.#ids, room * 4);
  }

  #idOf({ eventID }: Hit, n: number): number {
    if (eventID === undefined) return NONE;
    if (uuidInto(eventID, this.#ids, n * 4)) return UUID;
    return placeOf(this.#known, eventID, this.#texts, eventID);
  }

  /** Takes what there is, and begins anew. */
  take(): PackedHits {
    const count = this.#count;
    const packed: PackedHits = {
      ...{ count, times: this.#times.slice(0, count), places: this.#places.slice(0, count * width) },
      ...{ ids: this.#ids.slice(0, count * 4), fits: this.#fits, texts: this.#texts, ...joined(this.#records) },
    };
    this.#count = 0;
    [this.#fits, this.#texts, this.#records] = [[], [], []];
    this.#lists.clear();
    this.#known.clear();
    return packed;
  }
}

function placeOf<K, T>(places: Map<K, number>, key: K, list: T[], value: T): number {
  let place = places.get(key);
  if (place === undefined) {
    place = list.push(value) - 1;
    places.set(key, place);
  }
  return place;
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
