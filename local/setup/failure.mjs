/**
 * Exit codes of every command, besides 0 for success and 128 plus the signal's number for an interrupted one.
 * `failed`: the run itself did not succeed (a test failed, a demonstration's claim did not hold). `usage`: wrong
 * arguments. `machine`: the machine lacks something (Node, Python, room). `install`: the packages could not be installed.
 * `busy`: a port is taken, or a local AWS runs already. `emulator`: the emulator did not start or died.
 */
export const EXIT = { failed: 1, usage: 2, machine: 3, install: 4, busy: 5, emulator: 6 };

/** A failure that is told in one line: what is wrong, and what to do. */
export class Failure extends Error {
  /** @param {keyof typeof EXIT} kind @param {string} message */
  constructor(kind, message) {
    super(message);
    this.name = 'LocalFailure';
    this.exitCode = EXIT[kind];
  }
}

/** Ends the command because of a signal: thrown after the clean-up has been asked for. */
export class Interrupted extends Error {
  /** @param {NodeJS.Signals} signal */
  constructor(signal) {
    super(`Interrupted (${signal}).`);
    this.name = 'Interrupted';
    this.exitCode = 128 + { SIGHUP: 1, SIGINT: 2, SIGTERM: 15 }[signal];
  }
}
