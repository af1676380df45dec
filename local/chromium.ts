import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Browser, chromium } from 'playwright-core';

const PROJECT = fileURLToPath(new URL('../', import.meta.url));

/** Where browsers usually are on machines that the package's browser does not run on. */
const KNOWN = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
];

/** A program, and what its environment must have. */
interface Program {
  path: string;
  env: Record<string, string>;
}

/**
 * The Chromium to test in: the one that CHROMIUM_PATH names; else the one out of the package `@sparticuz/chromium`, which
 * brings its libraries and a font along and is the same on every Linux with x86-64; else one that this machine has.
 */
export function findChromium(): Program {
  const named = process.env.CHROMIUM_PATH;
  if (named) return { path: named, env: {} };
  if (process.platform === 'linux' && process.arch === 'x64') return unpacked();
  const path = KNOWN.find((one) => existsSync(one));
  if (!path) throw new Error('There is no Chromium here: install one, or name it with CHROMIUM_PATH.');
  return { path, env: {} };
}

/**
 * Unpacks the package's browser into .local, once for each version. The package unpacks into the folder for temporary files, and
 * its libraries only where it believes itself in Lambda: a process of its own is told both.
 */
function unpacked(): Program {
  const manifest = join(PROJECT, 'node_modules/@sparticuz/chromium/package.json');
  const { version } = JSON.parse(readFileSync(manifest, 'utf8')) as { version: string };
  const folder = join(PROJECT, '.local', `chromium-${version}`);
  if (!existsSync(folder)) {
    const making = `${folder}.${process.pid}`;
    rmSync(making, { recursive: true, force: true });
    mkdirSync(making, { recursive: true });
    const script = "import('@sparticuz/chromium').then(({ default: chromium }) => chromium.executablePath())";
    const env = { ...process.env, TMPDIR: making, AWS_EXECUTION_ENV: 'AWS_Lambda_nodejs20.x' };
    const { status, stderr } = spawnSync(process.execPath, ['-e', script], { cwd: PROJECT, env, encoding: 'utf8' });
    if (status !== 0) throw new Error(`Chromium could not be unpacked: ${stderr}`);
    // The package's own settings look for its font in Lambda's folders.
    writeFileSync(join(making, 'fonts.conf'), fontSettings(folder));
    renameSync(making, folder);
  }
  const env = { LD_LIBRARY_PATH: join(folder, 'al2023', 'lib'), FONTCONFIG_FILE: join(folder, 'fonts.conf') };
  return { path: join(folder, 'chromium'), env };
}

const fontSettings = (folder: string): string => `<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig>
  <dir>${folder}/fonts/fonts</dir>
  <dir>/usr/share/fonts</dir>
  <cachedir>${folder}/fonts-cache</cachedir>
</fontconfig>
`;

/** Starts it, without a window. */
export async function startChromium(): Promise<Browser> {
  const { path, env } = findChromium();
  const inherited = Object.fromEntries(Object.entries(process.env).filter(([, value]) => value !== undefined));
  return chromium.launch({ executablePath: path, env: { ...(inherited as Record<string, string>), ...env } });
}
