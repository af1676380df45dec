import { closeSync, createReadStream, fstatSync, openSync, type ReadStream, readSync } from 'node:fs';
import { finished, pipeline } from 'node:stream/promises';
import { createGunzip, gunzipSync } from 'node:zlib';
import { bodyOf, brokenGzip } from './gzip.ts';
import type { Fault, RecordReader } from './reader.ts';

/** Files up to this size are read as a whole, in bytes; larger ones in pieces. */
const AT_ONCE = 8 * 1024 * 1024;
/** The most that is inflated as a whole, in bytes. */
const MOST_INFLATED = 24 * 1024 * 1024;
/** Size of the pieces in which more is inflated, in bytes. */
const PIECE = 1024 * 1024;
/** Pieces of text that are smaller are read together, in bytes. */
const SMALL = 256 * 1024;
/** Sizes of the pieces in which it is inflated again in front of a fault, in bytes. */
const FINER = [1024, 1];

/** A file to read: a path, or its bytes where they came from elsewhere, or why there is nothing to read. */
export type Source = { path: string } | { bytes: Uint8Array } | { unreadable: string };

/** What reading a file tells besides what its reader tells. */
export interface FileSink {
  /** Something is wrong with the file itself. */
  fault: (fault: Fault) => void;
  /** Whether to end early, asked now and then in a large file. */
  isEnded: () => boolean;
}

/**
 * Reads a file into a reader, inflated where it is gzip, whatever its name. Never throws for what is in the file. Returns whether it was
 * read to its end, as far as that can be.
 */
export async function readInto(source: Source, reader: RecordReader, sink: FileSink): Promise<boolean> {
  try {
    if ('unreadable' in source) sink.fault({ offset: 0, reason: `cannot be read: ${source.unreadable}` });
    else if ('bytes' in source) return await readWhole(source.bytes, reader, sink);
    else return await readPath(source.path, reader, sink);
  } catch (error) {
    if (!isSystemError(error)) throw error;
    sink.fault({ offset: 0, reason: `cannot be read: ${error.message}` });
  }
  return true;
}

/** One file after the other lies here. */
let shelf = new Uint8Array(0);

async function readPath(path: string, reader: RecordReader, sink: FileSink): Promise<boolean> {
  const fd = openSync(path, 'r');
  const bytes = whole(fd);
  if (bytes) return readWhole(bytes, reader, sink);
  // A pipe gives what it has once.
  const again = fstatSync(fd).isFile() ? () => createReadStream(path, { highWaterMark: PIECE }) : undefined;
  const stream = createReadStream('', { fd, highWaterMark: PIECE });
  try {
    return await readPieces(stream, again, reader, sink);
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

async function readWhole(bytes: Uint8Array, reader: RecordReader, sink: FileSink): Promise<boolean> {
  if (isGzip(bytes)) return readGzip(bytes, reader, sink);
  readPlain(bytes, reader);
  return true;
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

async function readGzip(bytes: Uint8Array, reader: RecordReader, sink: FileSink): Promise<boolean> {
  if (readPlainGzip(bytes, reader)) {
    reader.end();
    return true;
  }
  try {
    // The size that a gzip file ends with spares growing the buffer; it is no more than a hint.
    const said = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).readUInt32LE(Math.max(0, bytes.length - 4));
    const chunkSize = Math.min(Math.max(said + 64, 16_384), MOST_INFLATED);
    readPlain(gunzipSync(bytes, { chunkSize, maxOutputLength: MOST_INFLATED }), reader);
    return true;
  } catch (error) {
    if (!isSystemError(error)) throw error;
    // Too large to be held as a whole, or broken: then as far as it goes.
    if (isTooLarge(error)) return inflateSlices(bytes, reader, sink);
  }
  return readBroken(bytes, reader, sink);
}

async function readBroken(bytes: Uint8Array, reader: RecordReader, sink: FileSink): Promise<boolean> {
  let inflated = 0;
  try {
    for (const part of brokenGzip(bytes, MOST_INFLATED)) {
      if ('wrong' in part) {
        reader.end(part.last);
        sink.fault(brokenAt(inflated, part.wrong, part.last));
        if (part.last) return true;
      } else {
        inflated += part.text.length;
        if (part.text.length > 0) reader.push(part.text);
      }
    }
  } catch (error) {
    if (!isTooLarge(error)) throw error;
    return inflateSlices(bytes, reader, sink, inflated);
  }
  reader.end();
  return true;
}

const brokenAt = (offset: number, wrong: string, last: boolean): Fault => ({
  offset,
  reason: `the gzip data is broken or cut off (${wrong})${last ? '; read up to here' : '; read on behind it'}`,
});

function inflateSlices(bytes: Uint8Array, reader: RecordReader, sink: FileSink, from = 0): Promise<boolean> {
  const pieces = (): Generator<Uint8Array> => slices(bytes, PIECE);
  return inflatePieces(pieces(), pieces, reader, sink, from);
}

function* slices(bytes: Uint8Array, size: number): Generator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

/** The same pieces, but none larger than a size from a place on. */
async function* fineFrom(pieces: Pieces, place: number, size: number): AsyncGenerator<Uint8Array> {
  let position = 0;
  for await (const piece of pieces) {
    const coarse = Math.min(piece.length, Math.max(0, place - position));
    if (coarse > 0) yield piece.subarray(0, coarse);
    yield* slices(piece.subarray(coarse), size);
    position += piece.length;
  }
}

type Pieces = Iterable<Uint8Array> | AsyncIterable<Uint8Array>;

async function readPieces(
  stream: ReadStream,
  again: (() => Pieces) | undefined,
  reader: RecordReader,
  sink: FileSink,
): Promise<boolean> {
  const pieces = stream[Symbol.asyncIterator]() as AsyncIterator<Uint8Array>;
  const first = await pieces.next();
  const all = async function* (): AsyncGenerator<Uint8Array> {
    for (let next = first; !next.done; next = await pieces.next()) yield next.value;
  };
  if (!first.done && isGzip(first.value)) return inflatePieces(all(), again, reader, sink);
  let isCut = false;
  for await (const piece of all()) {
    reader.push(piece);
    isCut = sink.isEnded();
    if (reader.foreign || isCut) break;
  }
  reader.end(isCut);
  return !isCut;
}

/** `again`: the same once more. `from`: so much of the text was read before. */
async function inflatePieces(
  pieces: Pieces,
  again: (() => Pieces) | undefined,
  reader: RecordReader,
  sink: FileSink,
  from = 0,
): Promise<boolean> {
  let read = await gunzipped(pieces, from, reader, sink);
  const { wrong } = read;
  // What zlib has inflated of a piece is lost when it meets a fault in it: the smaller the piece, the less.
  if (again) {
    for (const size of FINER) {
      if (read.wrong !== undefined) {
        read = await gunzipped(fineFrom(again(), read.taken, size), read.read, reader, sink);
      }
    }
  }
  const isCut = read.wrong === undefined && !read.isWhole;
  reader.end(wrong !== undefined || isCut);
  if (wrong !== undefined && !isCut) sink.fault(brokenAt(read.read, wrong, true));
  return !isCut;
}

/**
 * Inflates pieces into a reader, but for the first bytes of the text. Tells how far it came in the text and in the data, and what was
 * wrong.
 */
async function gunzipped(
  pieces: Pieces,
  from: number,
  reader: RecordReader,
  sink: FileSink,
): Promise<{ read: number; taken: number; wrong?: string; isWhole: boolean }> {
  const gunzip = createGunzip({ chunkSize: PIECE });
  let inflated = 0;
  let isCut = false;
  // Small ones are read together: a reader may look at a record again for each piece of it.
  let small: Uint8Array[] = [];
  let smallSize = 0;
  const read = (): void => {
    const [only] = small;
    if (only) reader.push(small.length === 1 ? only : Buffer.concat(small));
    [small, smallSize] = [[], 0];
  };
  // Taken as it comes, since what waits in a stream is lost when a fault ends it.
  gunzip.on('data', (piece: Uint8Array) => {
    if (gunzip.destroyed) return;
    const known = Math.min(piece.length, Math.max(0, from - inflated));
    inflated += piece.length;
    if (known < piece.length) small.push(piece.subarray(known));
    smallSize += piece.length - known;
    if (smallSize < SMALL && known === 0) return;
    try {
      read();
      isCut = sink.isEnded();
      if (reader.foreign || isCut) gunzip.destroy();
    } catch (error) {
      gunzip.destroy(error as Error);
    }
  });
  let wrong: string | undefined;
  try {
    const ended = finished(gunzip, { writable: false });
    // Its faults come out of what it gives.
    pipeline(pieces, gunzip).catch(() => {});
    await ended;
  } catch (error) {
    if (!isSystemError(error)) throw error;
    if (!reader.foreign && !isCut) wrong = error.message;
  }
  read();
  const place = { read: Math.max(wrong === undefined ? 0 : from, inflated), taken: gunzip.bytesWritten };
  return { ...place, ...(wrong !== undefined && { wrong }), isWhole: !isCut };
}

function isGzip(bytes: Uint8Array): boolean {
  return bytes[0] === 0x1f && bytes[1] === 0x8b;
}

const isTooLarge = (error: unknown): boolean => (error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE';

/** Errors of the file system and of zlib have a code; anything else is a defect. */
function isSystemError(error: unknown): error is Error {
  return error instanceof Error && typeof (error as NodeJS.ErrnoException).code === 'string';
}
