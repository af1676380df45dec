import { spawn } from 'node:child_process';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createInterface } from 'node:readline';
import { serve } from '@hono/node-server';
import type { Desk } from '../cli/desk.ts';
import { CliFailure } from '../cli/failure.ts';
import { plain } from '../playbooks/report/words.ts';
import { createApp } from './app.tsx';
import { AwsLibrary } from './aws-library.ts';
import type { Library } from './library.ts';
import { defaultTimes, Sessions, type SessionTimes } from './sessions.ts';

/** How a console is served. */
export interface ServeOptions {
  library: Library;
  /** 0 takes a free one. */
  port: number;
  now?: () => Date;
  times?: SessionTimes;
  liveEveryMs?: number;
  report?: (problem: string) => void;
}

/** A console that is served. */
export interface Served {
  port: number;
  /** A new link into it, which works once. */
  link(): string;
  close(): Promise<void>;
}

/**
 * Serves the console on 127.0.0.1, where nobody but this machine reaches it.
 * @throws {CliFailure} where the port is taken
 */
export async function serveConsole(options: ServeOptions): Promise<Served> {
  const now = options.now ?? (() => new Date());
  const sessions = new Sessions(now, options.times ?? defaultTimes);
  let port = options.port;
  const app = createApp({
    ...{ library: options.library, sessions, now, port: () => port },
    liveEveryMs: options.liveEveryMs ?? 3000,
    report: options.report ?? (() => {}),
  });
  const server = await listening(app.fetch, options.port);
  port = (server.address() as AddressInfo).port;
  return {
    port,
    link: () => `http://127.0.0.1:${port}/enter?key=${sessions.invite()}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function listening(fetch: ReturnType<typeof createApp>['fetch'], port: number): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = serve({ fetch, port, hostname: '127.0.0.1' }, () => resolve(server)) as Server;
    server.once('error', (error: NodeJS.ErrnoException) => {
      const why = error.code === 'EADDRINUSE' ? 'is in use' : `could not be opened (${error.code ?? error.message})`;
      reject(
        new CliFailure('failed', `Port ${port} on 127.0.0.1 ${why}; choose another with --port.`, { cause: error }),
      );
    });
  });
}

/** What the command line tells. */
export interface ConsoleOptions {
  /** 0 takes a free one. */
  port: number;
  /** Whether a browser is opened. */
  open: boolean;
  say: (line: string) => void;
  /** Ends it. */
  signal: AbortSignal;
}

/**
 * `cordon console`: serves the console with the caller's own credentials until it is ended. Each Enter at the terminal
 * gives a new link, for a further browser or once a session is over.
 * @throws {CliFailure} where the port is taken
 * @throws the AWS SDK's error where there are no usable credentials
 */
export async function runConsole(desk: Desk, { port, open, say, signal }: ConsoleOptions): Promise<void> {
  const library = new AwsLibrary(desk);
  const { arn, account, mayAnswer } = await library.identity();
  const served = await serveConsole({ library, port, report: (problem) => say(plain(problem)) });
  say(`The console of ${desk.prefix} in ${desk.region}, account ${account}, as ${arn}.`);
  if (mayAnswer === false) say(`You may look, and not answer: it takes the managed policy ${desk.prefix}-approver.`);
  const invite = (): string => {
    const link = served.link();
    say(`Open ${link}`);
    return link;
  };
  const link = invite();
  say('The link works once. Enter gives a new one, Ctrl-C ends the console.');
  if (open) openBrowser(link);
  const terminal = process.stdin.isTTY ? createInterface({ input: process.stdin }) : undefined;
  terminal?.on('line', invite);
  if (!signal.aborted) await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
  terminal?.close();
  await served.close();
}

const OPENERS: Partial<Record<NodeJS.Platform, [string, ...string[]]>> = {
  darwin: ['open'],
  win32: ['explorer.exe'],
};

/** Opens the link, if this machine has something to open it with: it stands in the terminal all the same. */
function openBrowser(link: string): void {
  const [program, ...args] = OPENERS[process.platform] ?? ['xdg-open'];
  const child = spawn(program, [...args, link], { stdio: 'ignore', detached: true });
  child.on('error', () => {});
  child.unref();
}
