import type { CloudTrailRecord, UserIdentity } from '../playbooks/cloudtrail.ts';
import { isoTime } from '../playbooks/iso-time.ts';
import { objectOf } from '../playbooks/parameters.ts';
import { type ActorText, ActorWriter } from './actor-text.ts';
import { type Criterion, fieldsOf, impliedBy, type RecordTest, testOf } from './criterion.ts';
import { HitPacker, type PackedHits } from './packed-hits.ts';
import { everyBit, hasBit } from './scan/layout.ts';
import { readInto, type Source } from './scan/read-file.ts';
import { type Candidate, type Fault, RecordReader } from './scan/reader.ts';
import { Scanner } from './scan/scanner.ts';

/** A record that matches, as little of it as the results need. */
export interface Hit extends ActorText {
  /** Numbers of the criteria that it fits. */
  fits: number[];
  /** That of a UUID may be four numbers. */
  eventID: string | Int32Array | undefined;
  /** ms since 1970. */
  time: number;
  address: string;
  /** It is a call that was refused or failed, and that a playbook would count: it has an eventID and a time in UTC. */
  isAttempt: boolean;
  /** The record, as JSON in UTF-8; empty where nobody keeps it. */
  record: Uint8Array;
}

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
  /** With the number of the file. */
  faults: (Fault & { file: number })[];
  /** Faults beyond those that are listed. */
  moreFaults: number;
  /** Whether a file was not read to its end, since the run ends early. */
  isCut: boolean;
}

/** What of a file is kept. */
export interface Keeping {
  /** As many faults are listed of each file; more are counted. What is wrong with the file itself is listed always. */
  mostFaults: number;
  /** Whether nobody keeps the text of further records that fit a criterion. */
  isFull: (criterion: number) => boolean;
  /** Whether the run ends early: a large file is then read no further. */
  isEnded: () => boolean;
}

const NONE = new Uint8Array(0);
const KEEPING: Keeping = { mostFaults: 100, isFull: () => false, isEnded: () => false };
/** A part is handed over when it has so many hits, or so many lists of eventIDs that filled the scanner's. */
const PART = { hits: 2000, ids: 2 };

/** Reads files for the records that match. */
export class FileScan {
  readonly #scanner: Scanner;
  readonly #tests: readonly RecordTest[];
  readonly #range: TimeRange;
  readonly #keeping: Keeping;
  readonly #actors = new ActorWriter();
  readonly #hits = new HitPacker();

  /** @throws InvalidPath */
  constructor(
    module: WebAssembly.Module,
    criteria: readonly Criterion[],
    range: TimeRange = {},
    keeping: Partial<Keeping> = {},
  ) {
    this.#scanner = new Scanner(module, criteria.map(impliedBy), {
      always: hitFields,
      id: 'eventID',
      each: criteria.map(fieldsOf),
    });
    this.#tests = criteria.map(testOf);
    this.#range = range;
    this.#keeping = { ...KEEPING, ...keeping };
  }

  /** Reads files, one after the other. Parts are handed over as they become large; what is left is the result. */
  async read(files: readonly Source[], part: (result: FileResult) => void): Promise<FileResult> {
    const collected = new Collected(this.#tests, this.#range, this.#keeping, this.#actors, this.#hits);
    const taken = (): FileResult => collected.take(this.#scanner.takeIds());
    const sink = {
      candidate: collected.candidate.bind(collected),
      counted: (records: number) => {
        collected.count(records);
        if (collected.isLarge) part(taken());
      },
      full: (ids: Uint8Array) => collected.keep(ids),
      fault: (one: Fault) => collected.fault(one),
    };
    const { isEnded } = this.#keeping;
    const whole = { isEnded, fault: (one: Fault) => collected.fileFault(one) };
    for (const file of files) {
      const isRead = await readInto(file, new RecordReader(this.#scanner, sink), whole);
      collected.next(isRead);
    }
    return taken();
  }
}

class Collected {
  readonly #tests: readonly RecordTest[];
  readonly #range: TimeRange;
  readonly #keeping: Keeping;
  readonly #actors: ActorWriter;
  readonly #hits: HitPacker;
  #ids: Uint8Array[] = [];
  #result = emptyResult();
  /** Which file it is, and how many faults it had. */
  #file = 0;
  #faults = 0;

  constructor(tests: readonly RecordTest[], range: TimeRange, keeping: Keeping, actors: ActorWriter, hits: HitPacker) {
    this.#keeping = keeping;
    this.#tests = tests;
    this.#range = range;
    this.#actors = actors;
    this.#hits = hits;
  }

  get isLarge(): boolean {
    return this.#hits.count >= PART.hits || this.#ids.length >= PART.ids;
  }

  count(records: number): void {
    this.#result.records += records;
  }

  keep(ids: Uint8Array): void {
    this.#ids.push(ids);
  }

  fault(one: Fault): void {
    this.#faults += 1;
    if (this.#faults <= this.#keeping.mostFaults) this.#result.faults.push({ ...one, file: this.#file });
    else this.#result.moreFaults += 1;
  }

  /** A fault of the file itself, behind those of its records. */
  fileFault(one: Fault): void {
    this.#result.faults.push({ ...one, file: this.#file });
  }

  /** Another file comes. `isRead`: this one was read to its end. */
  next(isRead: boolean): void {
    if (!isRead) this.#result.isCut = true;
    this.#file += 1;
    this.#faults = 0;
  }

  candidate(found: Candidate): void {
    const text = found.picked?.text ?? utf8(found.bytes());
    let value: unknown;
    try {
      value = JSON.parse(text);
    } catch (error) {
      // Counted as a record by its brackets, but it is none.
      this.#result.records -= 1;
      this.fault({ offset: found.offset, reason: `a record is no JSON (${(error as Error).message.slice(0, 80)})` });
      return;
    }
    if (found.odd && found.document) this.#document(value, text, found.offset);
    else this.#record(value, text, found);
  }

  /** A document that is no plain record: it may hold records, be one, or be something else. */
  #document(value: unknown, text: string, offset: number): void {
    const own = (key: string): boolean => Object.hasOwn(value as object, key);
    if (own('Records')) {
      this.#result.records -= 1;
      const { Records } = value as { Records: unknown };
      if (!Array.isArray(Records)) {
        this.fault({ offset, reason: 'not CloudTrail: its Records are no list' });
        return;
      }
      for (const one of Records) {
        if (typeof one !== 'object' || one === null || Array.isArray(one)) {
          this.fault({ offset, reason: 'an element of Records is no record' });
          continue;
        }
        this.#result.records += 1;
        this.#record(one, JSON.stringify(one), { ...everyBit, offset, odd: true });
      }
    } else if (['eventVersion', 'eventID', 'eventName'].some(own)) {
      this.#record(value, text, { ...everyBit, offset, odd: true });
    } else {
      this.#result.records -= 1;
      this.fault({ offset, reason: 'not CloudTrail: an object with neither Records nor the fields of one' });
    }
  }

  /** `text` is as much of it as was parsed, `bytes` gives all of it, unless that is the same. */
  #record(
    value: unknown,
    text: string,
    found: Pick<Candidate, 'offset' | 'low' | 'high' | 'odd'> & Partial<Candidate>,
  ): void {
    const { offset, odd, bytes, picked } = found;
    const record = value as Record<string, unknown>;
    if (odd) {
      const eventID = textOf(record.eventID);
      if (eventID === '') this.#result.withoutId += 1;
      else this.#result.oddIds.push(eventID);
    }
    const fits: number[] = [];
    this.#tests.forEach((test, n) => {
      if (hasBit(found, n) && test(record, text)) fits.push(n);
    });
    if (fits.length === 0) return;
    const kept = fits.every(this.#keeping.isFull) ? NONE : (bytes?.().slice() ?? Buffer.from(text));
    const hit = hitOf(record, this.#actors, { bytes: kept, fits, id: picked?.id });
    if (Number.isNaN(hit.time)) {
      this.fault({ offset, reason: 'a record matches, but has no readable eventTime: it is left out' });
      return;
    }
    if (isWithin(hit.time, this.#range)) this.#hits.add(hit);
  }

  /** What there is, with the eventIDs that waited in the scanner. */
  take(ids: Uint8Array): FileResult {
    const all = this.#ids.length === 0 ? ids : joined([...this.#ids, ids]);
    const result = { ...this.#result, ids: all, hits: this.#hits.take() };
    this.#result = emptyResult();
    this.#ids = [];
    return result;
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

/** The fields that {@link hitOf} reads. */
const hitFields = [
  ...['eventTime', 'awsRegion', 'sourceIPAddress'],
  ...['userIdentity', 'recipientAccountId', 'errorCode', 'responseElements'],
] as const satisfies readonly (keyof CloudTrailRecord)[];

/** What is kept of a record that fits; its time is NaN where it has none that can be read. */
export function hitOf(
  record: Record<string, unknown>,
  actors: ActorWriter,
  { bytes, fits, id }: { bytes: Uint8Array; fits: number[]; id?: Int32Array | undefined },
): Hit {
  const { eventTime, userIdentity, recipientAccountId } = record;
  const identity = (typeof userIdentity === 'object' ? userIdentity : undefined) as UserIdentity | null | undefined;
  const address = textOf(record.sourceIPAddress);
  // A playbook knows the account that it watches, and that the other fields are texts.
  const { actor, session } = actors.write(
    { userIdentity: identity, awsRegion: textOf(record.awsRegion), sourceIPAddress: address },
    textOf(recipientAccountId) || textOf(identity?.accountId),
  );
  const eventID = id ?? (textOf(record.eventID) || undefined);
  const isClaimable = eventID !== undefined && typeof eventTime === 'string' && eventTime.endsWith('Z');
  return {
    fits,
    eventID,
    time: typeof eventTime === 'string' ? isoTime(eventTime) : Number.NaN,
    actor,
    session,
    address,
    isAttempt: isClaimable && isFailed(record),
    record: bytes,
  };
}

/** The same as playbooks tell it, of a record that nobody has checked yet. */
const isFailed = ({ errorCode, responseElements }: Record<string, unknown>): boolean =>
  (errorCode ?? '') !== '' || objectOf(responseElements).ConsoleLogin === 'Failure';

const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');
