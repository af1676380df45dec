import type { Hit } from './file-scan.ts';
import { uuidBytes } from './uuid.ts';

/**
 * Hits as a worker hands them over: numbers, and each text once. As objects they took the thread that adds them up longer than it
 * took the workers to find them.
 */
export interface PackedHits {
  /** ms since 1970. */
  times: Float64Array;
  /** By hit, `width` numbers: places in `fits` and `texts`. */
  places: Int32Array;
  /** eventIDs that are UUIDs, 16 bytes for each hit. */
  ids: Uint8Array;
  fits: number[][];
  texts: string[];
  /** Records as JSON, one behind the other, and where each ends. */
  records: Uint8Array;
  ends: Uint32Array;
}

/** Fields of a hit that are texts, in the order in which their places stand, behind those of `fits` and the eventID. */
const fields = ['actor', 'address', 'name', 'region'] as const;
const width = 2 + fields.length;
/** In the eventID's place: it is a UUID, or there is none. */
const UUID = -1;
const NONE = -2;

/** Puts hits together for the way to another thread. */
export function packHits(hits: readonly Hit[]): PackedHits {
  const packed: PackedHits = {
    times: Float64Array.from(hits, ({ time }) => time),
    places: new Int32Array(hits.length * width),
    ids: new Uint8Array(hits.length * 16),
    ...{ fits: [], texts: [], ...concatenated(hits.map(({ record }) => record)) },
  };
  const lists = new Map<string, number>();
  const known = new Map<string, number>();
  const placeOf = <T>(places: Map<string, number>, key: string, list: T[], value: T): number => {
    let place = places.get(key);
    if (place === undefined) {
      place = list.push(value) - 1;
      places.set(key, place);
    }
    return place;
  };
  hits.forEach((hit, n) => {
    const at = n * width;
    packed.places[at] = placeOf(lists, hit.fits.join(), packed.fits, hit.fits);
    const bytes = hit.eventID === undefined ? undefined : uuidBytes(hit.eventID);
    if (bytes) packed.ids.set(bytes, n * 16);
    const text = (value: string): number => placeOf(known, value, packed.texts, value);
    packed.places[at + 1] = bytes ? UUID : hit.eventID === undefined ? NONE : text(hit.eventID);
    fields.forEach((field, k) => {
      packed.places[at + 2 + k] = text(hit[field]);
    });
  });
  return packed;
}

function concatenated(parts: readonly Uint8Array[]): { records: Uint8Array; ends: Uint32Array } {
  const ends = new Uint32Array(parts.length);
  let end = 0;
  for (const [n, part] of parts.entries()) {
    end += part.length;
    ends[n] = end;
  }
  const records = new Uint8Array(end);
  for (const [n, part] of parts.entries()) records.set(part, (ends[n] ?? 0) - part.length);
  return { records, ends };
}

/** A hit as it arrives: its eventID as 16 bytes where it is a UUID. */
export type Arrived = Omit<Hit, 'eventID'> & { eventID: string | Uint8Array | undefined };

/** The hits again. */
export function* unpackHits({ times, places, ids, fits, texts, records, ends }: PackedHits): Generator<Arrived> {
  for (let n = 0, at = 0; n < times.length; n += 1, at += width) {
    const text = (k: number): string => texts[places[at + k] ?? 0] ?? '';
    const id = places[at + 1];
    yield {
      fits: fits[places[at] ?? 0] ?? [],
      eventID: id === UUID ? ids.subarray(n * 16, n * 16 + 16) : id === NONE ? undefined : text(1),
      time: times[n] ?? Number.NaN,
      ...{ actor: text(2), address: text(3), name: text(4), region: text(5) },
      record: records.subarray(n === 0 ? 0 : ends[n - 1], ends[n]),
    };
  }
}
