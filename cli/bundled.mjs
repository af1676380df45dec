// Runs TypeScript in one piece: where every tenth of a second and every megabyte counts, the loader that runs TypeScript file
// by file is too much. The piece is kept, and made anew as soon as any file that it came from has changed.
import { spawnSync } from 'node:child_process';
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

export const root = fileURLToPath(new URL('../', import.meta.url));
/** Where pieces are kept: packages are found from there. */
export const folder = join(root, 'node_modules', '.cache', 'cordon');
/** What is kept: of which file, and the list that tells where it is and what it was made of. */
export const piece = { from: 'cli/backtest-main.ts', to: 'backtest-main.js', list: join(folder, 'pieces.json') };
/** The commands that run so; those of cli/commands/past.ts. */
export const commands = ['backtest', 'tune'];
/** Options that may stand in front of a command, and take a value. */
const withValue = ['--profile', '--region', '--prefix'];

/** Whether a command line is one for the piece. */
export function isBundled(argv) {
  const at = argv.findIndex((word, n) => !word.startsWith('-') && !withValue.includes(argv[n - 1]));
  return commands.includes(argv[at]);
}

/** What else decides how a piece comes out: Node and how pieces are made. */
export const keyOf = () =>
  [process.version, 'bundle.mjs', 'plugins.mjs']
    .map((name, n) => (n === 0 ? name : stampOf(fileURLToPath(new URL(name, import.meta.url))).join(' ')))
    .join(' ');

/** What tells that a file has changed. */
export const stampOf = (path) => {
  const { mtimeMs, size } = statSync(path);
  return [mtimeMs, size];
};

/** Where the piece is, if it is of the files as they are. */
function kept() {
  try {
    const { key, made, seen } = JSON.parse(readFileSync(piece.list, 'utf8'));
    if (key !== keyOf()) return undefined;
    const isFresh = Object.entries(seen).every(([path, stamp]) => String(stampOf(join(root, path))) === String(stamp));
    return isFresh ? join(folder, made, piece.to) : undefined;
  } catch {
    // Nothing is kept yet, or a file is gone.
    return undefined;
  }
}

/** Runs the process's command line. */
export async function runBundled() {
  let path = kept();
  if (!path) {
    const { status, stderr } = spawnSync(process.execPath, [join(root, 'cli', 'bundle.mjs')], { encoding: 'utf8' });
    path = kept();
    if (status !== 0 || !path) throw new Error(`The command could not be put together: ${stderr}`);
  }
  const { main } = await import(pathToFileURL(path).href);
  await main();
}
