import { createWriteStream, type Dirent } from 'node:fs';
import { mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { S3Client } from '@aws-sdk/client-s3';
import type { InputFile } from './pool.ts';

/** An archive: its files, and how much there is of them. */
export interface Archive {
  files: () => AsyncIterable<InputFile>;
  /** Counts files and their bytes, as stored, without reading them. */
  totals: () => Promise<{ files: number; bytes: number }>;
  /** Removes what was fetched and not read. */
  close: () => Promise<void>;
}

/** An archive that cannot be read at all; the message says why. */
export class NoArchive extends Error {
  override readonly name = 'NoArchive';
}

/** CloudTrail's digest files stand beside the deliveries and hold no records; they are left out by their place. */
const isDigest = (path: string): boolean => /(^|\/)CloudTrail-Digest(\/|$)/.test(path);

/** The files below a folder, or the one file, in order of their names. Hidden files and digests are left out. @throws NoArchive */
export async function localArchive(path: string): Promise<Archive> {
  const found = await stat(path).catch((error: NodeJS.ErrnoException) => {
    throw new NoArchive(
      `${path} cannot be read: ${error.code === 'ENOENT' ? 'there is no such file' : error.message}.`,
    );
  });
  const files = (): AsyncIterable<InputFile> =>
    found.isDirectory() ? any(below(path), path) : one({ name: path, source: { path }, size: found.size });
  return { files, totals: () => totalsOf(files()), close: async () => {} };
}

/** An archive without files is a mistake in its name rather than one of nothing. @throws NoArchive */
async function* any(files: AsyncIterable<InputFile>, place: string): AsyncGenerator<InputFile> {
  let count = 0;
  for await (const file of files) {
    count += 1;
    yield file;
  }
  if (count === 0) throw new NoArchive(`There are no files below ${place}, besides digests and hidden ones.`);
}

async function* one(file: InputFile): AsyncGenerator<InputFile> {
  yield file;
}

/** What a folder holds that cannot be read is yielded too: it is reported in its turn. */
async function* below(folder: string): AsyncGenerator<InputFile> {
  let entries: Dirent[];
  try {
    entries = await readdir(folder, { withFileTypes: true });
  } catch (error) {
    yield unreadable(folder, (error as Error).message);
    return;
  }
  entries.sort((a, b) => (a.name < b.name ? -1 : 1));
  for (const entry of entries) {
    const path = join(folder, entry.name);
    if (entry.name.startsWith('.') || isDigest(path)) continue;
    if (entry.isDirectory()) yield* below(path);
    else if (entry.isFile() || entry.isSymbolicLink()) yield await fileAt(path);
    else yield unreadable(path, 'it is no regular file');
  }
}

async function fileAt(path: string): Promise<InputFile> {
  try {
    const found = await stat(path);
    // It may be one that holds the link.
    if (found.isDirectory()) return unreadable(path, 'a link to a folder is not followed');
    return { name: path, source: { path }, size: found.size };
  } catch (error) {
    return unreadable(path, (error as Error).message);
  }
}

const unreadable = (name: string, reason: string): InputFile => ({ name, source: { unreadable: reason }, size: 0 });

async function totalsOf(files: AsyncIterable<{ size: number }>): Promise<{ files: number; bytes: number }> {
  const totals = { files: 0, bytes: 0 };
  for await (const { size } of files) {
    totals.files += 1;
    totals.bytes += size;
  }
  return totals;
}

/** Objects up to this size are held in memory, in bytes; larger ones go through a file. */
const IN_MEMORY = 8 * 1024 * 1024;
/** Objects that are fetched at once. */
const AT_ONCE = 8;

/** The objects below a prefix of a bucket, in order of their keys. Digests are left out. */
export function bucketArchive(client: S3Client, bucket: string, prefix: string): Archive {
  const objects = (): AsyncGenerator<{ key: string; size: number }> => listed(client, bucket, prefix);
  let folder: Promise<string> | undefined;
  const place = (): Promise<string> => {
    folder ??= mkdtemp(join(tmpdir(), 'cordon-backtest-'));
    return folder;
  };
  return {
    files: () => any(fetched(client, bucket, objects(), place), `s3://${bucket}/${prefix}`),
    totals: () => totalsOf(objects()),
    close: async () => {
      if (folder) await rm(await folder, { recursive: true, force: true });
    },
  };
}

async function* listed(
  client: S3Client,
  bucket: string,
  prefix: string,
): AsyncGenerator<{ key: string; size: number }> {
  const { paginateListObjectsV2 } = await import('@aws-sdk/client-s3');
  for await (const page of paginateListObjectsV2({ client }, { Bucket: bucket, Prefix: prefix })) {
    for (const { Key = '', Size = 0 } of page.Contents ?? []) {
      if (!Key.endsWith('/') && !isDigest(Key)) yield { key: Key, size: Size };
    }
  }
}

/** Fetches ahead, and yields in order. Large objects lie in the folder until they are read. */
async function* fetched(
  client: S3Client,
  bucket: string,
  objects: AsyncGenerator<{ key: string; size: number }>,
  folder: () => Promise<string>,
): AsyncGenerator<InputFile> {
  const ahead: Promise<InputFile>[] = [];
  let number = 0;
  try {
    for (let next = await objects.next(); !next.done || ahead.length > 0; ) {
      while (!next.done && ahead.length < AT_ONCE) {
        const file = fetchOne(client, bucket, next.value, folder, String(number));
        // It is awaited in its turn; until then a failure is nobody's.
        file.catch(() => {});
        ahead.push(file);
        number += 1;
        next = await objects.next();
      }
      const file = await ahead.shift();
      if (file) yield file;
    }
  } finally {
    await Promise.allSettled(ahead);
  }
}

async function fetchOne(
  client: S3Client,
  bucket: string,
  { key, size }: { key: string; size: number },
  folder: () => Promise<string>,
  file: string,
): Promise<InputFile> {
  const { GetObjectCommand, S3ServiceException } = await import('@aws-sdk/client-s3');
  const name = `s3://${bucket}/${key}`;
  try {
    const { Body } = await client.send(new GetObjectCommand({ Bucket: bucket, Key: key }));
    if (!Body) return { name, source: { bytes: new Uint8Array(0) }, size };
    if (size <= IN_MEMORY) {
      // Copied, since the bytes are handed to a worker, and may lie in memory that others use.
      const bytes = Uint8Array.from(await Body.transformToByteArray());
      return { name, source: { bytes }, size };
    }
    const path = join(await folder(), file);
    await pipeline(Body.transformToWebStream(), createWriteStream(path));
    // Where it cannot be removed now, the folder is removed in the end.
    const release = (): void => void rm(path, { force: true }).catch(() => {});
    return { name, source: { path }, size, release };
  } catch (error) {
    // The bucket refuses this one: it is archived, for one, or encrypted with a key that is not for everybody.
    if (!(error instanceof S3ServiceException)) throw error;
    return { ...unreadable(name, `${error.name}: ${error.message}`), size };
  }
}
