import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { LocalFailure } from './failure.ts';

const PROJECT = fileURLToPath(new URL('../', import.meta.url));

/** Synthesizes the app, in a process of its own: the first time it takes seconds to load CDK, and then no more. */
export interface Synthesizer {
  /** Synthesizes the app for `settings`, as `-c` takes them, into a folder. @throws LocalFailure of kind `failed` */
  synthesize(settings: Record<string, string>, dir: string): Promise<void>;
  /** Ends the process, whatever it does. */
  close(): void;
}

/** Starts the process. `signal` ends it. */
export function startSynthesizer(signal?: AbortSignal): Synthesizer {
  const child = spawn(process.execPath, ['--import', 'tsx', 'local/synthesize.ts'], {
    cwd: PROJECT,
    stdio: ['pipe', 'pipe', 'pipe'],
    // CDK looks at templates for longer than it takes to make them; `cdk synth` does so where they go to a real account.
    env: { ...process.env, CDK_VALIDATION: 'false' },
    ...(signal ? { signal } : {}),
  });
  let said = '';
  child.stderr.on('data', (text: Buffer) => {
    said = (said + text.toString()).slice(-4096);
  });
  const ended = new Promise<never>((_, reject) => {
    const fail = (how: string): void => {
      reject(new LocalFailure('failed', `The app could not be synthesized: its process ${how}. ${said.trim()}`));
    };
    child.once('error', ({ message }) => fail(`failed (${message})`));
    child.once('close', (code) => fail(`ended with ${code}`));
  });
  ended.catch(() => {});
  // A pipe that breaks as the process ends, which `ended` tells.
  child.stdin.on('error', () => {});
  const answers = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const ask = async (request: string): Promise<void> => {
    child.stdin.write(`${request}\n`);
    const { value } = await Promise.race([answers.next(), ended]);
    if (value === undefined) return ended;
    const { error } = JSON.parse(value) as { error?: string };
    if (error !== undefined) throw new LocalFailure('failed', `The app could not be synthesized: ${error}`);
  };
  let turn: Promise<unknown> = Promise.resolve();
  return {
    synthesize: (settings, dir) => {
      const mine = turn.then(() => ask(JSON.stringify({ dir, settings })));
      turn = mine.catch(() => {});
      return mine;
    },
    close: () => child.kill('SIGKILL'),
  };
}
