import type { Actor } from '../playbooks/actor.ts';
import { type ActorText, labelIn, nameIn, readActor } from './actor-text.ts';
import { EventIds, IdFilter } from './event-ids.ts';
import { type Hit, isWithin, type TimeRange } from './file-scan.ts';
import { grown } from './growing.ts';
import {
  attemptPlace,
  HitPacker,
  idPlace,
  NONE,
  type PackedHits,
  textFields,
  textPlace,
  UUID,
  width,
} from './packed-hits.ts';
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
  readonly #hasText: boolean;

  constructor(rows: Rows, row: number, hasText: boolean) {
    this.#rows = rows;
    this.#row = row;
    this.#hasText = hasText;
    this.time = rows.time(row);
  }

  get actor(): Actor {
    return readActor(this.#rows.actor(this.#row));
  }

  /** What to call the actor in a sentence. */
  get label(): string {
    return labelIn(this.#rows.actor(this.#row));
  }

  /** What to call the actor without the session of a role; but the sessions of IAM Identity Center are people. */
  get name(): string {
    return this.#rows.name(this.#row);
  }

  /** A number for each of these names. */
  get who(): number {
    return this.#rows.who(this.#row);
  }

  /** A number for each session's name. */
  get session(): number {
    return this.#rows.place(this.#row, 'session');
  }

  /** A number for each address. */
  get where(): number {
    return this.#rows.place(this.#row, 'address');
  }

  get address(): string {
    return this.#rows.text(this.#row, 'address');
  }

  /** Whether it is a call that was refused or failed, as a playbook counts them. */
  get isAttempt(): boolean {
    return this.#rows.isAttempt(this.#row);
  }

  /** The record as JSON in UTF-8; undefined beyond what is kept of them. */
  get record(): Uint8Array | undefined {
    return this.#hasText ? this.#rows.record(this.#row) : undefined;
  }
}

/** The record itself, as it was read; undefined where its text is not kept. */
export function recordIn({ record }: Kept): unknown {
  return record && JSON.parse(Buffer.from(record.buffer, record.byteOffset, record.length).toString('utf8'));
}

/** As many problems are listed: memory does not grow with the archive. */
const MOST_PROBLEMS = 10_000;
/**
 * As much text of records is kept at most, in bytes: so much of those that come first, and the rest in equal shares for all
 * criteria that want any, so that what is rare is kept though others are met often. The last record of a share may go beyond it, if it
 * is no larger than CloudTrail's own are.
 */
const TEXT = { first: 2 * 1024 * 1024, shared: 4 * 1024 * 1024, beyond: 256 * 1024 };

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
  readonly #packer = new HitPacker();
  /** By criterion, its rows. */
  readonly #kept: number[][];
  /** By criterion, 1 as soon as the text of further records is kept for it no more. Other threads may look at it. */
  readonly full: Int32Array;
  #textBytes = 0;
  #isFirst = true;
  /** By criterion, what it has of its share, in bytes. */
  readonly #textOf: number[];
  #share = 0;
  /** By criterion, how many records fitted it when it became full: of those behind, none is kept for it. */
  readonly #before: number[];

  /** Of so many criteria, for none of which the text of records is kept unless {@link want} says so. */
  constructor(criteria: number) {
    this.#kept = Array.from({ length: criteria }, () => []);
    this.#textOf = Array.from({ length: criteria }, () => 0);
    this.#before = Array.from({ length: criteria }, () => 0);
    this.full = new Int32Array(new SharedArrayBuffer(4 * criteria)).fill(1);
  }

  /** Has the text of records kept, before any are added; by criterion, where somebody will look into those that fit it. */
  want(wanted: readonly boolean[]): void {
    this.#share = TEXT.shared / wanted.filter((one) => one).length;
    wanted.forEach((one, criterion) => {
      if (!one) return;
      this.#before[criterion] = Number.POSITIVE_INFINITY;
      Atomics.store(this.full, criterion, 0);
    });
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
      this.#packer.add(hit);
      this.#hits(this.#packer.take());
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
    const before = this.#before[criterion] ?? 0;
    return (this.#kept[criterion] ?? [])
      .map((row, n) => new Kept(this.#rows, row, n < before))
      .sort((a, b) => a.time - b.time);
  }

  #hits(hits: PackedHits): void {
    const texts = this.#rows.learn(hits);
    for (let n = 0; n < hits.count; n += 1) {
      this.#extend(hits.times[n]);
      const fits = hits.fits[hits.places[n * width] ?? 0] ?? [];
      let row = -1;
      for (const criterion of fits) {
        if (!this.#isNew(criterion, hits, n)) continue;
        if (row < 0) row = this.#rows.add(hits, n, texts, this.#isTextKept(hits, n, fits));
        this.#kept[criterion]?.push(row);
      }
    }
  }

  /** What was once refused is refused from then on, as it is in the order of files: workers that were told of it send no more. */
  #isTextKept({ ends }: PackedHits, n: number, fits: readonly number[]): boolean {
    const length = (ends[n] ?? 0) - (ends[n - 1] ?? 0);
    const open = fits.filter((one) => this.full[one] === 0);
    if (open.length === 0) return false;
    this.#isFirst &&= this.#textBytes + length <= TEXT.first;
    const room = (one: number): number => this.#share - (this.#textOf[one] ?? 0);
    const hasRoom = (one: number): boolean => length <= room(one) || (room(one) > 0 && length <= TEXT.beyond);
    const isKept = this.#isFirst || open.some(hasRoom);
    if (this.#isFirst) this.#textBytes += length;
    else {
      for (const criterion of open) {
        if (isKept) this.#textOf[criterion] = (this.#textOf[criterion] ?? 0) + length;
        else {
          this.#before[criterion] = this.#kept[criterion]?.length ?? 0;
          Atomics.store(this.full, criterion, 1);
        }
      }
    }
    return isKept;
  }

  #isNew(criterion: number, hits: PackedHits, n: number): boolean {
    const { places, ids } = hits;
    const place = places[n * width + idPlace] ?? NONE;
    if (place === NONE) return true;
    const seen = this.#seen[criterion] ?? new IdFilter();
    this.#seen[criterion] = seen;
    return place === UUID ? seen.isNewUuid(ids, n * 4) : seen.isNew(this.#rows.textOf(hits, place));
  }
}

/** Of a row: the places of its texts, that of its record, and whether it is an attempt. */
const RECORD = textFields.length;
const ATTEMPT = RECORD + 1;
const ROW = ATTEMPT + 1;

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
  /** By packer, the places of its texts. */
  readonly #places = new Map<string, number[]>();
  readonly #records: Uint8Array[] = [];
  /** By the place of an actor's text, that of the actor's name, once it was asked for. */
  readonly #names: number[] = [];

  /** Takes the texts that hits come with, and returns the places of all that they may have: others of the same packer had some before. */
  learn({ packer, texts, firstText }: PackedHits): readonly number[] {
    const places = firstText === 0 ? [] : (this.#places.get(packer) ?? []);
    for (const text of texts) places.push(this.#placeOf(text));
    this.#places.set(packer, places);
    return places;
  }

  #placeOf(text: string): number {
    let place = this.#known.get(text);
    if (place === undefined) {
      place = this.#texts.push(text) - 1;
      this.#known.set(text, place);
    }
    return place;
  }

  /** Adds the n-th hit, whose texts have these places. Returns the row's number. */
  add(hits: PackedHits, n: number, texts: readonly number[], withText: boolean): number {
    const { times, places, records, ends } = hits;
    const row = this.#count;
    if (row === this.#times.length) {
      this.#times = grown(this.#times, 2 * row);
      this.#numbers = grown(this.#numbers, 2 * row * ROW);
    }
    this.#count += 1;
    this.#times[row] = times[n] ?? Number.NaN;
    const at = row * ROW;
    for (let k = 0; k < textFields.length; k += 1) {
      this.#numbers[at + k] = texts[places[n * width + textPlace + k] ?? 0] ?? 0;
    }
    // A copy: the others' memory goes with them.
    this.#numbers[at + RECORD] = withText ? this.#records.push(records.slice(ends[n - 1] ?? 0, ends[n])) - 1 : -1;
    this.#numbers[at + ATTEMPT] = places[n * width + attemptPlace] ?? 0;
    return row;
  }

  time(row: number): number {
    return this.#times[row] ?? Number.NaN;
  }

  text(row: number, field: (typeof textFields)[number]): string {
    return this.#texts[this.place(row, field)] ?? '';
  }

  place(row: number, field: (typeof textFields)[number]): number {
    return this.#number(row, textFields.indexOf(field));
  }

  actor(row: number): ActorText {
    return { actor: this.text(row, 'actor'), session: this.text(row, 'session') };
  }

  name(row: number): string {
    return this.#texts[this.who(row)] ?? '';
  }

  /** The place of that name. */
  who(row: number): number {
    const place = this.place(row, 'actor');
    this.#names[place] ??= this.#placeOf(nameIn(this.actor(row)));
    return this.#names[place];
  }

  /** One of the texts of hits, by its place among theirs. */
  textOf({ packer }: PackedHits, place: number): string {
    return this.#texts[this.#places.get(packer)?.[place] ?? 0] ?? '';
  }

  isAttempt(row: number): boolean {
    return this.#number(row, ATTEMPT) === 1;
  }

  record(row: number): Uint8Array | undefined {
    return this.#records[this.#number(row, RECORD)];
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
