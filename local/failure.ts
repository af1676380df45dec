/**
 * What ended a command. `usage`: wrong arguments. `machine`: the machine lacks something. `install`: packages could not be
 * installed. `busy`: a port is taken or a local AWS runs already. `emulator`: the emulator did not start or died.
 * `failed`: the run itself did not succeed.
 */
export type FailureKind = 'failed' | 'usage' | 'machine' | 'install' | 'busy' | 'emulator';

const EXIT_CODES: Record<FailureKind, number> = { failed: 1, usage: 2, machine: 3, install: 4, busy: 5, emulator: 6 };

/**
 * A failure that the person at the terminal can do something about. Its message is one line: what is wrong, and what to
 * do. Commands print the message alone and end with `exitCode`.
 */
export class LocalFailure extends Error {
  override readonly name = 'LocalFailure';
  /** What went wrong, as the commands' exit codes tell it apart. */
  readonly kind: FailureKind;
  /** Exit code of the process: 1 to 6. */
  readonly exitCode: number;

  constructor(kind: FailureKind, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.kind = kind;
    this.exitCode = EXIT_CODES[kind];
  }
}
