import { constants, crc32, inflateRawSync } from 'node:zlib';

/** What a broken gzip file still gives: text, or what is wrong with a member; `last` where nothing can be read behind it. */
export type GzipPart = { text: Uint8Array } | { wrong: string; last: boolean };

/**
 * Inflates the members of a gzip file that zlib refuses, as far as each goes: all of one whose checksum is wrong, and of one
 * that is cut off or has wrong bits, what stands in front of the fault. Throws ERR_BUFFER_TOO_LARGE where a member comes to more than
 * `most` bytes.
 * https://www.rfc-editor.org/rfc/rfc1952
 */
export function* brokenGzip(bytes: Uint8Array, most: number): Generator<GzipPart> {
  for (let at = 0; at < bytes.length; ) {
    const start = bodyOf(bytes, at);
    if (start === undefined) {
      // Zeros behind the last member are padding.
      if (bytes.subarray(at).some((byte) => byte !== 0))
        yield { wrong: 'no gzip header where one should be', last: true };
      return;
    }
    const body = bytes.subarray(start);
    const whole = inflated(body, most);
    if (!whole) {
      yield { text: inFront(body, most) };
      yield { wrong: 'invalid data', last: true };
      return;
    }
    yield { text: whole.text };
    const trailer = start + whole.consumed;
    if (!whole.complete || trailer + 8 > bytes.length) {
      yield { wrong: 'unexpected end of file', last: true };
      return;
    }
    const sums = Buffer.from(bytes.buffer, bytes.byteOffset + trailer, 8);
    at = trailer + 8;
    const right = sums.readUInt32LE(0) === crc32(whole.text) && sums.readUInt32LE(4) === whole.text.length % 2 ** 32;
    if (!right) yield { wrong: 'incorrect data check', last: at >= bytes.length };
  }
}

/** Where the compressed data of the member at a position begins; undefined where there is no header. */
export function bodyOf(bytes: Uint8Array, at: number): number | undefined {
  if (bytes[at] !== 0x1f || bytes[at + 1] !== 0x8b || bytes[at + 2] !== 8) return undefined;
  const flags = bytes[at + 3] ?? 0;
  let body = at + 10;
  if (flags & 4) body += 2 + (bytes[body] ?? 0) + 256 * (bytes[body + 1] ?? 0);
  for (const flag of [8, 16]) {
    if (!(flags & flag)) continue;
    const end = bytes.indexOf(0, body);
    if (end < 0) return bytes.length;
    body = end + 1;
  }
  return flags & 2 ? body + 2 : body;
}

function inflated(
  body: Uint8Array,
  most: number,
): { text: Uint8Array; consumed: number; complete: boolean } | undefined {
  try {
    const options = { finishFlush: constants.Z_SYNC_FLUSH, maxOutputLength: most, info: true };
    const { buffer, engine } = inflateRawSync(body, options) as unknown as {
      buffer: Buffer;
      engine: { bytesWritten: number };
    };
    const consumed = engine.bytesWritten;
    // Data that ends by itself leaves its checksum unread; one that is cut off has none.
    return { text: buffer, consumed, complete: consumed < body.length };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE') throw error;
    return undefined;
  }
}

/** What can be inflated in front of a fault: the longest beginning that zlib takes. */
function inFront(body: Uint8Array, most: number): Uint8Array {
  let [good, bad] = [0, body.length];
  let text: Uint8Array = new Uint8Array(0);
  while (bad - good > 1) {
    const middle = (good + bad) >> 1;
    const found = inflated(body.subarray(0, middle), most);
    if (found) [good, text] = [middle, found.text];
    else bad = middle;
  }
  return text;
}
