import { CliFailure } from './failure.ts';

/** Runs `backtest` or `tune`, and ends with the exit code. The first Ctrl-C ends the run early, a second one at once. */
export async function main([command = '', ...args]: string[], workerCode?: string): Promise<void> {
  const early = new AbortController();
  const stop = (): void => {
    if (early.signal.aborted) process.exit(130);
    early.abort();
  };
  process.on('SIGINT', stop);
  const surroundings = {
    out: (text: string) => console.log(text),
    progress: process.stderr,
    now: () => Date.now(),
    signal: early.signal,
    ...(workerCode === undefined ? {} : { workerCode }),
  };
  try {
    const { run } = command === 'tune' ? await import('./tune.ts') : await import('./backtest.ts');
    process.exitCode = await run(args, surroundings);
  } catch (error) {
    if (!(error instanceof CliFailure)) throw error;
    console.error(error.message);
    process.exitCode = error.exitCode;
  } finally {
    process.off('SIGINT', stop);
  }
}
