import { setFlagsFromString } from 'node:v8';
import { Worker } from 'node:worker_threads';
import type { Criterion } from './criterion.ts';
import type { Source } from './scan/read-file.ts';
import type { Report, Task, WorkerData } from './worker.ts';

/** A file to read, by the name that results give it. */
export interface InputFile {
  name: string;
  source: Source;
  /** Size in bytes, as stored. */
  size: number;
}

/** What a run over files needs. */
export interface PoolOptions {
  files: AsyncIterable<InputFile> | Iterable<InputFile>;
  workers: number;
  module: WebAssembly.Module;
  code: string;
  criteria: readonly Criterion[];
  since?: number | undefined;
  until?: number | undefined;
  /** Ends the run early: files that were begun are finished, and no others are begun. */
  signal?: AbortSignal | undefined;
  /**
   * Called in the order of the files, whichever worker is done first; several times for a large file. Returns whether the
   * text of further records is of no use.
   */
  onReport: (report: Report, file: InputFile) => boolean;
}

/** How many files a worker has at hand: the next one must be there when it is done with one. */
const AT_HAND = 2;

// Heaps that stay small: a worker makes little garbage, and V8 would let it lie until there is much. Threads that help to collect it
// would only be in the workers' way.
setFlagsFromString('--optimize-for-size');
setFlagsFromString('--no-parallel-scavenge');

/** Has workers read all files, and reports what they find in the order of the files. Resolves to whether all were read. */
export async function readAll(options: PoolOptions): Promise<boolean> {
  const pool = new Pool(options);
  try {
    return await pool.run();
  } finally {
    await pool.close();
  }
}

class Pool {
  readonly #options: PoolOptions;
  readonly #workers: { worker: Worker; open: number }[];
  /** Reports that came before their turn, and the files that were given out. */
  readonly #waiting = new Map<number, Report[]>();
  readonly #files = new Map<number, InputFile>();
  readonly #full = new Int32Array(new SharedArrayBuffer(4));
  #turn = 0;
  #wake: () => void = () => {};
  #failure: unknown;

  constructor(options: PoolOptions) {
    this.#options = options;
    const { module, criteria, since, until } = options;
    const workerData: WorkerData = {
      module,
      criteria,
      full: this.#full.buffer,
      ...(since === undefined ? {} : { since }),
      ...(until === undefined ? {} : { until }),
    };
    this.#workers = Array.from({ length: options.workers }, () => {
      const worker = new Worker(options.code, {
        eval: true,
        workerData,
        execArgv: [],
        resourceLimits: { maxYoungGenerationSizeMb: 8 },
      });
      const entry = { worker, open: 0 };
      worker.on('message', (report: Report) => this.#take(report, entry));
      worker.on('error', (error) => {
        this.#failure = error;
        this.#wake();
      });
      return entry;
    });
  }

  async run(): Promise<boolean> {
    let number = 0;
    let all = true;
    for await (const file of this.#options.files) {
      const free = this.#isEnded ? undefined : await this.#free();
      if (!free || this.#isEnded) {
        all = false;
        break;
      }
      this.#files.set(number, file);
      const transfer = 'bytes' in file.source ? [file.source.bytes.buffer as ArrayBuffer] : [];
      free.open += 1;
      free.worker.postMessage({ number, source: file.source } satisfies Task, transfer);
      number += 1;
    }
    while (this.#turn < number) await this.#change();
    return all;
  }

  get #isEnded(): boolean {
    return this.#options.signal?.aborted === true;
  }

  async close(): Promise<void> {
    await Promise.all(this.#workers.map(({ worker }) => worker.terminate()));
  }

  async #free(): Promise<{ worker: Worker; open: number }> {
    for (;;) {
      const [least] = [...this.#workers].sort((a, b) => a.open - b.open);
      // A file that takes long holds up the others' reports: no more than a few may wait.
      if (least && least.open < AT_HAND && this.#waiting.size < 8 * this.#workers.length) return least;
      await this.#change();
    }
  }

  /** Resolves when a report came. @throws what a worker failed with */
  async #change(): Promise<void> {
    if (!this.#failure) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    if (this.#failure) throw this.#failure;
  }

  #take(report: Report, entry: { open: number }): void {
    if (report.done) entry.open -= 1;
    const waiting = this.#waiting.get(report.number) ?? [];
    waiting.push(report);
    this.#waiting.set(report.number, waiting);
    this.#report();
    this.#wake();
  }

  #report(): void {
    for (let reports = this.#waiting.get(this.#turn); reports; reports = this.#waiting.get(this.#turn)) {
      const file = this.#files.get(this.#turn);
      this.#waiting.delete(this.#turn);
      if (!file) return;
      for (const report of reports) {
        if (this.#options.onReport(report, file)) Atomics.store(this.#full, 0, 1);
      }
      if (!reports.at(-1)?.done) return;
      this.#files.delete(this.#turn);
      this.#turn += 1;
    }
  }
}
