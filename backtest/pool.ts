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
  /** Called once the file was read, or as much of it as can be: what was fetched for that is of no further use. */
  release?: () => void;
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
  /** Ends the run early: files that a worker has at hand are finished, but for large ones, and no others are given out. */
  signal?: AbortSignal | undefined;
  /** Called in the order of the files, whichever worker is done first, for some at a time; several times for large ones. */
  onReport: (report: Report, files: readonly InputFile[]) => void;
  /** What must be there before files are read: until then workers only get ready. */
  ready?: Promise<unknown>;
  /** By criterion, other than 0 as soon as the text of further records is of no use to it. Shared with the workers. */
  full: Int32Array;
}

/** How many tasks a worker has at hand: the next one must be there when it is done with one. */
const AT_HAND = 2;
/** A task has so many files, or fewer of so many bytes: each costs both sides as much as a thousand records. */
const TASK = { files: 4, bytes: 2 * 1024 * 1024 };

// Threads that help to collect garbage would only be in the workers' way.
setFlagsFromString('--no-parallel-scavenge');

/** So is what compiles JavaScript again, to run faster, unless a run is long. */
const COMPILE_LATER = '--interrupt-budget=1000000';
/** Most of what is made is garbage soon: with more room for it, memory would grow with the archive. */
const KEEP_SMALL = '--semi-space-growth-factor=1';

/** Has workers read all files, and reports what they find in the order of the files. Resolves to whether all were read. */
export async function readAll(options: PoolOptions): Promise<boolean> {
  const pool = new Pool(options);
  try {
    return await pool.run();
  } finally {
    // Nobody needs to wait until they are gone.
    void pool.close();
  }
}

class Pool {
  readonly #options: PoolOptions;
  readonly #workers: { worker: Worker; open: number }[];
  /** Reports that came before their turn, and the files that were given out, by the tasks' numbers. */
  readonly #waiting = new Map<number, Report[]>();
  readonly #files = new Map<number, readonly InputFile[]>();
  /** Shared with the workers: whether the run ends early. */
  readonly #ended = new Int32Array(new SharedArrayBuffer(4));
  #isCut = false;
  #turn = 0;
  #wake: () => void = () => {};
  #failure: unknown;

  constructor(options: PoolOptions) {
    this.#options = options;
    const { module, criteria, full, since, until } = options;
    const workerData: WorkerData = {
      module,
      criteria,
      full,
      ended: this.#ended,
      ...(since === undefined ? {} : { since }),
      ...(until === undefined ? {} : { until }),
    };
    options.signal?.addEventListener('abort', () => Atomics.store(this.#ended, 0, 1), { once: true });
    let online = 0;
    this.#workers = Array.from({ length: options.workers }, () => {
      const worker = new Worker(options.code, {
        eval: true,
        workerData,
        execArgv: [],
        // A worker makes little garbage, and V8 would let it lie until there is much.
        resourceLimits: { maxYoungGenerationSizeMb: 4 },
      });
      const entry = { worker, open: 0 };
      const fail = (error: unknown): void => {
        this.#failure = error;
        this.#wake();
      };
      worker.on('message', (report: Report) => {
        try {
          this.#take(report, entry);
        } catch (error) {
          fail(error);
        }
      });
      worker.on('error', fail);
      worker.once('online', () => {
        online += 1;
        // With other flags than it was built with, Node would start the rest of them from its own modules' source.
        if (online < options.workers) return;
        setFlagsFromString(COMPILE_LATER);
        setFlagsFromString(KEEP_SMALL);
      });
      return entry;
    });
  }

  async run(): Promise<boolean> {
    await this.#options.ready;
    let number = 0;
    let all = true;
    for await (const files of tasksOf(this.#options.files)) {
      const free = this.#isEnded ? undefined : await this.#free();
      if (!free || this.#isEnded) {
        all = false;
        break;
      }
      this.#files.set(number, files);
      const sources = files.map(({ source }) => source);
      const transfer = sources.flatMap((source) => ('bytes' in source ? [source.bytes.buffer as ArrayBuffer] : []));
      free.open += 1;
      free.worker.postMessage({ number, files: sources } satisfies Task, transfer);
      number += 1;
    }
    while (this.#turn < number) await this.#change();
    return all && !this.#isCut;
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
      // A task that takes long holds up the others' reports: no more than a few may wait.
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
      const files = this.#files.get(this.#turn);
      this.#waiting.delete(this.#turn);
      if (!files) return;
      for (const report of reports) {
        if (report.isCut) this.#isCut = true;
        this.#options.onReport(report, files);
      }
      if (!reports.at(-1)?.done) return;
      for (const file of files) file.release?.();
      this.#files.delete(this.#turn);
      this.#turn += 1;
    }
  }
}

/** Files in their order, as many at a time as make a task. */
async function* tasksOf(files: PoolOptions['files']): AsyncGenerator<InputFile[]> {
  let task: InputFile[] = [];
  let bytes = 0;
  for await (const file of files) {
    task.push(file);
    bytes += file.size;
    if (task.length < TASK.files && bytes < TASK.bytes) continue;
    yield task;
    [task, bytes] = [[], 0];
  }
  if (task.length > 0) yield task;
}
