/** How a command exits, besides success. */
export type ExitKind = 'ok' | 'failed' | 'usage' | 'problems' | 'setup' | 'needs-person' | 'settled' | 'interrupted';

/** The process's exit codes. */
export const EXIT_CODES: Record<ExitKind, number> = {
  ok: 0,
  failed: 1,
  usage: 2,
  problems: 3,
  setup: 4,
  'needs-person': 5,
  settled: 6,
  interrupted: 130,
};

/** What they mean, for the help. */
export const EXIT_WORDS: Record<ExitKind, string> = {
  ok: 'done',
  failed: 'failed, or refused',
  usage: 'wrong arguments',
  problems: 'doctor found something to do, or a backtest files that it could not read',
  setup: 'no credentials, region, installation or permission',
  'needs-person': 'the incident that was watched is over, and a person must go on with it',
  settled: 'somebody has answered this question before',
  interrupted: 'interrupted with Ctrl-C (143 by SIGTERM, 129 by SIGHUP)',
};

/** A failure that the person at the terminal can do something about; its message says what is wrong and what to do. */
export class CliFailure extends Error {
  override readonly name = 'CliFailure';
  readonly kind: ExitKind;
  readonly exitCode: number;

  constructor(kind: ExitKind, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.kind = kind;
    this.exitCode = EXIT_CODES[kind];
  }
}
