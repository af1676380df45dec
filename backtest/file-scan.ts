import { type Criterion, fieldsOf, impliedBy } from './criterion.ts';
import { type Facts, factFields, Judge, textOf } from './judge.ts';
import { HitNoter, type NotedHits } from './noted-hits.ts';
import { HitPacker, type PackedHits } from './packed-hits.ts';
import { type Bits, bitOf, bitsOf, everyBit } from './scan/layout.ts';
import { readInto, type Source } from './scan/read-file.ts';
import { type Fault, RecordReader } from './scan/reader.ts';
import { type Found, Scanner } from './scan/scanner.ts';

/** What files, or a part of them, hold. */
export interface FileResult {
  /** Records read. */
  records: number;
  /** eventIDs of most of them, 16 bytes each. */
  ids: Uint8Array;
  /** The other eventIDs. */
  oddIds: string[];
  /** How many have none. */
  withoutId: number;
  hits: PackedHits;
  /** Further hits, and the order of all. */
  noted: NotedHits;
  /** With the number of the file. */
  faults: (Fault & { file: number })[];
  /** Faults beyond those that are listed. */
  moreFaults: number;
  /** Whether a file was not read to its end, since the run ends early. */
  isCut: boolean;
}

/** What of a file is kept. */
export interface Keeping {
  /** When the records must be from. */
  range: TimeRange;
  /** As many faults are listed of each file; more are counted. What is wrong with the file itself is listed always. */
  mostFaults: number;
  /** Whether nobody keeps the text of further records that fit a criterion. */
  isFull: (criterion: number) => boolean;
  /** Whether the run ends early: a large file is then read no further. */
  isEnded: () => boolean;
}

const NONE = new Uint8Array(0);
const KEEPING: Keeping = { range: {}, mostFaults: 100, isFull: () => false, isEnded: () => false };
/** A part is handed over when it has so many lists of eventIDs that filled the scanner's, or the scanner has no room for more hits. */
const MOST_ID_LISTS = 2;

/** A record that is to be judged. */
interface Judging {
  offset: number;
  /** As much of its text as was parsed. */
  text: string;
  /** How it was found; undefined of one within a document, of which the scanner knows nothing. */
  found?: Found;
  /** Its eventID, where that was read otherwise. */
  id?: Int32Array | undefined;
  /** The number of its outline, if it has one. */
  outline?: number | undefined;
}

/** Reads files for the records that match. */
export class FileScan {
  readonly #scanner: Scanner;
  readonly #judge: Judge;
  readonly #keeping: Keeping;
  readonly #criteria: number;
  readonly #hits = new HitPacker();
  readonly #noter: HitNoter;
  #ids: Uint8Array[] = [];
  #result = emptyResult();
  /** Which file it is, how many faults it had, and the bits of criteria for which somebody keeps the text of records. */
  #file = 0;
  #faults = 0;
  #wanting = everyBit;
  #part: (result: FileResult) => void = () => {};

  /** @throws InvalidPath, InvalidFilterPattern */
  constructor(module: WebAssembly.Module, criteria: readonly Criterion[], keeping: Partial<Keeping> = {}) {
    this.#keeping = { ...KEEPING, ...keeping };
    this.#scanner = new Scanner(module, criteria.map(impliedBy), {
      always: factFields,
      each: criteria.map(fieldsOf),
    });
    const { since, until } = this.#keeping.range;
    this.#scanner.within(since, until);
    this.#noter = new HitNoter(this.#scanner);
    this.#judge = new Judge(criteria);
    this.#criteria = criteria.length;
  }

  /** Reads files, one after the other. Parts are handed over as they become large; what is left is the result. */
  async read(files: readonly Source[], part: (result: FileResult) => void): Promise<FileResult> {
    this.#part = part;
    const sink = {
      candidate: (found: Found, offset: number) => this.#candidate(found, offset),
      counted: (records: number) => {
        this.#result.records += records;
        this.#handOverIfLarge();
      },
      full: (ids: Uint8Array) => this.#ids.push(ids),
      fault: (one: Fault) => this.#fault(one),
    };
    const { isEnded } = this.#keeping;
    for (const [n, file] of files.entries()) {
      [this.#file, this.#faults, this.#wanting] = [n, 0, this.#wantingNow()];
      // A fault of the file itself comes behind those of its records, and is listed always.
      const whole = { isEnded, fault: (one: Fault) => this.#result.faults.push({ ...one, file: n }) };
      const isRead = await readInto(file, new RecordReader(this.#scanner, sink), whole);
      if (!isRead) this.#result.isCut = true;
    }
    return this.#take();
  }

  #wantingNow(): Bits {
    let mask = 0n;
    for (let n = 0; n < this.#criteria; n += 1) if (!this.#keeping.isFull(n)) mask |= bitOf(n);
    return bitsOf(mask);
  }

  #handOverIfLarge(): void {
    if (!this.#scanner.hasRoom || this.#ids.length >= MOST_ID_LISTS) this.#part(this.#take());
  }

  /** What there is, with the eventIDs that wait in the scanner. */
  #take(): FileResult {
    const ids = this.#scanner.takeIds();
    const all = this.#ids.length === 0 ? ids : joined([...this.#ids, ids]);
    const result = { ...this.#result, ids: all, hits: this.#hits.take(), noted: this.#noter.take() };
    this.#result = emptyResult();
    this.#ids = [];
    this.#wanting = this.#wantingNow();
    return result;
  }

  #fault(one: Fault): void {
    this.#faults += 1;
    if (this.#faults <= this.#keeping.mostFaults) this.#result.faults.push({ ...one, file: this.#file });
    else this.#result.moreFaults += 1;
  }

  #candidate(found: Found, offset: number): void {
    const isTextWanted = (found.low & this.#wanting.low) !== 0 || (found.high & this.#wanting.high) !== 0;
    const outline = isTextWanted ? undefined : this.#scanner.note(found);
    if (outline === 'noted') return;
    if (outline === 'full') {
      this.#handOverIfLarge();
      this.#candidate(found, offset);
      return;
    }
    const picked = this.#scanner.pick(found);
    const text = picked?.text ?? utf8(this.#scanner.text(found));
    let value: unknown;
    try {
      value = JSON.parse(text);
    } catch (error) {
      // Counted as a record by its brackets, but it is none.
      this.#result.records -= 1;
      this.#fault({ offset, reason: `a record is no JSON (${(error as Error).message.slice(0, 80)})` });
      return;
    }
    if (found.odd && found.document) this.#document(value, text, offset);
    else this.#record(value, { offset, text, found, id: picked?.id, outline });
  }

  /** A document that is no plain record: it may hold records, be one, or be something else. */
  #document(value: unknown, text: string, offset: number): void {
    const own = (key: string): boolean => Object.hasOwn(value as object, key);
    if (own('Records')) {
      this.#result.records -= 1;
      const { Records } = value as { Records: unknown };
      if (!Array.isArray(Records)) {
        this.#fault({ offset, reason: 'not CloudTrail: its Records are no list' });
        return;
      }
      for (const one of Records) {
        if (typeof one !== 'object' || one === null || Array.isArray(one)) {
          this.#fault({ offset, reason: 'an element of Records is no record' });
          continue;
        }
        this.#result.records += 1;
        this.#record(one, { offset, text: JSON.stringify(one) });
      }
    } else if (['eventVersion', 'eventID', 'eventName'].some(own)) {
      this.#record(value, { offset, text });
    } else {
      this.#result.records -= 1;
      this.#fault({ offset, reason: 'not CloudTrail: an object with neither Records nor the fields of one' });
    }
  }

  #record(value: unknown, one: Judging): void {
    const { text, found, id, outline } = one;
    const record = value as Record<string, unknown>;
    if (found?.odd ?? true) {
      const eventID = textOf(record.eventID);
      if (eventID === '') this.#result.withoutId += 1;
      else this.#result.oddIds.push(eventID);
    }
    const judged = this.#judge.judge(record, text, found ?? everyBit, id);
    if (outline !== undefined) this.#noter.learn(outline, judged);
    if (judged !== 'unfit') this.#add(judged, one);
  }

  #add(facts: Facts, { offset, text, found }: Judging): void {
    const { range, isFull } = this.#keeping;
    if (Number.isNaN(facts.time)) {
      this.#fault({ offset, reason: 'a record matches, but has no readable eventTime: it is left out' });
    } else if (isWithin(facts.time, range)) {
      this.#handOverIfLarge();
      const isKept = !facts.fits.every(isFull);
      this.#hits.add(facts, isKept ? (found ? this.#scanner.text(found).slice() : Buffer.from(text)) : NONE);
      this.#scanner.addUnknown();
    }
  }
}

const utf8 = ({ buffer, byteOffset, length }: Uint8Array): string =>
  Buffer.from(buffer, byteOffset, length).toString('utf8');

const joined = (parts: readonly Uint8Array[]): Uint8Array => Uint8Array.from(Buffer.concat(parts));

const emptyResult = () => ({
  records: 0,
  oddIds: [] as string[],
  withoutId: 0,
  faults: [] as FileResult['faults'],
  moreFaults: 0,
  isCut: false,
});

/** Times in ms: from `since` on, and before `until`. */
export interface TimeRange {
  since?: number | undefined;
  until?: number | undefined;
}

/** Whether a time lies in a range. */
export const isWithin = (
  time: number,
  { since = Number.NEGATIVE_INFINITY, until = Number.POSITIVE_INFINITY }: TimeRange,
): boolean => time >= since && time < until;
