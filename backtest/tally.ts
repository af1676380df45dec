import type { Actor } from '../playbooks/actor.ts';
import { labelIn, readActor } from './actor-text.ts';
import { EventIds, IdFilter } from './event-ids.ts';
import { type Hit, isWithin, type TimeRange } from './file-scan.ts';
import { grown } from './growing.ts';
import { firstText, HitPacker, idPlace, NONE, type PackedHits, textFields, UUID, width } from './packed-hits.ts';
import type { Report } from './worker.ts';

/** Something that was wrong with a file. The offset counts bytes of its text, after decompression. */
export interface Problem {
  file: string;
  offset: number;
  reason: string;
}

/** A record that fits, as it is kept. There may be very many: what is asked of one is made when it is asked. */
export class Kept {
  /** ms since 1970. */
  readonly time: number;
  readonly #rows: Rows;
  readonly #row: number;

  constructor(rows: Rows, row: number) {
    this.#rows = rows;
    this.#row = row;
    this.time = rows.time(row);
  }

  get actor(): Actor {
    return readActor(this.#rows.text(this.#row, 'actor'));
  }

  /** What to call the actor in a sentence. */
  get label(): string {
    return labelIn(this.#rows.text(this.#row, 'actor'));
  }

  get address(): string {
    return this.#rows.text(this.#row, 'address');
  }

  get name(): string {
    return this.#rows.text(this.#row, 'name');
  }

  get region(): string {
    return this.#rows.text(this.#row, 'region');
  }

  /** The record as JSON in UTF-8; undefined beyond what is kept of them. */
  get record(): Uint8Array | undefined {
    return this.#rows.record(this.#row);
  }
}

/** The record itself, as it was read; undefined where its text is not kept. */
export function recordIn({ record }: Kept): unknown {
  return record && JSON.parse(Buffer.from(record.buffer, record.byteOffset, record.length).toString('utf8'));
}

/** As many problems are listed, and as much text of records is kept, in bytes: memory does not grow with the archive. */
const MOST_PROBLEMS = 10_000;
const MOST_TEXT = 8 * 1024 * 1024;

/** Adds up what files hold. Files come in their order, so that the result does not depend on which worker was quicker. */
export class Tally {
  /** Files read. */
  files = 0;
  readonly problems: Problem[] = [];
  /** All problems, those that are not listed too. */
  problemCount = 0;
  /** Records read, repeated ones too. */
  records = 0;
  /** First and last time that files' names or matching records have, in ms. */
  #first = Number.POSITIVE_INFINITY;
  #last = Number.NEGATIVE_INFINITY;
  readonly #ids = new EventIds();
  /** By criterion, made when it is needed: what one detection has met, another has not. */
  readonly #seen: IdFilter[] = [];
  #withoutId = 0;
  readonly #rows = new Rows();
  /** By criterion, its rows. */
  readonly #kept: number[][];
  #textBytes = 0;
  #isFull = false;

  constructor(criteria: number) {
    this.#kept = Array.from({ length: criteria }, () => []);
  }

  /** Whether no further text of a record is kept. */
  get isFull(): boolean {
    return this.#isFull;
  }

  /** Adds what is known of files, by their names. */
  add(result: Report, files: readonly string[]): void {
    if (result.done) {
      this.files += files.length;
      for (const name of files) this.#extend(deliveredAt(name));
    }
    this.records += result.records;
    this.#ids.add(result.ids);
    for (const id of result.oddIds) this.#ids.addText(id);
    this.#withoutId += result.withoutId;
    for (const { file, offset, reason } of result.faults) this.problem({ file: files[file] ?? '', offset, reason });
    this.problemCount += result.moreFaults;
    this.#hits(result.hits);
  }

  problem(problem: Problem): void {
    this.problemCount += 1;
    if (this.problems.length < MOST_PROBLEMS) this.problems.push(problem);
  }

  /** Adds one matching record that came from elsewhere than a file. */
  hit(hit: Hit, range: TimeRange, from: string): void {
    if (Number.isNaN(hit.time)) {
      this.problem({
        file: from,
        offset: 0,
        reason: 'a record matches, but has no readable eventTime: it is left out',
      });
    } else if (isWithin(hit.time, range)) {
      const packer = new HitPacker();
      packer.add(hit);
      this.#hits(packer.take());
    }
  }

  /** How long a time the archive covers, in ms, as far as names and matching records tell. */
  get span(): number {
    return Math.max(0, this.#last - this.#first);
  }

  #extend(time: number | undefined): void {
    if (time === undefined) return;
    this.#first = Math.min(this.#first, time);
    this.#last = Math.max(this.#last, time);
  }

  /** Distinct events: those of the same eventID count once. Ends the adding. */
  events(): number {
    return this.#ids.finish() + this.#withoutId;
  }

  /** The records that fit the n-th criterion, in order of their time; of one time, in that of the files. */
  kept(criterion: number): Kept[] {
    return (this.#kept[criterion] ?? []).map((row) => new Kept(this.#rows, row)).sort((a, b) => a.time - b.time);
  }

  #hits(hits: PackedHits): void {
    const places = this.#rows.placesOf(hits);
    for (let n = 0; n < hits.count; n += 1) {
      this.#extend(hits.times[n]);
      const fits = hits.fits[hits.places[n * width] ?? 0] ?? [];
      let row = -1;
      for (const criterion of fits) {
        if (!this.#isNew(criterion, hits, n)) continue;
        if (row < 0) row = this.#rows.add(hits, n, places, this.#isTextKept(hits, n));
        this.#kept[criterion]?.push(row);
      }
    }
  }

  #isTextKept({ ends }: PackedHits, n: number): boolean {
    const length = (ends[n] ?? 0) - (ends[n - 1] ?? 0);
    if (this.#isFull || this.#textBytes + length > MOST_TEXT) this.#isFull = true;
    else this.#textBytes += length;
    return !this.#isFull;
  }

  #isNew(criterion: number, { places, ids, texts }: PackedHits, n: number): boolean {
    const place = places[n * width + idPlace] ?? NONE;
    if (place === NONE) return true;
    const seen = this.#seen[criterion] ?? new IdFilter();
    this.#seen[criterion] = seen;
    return place === UUID ? seen.isNewUuid(ids, n * 4) : seen.isNew(texts[place] ?? '');
  }
}

/** Of a row: the places of its texts, and of its record which piece it is in, where it begins and where it ends. */
const PIECE = textFields.length;
const ROW = PIECE + 3;
/** So many texts are known again at a time. */
const MOST_KNOWN = 65_536;

/**
 * Matching records as numbers, each text once. As objects, V8 would copy them again and again while more of them come: that took longer
 * than all else that is done with them.
 */
class Rows {
  #count = 0;
  #times = new Float64Array(1024);
  #numbers = new Int32Array(1024 * ROW);
  readonly #texts: string[] = [];
  readonly #known = new Map<string, number>();
  readonly #pieces: Uint8Array[] = [];

  /** The places of what hits have as texts. */
  placesOf({ texts }: PackedHits): Int32Array {
    const places = new Int32Array(texts.length);
    for (const [n, text] of texts.entries()) places[n] = this.#placeOf(text);
    return places;
  }

  #placeOf(text: string): number {
    let place = this.#known.get(text);
    if (place === undefined) {
      if (this.#known.size > MOST_KNOWN) this.#known.clear();
      place = this.#texts.push(text) - 1;
      this.#known.set(text, place);
    }
    return place;
  }

  /** Adds the n-th hit, with the places of all their texts. Returns the row's number. */
  add({ times, places, records, ends }: PackedHits, n: number, textPlaces: Int32Array, withText: boolean): number {
    const row = this.#count;
    if (row === this.#times.length) {
      this.#times = grown(this.#times, 2 * row);
      this.#numbers = grown(this.#numbers, 2 * row * ROW);
    }
    this.#count += 1;
    this.#times[row] = times[n] ?? Number.NaN;
    const at = row * ROW;
    for (let k = 0; k < textFields.length; k += 1) {
      this.#numbers[at + k] = textPlaces[places[n * width + firstText + k] ?? 0] ?? 0;
    }
    if (withText && this.#pieces.at(-1) !== records) this.#pieces.push(records);
    this.#numbers[at + PIECE] = withText ? this.#pieces.length - 1 : -1;
    this.#numbers[at + PIECE + 1] = ends[n - 1] ?? 0;
    this.#numbers[at + PIECE + 2] = ends[n] ?? 0;
    return row;
  }

  time(row: number): number {
    return this.#times[row] ?? Number.NaN;
  }

  text(row: number, field: (typeof textFields)[number]): string {
    return this.#texts[this.#number(row, textFields.indexOf(field))] ?? '';
  }

  record(row: number): Uint8Array | undefined {
    const piece = this.#pieces[this.#number(row, PIECE)];
    return piece?.subarray(this.#number(row, PIECE + 1), this.#number(row, PIECE + 2));
  }

  #number(row: number, k: number): number {
    return this.#numbers[row * ROW + k] ?? 0;
  }
}

/** When CloudTrail delivered a file, by its name, in ms: `111122223333_CloudTrail_us-east-1_20260501T0305Z_...`. */
function deliveredAt(name: string): number | undefined {
  const [, year, month, day, hour, minute] = /_(\d{4})(\d{2})(\d{2})T(\d{2})(\d{2})Z_[^/]*$/.exec(name) ?? [];
  return year ? Date.UTC(Number(year), Number(month) - 1, Number(day), Number(hour), Number(minute)) : undefined;
}
