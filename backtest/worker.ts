import { parentPort, workerData } from 'node:worker_threads';
import type { Criterion } from './criterion.ts';
import { type FileResult, FileScan } from './file-scan.ts';
import type { Source } from './scan/read-file.ts';

/** What a worker is started with. */
export interface WorkerData {
  module: WebAssembly.Module;
  criteria: readonly Criterion[];
  /** Times in ms: records from `since` on, and before `until`. */
  since?: number;
  until?: number;
  /** Two numbers, other than 0 as soon as nobody keeps the text of further records, and as soon as the run ends early. */
  told: SharedArrayBuffer;
}

/** Which of the two numbers is which. */
const FULL = 0;
const ENDED = 1;

/** Files to read, one after the other. */
export interface Task {
  number: number;
  files: readonly Source[];
}

/** What is known of a task's files; much is told in parts, of which the last is `done`. */
export interface Report extends FileResult {
  number: number;
  done: boolean;
}

const { module, criteria, since, until, told } = workerData as WorkerData;
const flags = new Int32Array(told);
const scan = new FileScan(
  module,
  criteria,
  { since, until },
  { isTextKept: () => Atomics.load(flags, FULL) === 0, isEnded: () => Atomics.load(flags, ENDED) !== 0 },
);

// One after the other: they share the scanner's memory.
let turn: Promise<void> = Promise.resolve();
parentPort?.on('message', (task: Task) => {
  turn = turn.then(() => read(task));
});

async function read({ number, files }: Task): Promise<void> {
  const post = (result: FileResult, done: boolean): void => {
    const report: Report = { ...result, number, done };
    const { ids, hits } = result;
    const large = [ids, hits.times, hits.places, hits.ids, hits.records, hits.ends];
    parentPort?.postMessage(
      report,
      large.map(({ buffer }) => buffer as ArrayBuffer),
    );
  };
  post(await scan.read(files, (part) => post(part, false)), true);
}
