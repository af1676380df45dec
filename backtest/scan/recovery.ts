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
  let depth = 0;
  let inside = false;
  for (let n = at; n < bytes.length; n += 1) {
    const byte = bytes[n] ?? 0;
    if (inside) {
      if (byte === BACKSLASH) n += 1;
      else if (byte === QUOTE) inside = false;
      else continue;
      if (!inside && depth === 0) return n + 1;
    } else if (byte === QUOTE) inside = true;
    else if (byte === 0x7b || byte === 0x5b) depth += 1;
    else if (byte === 0x7d || byte === 0x5d) {
      depth -= 1;
      if (depth < 0) return n;
      if (depth === 0) return n + 1;
    } else if (depth === 0 && (byte === 0x2c || byte === 0x0a)) return n;
  }
  return undefined;
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

/** Where reading goes on behind a record that is no JSON. */
export interface Next {
  /** `end`: behind the record; `record`: at the beginning of one; `lost`: the beginning of one must be looked for. */
  how: 'end' | 'record' | 'lost';
  position: number;
}

/**
 * Finds where to go on: at the next record that begins in what seems to belong to the broken one, else behind its last
 * bracket where that makes sense, else wherever a record begins, or in files of lines at the next line.
 */
export function afterBroken(
  bytes: Buffer,
  { open, end, at, base }: { open: number; end: number | undefined; at: number; base: number },
): Next {
  if (base === 0) {
    // A line that begins like a record is one; else whatever line comes behind the fault.
    const next = bytes.subarray(0, at + 1).indexOf('\n{', open);
    const line = next < 0 ? bytes.indexOf(0x0a, Math.min(at, end ?? at)) : next;
    return line < 0 ? { how: 'lost', position: bytes.length } : { how: 'end', position: line };
  }
  const limit = end ?? bytes.length;
  for (let n = open + 1; n < limit; n += 1) if (isRecordStart(bytes, n)) return { how: 'record', position: n };
  return end === undefined ? { how: 'lost', position: bytes.length } : { how: 'end', position: end };
}
