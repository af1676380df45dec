import { EventIds, IdFilter } from './event-ids.ts';
import { isWithin, type TimeRange } from './file-scan.ts';
import type { Facts } from './judge.ts';
import { eachHit, type NotedHits } from './noted-hits.ts';
import { HitPacker, idPlace, NONE, type PackedHits, UUID, width } from './packed-hits.ts';
import { Kept, Rows } from './rows.ts';
import type { Report } from './worker.ts';

/** Something that was wrong with a file. The offset counts bytes of its text, after decompression. */
export interface Problem {
  file: string;
  offset: number;
  reason: string;
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
    this.#hits(result.hits, result.noted);
  }

  problem(problem: Problem): void {
    this.problemCount += 1;
    if (this.problems.length < MOST_PROBLEMS) this.problems.push(problem);
  }

  /** Adds one matching record that came from elsewhere than a file. */
  hit(hit: Facts & { record: Uint8Array }, range: TimeRange, from: string): void {
    if (Number.isNaN(hit.time)) {
      this.problem({
        file: from,
        offset: 0,
        reason: 'a record matches, but has no readable eventTime: it is left out',
      });
    } else if (isWithin(hit.time, range)) {
      this.#packer.add(hit, hit.record);
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

  #hits(hits: PackedHits, noted?: NotedHits): void {
    const texts = this.#rows.learn(hits.packer, hits);
    let packed = 0;
    if (noted) {
      const likes = this.#rows.learnLikes(hits.packer, noted);
      const own = this.#rows.learn(`${hits.packer} noted`, noted);
      eachHit(
        noted,
        (one, numbers, idAt) => {
          const known = likes[one.like];
          if (!known) throw new Error('a worker noted a hit that is like one of which it told nobody');
          this.#extend(one.time);
          let row = -1;
          for (const criterion of known.like.fits) {
            if (!this.#seenBy(criterion).isNewUuid(numbers, idAt)) continue;
            if (row < 0) row = this.#rows.addNoted(one, known, own);
            this.#kept[criterion]?.push(row);
          }
        },
        () => this.#packed(hits, packed++, texts),
      );
    }
    while (packed < hits.count) this.#packed(hits, packed++, texts);
  }

  #packed(hits: PackedHits, n: number, texts: readonly number[]): void {
    this.#extend(hits.times[n]);
    const fits = hits.fits[hits.places[n * width] ?? 0] ?? [];
    let row = -1;
    for (const criterion of fits) {
      if (!this.#isNew(criterion, hits, n)) continue;
      if (row < 0) row = this.#rows.add(hits, n, texts, this.#isTextKept(hits, n, fits));
      this.#kept[criterion]?.push(row);
    }
  }

  /** What was once refused is refused from then on, as it is in the order of files: workers that were told of it send no more. */
  #isTextKept({ ends }: PackedHits, n: number, fits: readonly number[]): boolean {
    const length = (ends[n] ?? 0) - (ends[n - 1] ?? 0);
    // Nobody wants it.
    if (length === 0) return false;
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

  #seenBy(criterion: number): IdFilter {
    const seen = this.#seen[criterion] ?? new IdFilter();
    this.#seen[criterion] = seen;
    return seen;
  }

  #isNew(criterion: number, hits: PackedHits, n: number): boolean {
    const { places, ids } = hits;
    const place = places[n * width + idPlace] ?? NONE;
    if (place === NONE) return true;
    const seen = this.#seenBy(criterion);
    return place === UUID ? seen.isNewUuid(ids, n * 4) : seen.isNew(this.#rows.textFrom(hits.packer, place));
  }
}

/** When CloudTrail delivered a file, by its name, in ms: `111122223333_CloudTrail_us-east-1_20260501T0305Z_...`. */
function deliveredAt(name: string): number | undefined {
  const [, year, month, day, hour, minute] = /_(\d{4})(\d{2})(\d{2})T(\d{2})(\d{2})Z_[^/]*$/.exec(name) ?? [];
  return year ? Date.UTC(Number(year), Number(month) - 1, Number(day), Number(hour), Number(minute)) : undefined;
}
