import { type ChildProcess, spawn } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Credentials } from '../../../simulate/scene.ts';

const PROJECT = dirname(dirname(dirname(dirname(fileURLToPath(import.meta.url)))));
const CORDON = join(PROJECT, 'cli', 'cordon.mjs');

/** How a command ended, and what it wrote. */
export interface Ended {
  code: number | null;
  stdout: string;
  stderr: string;
}

/** A command that is under way. */
export interface Running {
  child: ChildProcess;
  /** Resolves when what it wrote so far, standard output and error together, matches. */
  said: (words: RegExp) => Promise<void>;
  ended: Promise<Ended>;
}

/** As whom and where a command runs. */
export interface Shell {
  endpoint: string;
  region: string;
  credentials?: Credentials;
  /** Variables besides; undefined takes one away. */
  env?: Record<string, string | undefined>;
}

const environment = ({ endpoint, region, credentials, env = {} }: Shell): NodeJS.ProcessEnv => ({
  PATH: process.env.PATH,
  HOME: '/nonexistent',
  TERM: 'xterm-256color',
  AWS_EC2_METADATA_DISABLED: 'true',
  AWS_ENDPOINT_URL: endpoint,
  AWS_REGION: region,
  ...(credentials
    ? {
        AWS_ACCESS_KEY_ID: credentials.accessKeyId,
        AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
        ...(credentials.sessionToken ? { AWS_SESSION_TOKEN: credentials.sessionToken } : {}),
      }
    : {}),
  ...env,
});

/** Starts `npx cordon`, as a user does. */
export const startCordon = (shell: Shell, ...args: string[]): Running =>
  started(spawn(process.execPath, [CORDON, ...args], { env: environment(shell), stdio: ['ignore', 'pipe', 'pipe'] }));

/** The same in a terminal of its own; what is written to the child's standard input is typed. */
export function startInTerminal(shell: Shell, ...args: string[]): Running {
  const command = JSON.stringify([process.execPath, CORDON, ...args]);
  const python = `import os, pty, sys; sys.exit(os.waitstatus_to_exitcode(pty.spawn(${command})))`;
  return started(spawn('python3', ['-c', python], { env: environment(shell), stdio: ['pipe', 'pipe', 'pipe'] }));
}

/** Runs `npx cordon` to its end. */
export const cordon = (shell: Shell, ...args: string[]): Promise<Ended> => startCordon(shell, ...args).ended;

function started(child: ChildProcess): Running {
  const written = { stdout: '', stderr: '' };
  const waiting = new Set<() => void>();
  for (const stream of ['stdout', 'stderr'] as const) {
    child[stream]?.setEncoding('utf8').on('data', (chunk: string) => {
      written[stream] += chunk;
      for (const look of [...waiting]) look();
    });
  }
  const ended = new Promise<Ended>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, ...written }));
  });
  return {
    child,
    ended,
    said: (words) =>
      new Promise((resolve, reject) => {
        const look = (): void => {
          if (!words.test(written.stdout + written.stderr)) return;
          waiting.delete(look);
          resolve();
        };
        waiting.add(look);
        look();
        void ended.then(() => reject(new Error(`It ended without ${words}: ${written.stdout}${written.stderr}`)));
      }),
  };
}
