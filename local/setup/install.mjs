import { createHash } from 'node:crypto';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { Failure } from './failure.mjs';
import { withLock } from './lock.mjs';
import { findPython, needRoom } from './machine.mjs';
import { run } from './processes.mjs';
import { seconds } from './progress.mjs';

const ROOM_GB = 2;
const UNREACHABLE =
  /ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|ERR_SOCKET_TIMEOUT|SELF_SIGNED|UNABLE_TO_(?:GET|VERIFY)|NewConnectionError|Max retries exceeded|ConnectTimeout|ReadTimeout|ProxyError|SSLError|CERTIFICATE_VERIFY_FAILED|Temporary failure in name resolution|from versions: none/;
const NO_ROOM = /ENOSPC|No space left on device|Errno 28/;
const OUT_OF_STEP = /`npm ci` can only install packages when/;
const WRONG_HASH = /EINTEGRITY|DO NOT MATCH THE HASHES/;

/**
 * Installs what is missing or differs from the locked versions: the node packages, and the emulator in a Python
 * environment of its own. What is half made when it fails or is interrupted is removed; after a kill, the next run does.
 * @param {{ root: string, progress: import('./progress.mjs').Progress, signal: AbortSignal }} context
 */
export async function install(context) {
  const { root, progress, signal } = context;
  if (nodePackagesFit(root) && emulatorFits(root)) return;
  needRoom(join(root, '.local'), ROOM_GB);
  const waiting = (pid) => progress.say(`Waiting for another command (process ${pid}) to finish installing.`);
  await withLock(join(root, '.local', 'install.lock'), { signal, waiting }, async () => {
    // The Python is looked for before anything is fetched: a machine without one hears of it at once.
    const python = emulatorFits(root) ? undefined : await findPython(signal);
    const failed = new AbortController();
    const either = AbortSignal.any([signal, failed.signal]);
    const jobs = [];
    if (!nodePackagesFit(root)) jobs.push(step(context, 'Installing the node packages', () => npmCi(root, either)));
    if (python) jobs.push(step(context, 'Installing the emulator', () => makeVenv(root, python, either)));
    // When one fails the other is ended, but waited for: the lock is not let go over a running installation.
    const results = await Promise.allSettled(
      jobs.map((job) =>
        job.catch((error) => {
          failed.abort();
          throw error;
        }),
      ),
    );
    signal.throwIfAborted();
    const reasons = results.flatMap((result) => (result.status === 'rejected' ? [result.reason] : []));
    const cause = reasons.find((reason) => reason instanceof Failure) ?? reasons[0];
    if (cause) throw cause;
  });
}

async function step({ progress }, label, work) {
  const started = performance.now();
  await progress.during(label, work);
  progress.say(`${label.replace('Installing', 'Installed')} in ${seconds(performance.now() - started)}.`);
}

/**
 * Whether node_modules holds what the lock file says. npm itself notes there, as the last thing that it does, what it
 * has installed; packages that are meant for another platform are absent.
 */
function nodePackagesFit(root) {
  const wanted = packagesOf(join(root, 'package-lock.json'));
  const present = packagesOf(join(root, 'node_modules', '.package-lock.json'));
  if (!wanted || !present) return false;
  return Object.entries(wanted).every(([path, { version, integrity, optional }]) => {
    if (path === '') return true;
    const found = present[path];
    return found ? found.version === version && found.integrity === integrity : optional === true;
  });
}

function packagesOf(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8')).packages;
  } catch {
    return undefined;
  }
}

async function npmCi(root, signal) {
  const viaNpm = process.env.npm_execpath?.endsWith('npm-cli.js') ? process.env.npm_execpath : undefined;
  const beside = join(dirname(process.execPath), 'npm');
  const [program, ...first] = viaNpm ? [process.execPath, viaNpm] : [existsSync(beside) ? beside : 'npm'];
  const args = [...first, 'ci', '--include=dev', '--no-audit', '--no-fund', '--loglevel=error'];
  const { code, output } = await run(program, args, { cwd: root, signal });
  if (code === 0 && !signal.aborted) return;
  rmSync(join(root, 'node_modules'), { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  signal.throwIfAborted();
  if (code === -1)
    throw new Failure('machine', `npm could not be started (${output}); install Node with npm and run this again.`);
  throw installFailure('npm', 'node packages', '`npm config get registry`', output);
}

const stampFile = (root) => join(root, '.local', 'venv', 'installed');

function stamp(root) {
  return createHash('sha256')
    .update(readFileSync(join(root, 'local', 'requirements.txt')))
    .digest('hex');
}

function emulatorFits(root) {
  try {
    const python = join(root, '.local', 'venv', 'bin', 'python');
    return existsSync(python) && readFileSync(stampFile(root), 'utf8') === stamp(root);
  } catch {
    return false;
  }
}

async function makeVenv(root, python, signal) {
  const venv = join(root, '.local', 'venv');
  const remove = () => rmSync(venv, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  // Settings that would lead pip or Python out of the environment are left out; all others of the machine hold.
  const { PYTHONPATH, PYTHONHOME, PIP_USER, PIP_TARGET, PIP_PREFIX, ...env } = process.env;
  remove();
  try {
    const made = await run(python, ['-m', 'venv', venv], { cwd: root, env, signal });
    signal.throwIfAborted();
    if (made.code !== 0) {
      if (NO_ROOM.test(made.output)) throw installFailure('venv', 'emulator', '', made.output);
      throw new Failure(
        'machine',
        `${python} could not make a virtual environment; install its venv module (on Debian and Ubuntu: apt install python3-venv) and run this again.`,
      );
    }
    const requirements = join(root, 'local', 'requirements.txt');
    const args = [
      '-m',
      'pip',
      'install',
      '--require-hashes',
      '--only-binary',
      ':all:',
      '--no-input',
      '--progress-bar',
      'off',
    ];
    args.push('--disable-pip-version-check', '--requirement', requirements);
    const { code, output } = await run(join(venv, 'bin', 'python'), args, { cwd: root, env, signal });
    signal.throwIfAborted();
    if (code !== 0) throw installFailure('pip', 'emulator', '`pip config list`', output);
    writeFileSync(stampFile(root), stamp(root));
  } catch (error) {
    remove();
    throw error;
  }
}

function installFailure(tool, what, settings, output) {
  if (NO_ROOM.test(output)) {
    return new Failure(
      'machine',
      `No room was left while installing the ${what}; free ${ROOM_GB} GB and run this again.`,
    );
  }
  if (WRONG_HASH.test(output)) {
    return new Failure(
      'install',
      `${tool} got a package of the ${what} whose hash is not the locked one; nothing of it was kept: check the package source in ${settings} and run this again.`,
    );
  }
  if (OUT_OF_STEP.test(output)) {
    return new Failure(
      'install',
      'package.json and package-lock.json do not agree; run `npm install`, commit both, and run this again.',
    );
  }
  const code = UNREACHABLE.exec(output)?.[0];
  if (code) {
    return new Failure(
      'install',
      `${tool} could not reach its package registry (${code}) for the ${what}; check the network, the proxy and ${settings}, and run this again.`,
    );
  }
  return new Failure(
    'install',
    `${tool} could not install the ${what}: ${lastError(output)}; see ${settings} and run this again.`,
  );
}

/** The most telling line of a package manager's output: its last one that speaks of an error. */
function lastError(output) {
  const lines = output.split('\n').map((line) => line.replace(/^(?:npm (?:error|ERR!)|ERROR:)\s*/i, '').trim());
  const telling = lines.filter(
    (line) => line !== '' && !/complete log of this run|debug-0\.log|\[notice\]/i.test(line),
  );
  return (
    telling.findLast((line) => /error|fail|cannot|could not|refused|denied/i.test(line)) ??
    telling.at(-1) ??
    'it gave no reason'
  ).slice(0, 300);
}
