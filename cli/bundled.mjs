// Runs TypeScript in one piece: where every tenth of a second and every megabyte counts, the loader that runs TypeScript file
// by file is too much. A piece is kept, and made anew as soon as any file that it came from has changed.
import { spawnSync } from 'node:child_process';
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

export const root = fileURLToPath(new URL('../', import.meta.url));
/** Where pieces are kept: packages are found from there. */
export const folder = join(root, 'node_modules', '.cache', 'cordon');
/** What is made, of which file. */
export const pieces = {
  main: { from: 'cli/backtest-main.ts', to: 'backtest.mjs' },
  worker: { from: 'backtest/worker.ts', to: 'worker.cjs' },
  list: 'pieces.json',
};

/** What else decides how a piece comes out: Node and how pieces are made. */
export const keyOf = () => {
  const made = statSync(fileURLToPath(new URL('./bundle.mjs', import.meta.url)));
  return `${process.version} ${made.mtimeMs} ${made.size}`;
};

function isFresh() {
  try {
    const { key, seen } = JSON.parse(readFileSync(join(folder, pieces.list), 'utf8'));
    if (key !== keyOf()) return false;
    return Object.entries(seen).every(([path, [mtimeMs, size]]) => {
      const now = statSync(join(root, path));
      return now.mtimeMs === mtimeMs && now.size === size;
    });
  } catch {
    // Nothing is kept yet, or a file is gone.
    return false;
  }
}

/** Imports the backtest, and gives the workers' program with it. */
export async function importBacktest() {
  if (!isFresh()) {
    const { status, stderr } = spawnSync(process.execPath, [join(root, 'cli', 'bundle.mjs')], { encoding: 'utf8' });
    if (status !== 0) throw new Error(`The backtest could not be put together: ${stderr}`);
  }
  const main = await import(pathToFileURL(join(folder, pieces.main.to)).href);
  return { main: main.main, workerCode: readFileSync(join(folder, pieces.worker.to), 'utf8') };
}
