import { type ChildProcess, spawn } from 'node:child_process';
import { createWriteStream, mkdirSync, writeFileSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { delimiter, dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { LocalFailure } from './failure.ts';
import { reservePort } from './ports.ts';

/** How the emulator is started. */
export interface EmulatorOptions {
  /** Port on 127.0.0.1; 0 or absent takes a free one. */
  port?: number;
  /** The address that the emulator gives its Lambdas as `AWS_ENDPOINT_URL`: the recorder's. */
  endpointForLambdas: URL;
  /** The account's root key. */
  root: { accessKeyId: string; secretAccessKey: string };
  /** Account id, 12 digits. */
  account: string;
  region: string;
  /** The run's own folder, which must exist: data, temporary files and the log are kept in it and nowhere else. */
  dir: string;
  /** Folder of the Python environment that holds the emulator; `.local/venv` unless told. */
  venv?: string;
  /** Factor on the length of Step Functions' waits and retry intervals; 1 unless told, 0 skips them. */
  waitScale?: number;
  /** How long the emulator may take to answer, in ms; 60,000 unless told. */
  startTimeout?: number;
  /** Called once when the emulator ends although nobody closed it, with the last lines of its log. */
  onExit?: (death: EmulatorDeath) => void;
}

/** How an emulator ended that nobody closed. */
export interface EmulatorDeath {
  /** One line: how it ended and what it said last. */
  summary: string;
  /** The last lines of its log, oldest first. */
  lastLines: string[];
}

/** A running emulator. */
export interface Emulator {
  url: URL;
  port: number;
  pid: number;
  /** Where its log is. */
  logFile: string;
  /** Ends the emulator and the workers of its Lambdas. Resolves when they are gone; may be called again. */
  close(): Promise<void>;
}

const PROJECT = dirname(dirname(fileURLToPath(import.meta.url)));
const LAST_LINES = 20;
/** Below which path, at the recorder's address, the emulator hands over what it does not do itself. */
export const HANDED_OVER = '/_cordon/';
/** What the emulator says when somebody took its port between our look and its start. */
const PORT_TAKEN = /already in use/i;

/** The Python environment that `npm run ...` installs the emulator into. */
export const DEFAULT_VENV: string = join(PROJECT, '.local', 'venv');

/** The folder of botocore's service models in a Python environment that holds the emulator. */
export async function botocoreModels(venv: string = DEFAULT_VENV): Promise<string> {
  for (const entry of await readdir(join(venv, 'lib')).catch(() => [])) {
    const data = join(venv, 'lib', entry, 'site-packages', 'botocore', 'data');
    if ((await readdir(data).catch(() => [])).length > 0) return data;
  }
  throw new LocalFailure(
    'install',
    `The emulator is not installed in ${venv}; run \`npm run local\`, which installs it.`,
  );
}

/**
 * Starts the emulator with IAM enforced, on 127.0.0.1 only, and waits until it answers.
 * @throws LocalFailure of kind `emulator` when it dies at start or does not answer in time.
 */
export async function startEmulator(options: EmulatorOptions): Promise<Emulator> {
  for (let attempt = 1; ; attempt++) {
    const reserved = await reservePort(options.port ?? 0);
    await reserved.release();
    try {
      return await startOnce(options, reserved.port);
    } catch (error) {
      const portWasTaken = error instanceof LocalFailure && PORT_TAKEN.test(error.message);
      if (!portWasTaken || options.port || attempt === 3) throw error;
    }
  }
}

async function startOnce(options: EmulatorOptions, port: number): Promise<Emulator> {
  const logFile = join(options.dir, 'emulator.log');
  const python = join(options.venv ?? DEFAULT_VENV, 'bin', 'python');
  const address = new URL(HANDED_OVER, options.endpointForLambdas);
  const child = spawn(python, ['-I', join(PROJECT, 'local', 'emulator_process.py'), options.dir, address.href], {
    cwd: options.dir,
    detached: true, // a process group of its own, so that a Ctrl-C meant for us does not reach it before we close it
    env: emulatorEnvironment(options, port),
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  const lastLines = keepLog(child, logFile);
  child.once('exit', () => killGroup(child)); // its Lambdas' workers may outlive it
  const ended = new Promise<string>((resolve) => {
    child.once('error', (error) => resolve(`could not be started: ${error.message}`));
    child.once('close', (code, signal) => resolve(signal ? `was ended by ${signal}` : `ended with exit code ${code}`));
  });
  child.stdin?.on('error', () => {}); // the pipe breaks when the emulator dies, which `ended` reports

  const url = new URL(`http://127.0.0.1:${port}`);
  const startTimeout = options.startTimeout ?? 60_000;
  const started = new AbortController();
  const outcome = await Promise.race([ended, answers(url, startTimeout, started.signal)]);
  started.abort();
  if (outcome !== 'ready') {
    killGroup(child);
    const how = outcome === 'late' ? `did not answer within ${startTimeout / 1000} s` : outcome;
    throw new LocalFailure(
      'emulator',
      `${death(how, lastLines()).summary} Try again; if it happens again, remove .local/venv first.`,
    );
  }

  let closing = false;
  void ended.then((how) => {
    if (!closing) options.onExit?.(death(how, lastLines()));
  });
  return {
    url,
    port,
    pid: child.pid ?? 0,
    logFile,
    close: async () => {
      closing = true;
      killGroup(child);
      await ended;
    },
  };
}

/** Ends a process's group at once: nothing in it is worth keeping, and a slow end would only keep somebody waiting. */
export function killGroup(child: ChildProcess): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, 'SIGKILL');
  } catch {
    // ESRCH: the group is gone already
  }
}

/**
 * The folder that Lambdas' code is unpacked in. A package of its own: the emulator's workers are CommonJS, and would be
 * taken for what the next package.json above says, which is this project's.
 */
function temporaryFolder(folder: string): string {
  writeFileSync(join(folder, 'package.json'), '{ "type": "commonjs" }\n');
  return folder;
}

/** Nothing of the caller's environment but what a process needs to run: no AWS settings, no proxies, no Node options. */
function emulatorEnvironment(options: EmulatorOptions, port: number): NodeJS.ProcessEnv {
  const folder = (name: string): string => {
    const path = join(options.dir, name);
    mkdirSync(path, { recursive: true });
    return path;
  };
  const inherited = Object.fromEntries(
    ['LANG', 'LC_ALL', 'LD_LIBRARY_PATH', 'DYLD_LIBRARY_PATH'].flatMap((name) => {
      const value = process.env[name];
      return value === undefined ? [] : [[name, value]];
    }),
  );
  return {
    ...inherited,
    PATH: [lambdaNode(folder('bin')), dirname(process.execPath), process.env.PATH ?? '/usr/bin:/bin'].join(delimiter),
    HOME: folder('home'),
    TMPDIR: temporaryFolder(folder('tmp')),
    TZ: 'UTC',
    PYTHONUNBUFFERED: '1',
    AUTH: 'true',
    BIND_HOST: '127.0.0.1',
    GATEWAY_PORT: String(port),
    LOG_LEVEL: 'INFO',
    MINISTACK_ACCOUNT_ID: options.account,
    MINISTACK_AUTOCREATE_AWS_MANAGED: '1',
    MINISTACK_REGION: options.region,
    AWS_REGION: options.region,
    AWS_DEFAULT_REGION: options.region,
    AWS_ACCESS_KEY_ID: options.root.accessKeyId,
    AWS_SECRET_ACCESS_KEY: options.root.secretAccessKey,
    AWS_ENDPOINT_URL: options.endpointForLambdas.origin,
    LAMBDA_EXECUTOR: 'local',
    S3_DATA_DIR: folder('s3'),
    STATE_DIR: folder('state'),
    AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true', // Lambda runs on a newer Node; here it is this one
    SFN_WAIT_SCALE: String(options.waitScale ?? 1),
  };
}

/**
 * Puts a `node` in front of the path that loads the loopback look-up first. An option in the environment would not do:
 * a function that sets NODE_OPTIONS itself, for its source maps say, would lose it.
 */
function lambdaNode(folder: string): string {
  const quote = (word: string): string => `'${word.replaceAll("'", `'\\''`)}'`;
  const preload = new URL('./loopback.mjs', import.meta.url).href;
  const script = `#!/bin/sh\nexec ${quote(process.execPath)} --import ${quote(preload)} "$@"\n`;
  writeFileSync(join(folder, 'node'), script, { mode: 0o755 });
  return folder;
}

/** Writes what the emulator says to a file, and remembers the end of it. */
function keepLog(child: ChildProcess, file: string): () => string[] {
  const log = createWriteStream(file, { flags: 'a', mode: 0o600 });
  log.on('error', () => {}); // a full disk or a removed folder must not end the run: the log is a help, not a duty
  let tail = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8');
    stream?.on('data', (text: string) => {
      log.write(text);
      tail = (tail + text).slice(-16_384);
    });
  }
  child.once('close', () => log.end());
  return () => tail.trimEnd().split('\n').slice(-LAST_LINES);
}

function death(how: string, lastLines: string[]): EmulatorDeath {
  const said = lastLines
    .findLast((line) => line.trim() !== '')
    ?.trim()
    .slice(0, 300);
  return { summary: `The emulator ${how}${said ? `; it last said: ${said}` : '.'}`, lastLines };
}

async function answers(url: URL, timeout: number, over: AbortSignal): Promise<'ready' | 'late'> {
  const deadline = performance.now() + timeout;
  while (performance.now() < deadline && !over.aborted) {
    const ready = await fetch(new URL('/_ministack/ready', url), { signal: AbortSignal.timeout(2000) }).then(
      (response) => response.ok,
      () => false,
    );
    if (ready) return 'ready';
    await delay(50);
  }
  return 'late';
}
