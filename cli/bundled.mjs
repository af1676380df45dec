// Runs TypeScript in one piece, the AWS SDK's packages with it: the loader that runs it file by file takes two seconds before
// anything happens. The piece is kept, and made anew as soon as any file that it came from has changed.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

export const root = fileURLToPath(new URL('../', import.meta.url));
/** Where pieces are kept: packages are found from there. */
export const folder = join(root, 'node_modules', '.cache', 'cordon');
/** The list that tells where the piece is, and what it was made of. */
export const list = join(folder, 'pieces.json');
/** What npm writes as it installs: packages change with it. */
export const packages = 'node_modules/.package-lock.json';
/** Where the piece can be entered: for all commands, and for those over what is past, which every megabyte counts for. */
export const entries = ['cli/main.ts', 'cli/past-main.ts'];
/** The commands of the latter; those of cli/commands/past.ts. */
export const past = ['backtest', 'tune'];
/** Options that may stand in front of a command, and take a value. */
const withValue = ['--profile', '--region', '--prefix'];

/** The entry for a command line. */
export function entryFor(argv) {
  const at = argv.findIndex((word, n) => !word.startsWith('-') && !withValue.includes(argv[n - 1]));
  return past.includes(argv[at]) ? entries[1] : entries[0];
}

/** What else decides how a piece comes out: Node and how pieces are made. */
export const keyOf = () =>
  [process.version]
    .concat(['cli/bundle.mjs', 'cli/plugins.mjs', 'infra/plain-keys.mjs'].map((path) => stampOf(path).join(' ')))
    .join(' ');

/** What tells that a file of the project has changed. */
export const stampOf = (path) => {
  const { mtimeMs, size } = statSync(join(root, path));
  return [mtimeMs, size];
};

/** Where the piece is entered, if it is there and of the files as they are. */
function kept(entry) {
  try {
    const { key, made, seen } = JSON.parse(readFileSync(list, 'utf8'));
    if (key !== keyOf()) return undefined;
    const isFresh = Object.entries(seen).every(([path, stamp]) => String(stampOf(path)) === String(stamp));
    const path = join(folder, made, entry.replace(/^cli\/(.+)\.ts$/, '$1.js'));
    return isFresh && existsSync(path) ? path : undefined;
  } catch {
    // Nothing is kept yet, or a file is gone.
    return undefined;
  }
}

/** Runs the process's command line. */
export async function runBundled() {
  const entry = entryFor(process.argv.slice(2));
  let path = kept(entry);
  if (!path) {
    say('Putting cordon together, once after each change of it …');
    spawnSync(process.execPath, [join(root, 'cli', 'bundle.mjs')], { stdio: 'ignore' });
    say('');
    path = kept(entry);
  }
  // Where no piece can be kept, in an installation of somebody else's for one, it goes file by file.
  if (!path) (await import('tsx/esm/api')).register();
  const { main } = await import(pathToFileURL(path ?? join(root, entry)).href);
  await main();
}

/** Says in a terminal's last line what takes its time; nothing takes the line away again. */
function say(text) {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${text}`);
}
