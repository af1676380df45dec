import { availableParallelism } from 'node:os';
import * as z from 'zod';
import { type BacktestResult, backtest, type Subject } from '../backtest/backtest.ts';
import { type Archive, bucketArchive, localArchive, NoArchive } from '../backtest/files.ts';
import { detections, UnknownUnit } from '../playbooks/catalog.ts';
import { type KnownTrail, matchOf, ownTrail } from '../playbooks/detection.ts';
import { parseFilterPattern } from '../playbooks/matching/filter-pattern/filter-pattern.ts';
import { InvalidFilterPattern } from '../playbooks/matching/filter-pattern/scanner.ts';
import { sourceOf } from '../playbooks/sources.ts';
import type { Argument, Call, Option } from './command.ts';
import { CliFailure, type ExitKind } from './failure.ts';
import { count, sinceTime } from './options.ts';
import { Progress } from './progress.ts';

/** What the commands over past deliveries read. */
export const pastArgument = {
  name: 'ARCHIVE',
  about: 'CloudTrail delivery files: a file, a folder or s3://BUCKET/PREFIX',
} as const satisfies Argument;

/** The options of the commands over past deliveries. */
export const pastOptions = {
  detection: { type: 'string', value: 'ID', about: 'only this detection: see detections list', many: true },
  since: { type: 'string', value: 'WHEN', about: 'records from this time on, or a span such as 30d', is: sinceTime },
  until: { type: 'string', value: 'WHEN', about: 'records before this time', is: sinceTime },
  trail: {
    type: 'string',
    value: 'PARTS',
    about:
      'what your trail delivers through, for detections that count only calls on that: logGroup=NAME,bucket=NAME,role=NAME,key=ARN; log group and role of cordon’s own trail unless told',
  },
  workers: { type: 'string', value: 'N', about: 'threads that read; one for each core unless told', is: count(64) },
} as const satisfies Record<string, Option>;

/** How these commands exit besides. */
export const pastExits: Partial<Record<ExitKind, string>> = {
  problems: 'something in the files could not be read; the result is that of the rest',
  interrupted: 'ended early with Ctrl-C (143 by SIGTERM, 129 by SIGHUP), with the result of what was read',
};

/** A call of one of these commands. */
export type PastCall<More = unknown> = Pick<
  Call<[typeof pastArgument], Pick<typeof pastOptions, 'since' | 'until' | 'workers'>>,
  'args' | 'options' | 'out' | 'asked' | 'signal'
> & { options: More };

/** What is tried: the detections that were named, the pattern, or the whole catalog. @throws {CliFailure} */
export function subjectsOf({
  detection: ids = [],
  pattern,
  trail: named,
  prefix = 'cordon',
}: {
  detection?: readonly string[];
  pattern?: string | undefined;
  trail?: string | undefined;
  prefix?: string;
}): Subject[] {
  if (pattern !== undefined) {
    try {
      parseFilterPattern(pattern);
    } catch (error) {
      if (error instanceof InvalidFilterPattern) throw new CliFailure('usage', error.message, { cause: error });
      throw error;
    }
    return [{ id: 'pattern', criterion: { pattern }, threshold: { atLeast: 1, withinMinutes: 1 } }];
  }
  const trail = trailOf(prefix, named);
  const archived = Object.keys(detections).filter((id) => detections[id]?.source === undefined);
  const wanted = ids.length > 0 ? [...new Set(ids)] : archived;
  return wanted.map((id) => {
    const detection = Object.hasOwn(detections, id) ? detections[id] : undefined;
    if (!detection) throw new CliFailure('usage', new UnknownUnit('detection', id, Object.keys(detections)).message);
    if (detection.source) {
      throw new CliFailure(
        'usage',
        `The detection ${id} reads ${sourceOf(detection).title}, which are in no archive of a trail.`,
      );
    }
    return { id, detection, criterion: { match: matchOf(detection, trail) }, threshold: detection.alarm };
  });
}

const trailParts = z.strictObject({
  logGroup: z.string().min(1).optional(),
  bucket: z.string().min(1).optional(),
  role: z.string().min(1).optional(),
  key: z.string().startsWith('arn:').optional(),
});

/** The trail that is meant, `bucket=NAME,role=NAME`; the installation's own where a part is not named. @throws {CliFailure} */
function trailOf(prefix: string, named = ''): KnownTrail {
  const pairs = named.split(',').filter(Boolean);
  const { data, error } = trailParts.safeParse(
    Object.fromEntries(pairs.map((pair) => pair.split(/=(.*)/s).slice(0, 2))),
  );
  if (error) throw new CliFailure('usage', `--trail "${named}" is not usable. ${z.prettifyError(error)}`);
  const own = ownTrail(prefix);
  return { ...own, ...data, logGroup: data.logGroup ?? own.logGroup };
}

/** The archive at a path or in a bucket. @throws {CliFailure} */
export async function archiveOf(path: string, asked: Call['asked']): Promise<Archive> {
  const [, bucket, prefix = ''] = /^s3:\/\/([^/]+)\/?(.*)$/.exec(path) ?? [];
  if (bucket === undefined && /^s3:/.test(path))
    throw new CliFailure('usage', `"${path}" names no bucket: say s3://BUCKET/PREFIX.`);
  if (bucket !== undefined) {
    const [{ S3Client }, { connect }] = await Promise.all([import('@aws-sdk/client-s3'), import('./connection.ts')]);
    return bucketArchive(new S3Client({ ...(await connect(asked)), followRegionRedirects: true }), bucket, prefix);
  }
  try {
    return await localArchive(path);
  } catch (error) {
    if (error instanceof NoArchive) throw new CliFailure('failed', error.message, { cause: error });
    throw error;
  }
}

/** A time in ms, of an ISO time. */
export const timeOf = (text: string | undefined): number | undefined =>
  text === undefined ? undefined : Date.parse(text);

/** The times that are asked for, in ms. @throws {CliFailure} where no record can be between them */
export function timeRange({ since, until }: { since?: string | undefined; until?: string | undefined }) {
  const range = { since: timeOf(since), until: timeOf(until) };
  if (range.since !== undefined && range.until !== undefined && range.since >= range.until) {
    throw new CliFailure('usage', `--since ${since} must be before --until ${until}: no record is between them.`);
  }
  return range;
}

/** Has this machine read the archive; with `keepTexts`, as much text is kept of any detection's records. @throws {CliFailure} */
export async function locally(
  { options: { since, until, workers }, out, signal }: PastCall,
  subjects: readonly Subject[],
  archive: Archive,
  { keepTexts = false }: { keepTexts?: boolean } = {},
): Promise<BacktestResult> {
  const range = timeRange({ since, until });
  const progress = new Progress(process.stderr, Date.now);
  // Counted only for whoever watches: it takes a second walk over the archive.
  if (progress.visible)
    void archive.totals().then(
      (total) => progress.total(total),
      () => {},
    );
  const ending = (): void => {
    progress.clear();
    out.note('Ending early: what is being read is still counted. Once more ends at once, without a result.');
  };
  signal.addEventListener('abort', ending);
  let bytes = 0;
  try {
    return await backtest({
      ...{ subjects, workers: workers ?? availableParallelism(), signal, keepTexts, files: archive.files() },
      ...range,
      onFiles: (read, { files, records }) => {
        for (const { size } of read) bytes += size;
        progress.show({ files, bytes, records });
      },
    });
  } finally {
    signal.removeEventListener('abort', ending);
    progress.clear();
    await archive.close();
  }
}
