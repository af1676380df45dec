const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const BLANK = new Set([0x20, 0x09, 0x0a, 0x0d]);
const KEY = Buffer.from('"eventVersion"');

/** Whether a record, as CloudTrail writes them, begins at a position. */
export function isRecordStart(bytes: Uint8Array, at: number): boolean {
  if (bytes[at] !== 0x7b) return false;
  let key = at + 1;
  while (BLANK.has(bytes[key] ?? 0)) key += 1;
  return KEY.every((byte, n) => bytes[key + n] === byte);
}

/** Where the JSON value that begins at a position ends, by its quotes and brackets alone; undefined where the bytes end first. */
export function endOfValue(bytes: Uint8Array, at: number): number | undefined {
  const { end } = follow(bytes, at, false);
  return end;
}

/** How many brackets are open at a position, its own included, in the value that begins at another one. */
export const nesting = (bytes: Uint8Array, open: number, at: number): number =>
  follow(bytes.subarray(0, at + 1), open, false).depth;

/**
 * Follows the JSON value that begins at a position by its quotes and brackets alone, to its end, or, with `untilRecord`, to where a record
 * seems to begin in it, whichever comes first. Else the bytes end, with so many brackets open.
 */
function follow(bytes: Uint8Array, at: number, untilRecord: boolean): { end?: number; record?: number; depth: number } {
  let depth = 0;
  let inside = false;
  let escaped = false;
  for (let n = at; n < bytes.length; n += 1) {
    const byte = bytes[n] ?? 0;
    // In a string as well: that may lack its end.
    if (untilRecord && byte === 0x7b && n > at && isRecordStart(bytes, n)) return { record: n, depth };
    if (inside) {
      if (escaped) escaped = false;
      else if (byte === BACKSLASH) escaped = true;
      else if (byte === QUOTE) inside = false;
      if (!inside && depth === 0) return { end: n + 1, depth };
    } else if (byte === QUOTE) inside = true;
    else if (byte === 0x7b || byte === 0x5b) depth += 1;
    else if (byte === 0x7d || byte === 0x5d) {
      depth -= 1;
      if (depth < 0) return { end: n, depth };
      if (depth === 0) return { end: n + 1, depth };
    } else if (depth === 0 && (byte === 0x2c || byte === 0x0a)) return { end: n, depth };
  }
  return { depth };
}

const STRUCTURE = new Set(Buffer.from('{}[]:,"'));

/** Whether all from a position on may belong to one number or word, which may then go on beyond the bytes. */
export function isWordToEnd(bytes: Uint8Array, at: number): boolean {
  for (let n = at; n < bytes.length; n += 1) {
    const byte = bytes[n] ?? 0;
    if (BLANK.has(byte) || STRUCTURE.has(byte)) return false;
  }
  return at < bytes.length;
}

/** Where reading goes on behind a record that is no JSON: behind the record, or at the beginning of one. */
export interface Next {
  how: 'end' | 'record';
  position: number;
}

/**
 * Finds where to go on behind a record among others that begins at a position: at the next one that begins in what seems to belong to the
 * broken one, else behind its last bracket. Undefined where the bytes end first. It looks no further than it must, as there may be very many.
 */
export function afterBroken(bytes: Uint8Array, open: number): Next | undefined {
  const { end, record } = follow(bytes, open, true);
  if (record !== undefined) return { how: 'record', position: record };
  return end === undefined ? undefined : { how: 'end', position: end };
}

/**
 * The same in a file of lines, of a record with a fault at a position: a line that begins like a record is one; else whatever line comes
 * behind the fault.
 */
export function afterBrokenLine(bytes: Uint8Array, open: number, at: number): Next | undefined {
  const next = Buffer.from(bytes.buffer, bytes.byteOffset, at + 1).indexOf('\n{', open);
  const line = next < 0 ? bytes.indexOf(0x0a, at) : next;
  return line < 0 ? undefined : { how: 'end', position: line };
}
