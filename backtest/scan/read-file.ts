import { closeSync, createReadStream, fstatSync, openSync, type ReadStream, readSync } from 'node:fs';
import { createGunzip, gunzipSync } from 'node:zlib';
import { bodyOf, brokenGzip } from './gzip.ts';
import type { Fault, RecordReader } from './reader.ts';

/** Files up to this size are read as a whole, in bytes; larger ones in pieces. */
const AT_ONCE = 8 * 1024 * 1024;
/** The most that is inflated as a whole, in bytes. */
const MOST_INFLATED = 24 * 1024 * 1024;
/** Size of the pieces in which more is inflated. */
const PIECE = 1024 * 1024;

/** A file to read: a path, or its bytes where they came from elsewhere, or why there is nothing to read. */
export type Source = { path: string } | { bytes: Uint8Array } | { unreadable: string };

/** Reads a file into a reader, inflated where it is gzip, whatever its name. Never throws for what is in the file. */
export async function readInto(source: Source, reader: RecordReader, fault: (fault: Fault) => void): Promise<void> {
  try {
    if ('unreadable' in source) fault({ offset: 0, reason: `cannot be read: ${source.unreadable}` });
    else if ('bytes' in source) await readWhole(source.bytes, reader, fault);
    else await readPath(source.path, reader, fault);
  } catch (error) {
    if (!isSystemError(error)) throw error;
    fault({ offset: 0, reason: `cannot be read: ${error.message}` });
  }
}

/** One file after the other lies here. */
let shelf = new Uint8Array(0);

async function readPath(path: string, reader: RecordReader, fault: (fault: Fault) => void): Promise<void> {
  const fd = openSync(path, 'r');
  const bytes = whole(fd);
  if (bytes) return readWhole(bytes, reader, fault);
  const stream = createReadStream('', { fd, highWaterMark: 1024 * 1024 });
  try {
    await readPieces(stream, reader, fault);
  } finally {
    stream.destroy();
  }
}

/** A file's bytes, as long as no other file is read, and it is closed; undefined where it is large, or a pipe, whose size nobody knows. */
function whole(file: number): Uint8Array | undefined {
  const stat = fstatSync(file);
  if (stat.size > AT_ONCE || !stat.isFile()) return undefined;
  try {
    return filled(file, stat.size);
  } finally {
    closeSync(file);
  }
}

function filled(file: number, size: number): Uint8Array {
  if (shelf.length < size + 1) shelf = new Uint8Array(Math.max(size + 1, 2 * shelf.length));
  let length = 0;
  for (let read = -1; read !== 0 && length <= size; length += read) {
    read = readSync(file, shelf, length, shelf.length - length, null);
  }
  return shelf.subarray(0, length);
}

async function readWhole(bytes: Uint8Array, reader: RecordReader, fault: (fault: Fault) => void): Promise<void> {
  if (isGzip(bytes)) await readGzip(bytes, reader, fault);
  else readPlain(bytes, reader);
}

function readPlain(bytes: Uint8Array, reader: RecordReader): void {
  if (bytes.length > 0) reader.push(bytes);
  reader.end();
}

/** Reads a gzip file of one member, as delivery files are. Returns false, and has read nothing, where it is anything else. */
function readPlainGzip(bytes: Uint8Array, reader: RecordReader): boolean {
  const body = bodyOf(bytes, 0);
  if (body === undefined || bytes.length < body + 8) return false;
  const trailer = Buffer.from(bytes.buffer, bytes.byteOffset + bytes.length - 8, 8);
  const [checksum, size] = [trailer.readUInt32LE(0), trailer.readUInt32LE(4)];
  if (size > MOST_INFLATED) return false;
  return reader.pushDeflated(bytes.subarray(body, bytes.length - 8), size, checksum);
}

async function readGzip(bytes: Uint8Array, reader: RecordReader, fault: (fault: Fault) => void): Promise<void> {
  if (readPlainGzip(bytes, reader)) return reader.end();
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

async function readPieces(stream: ReadStream, reader: RecordReader, fault: (fault: Fault) => void): Promise<void> {
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
