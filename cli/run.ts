import type { Command } from './command.ts';
import type { Desk } from './desk.ts';
import { CliFailure, EXIT_CODES } from './failure.ts';
import { help } from './help.ts';
import { type Out, processOut } from './output/out.ts';
import { type Line, parseLine } from './parse.ts';

const SIGNAL_NUMBERS = { SIGHUP: 1, SIGINT: 2, SIGTERM: 15 } as const;

/** What ends a command that was interrupted. */
class Interrupted extends Error {
  override readonly name = 'Interrupted';
  readonly exitCode: number;
  constructor(signal: keyof typeof SIGNAL_NUMBERS) {
    super('Interrupted.');
    this.exitCode = 128 + SIGNAL_NUMBERS[signal];
  }
}

// What needs AWS is loaded when it is needed: some commands read nothing but files.
async function run({ command, args, options, global }: Line & { kind: 'run' }, out: Out): Promise<number> {
  const interrupt = new AbortController();
  for (const signal of Object.keys(SIGNAL_NUMBERS) as (keyof typeof SIGNAL_NUMBERS)[]) {
    process.on(signal, () => {
      // What has something to clean up does so, unless it is asked a second time.
      if (!command.interruptible || interrupt.signal.aborted) process.exit(128 + SIGNAL_NUMBERS[signal]);
      interrupt.abort(new Interrupted(signal));
    });
  }
  let region = global.region ?? '';
  const desk = async (): Promise<Desk> => {
    const [{ connect }, { Desk }] = await Promise.all([import('./connection.ts'), import('./desk.ts')]);
    const connection = await connect(global);
    region = connection.region;
    return new Desk({ ...connection, prefix: global.prefix });
  };
  try {
    const kind = await command.run({ args, options, out, asked: global, desk, signal: interrupt.signal });
    if (kind === 'interrupted') interrupt.signal.throwIfAborted();
    return EXIT_CODES[kind ?? 'ok'];
  } catch (error) {
    if (interrupt.signal.aborted) throw interrupt.signal.reason;
    if (error instanceof CliFailure) throw error;
    const { explain } = await import('./explain.ts');
    throw await explain(error, { ...global, region });
  }
}

/** Runs one command line. @returns its exit code @throws {CliFailure} */
export async function main(argv: readonly string[], commands: readonly Command[], out: Out): Promise<number> {
  const line = parseLine(argv, commands);
  if (line.kind === 'run') return run(line, out);
  out.say(help(line.topic, commands, out));
  return EXIT_CODES.ok;
}

/** Runs the process's own command line, and sets its exit code. */
export async function runProcess(commands: readonly Command[]): Promise<void> {
  // Whoever reads the output may have seen enough.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1));
  const json = process.argv.includes('--json');
  try {
    process.exitCode = await main(process.argv.slice(2), commands, processOut(json));
  } catch (error) {
    if (error instanceof Interrupted) process.exitCode = error.exitCode;
    else if (!(error instanceof CliFailure)) throw error;
    else {
      // A program gets the failure as JSON, too; what it reads as the result stays empty.
      process.stderr.write(`${json ? JSON.stringify({ error: error.kind, message: error.message }) : error.message}\n`);
      process.exitCode = error.exitCode;
    }
  }
}
