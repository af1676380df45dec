import { spawn } from 'node:child_process';

const KEPT_OUTPUT = 4_000_000;

/**
 * Runs a program to its end in a process group of its own and gives its exit code and what it wrote, both streams
 * together. When `signal` aborts, the whole group is killed and the call still waits until it is gone.
 * @param {string} program @param {string[]} args
 * @param {{ cwd?: string, env?: NodeJS.ProcessEnv, signal?: AbortSignal }} options
 * @returns {Promise<{ code: number, output: string }>} code -1 when it could not be started
 */
export function run(program, args, { cwd, env = process.env, signal } = {}) {
  return new Promise((resolve) => {
    let output = '';
    const child = spawn(program, args, { cwd, env, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
    const killGroup = () => {
      try {
        if (child.pid) process.kill(-child.pid, 'SIGKILL');
      } catch {
        // the group is gone already
      }
    };
    if (signal?.aborted) killGroup();
    signal?.addEventListener('abort', killGroup, { once: true });
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8');
      stream.on('data', (text) => {
        output = (output + text).slice(-KEPT_OUTPUT);
      });
    }
    child.once('error', (error) => finish({ code: -1, output: error.message }));
    child.once('close', (code) => finish({ code: code ?? -1, output }));
    function finish(result) {
      signal?.removeEventListener('abort', killGroup);
      killGroup(); // nothing that it started may outlive it
      resolve(result);
    }
  });
}
