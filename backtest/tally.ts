import type { Actor } from '../playbooks/actor.ts';
import { EventIds, IdFilter } from './event-ids.ts';
import { type Hit, isWithin, type TimeRange } from './file-scan.ts';
import { type Arrived, unpackHits } from './packed-hits.ts';
import type { Report } from './worker.ts';

/** Something that was wrong with a file. The offset counts bytes of its text, after decompression. */
export interface Problem {
  file: string;
  offset: number;
  reason: string;
}

/** A record that fits, as it is kept. */
export interface Kept {
  /** ms since 1970. */
  time: number;
  actor: Actor;
  address: string;
  name: string;
  region: string;
  /** The record as JSON in UTF-8; undefined beyond what is kept of them. */
  record?: Uint8Array;
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
  readonly #kept: Kept[][];
  readonly #actors = new Map<string, Actor>();
  readonly #texts = new Map<string, string>();
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
    for (const hit of unpackHits(result.hits)) this.#hit(hit);
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
    } else if (isWithin(hit.time, range)) this.#hit(hit);
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
    return (this.#kept[criterion] ?? []).sort((a, b) => a.time - b.time);
  }

  #hit(hit: Arrived): void {
    this.#extend(hit.time);
    const fits = hit.fits.filter((n) => this.#isNew(n, hit.eventID));
    if (fits.length === 0) return;
    const kept: Kept = {
      time: hit.time,
      actor: this.#actorOf(hit),
      address: this.#once(hit.address),
      name: this.#once(hit.name),
      region: this.#once(hit.region),
    };
    if (!this.#isFull && this.#textBytes + hit.record.length <= MOST_TEXT) {
      kept.record = hit.record;
      this.#textBytes += hit.record.length;
    } else this.#isFull = true;
    for (const n of fits) this.#kept[n]?.push(kept);
  }

  #isNew(criterion: number, eventID: string | Uint8Array | undefined): boolean {
    if (eventID === undefined) return true;
    const seen = this.#seen[criterion] ?? new IdFilter();
    this.#seen[criterion] = seen;
    return seen.isNew(eventID);
  }

  /** Actors are few and records many: of equal ones one is kept. */
  #actorOf({ actor: text }: Arrived): Actor {
    const known = this.#actors.get(text);
    if (known) return known;
    if (this.#actors.size > 4096) this.#actors.clear();
    const actor = JSON.parse(text) as Actor;
    this.#actors.set(text, actor);
    return actor;
  }

  #once(text: string): string {
    const known = this.#texts.get(text);
    if (known !== undefined) return known;
    if (this.#texts.size > 8192) this.#texts.clear();
    this.#texts.set(text, text);
    return text;
  }
}

/** When CloudTrail delivered a file, by its name, in ms: `111122223333_CloudTrail_us-east-1_20260501T0305Z_...`. */
function deliveredAt(name: string): number | undefined {
  const [, year, month, day, hour, minute] = /_(\d{4})(\d{2})(\d{2})T(\d{2})(\d{2})Z_[^/]*$/.exec(name) ?? [];
  return year ? Date.UTC(Number(year), Number(month) - 1, Number(day), Number(hour), Number(minute)) : undefined;
}
