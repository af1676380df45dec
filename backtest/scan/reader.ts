import { everyBit, states } from './layout.ts';
import { afterBroken, afterBrokenLine, endOfValue, isRecordStart, isWordToEnd, nesting } from './recovery.ts';
import { amongRecords, type Found, outside, type Place, type Scan, type Scanner } from './scanner.ts';

/** Something in a file that is not as it should be; the offset counts bytes of the file's text, after decompression. */
export interface Fault {
  offset: number;
  reason: string;
}

/** What reading a file's text reports. */
export interface ReaderSink {
  /** A record that must be looked at, and its place in the text: the scanner gives more of it while this is called. */
  candidate: (found: Found, offset: number) => void;
  /** So many records; their eventIDs wait in the scanner, but for those that there was no room for. */
  counted: (records: number) => void;
  /** eventIDs that the scanner has no more room for, 16 bytes each. */
  full: (ids: Uint8Array) => void;
  fault: (fault: Fault) => void;
}

/** The scanner calls it a fault where more brackets are open. */
const deepest = 60;
/** What is wrong with a text shows in so many bytes from where the scanner gives it up. */
const ENOUGH_TO_TELL = 64;

/** The longest record, in bytes; CloudTrail's own are at most 1 MB. Longer ones are reported and passed over. */
export const longestRecord = 16 * 1024 * 1024;

/** A file is something else where nothing is understood behind so many faults, or with a fault and so many bytes. */
const MOST_DOUBTS = 20;
const MOST_DOUBTFUL = 1024 * 1024;

/**
 * Reads a file's text in pieces of any size: delivery files, `{"Records":[...]}` one after another, arrays of records and
 * records one to a line. What is broken is reported with its place, and reading goes on behind it.
 */
export class RecordReader {
  readonly #scanner: Scanner;
  readonly #sink: ReaderSink;
  #place: Place = outside;
  /** Bytes that wait in the scanner's memory, and where in the text the first of them is. */
  #have = 0;
  #offset = 0;
  /** Anything was understood so far. */
  #begun = false;
  /** The structure is lost: only the beginning of a record or of a line is looked for. */
  #lost: 'record' | 'line' | undefined;
  #foreign = false;
  /** Faults in front of anything that was understood: of lines among others, or of a file that is something else. */
  #doubts: { fault: Fault; foreign: string }[] = [];

  constructor(scanner: Scanner, sink: ReaderSink) {
    this.#scanner = scanner;
    this.#sink = sink;
  }

  /** True once the file turned out to be something else: the rest need not be read. */
  get foreign(): boolean {
    return this.#foreign;
  }

  /** Takes the next piece of the text. */
  push(piece: Uint8Array): void {
    if (this.#foreign) return;
    this.#room(piece.length).set(piece);
    this.#filled(piece.length);
  }

  /**
   * Takes the next piece of the text, as raw deflate data that comes to `size` bytes of this CRC-32. Returns false, and has taken
   * nothing, where it is other than plain or does not.
   */
  pushDeflated(data: Uint8Array, size: number, checksum: number): boolean {
    const ahead = this.#have === 0 && this.#offset === 0 ? new Ahead(this.#scanner, this.#place) : undefined;
    const isRight = this.#scanner.inflate(data, this.#have, size, (end) => ahead?.scan(end)) === checksum;
    if (isRight && ahead?.isPlain) {
      this.#take(ahead, size);
      return true;
    }
    for (const ids of ahead?.forget() ?? []) this.#sink.full(ids);
    if (isRight && size > 0) this.#filled(size);
    return isRight;
  }

  /** Takes what was scanned before anybody knew whether it is right. */
  #take({ records, ids, found, resume, place }: Ahead, size: number): void {
    this.#have = size;
    if (records > 0 || place.base > 0) this.#begin();
    for (const part of ids) this.#sink.full(part);
    this.#sink.counted(records);
    for (const one of found) this.#candidate(one);
    this.#keep(resume, place);
  }

  /** Where the next piece of the text lies, or is put. */
  #room(size: number): Uint8Array {
    return this.#scanner.bytes(this.#have + size).subarray(this.#have);
  }

  #filled(length: number): void {
    const before = this.#have;
    this.#have += length;
    if (this.#offset === 0 && before < 3) {
      // A byte order mark must be there as a whole to be known.
      if (this.#have < 3) return;
      this.#blankMark();
    }
    this.#read(false);
  }

  /** The text ends. `cut`: it would go on, but cannot be read further, which is reported already. */
  end(cut = false): void {
    if (this.#foreign) return;
    this.#read(true, cut);
    if (this.#doubts.length > 0) this.#giveUp();
  }

  /** A byte order mark is no fault. */
  #blankMark(): void {
    const bytes = this.#scanner.bytes(this.#have);
    if (bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf) bytes.fill(0x20, 0, 3);
  }

  #read(last: boolean, cut = false): void {
    let from = 0;
    for (;;) {
      if (this.#lost) {
        const found = this.#find(from, last);
        if (found === undefined) return;
        from = found;
      }
      const scan = this.#scanner.scan(from, this.#have, this.#place, {
        found: (found) => this.#candidate(found),
        counted: (records) => {
          if (records > 0) this.#begin();
          this.#sink.counted(records);
        },
        full: (ids) => this.#sink.full(ids),
      });
      if (scan.place.base > 0) this.#begin();
      const next = scan.stopped === 'end' ? this.#atEnd(scan, last, cut) : this.#recover(scan, last);
      if (next === undefined) return;
      from = next;
    }
  }

  #candidate(found: Found): void {
    this.#sink.candidate(found, this.#offset + found.start);
  }

  #atEnd(scan: Scan, last: boolean, cut: boolean): undefined {
    if (!last) return this.#keep(scan.resume, scan.place);
    if (cut) return undefined;
    if (scan.open !== undefined) this.#fault(scan.open, 'a record is cut off: the file ends in it');
    else if (scan.place.depth > 0) this.#fault(this.#have, 'the file ends before its Records do');
    return undefined;
  }

  /** Keeps the bytes from `resume` on for when there are more. A record beyond all bounds is given up. */
  #keep(resume: number, place: Place): undefined {
    if (this.#have - resume > longestRecord) {
      this.#fault(resume, `a record is longer than ${longestRecord} bytes`);
      this.#lost = place.base === 0 ? 'line' : 'record';
      this.#place = place.base === 0 ? outside : amongRecords(Math.min(place.base, 2));
      return this.#keep(this.#have, this.#place);
    }
    this.#scanner.bytes(this.#have).copyWithin(0, resume, this.#have);
    this.#offset += resume;
    this.#have -= resume;
    this.#place = place;
    return undefined;
  }

  /** Goes on behind what is no JSON or no record. Returns where, or undefined where more bytes are needed or nothing is left. */
  #recover(scan: Scan, last: boolean): number | undefined {
    const bytes = this.#scanner.bytes(this.#have);
    if (scan.stopped === 'element') return this.#passElement(bytes, scan, last);
    if (scan.open !== undefined) return this.#passRecord(bytes, scan, scan.open, last);
    const { base } = scan.place;
    // Behind the records of a document: a word may only be cut.
    if (!last && base > 2 && isWordToEnd(bytes, scan.at)) return this.#keep(scan.resume, scan.place);
    if (base === 0 && bytes[scan.at] === 0x5b) {
      this.#place = amongRecords(1, states.arrayFirst);
      this.#begin();
      return scan.at + 1;
    }
    if (base === 0) {
      const foreign = 'not CloudTrail: neither a JSON document nor records one to a line';
      this.#faultOfLine(scan.at, 'a line is no JSON', foreign);
      this.#lose(base);
      return this.#foreign ? undefined : scan.at + 1;
    }
    if (bytes[scan.at] === 0x7b && (base === 1 || base === 2)) {
      this.#fault(scan.at, 'a comma is missing in front of a record');
      this.#place = amongRecords(base);
      return scan.at;
    }
    this.#fault(scan.at, 'no JSON between records');
    this.#lose(base);
    return scan.at + 1;
  }

  #lose(base: number): void {
    this.#lost = base === 0 ? 'line' : 'record';
    this.#place = base === 1 || base === 2 ? amongRecords(base) : outside;
  }

  /** An element of the records that is no object. */
  #passElement(bytes: Uint8Array, scan: Scan, last: boolean): number | undefined {
    const end = endOfValue(bytes, scan.at);
    if (end === undefined && !last) return this.#keep(scan.at, amongRecords(scan.place.base));
    this.#fault(scan.at, 'an element of Records is no record');
    if (end === undefined) return undefined;
    this.#place = amongRecords(scan.place.base, states.afterValueInArray);
    return end;
  }

  #passRecord(bytes: Uint8Array, scan: Scan, open: number, last: boolean): number | undefined {
    const { base } = scan.place;
    // Where it is nested deeper than the scanner looks, it may be valid after all; else what is wrong with it shows at once.
    const isDeep = base + nesting(bytes, open, scan.at) > deepest;
    const end = isDeep ? endOfValue(bytes, open) : scan.at + ENOUGH_TO_TELL;
    if (!last && (end === undefined || end > bytes.length)) return this.#keep(open, scan.place);
    const wrong = end === undefined ? 'it has no end' : syntaxError(bytes.subarray(open, end));
    if (isDeep && end !== undefined && wrong === undefined) {
      this.#passDeep(open, end, base);
      return end;
    }
    const next = base === 0 ? afterBrokenLine(bytes, open, scan.at) : afterBroken(bytes, open);
    if (next === undefined && base > 0 && !last) return this.#keep(open, scan.place);
    const fault = `a record is no JSON (${wrong})`;
    if (base > 0) this.#fault(open, fault);
    else this.#faultOfLine(open, fault, `not CloudTrail: it begins like JSON, but is none (${wrong})`);
    if (this.#foreign) return undefined;
    if (next?.how === 'end') this.#place = base === 0 ? outside : amongRecords(base, states.afterValueInArray);
    else if (next?.how === 'record') this.#place = amongRecords(base);
    else this.#lose(base);
    return next?.position ?? bytes.length;
  }

  /** A record that is valid after all, but nested deeper than the scanner looks. */
  #passDeep(open: number, end: number, base: number): void {
    this.#begin();
    this.#sink.counted(1);
    this.#candidate({ ...everyBit, start: open, end, odd: true, document: base === 0 });
    this.#place = base === 0 ? outside : amongRecords(base, states.afterValueInArray);
  }

  /** Looks for where to begin again once the structure is lost. */
  #find(from: number, last: boolean): number | undefined {
    const bytes = this.#scanner.bytes(this.#have);
    const lines = this.#lost === 'line';
    for (let at = from; at < bytes.length; at += 1) {
      if (lines ? bytes[at] === 0x0a : isRecordStart(bytes, at)) {
        this.#lost = undefined;
        return lines ? at + 1 : at;
      }
    }
    if (lines && this.#doubts.length > 0 && this.#offset + this.#have > MOST_DOUBTFUL) {
      this.#giveUp();
      return undefined;
    }
    // What might be the beginning of a record that goes on beyond these bytes is kept.
    if (!last) this.#keep(Math.max(from, this.#have - 64), this.#place);
    return undefined;
  }

  /** Anything is understood: it is no file of something else. */
  #begin(): void {
    this.#begun = true;
    for (const { fault } of this.#doubts) this.#sink.fault(fault);
    this.#doubts = [];
  }

  /** A fault outside of any document, in words for a file of lines and for one that is something else. */
  #faultOfLine(at: number, reason: string, foreign: string): void {
    if (this.#begun) this.#fault(at, reason);
    else this.#doubts.push({ fault: { offset: this.#offset + at, reason }, foreign });
    if (this.#doubts.length > MOST_DOUBTS) this.#giveUp();
  }

  #giveUp(): void {
    const [first] = this.#doubts;
    this.#foreign = true;
    this.#doubts = [];
    if (first) this.#sink.fault({ offset: first.fault.offset, reason: first.foreign });
  }

  #fault(at: number, reason: string): void {
    this.#sink.fault({ offset: this.#offset + at, reason });
  }
}

/** So many bytes of a record or document may be scanned again whenever there is more of it; CloudTrail's records are shorter. */
const MOST_OPEN = 1024 * 1024;

/** Scans a text as it is inflated, and keeps what it finds until the checksum says that the text is right. */
class Ahead {
  /** Nothing but records so far, and no byte order mark: otherwise the text is read again from its beginning. */
  isPlain = true;
  records = 0;
  /** eventIDs that there was no room for. */
  readonly ids: Uint8Array[] = [];
  readonly found: Found[] = [];
  /** Where to go on, and where in the structure that is. */
  resume = 0;
  place: Place;
  readonly #scanner: Scanner;
  /** How many eventIDs of other texts wait in the scanner. */
  readonly #idsBefore: number;

  constructor(scanner: Scanner, place: Place) {
    this.#scanner = scanner;
    this.#idsBefore = scanner.ids;
    this.place = place;
  }

  /** Scans what there is up to `end`. */
  scan(end: number): void {
    if (this.resume === 0 && this.#scanner.bytes(end)[0] === 0xef) this.isPlain = false;
    if (!this.isPlain) return;
    const scan = this.#scanner.scan(this.resume, end, this.place, {
      found: (one) => this.found.push(one),
      counted: (records) => {
        this.records += records;
      },
      full: (ids) => this.ids.push(ids),
    });
    this.isPlain = scan.stopped === 'end' && end - scan.resume <= MOST_OPEN;
    this.resume = scan.resume;
    this.place = scan.place;
  }

  /** Forgets its eventIDs. Returns those of other texts that were taken with them. */
  forget(): Uint8Array[] {
    const [first] = this.ids;
    this.#scanner.ids = first ? 0 : this.#idsBefore;
    return first ? [first.subarray(0, this.#idsBefore * 16)] : [];
  }
}

function syntaxError(bytes: Uint8Array): string | undefined {
  try {
    JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('utf8'));
    return undefined;
  } catch (error) {
    return (error as Error).message.replace(/^(.{0,80})[\s\S]*$/, '$1');
  }
}
