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
  /** A number that is other than 0 as soon as the run ends early. */
  ended: Int32Array;
  /** By criterion, the same as soon as nobody keeps the text of further records for it. */
  full: Int32Array;
}

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

const { module, criteria, since, until, ended, full } = workerData as WorkerData;
const scan = new FileScan(module, criteria, {
  range: { since, until },
  isFull: (criterion) => Atomics.load(full, criterion) !== 0,
  isEnded: () => Atomics.load(ended, 0) !== 0,
});

// One after the other: they share the scanner's memory.
let turn: Promise<void> = Promise.resolve();
parentPort?.on('message', (task: Task) => {
  turn = turn.then(() => read(task));
});

async function read({ number, files }: Task): Promise<void> {
  const post = (result: FileResult, done: boolean): void => {
    const report: Report = { ...result, number, done };
    const { ids, hits, noted } = result;
    const large = [ids, hits.times, hits.places, hits.ids, hits.records, hits.ends, noted.rows];
    parentPort?.postMessage(
      report,
      large.map(({ buffer }) => buffer as ArrayBuffer),
    );
  };
  post(await scan.read(files, (part) => post(part, false)), true);
}
