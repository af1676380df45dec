import { randomBytes, timingSafeEqual } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import * as z from 'zod';
import { LocalFailure } from './failure.ts';

const accessKey = z.object({ accessKeyId: z.string(), secretAccessKey: z.string() });

/** What the other commands must know of the local AWS that runs, as it stands in the state file (mode 0600). */
const runningState = z.object({
  pid: z.number(),
  /** Address and secret of the running process' control server. */
  control: z.object({ url: z.url(), token: z.string().min(1) }),
  /** Absent while it is still starting. */
  account: z
    .object({
      endpoint: z.url(),
      account: z.string(),
      region: z.string(),
      root: accessKey,
      rootPassword: z.string(),
      soc: accessKey,
      accountAdministrator: accessKey,
      /** Keys that were made for other users, by user name. */
      users: z.record(z.string(), accessKey),
    })
    .optional(),
});

/** The state file's content. */
export type RunningState = z.infer<typeof runningState>;
/** What is known of the account once the local AWS is up. */
export type RunningAccount = NonNullable<RunningState['account']>;

const CONTROL_TIMEOUT = 2_000;
const STOP_TIMEOUT = 30_000;

/** The claim of a process to be the one local AWS of this work tree. */
export interface Claim {
  /** Tells the other commands what they need. */
  publish(account: RunningAccount): void;
  /** Gives the claim up. */
  release(): Promise<void>;
}

/**
 * Claims the state file for this process. Whether another holds it is asked of that process itself, over its control
 * server: a process id alone may belong to somebody else by now.
 * @param onStop called when `stop` asks this process to end
 * @throws LocalFailure of kind `busy` when a local AWS runs already.
 */
export async function claim(file: string, onStop: () => void): Promise<Claim> {
  const token = randomBytes(24).toString('hex');
  const server = createServer((request, response) => {
    const authorized = sameSecret(request.headers.authorization ?? '', `Bearer ${token}`);
    if (!authorized || request.url !== '/') {
      response.writeHead(authorized ? 404 : 403).end();
      return;
    }
    response.writeHead(200, { 'content-type': 'application/json', connection: 'close' }).end('{}');
    if (request.method === 'POST') onStop();
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  const state: RunningState = { pid: process.pid, control: { url: `http://127.0.0.1:${port}/`, token } };
  try {
    await take(file, state);
  } catch (error) {
    server.close();
    throw error;
  }
  return {
    publish: (account) => writeState(file, { ...state, account }),
    release: async () => {
      if (readState(file)?.control.token === token) rmSync(file, { force: true });
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function take(file: string, state: RunningState): Promise<void> {
  mkdirSync(dirname(file), { recursive: true });
  for (let attempt = 0; attempt < 3; attempt++) {
    try {
      writeFileSync(file, JSON.stringify(state), { flag: 'wx', mode: 0o600 });
      return;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
    const holder = readState(file);
    if (holder && (await ask(holder, 'GET'))) {
      const where = holder.account ? ` at ${holder.account.endpoint}` : '';
      throw new LocalFailure(
        'busy',
        `A local AWS runs already${where} (process ${holder.pid}); end it with \`npm run local -- stop\`.`,
      );
    }
    rmSync(file, { force: true });
  }
  throw new LocalFailure('busy', 'Another local AWS is being started at this very moment; try again.');
}

/**
 * The local AWS that runs and is up.
 * @throws LocalFailure of kind `busy` when none runs, or it is still starting.
 */
export async function findRunning(file: string): Promise<RunningState & { account: RunningAccount }> {
  const state = readState(file);
  if (!state || !(await ask(state, 'GET'))) {
    throw new LocalFailure('busy', 'No local AWS runs; start one with `npm run local`.');
  }
  const { account } = state;
  if (!account)
    throw new LocalFailure('busy', 'The local AWS is still starting; try again when it says that it is up.');
  return { ...state, account };
}

/** Keeps a user's key for the next time that it is asked for. */
export function rememberUser(file: string, name: string, key: z.infer<typeof accessKey>): void {
  const state = readState(file);
  if (!state?.account) return;
  const users = { ...state.account.users, [name]: key };
  writeState(file, { ...state, account: { ...state.account, users } });
}

/**
 * Asks the local AWS that runs to end, and waits until it has.
 * @returns whether one ran
 * @throws LocalFailure of kind `failed` when it did not end within 30 s.
 */
export async function stopRunning(file: string): Promise<boolean> {
  const state = readState(file);
  if (!state || !(await ask(state, 'POST'))) {
    rmSync(file, { force: true });
    return false;
  }
  const deadline = performance.now() + STOP_TIMEOUT;
  while (performance.now() < deadline) {
    if (!(await ask(state, 'GET')) && !isAlive(state.pid)) return true;
    await delay(50);
  }
  throw new LocalFailure(
    'failed',
    `The local AWS (process ${state.pid}) did not end within ${STOP_TIMEOUT / 1000} s; kill it.`,
  );
}

/** Removes the folders of runs whose process is gone. */
export function removeOldRuns(folder: string): void {
  for (const entry of readdirSync(folder)) {
    const pid = Number(/^run-(\d+)-/.exec(entry)?.[1]);
    if (pid && !isAlive(pid)) rmSync(join(folder, entry), { recursive: true, force: true });
  }
}

function readState(file: string): RunningState | undefined {
  try {
    return runningState.parse(JSON.parse(readFileSync(file, 'utf8')));
  } catch {
    return undefined;
  }
}

/** Writes it whole or not at all, so that no reader ever meets half of it. */
function writeState(file: string, state: RunningState): void {
  const next = `${file}.${process.pid}`;
  writeFileSync(next, JSON.stringify(state), { mode: 0o600 });
  renameSync(next, file);
}

async function ask(state: RunningState, method: 'GET' | 'POST'): Promise<boolean> {
  const headers = { authorization: `Bearer ${state.control.token}` };
  return await fetch(state.control.url, { method, headers, signal: AbortSignal.timeout(CONTROL_TIMEOUT) }).then(
    (response) => response.ok,
    () => false,
  );
}

function sameSecret(given: string, wanted: string): boolean {
  return given.length === wanted.length && timingSafeEqual(Buffer.from(given), Buffer.from(wanted));
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
