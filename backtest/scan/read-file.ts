import { closeSync, createReadStream, fstatSync, openSync, readSync } from 'node:fs';
import { createGunzip, gunzipSync } from 'node:zlib';
import { brokenGzip } from './gzip.ts';
import { Inflate } from './inflate.ts';
import type { Fault, RecordReader } from './reader.ts';

/** Files up to this size are read as a whole, in bytes; larger ones in pieces. */
const AT_ONCE = 8 * 1024 * 1024;
/** The most that is inflated as a whole, in bytes. */
const MOST_INFLATED = 24 * 1024 * 1024;
/** Size of the pieces in which more is inflated. */
const PIECE = 1024 * 1024;

const inflate = new Inflate();

/** A file to read: a path, or its bytes where they came from elsewhere. */
export type Source = { path: string } | { bytes: Uint8Array };

/** Reads a file into a reader, inflated where it is gzip, whatever its name. Never throws for what is in the file. */
export async function readInto(source: Source, reader: RecordReader, fault: (fault: Fault) => void): Promise<void> {
  try {
    const bytes = 'bytes' in source ? source.bytes : whole(source.path);
    if (bytes === undefined) await readPieces((source as { path: string }).path, reader, fault);
    else if (!isGzip(bytes)) readPlain(bytes, reader);
    else await readGzip(bytes, reader, fault);
  } catch (error) {
    if (!isSystemError(error)) throw error;
    fault({ offset: 0, reason: `cannot be read: ${error.message}` });
  }
}

/** One file after the other lies here. */
let shelf = new Uint8Array(0);

/** A file's bytes, as long as no other file is read; undefined where it is too large. */
function whole(path: string): Uint8Array | undefined {
  const file = openSync(path, 'r');
  try {
    const { size } = fstatSync(file);
    if (size > AT_ONCE) return undefined;
    if (shelf.length < size + 1) shelf = new Uint8Array(Math.max(size + 1, 2 * shelf.length));
    let length = 0;
    for (let read = -1; read !== 0 && length <= size; length += read) {
      read = readSync(file, shelf, length, shelf.length - length, null);
    }
    return shelf.subarray(0, length);
  } finally {
    closeSync(file);
  }
}

function readPlain(bytes: Uint8Array, reader: RecordReader): void {
  if (bytes.length > 0) reader.push(bytes);
  reader.end();
}

async function readGzip(bytes: Uint8Array, reader: RecordReader, fault: (fault: Fault) => void): Promise<void> {
  const size = inflate.into(bytes, MOST_INFLATED, (room) => reader.room(room));
  if (size !== undefined) {
    if (size > 0) reader.filled(size);
    return reader.end();
  }
  try {
    // The size that a gzip file ends with spares growing the buffer; it is no more than a hint.
    const said = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).readUInt32LE(Math.max(0, bytes.length - 4));
    const chunkSize = Math.min(Math.max(said + 64, 16_384), MOST_INFLATED);
    return readPlain(gunzipSync(bytes, { chunkSize, maxOutputLength: MOST_INFLATED }), reader);
  } catch (error) {
    if (!isSystemError(error)) throw error;
    // Too large to be held as a whole, or broken: then as far as it goes.
    if ((error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE') {
      return inflatePieces([bytes], reader, fault, PIECE);
    }
  }
  let inflated = 0;
  for (const part of brokenGzip(bytes, MOST_INFLATED)) {
    if ('wrong' in part) {
      reader.end(part.last);
      fault({ offset: inflated, reason: `the gzip data is broken or cut off (${part.wrong}); read up to here` });
      if (part.last) return;
    } else {
      inflated += part.text.length;
      if (part.text.length > 0) reader.push(part.text);
    }
  }
  reader.end();
}

async function readPieces(path: string, reader: RecordReader, fault: (fault: Fault) => void): Promise<void> {
  const stream = createReadStream(path, { highWaterMark: 1024 * 1024 });
  const pieces = stream[Symbol.asyncIterator]() as AsyncIterator<Uint8Array>;
  const first = await pieces.next();
  if (first.done) return reader.end();
  const all = async function* (): AsyncGenerator<Uint8Array> {
    yield first.value;
    for (let next = await pieces.next(); !next.done; next = await pieces.next()) yield next.value;
  };
  if (isGzip(first.value)) return inflatePieces(all(), reader, fault, PIECE);
  for await (const piece of all()) {
    reader.push(piece);
    if (reader.foreign) break;
  }
  stream.destroy();
  reader.end();
}

async function inflatePieces(
  pieces: Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
  reader: RecordReader,
  fault: (fault: Fault) => void,
  chunkSize: number,
): Promise<void> {
  const gunzip = createGunzip({ chunkSize });
  let inflated = 0;
  const feeding = (async () => {
    for await (const piece of pieces) {
      if (gunzip.destroyed) return;
      if (!gunzip.write(piece))
        await new Promise<void>((resolve) => gunzip.once('drain', resolve).once('close', resolve));
    }
    gunzip.end();
  })();
  try {
    for await (const piece of gunzip as AsyncIterable<Uint8Array>) {
      inflated += piece.length;
      reader.push(piece);
      if (reader.foreign) break;
    }
    await feeding;
    reader.end();
  } catch (error) {
    if (!isSystemError(error)) throw error;
    reader.end(true);
    fault({ offset: inflated, reason: `the gzip data is broken or cut off (${error.message}); read up to here` });
  }
}

function isGzip(bytes: Uint8Array): boolean {
  return bytes[0] === 0x1f && bytes[1] === 0x8b;
}

/** Errors of the file system and of zlib have a code; anything else is a defect. */
function isSystemError(error: unknown): error is Error {
  return error instanceof Error && typeof (error as NodeJS.ErrnoException).code === 'string';
}
