import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { LocalFailure } from '../../local/failure.ts';
import type { Bench } from '../bench.ts';
import { percentile, spread } from '../statistics.ts';
import { type Contender, contenders, packages, type Run, race } from './contenders.ts';
import { madeArchive } from './generate.ts';

const FOLDER = fileURLToPath(new URL('../../.local/bench/backtest/', import.meta.url));
/** How much memory a run may have, in MB. */
const MOST_MEMORY = 150;
/** How often who is quick runs in a round. */
const PAIRS = 3;

/** A contender's runs, each with one of cordon's right before it. */
interface Measured {
  contender: Contender;
  runs: Run[];
  /** cordon's, in the same order; of cordon itself there are none. */
  ours: Run[];
}

/** Races cordon's backtest against what people use today for the same question, over the same files in one run. */
export default {
  title: 'detections over an archive, against what people use today',
  usage:
    '--events N   events in the archive (1000000)\n--rounds N   how often each is run (3)\n--install    fetch ClickHouse and DuckDB from PyPI, into .local/bench-venv',
  async run(args, { signal, progress }) {
    const { events, rounds, install } = asked(args);
    mkdirSync(FOLDER, { recursive: true });
    progress(`an archive of ${events.toLocaleString('en-US')} events`);
    const archive = madeArchive(join(FOLDER, `archive-${events}`), events, 42, progress);
    const list = join(FOLDER, 'files.txt');
    writeFileSync(list, archive.files.join('\n'));
    const all = await contenders(list, FOLDER, install);
    const measured = await raceAll(all, rounds, signal, progress);
    const half = await halfOf(archive.files, all, signal);
    const verdicts = judged(measured);
    const text = tableOf(measured, verdicts, half);
    const about = `${archive.events.toLocaleString('en-US')} events in ${archive.files.length} gzip files, ${mega(archive.stored)} MB (${mega(archive.text)} MB of text), two workers, rounds: ${rounds}; ratios are medians of pairs`;
    return {
      data: { archive: { ...archive, files: archive.files.length }, measured, half, verdicts },
      text: `${about}\n\n${text}`,
      markdown: `${about}.\n\n${text}\n\n${versions()}`,
    };
  },
} satisfies Bench;

/** @throws LocalFailure of kind `usage` */
function asked(args: string[]): { events: number; rounds: number; install: boolean } {
  try {
    const { values } = parseArgs({
      args,
      options: {
        events: { type: 'string', default: '1000000' },
        rounds: { type: 'string', default: '3' },
        install: { type: 'boolean', default: false },
      },
    });
    const [events, rounds] = [Number(values.events), Number(values.rounds)];
    if (Number.isInteger(events) && events >= 1000 && Number.isInteger(rounds) && rounds >= 1) {
      return { events, rounds, install: values.install };
    }
  } catch (error) {
    throw new LocalFailure('usage', (error as Error).message, { cause: error });
  }
  throw new LocalFailure('usage', '--events must be a number from 1000 on, and --rounds one from 1 on.');
}

const mega = (bytes: number): string => Math.round(bytes / 1e6).toLocaleString('en-US');

/**
 * Round by round, and in pairs with cordon, since how quick a machine is changes within seconds. Who is quick runs several times a
 * round.
 */
async function raceAll(
  all: readonly Contender[],
  rounds: number,
  signal: AbortSignal,
  progress: (text: string) => void,
): Promise<Measured[]> {
  const measured = all.map((contender): Measured => ({ contender, runs: [], ours: [] }));
  const [cordon, ...others] = measured;
  if (!cordon) return measured;
  const present = others.filter(({ contender }) => !contender.missing);
  for (let round = 1; round <= rounds; round += 1) {
    for (const { contender, runs, ours } of present) {
      for (let n = 0; n < (contender.isSlow ? 1 : PAIRS); n += 1) {
        const [own, run] = [await race(cordon.contender, signal), await race(contender, signal)];
        progress(`  round ${round}: ${contender.name} ${run.seconds.toFixed(2)} s, cordon ${own.seconds.toFixed(2)} s`);
        runs.push(run);
        ours.push(own);
        cordon.runs.push(own);
      }
    }
  }
  return measured;
}

/** The memory over half of the files: it must not grow with the archive. */
async function halfOf(files: readonly string[], all: readonly Contender[], signal: AbortSignal): Promise<number> {
  const list = join(FOLDER, 'half.txt');
  writeFileSync(list, files.slice(0, Math.ceil(files.length / 2)).join('\n'));
  const [ours] = all;
  if (!ours) return 0;
  const command = ours.command.map((part) => (part.endsWith('files.txt') ? list : part));
  return (await race({ ...ours, command }, signal)).memory ?? 0;
}

/** What each goal came to, in words; identical alerts come first. */
function judged(measured: readonly Measured[]): string[] {
  const alerts = JSON.stringify(measured[0]?.runs[0]?.counts);
  return measured.map(({ contender: { own, goal, missing }, runs, ours }) => {
    if (missing) return missing;
    const other = runs.find(({ counts }) => counts && JSON.stringify(counts) !== alerts);
    if (other) return `OTHER ALERTS: ${other.counts?.join(', ')}`;
    if (ours.length === 0) return '';
    const itTakes = percentile(
      runs.map(({ seconds }, n) => seconds / (ours[n]?.seconds ?? Number.NaN)),
      0.5,
    );
    if (own) return `${itTakes.toFixed(2)} times 4 detections${verdict(goal, itTakes)}`;
    if (goal && 'atMost' in goal)
      return `cordon takes ${(1 / itTakes).toFixed(2)} times as long${verdict(goal, 1 / itTakes)}`;
    return `cordon is ${itTakes.toFixed(1)} times faster${verdict(goal, itTakes)}`;
  });
}

function verdict(goal: Contender['goal'], ratio: number): string {
  if (!goal) return '';
  const [words, met] =
    'atMost' in goal ? [`at most ${goal.atMost}`, ratio <= goal.atMost] : [`${goal.faster}`, ratio >= goal.faster];
  return `; goal: ${words}: ${met ? 'met' : 'NOT MET'}`;
}

function tableOf(measured: readonly Measured[], verdicts: readonly string[], half: number): string {
  const head = ['Contender', 'Median', 'Quickest', 'Against cordon'];
  const rows = measured.map(({ contender, runs }, n) => {
    const times = spread(runs.map(({ seconds }) => seconds));
    const shown = [times?.p50, times?.min].map((time) => (time === undefined ? '-' : `${time.toFixed(2)} s`));
    return [contender.name, ...shown, verdicts[n] ?? ''];
  });
  for (const { contender, runs } of measured) {
    const memory = Math.max(...runs.map((run) => run.memory ?? 0));
    if (memory === 0) continue;
    const megabytes = mb(memory);
    rows.push([
      `memory of ${contender.name}`,
      `${megabytes} MB`,
      '',
      `at most, of ${runs.length} runs${verdict({ atMost: MOST_MEMORY }, megabytes)}`,
    ]);
  }
  rows.push(['the same over half of the files', `${mb(half)} MB`, '', '4 detections, one run']);
  rows.push(['alerts', '', '', measured[0]?.runs[0]?.counts?.join(', ') ?? '']);
  const widths = [0, 1, 2, 3].map((column) => Math.max(...[head, ...rows].map((row) => row[column]?.length ?? 0)));
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell, n) => cell.padEnd(widths[n] ?? 0)).join(' | ')} |`;
  return [line(head), `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`, ...rows.map(line)].join('\n');
}

const mb = (kilobytes: number): number => Math.round((kilobytes * 1024) / 1e6);

function versions(): string {
  const version = (name: string): string =>
    (
      JSON.parse(readFileSync(new URL(`../../node_modules/${name}/package.json`, import.meta.url), 'utf8')) as {
        version: string;
      }
    ).version;
  return `Node ${process.versions.node}, zlib ${process.versions.zlib}, @duckdb/node-api ${version('@duckdb/node-api')}; from PyPI ${Object.values(packages).join(' and ')}.`;
}
