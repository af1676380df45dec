import { writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { z } from 'zod';
import { type BacktestResult, backtest, type Subject } from '../backtest/backtest.ts';
import { type Archive, bucketArchive, localArchive, NoArchive } from '../backtest/files.ts';
import { htmlReport } from '../backtest/report/html.ts';
import { jsonReport } from '../backtest/report/json.ts';
import { textReport } from '../backtest/report/text.ts';
import { detections, UnknownUnit } from '../playbooks/catalog.ts';
import { type KnownTrail, matchOf, ownTrail } from '../playbooks/detection.ts';
import { parseFilterPattern } from '../playbooks/matching/filter-pattern/filter-pattern.ts';
import { InvalidFilterPattern } from '../playbooks/matching/filter-pattern/scanner.ts';
import { explained } from './backtest-failure.ts';
import { CliFailure } from './failure.ts';
import { Progress } from './progress.ts';

export const BACKTEST_USAGE = `Usage: npx cordon backtest PATH|s3://BUCKET/PREFIX [options]

Tries detections on CloudTrail delivery files, as they would have fired.

  --detection ID                   only this detection; may be given several times
  --pattern PATTERN                a CloudWatch Logs filter pattern instead; its id is "pattern"
  --trail logGroup=NAME,bucket=NAME,role=NAME,key=ARN
                                   what your trail delivers through, for detections that count only calls on that
                                   (default: the log group and the role of cordon's own trail)
  --since TIME, --until TIME       only records from this time on, and before that one: 2026-05-01 or 2026-05-01T03:00:00Z
  --json                           for programs
  --html FILE                      a report with charts, to be opened in a browser
  --workers N                      threads that read (one for each core)
  --engine athena                  have Athena read the archive, for those that outgrow one machine
  --database NAME, --table NAME, --workgroup NAME, --output s3://...
                                   Athena: where the table is (default: database "default", table "cordon_cloudtrail"), and where results go

  npx cordon tune PATH --detection ID [--labels FILE] [--json]
                                   which threshold and window would have fired how often, and what makes the noise

Files may be compressed or not, with many records or one to a line. What cannot be read is listed; the rest counts.
Ctrl-C ends the run early, with the result of what was read.

Exit codes: 0 success, 1 failed, 2 usage, 3 something in the files could not be read, 130 ended early.`;

/** Exit code when something in the files could not be read. */
const PROBLEMS = 3;
const ENDED_EARLY = 130;

/** What a command line writes to and reads from, passed in. */
export interface Surroundings {
  out: (text: string) => void;
  progress: NodeJS.WriteStream;
  now: () => number;
  /** Ends the run early. */
  signal: AbortSignal;
  /** The workers' program, where it is at hand. */
  workerCode?: string;
}

/** Reads the arguments of `backtest` and `tune`. @throws {CliFailure} */
export function parseBacktest(args: string[]) {
  try {
    const { values, positionals } = parseArgs({
      args,
      allowPositionals: true,
      options: {
        detection: { type: 'string', multiple: true, default: [] },
        pattern: { type: 'string' },
        trail: { type: 'string' },
        since: { type: 'string' },
        until: { type: 'string' },
        json: { type: 'boolean', default: false },
        html: { type: 'string' },
        workers: { type: 'string' },
        engine: { type: 'string', default: 'local' },
        labels: { type: 'string' },
        database: { type: 'string', default: 'default' },
        table: { type: 'string', default: 'cordon_cloudtrail' },
        workgroup: { type: 'string' },
        output: { type: 'string' },
        profile: { type: 'string' },
        region: { type: 'string' },
        help: { type: 'boolean', short: 'h', default: false },
      },
    });
    return { ...values, path: positionals[0], more: positionals.slice(1) };
  } catch (error) {
    throw new CliFailure('usage', `${error instanceof Error ? error.message : error}\n${BACKTEST_USAGE}`, {
      cause: error,
    });
  }
}

export type BacktestArguments = ReturnType<typeof parseBacktest>;

/** Runs one command line. Resolves to the exit code. @throws {CliFailure} */
export async function run(args: string[], surroundings: Surroundings): Promise<number> {
  const command = parseBacktest(args);
  if (command.help) {
    surroundings.out(BACKTEST_USAGE);
    return 0;
  }
  const { path } = checked(command);
  const subjects = subjectsOf(command);
  const result =
    command.engine === 'athena'
      ? await inAthena(command, subjects, surroundings)
      : await locally(command, subjects, await archiveOf(path, command), surroundings);
  if (command.html !== undefined)
    writeFileSync(command.html, htmlReport(result, { archive: path, now: new Date(surroundings.now()) }));
  surroundings.out(command.json ? JSON.stringify(jsonReport(result), null, 2) : textReport(result));
  return exitCodeOf(result);
}

/** What a result means for whoever called. */
export const exitCodeOf = (result: BacktestResult): number =>
  !result.complete ? ENDED_EARLY : result.problemCount > 0 ? PROBLEMS : 0;

function checked(command: BacktestArguments): { path: string } {
  const { path, more, engine } = command;
  if (path === undefined)
    throw new CliFailure('usage', `backtest needs a file, a folder or s3://BUCKET/PREFIX.\n${BACKTEST_USAGE}`);
  if (more.length > 0) throw new CliFailure('usage', `One archive at a time: "${more.join(' ')}" is too much.`);
  if (engine !== 'local' && engine !== 'athena')
    throw new CliFailure('usage', `There is no engine "${engine}": say local or athena.`);
  if (command.pattern !== undefined && command.detection.length > 0) {
    throw new CliFailure('usage', 'Give either --detection or --pattern.');
  }
  return { path };
}

/** What is tried: the detections that were named, the pattern, or the whole catalog. @throws {CliFailure} */
export function subjectsOf({
  detection: ids,
  pattern,
  trail: named,
}: Pick<BacktestArguments, 'detection' | 'pattern'> & { trail?: string | undefined }): Subject[] {
  if (pattern !== undefined) {
    try {
      parseFilterPattern(pattern);
    } catch (error) {
      if (error instanceof InvalidFilterPattern) throw new CliFailure('usage', error.message, { cause: error });
      throw error;
    }
    return [{ id: 'pattern', criterion: { pattern }, threshold: { atLeast: 1, withinMinutes: 1 } }];
  }
  const trail = trailOf(named);
  const wanted = ids.length > 0 ? [...new Set(ids)] : Object.keys(detections);
  return wanted.map((id) => {
    const detection = Object.hasOwn(detections, id) ? detections[id] : undefined;
    if (!detection) throw new CliFailure('usage', new UnknownUnit('detection', id, Object.keys(detections)).message);
    return { id, detection, criterion: { match: matchOf(detection, trail) }, threshold: detection.alarm };
  });
}

const trailParts = z.strictObject({
  logGroup: z.string().min(1).optional(),
  bucket: z.string().min(1).optional(),
  role: z.string().min(1).optional(),
  key: z.string().startsWith('arn:').optional(),
});

/** The trail that is meant, `bucket=NAME,role=NAME`; cordon's own where a part is not named. @throws {CliFailure} */
function trailOf(named = ''): KnownTrail {
  const pairs = named.split(',').filter(Boolean);
  const { data, error } = trailParts.safeParse(
    Object.fromEntries(pairs.map((pair) => pair.split(/=(.*)/s).slice(0, 2))),
  );
  if (error) throw new CliFailure('usage', `--trail "${named}" is not usable. ${z.prettifyError(error)}`);
  const own = ownTrail('cordon');
  return { ...own, ...data, logGroup: data.logGroup ?? own.logGroup };
}

/** A time in ms. @throws {CliFailure} */
function timeOf(name: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const time = /^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:\d{2}))?$/.test(text)
    ? Date.parse(text)
    : Number.NaN;
  if (Number.isNaN(time)) {
    throw new CliFailure(
      'usage',
      `${name} must be a day or a time, such as 2026-05-01 or 2026-05-01T03:00:00Z, and is "${text}".`,
    );
  }
  return time;
}

/** The archive at a path or in a bucket. @throws {CliFailure} */
export async function archiveOf(
  path: string,
  { region, profile }: Pick<BacktestArguments, 'region' | 'profile'>,
): Promise<Archive> {
  const [, bucket, prefix = ''] = /^s3:\/\/([^/]+)\/?(.*)$/.exec(path) ?? [];
  if (bucket === undefined && /^s3:/.test(path))
    throw new CliFailure('usage', `"${path}" names no bucket: say s3://BUCKET/PREFIX.`);
  if (bucket !== undefined) {
    const { S3Client } = await import('@aws-sdk/client-s3');
    return bucketArchive(
      new S3Client({ ...(region ? { region } : {}), ...(profile ? { profile } : {}), followRegionRedirects: true }),
      bucket,
      prefix,
    );
  }
  try {
    return await localArchive(path);
  } catch (error) {
    if (error instanceof NoArchive) throw new CliFailure('failed', error.message, { cause: error });
    throw error;
  }
}

/** Has this machine read the archive. @throws {CliFailure} */
export async function locally(
  command: BacktestArguments,
  subjects: readonly Subject[],
  archive: Archive,
  { progress: stream, now, signal, workerCode }: Surroundings,
): Promise<BacktestResult> {
  const workers = command.workers === undefined ? availableParallelism() : Number(command.workers);
  if (!Number.isInteger(workers) || workers < 1 || workers > 64) {
    throw new CliFailure('usage', `--workers must be a number from 1 to 64, and is "${command.workers}".`);
  }
  const progress = new Progress(stream, now);
  // Counted only for whoever watches: it takes a second walk over the archive.
  if (progress.visible)
    void archive.totals().then(
      (total) => progress.total(total),
      () => {},
    );
  let bytes = 0;
  try {
    return await backtest({
      ...{ subjects, workers, signal, workerCode, files: archive.files() },
      ...{ since: timeOf('--since', command.since), until: timeOf('--until', command.until) },
      onFile: ({ size }, { files, records }) => {
        bytes += size;
        progress.show({ files, bytes, records });
      },
    });
  } catch (error) {
    throw await explained(error, command);
  } finally {
    progress.clear();
  }
}

async function inAthena(
  command: BacktestArguments,
  subjects: readonly Subject[],
  { signal }: Surroundings,
): Promise<BacktestResult> {
  const { backtestInAthena } = await import('./athena.ts');
  return backtestInAthena(command, subjects, {
    since: timeOf('--since', command.since),
    until: timeOf('--until', command.until),
    signal,
  });
}
