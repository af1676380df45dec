import type { Machine } from './machine.ts';

/** What a bench is run with. */
export interface BenchContext {
  /** Ends the run: everything that was started is closed then. */
  signal: AbortSignal;
  /** Tells how far it is; goes to standard error, so that the result stands alone on standard output. */
  progress: (text: string) => void;
}

/** What a bench measured, in the forms that it is told in. */
export interface BenchResult {
  /** For programs: everything that was measured. */
  data: unknown;
  /** For a terminal. */
  text: string;
  /** For docs/benchmarks.md, without its heading. */
  markdown: string;
}

/** A measurement that anybody can repeat. Its name is its key in the catalog. */
export interface Bench {
  /** What it measures, in a line. */
  title: string;
  /** The options that it takes, besides `--json` and `--write`, a line each. */
  usage: string;
  /** Measures. `args` are the options after its name. @throws LocalFailure of kind `usage` for options that it does not take */
  run: (args: string[], context: BenchContext) => Promise<BenchResult>;
}

/** A result with where and when it was measured. */
export interface Measured extends BenchResult {
  machine: Machine;
  /** ISO 8601. */
  at: string;
}
