import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type BuildOptions, build } from 'esbuild';
// @ts-expect-error it is JavaScript, and has no types
import { banner, common } from '../../cli/plugins.mjs';
import { killGroup } from '../../local/emulator.ts';
import { contest } from './detections.ts';

/** What one contender's run printed, and how long the whole process took. */
export interface Run {
  seconds: number;
  /** Matches of each of the contest's detections; undefined where it counts none. */
  counts?: number[];
  /** The most memory that it had, in kB, where it tells. */
  memory?: number;
}

/** Somebody who is asked for the same. */
export interface Contender {
  id: string;
  name: string;
  /** It is cordon itself, asked for more: a goal says how much longer that may take. */
  own?: boolean;
  /** It takes several times as long: once a round is enough. */
  isSlow?: boolean;
  /** How many times faster cordon must be; for the floor, how much slower it may be. */
  goal?: { faster: number } | { atMost: number };
  command: string[];
  /** Why it cannot be run here. */
  missing?: string;
}

/** A contender whose run failed: its own words stand on standard error. */
export class ContenderFailed extends Error {
  override readonly name = 'ContenderFailed';
}

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
/** What contenders need from PyPI. */
export const packages = { chdb: 'chdb==4.4.0', duckdb: 'duckdb==2.0.1' };

/** Who races over the files of a list. `install` fetches from the registries what is not there, into the project's own folder. */
export async function contenders(list: string, folder: string, install: boolean): Promise<Contender[]> {
  const programs = await made(folder);
  const ours = (set: string): string[] => [process.execPath, programs.ours, list, set];
  return [
    { id: 'ours', name: 'cordon, 4 detections', command: ours('four') },
    { id: 'thirty', name: 'cordon, 30 detections', own: true, goal: { atMost: 1.15 }, command: ours('thirty') },
    { id: 'rare', name: 'cordon, 30 detections of rare calls', own: true, command: ours('rare') },
    { id: 'catalog', name: 'cordon, its whole catalog', own: true, command: [process.execPath, programs.whole, list] },
    {
      id: 'inflate',
      name: "inflating with Node's zlib, nothing else",
      goal: { atMost: 1.25 },
      command: [process.execPath, programs.plain, 'inflate', list],
    },
    {
      id: 'parse',
      name: 'JSON.parse of every record',
      goal: { faster: 3.3 },
      command: [process.execPath, programs.plain, 'parse', list],
    },
    { id: 'duckdb', name: 'DuckDB for Node, typed', isSlow: true, command: [process.execPath, programs.duckDb, list] },
    {
      ...{ id: 'duckdb-python', name: 'DuckDB for Python, typed', isSlow: true, goal: { faster: 18 } },
      ...inPython('duckdb-typed.py', list, packages.duckdb, install),
    },
    {
      ...{ id: 'chdb', name: 'ClickHouse (chdb), typed', goal: { faster: 1.2 } },
      ...inPython('clickhouse.py', list, packages.chdb, install),
    },
    {
      ...{ id: 'jq', name: 'jq, two processes', isSlow: true, goal: { faster: 14 } },
      command: [
        'sh',
        '-c',
        `xargs -P2 -n50 sh -c 'zcat "$@" | jq -c "$PROGRAM"' _ < "$1" | sort | uniq -c`,
        'sh',
        list,
      ],
      ...(spawnSync('jq', ['--version']).status === 0 ? {} : { missing: 'jq is not installed' }),
    },
  ];
}

/** What jq prints for each detection that a record fits: its number. */
export const jqProgram = `.Records[] | ${contest.map(({ jq }, n) => `(if ${jq} then ${n} else empty end)`).join(', ')}`;

/** Puts the programs together, so that starting them takes no loader. */
async function made(folder: string): Promise<{ ours: string; whole: string; plain: string; duckDb: string }> {
  mkdirSync(folder, { recursive: true });
  const put = async (from: string, to: string, options: BuildOptions): Promise<string> => {
    const outfile = join(folder, to);
    await build({ ...common(), entryPoints: [`bench/backtest/${from}`], outfile, ...options });
    return outfile;
  };
  // As the command is put together: what only some runs need lies in pieces of its own.
  await build({
    ...common(),
    ...{ entryPoints: ['ours.ts', 'whole.ts'].map((name) => `bench/backtest/${name}`), outdir: folder },
    ...{ format: 'esm', splitting: true, outExtension: { '.js': '.mjs' }, banner, external: ['esbuild'] },
  });
  return {
    ours: join(folder, 'ours.mjs'),
    whole: join(folder, 'whole.mjs'),
    plain: await put('plain.ts', 'plain.cjs', { format: 'cjs' }),
    duckDb: await put('duckdb.ts', 'duckdb.mjs', { format: 'esm', banner, external: ['@duckdb/*'] }),
  };
}

/** A script of this folder that needs a package, in an environment of the project's own. */
function inPython(
  script: string,
  list: string,
  wanted: string,
  install: boolean,
): Pick<Contender, 'command' | 'missing'> {
  const venv = join(ROOT, '.local', 'bench-venv');
  const path = join(venv, 'bin', 'python');
  const conditions = JSON.stringify(contest.map(({ sql }) => sql));
  const command = [path, join(ROOT, 'bench/backtest', script), list, conditions];
  const [name, version] = wanted.split('==');
  const has = (): boolean =>
    spawnSync(path, ['-c', `from importlib.metadata import version; assert version('${name}') == '${version}'`])
      .status === 0;
  if (has()) return { command };
  if (!install) return { command, missing: `${wanted} is not installed: run with --install` };
  if (!existsSync(path) && spawnSync('python3', ['-m', 'venv', venv]).status !== 0)
    return { command, missing: 'python3 cannot make a virtual environment' };
  spawnSync(path, ['-m', 'pip', 'install', '-q', wanted], { stdio: 'inherit' });
  return has() ? { command } : { command, missing: `${wanted} cannot be installed` };
}

/** Runs a contender once. @throws where it fails */
export function race({ id, command }: Contender, signal: AbortSignal): Promise<Run> {
  signal.throwIfAborted();
  const [program = '', ...args] = command;
  const started = performance.now();
  return new Promise((resolve, reject) => {
    // A group of its own, so that what it started ends with it.
    const child = spawn(program, args, {
      detached: true,
      stdio: ['ignore', 'pipe', 'inherit'],
      env: { ...process.env, PROGRAM: jqProgram },
    });
    const end = (): void => killGroup(child);
    signal.addEventListener('abort', end, { once: true });
    let printed = '';
    child.stdout.on('data', (text: Buffer) => {
      printed += text.toString();
    });
    child.on('error', reject);
    child.on('close', (code) => {
      signal.removeEventListener('abort', end);
      const seconds = (performance.now() - started) / 1000;
      if (signal.aborted) reject(signal.reason);
      else if (code !== 0) reject(new ContenderFailed(`${id} ended with exit code ${code}`));
      else resolve({ seconds, ...(id === 'jq' ? { counts: jqCounts(printed) } : (JSON.parse(printed) as object)) });
    });
  });
}

function jqCounts(printed: string): number[] {
  const found = new Map(
    printed
      .trim()
      .split('\n')
      .map((line) => line.trim().split(/\s+/).map(Number) as [number, number])
      .map(([count, n]) => [n, count]),
  );
  return contest.map((_, n) => found.get(n) ?? 0);
}
