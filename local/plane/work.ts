import { setTimeout as delay } from 'node:timers/promises';

/** Says something to whoever runs the local AWS. */
export type Log = (message: string) => void;

/**
 * The plane's running work. Nothing that fails in it rejects: it is logged, and said once while it goes on failing the same way,
 * so that an emulator that dies neither ends the process nor floods the log.
 */
export class Work {
  readonly #running = new Set<Promise<void>>();
  readonly #lastFailure = new Map<string, string>();
  readonly #log: Log;
  readonly #ended = new AbortController();

  constructor(log: Log) {
    this.#log = log;
  }

  /** Aborted when the plane closes. */
  get signal(): AbortSignal {
    return this.#ended.signal;
  }

  /** Runs `task`, which is called `name` in the log. */
  start(name: string, task: () => Promise<void>): void {
    if (this.signal.aborted) return;
    const running = this.attempt(name, task).finally(() => this.#running.delete(running));
    this.#running.add(running);
  }

  /** As {@link start}, for work that {@link settled} need not wait for. Resolves when the task has ended, however it ended. */
  async attempt(name: string, task: () => Promise<void>): Promise<void> {
    try {
      await task();
      this.#lastFailure.delete(name);
    } catch (error) {
      if (this.signal.aborted) return;
      this.sayOnce(name, `${name}: ${error instanceof Error ? `${error.name}: ${error.message}` : String(error)}`);
    }
  }

  /** Logs `message` unless it is the last thing that was said about `subject`. */
  sayOnce(subject: string, message: string): void {
    if (this.#lastFailure.get(subject) === message) return;
    this.#lastFailure.set(subject, message);
    this.#log(message);
  }

  /** Resolves when all work is done, that which it started meanwhile included. */
  async settled(): Promise<void> {
    while (this.#running.size > 0) await Promise.all(this.#running);
  }

  /** Takes no more work, ends waits, and resolves when what ran has ended, or after 3 seconds: an emulator may hang. */
  async end(): Promise<void> {
    this.#ended.abort();
    const patience = new AbortController();
    const limit = delay(3_000, undefined, { signal: patience.signal, ref: false }).catch(() => undefined);
    await Promise.race([this.settled(), limit]);
    patience.abort();
  }
}

/** Gathers what arrives while its work on earlier arrivals runs, and then works on all of it at once: one worker, in order. */
export class Batcher<T> {
  readonly #work: Work;
  readonly #name: string;
  readonly #handle: (batch: T[]) => Promise<void>;
  #waiting: T[] = [];
  #busy = false;

  constructor(work: Work, name: string, handle: (batch: T[]) => Promise<void>) {
    this.#work = work;
    this.#name = name;
    this.#handle = handle;
  }

  add(...items: T[]): void {
    this.#waiting.push(...items);
    if (!this.#busy) this.#work.start(`queue of ${this.#name}`, () => this.#run());
  }

  async #run(): Promise<void> {
    this.#busy = true;
    try {
      while (this.#waiting.length > 0) {
        const batch = this.#waiting;
        this.#waiting = [];
        await this.#work.attempt(this.#name, () => this.#handle(batch));
      }
    } finally {
      this.#busy = false;
    }
  }
}
