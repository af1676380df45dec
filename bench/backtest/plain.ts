import { readFileSync } from 'node:fs';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { gunzipSync } from 'node:zlib';
import { predicate } from '../../playbooks/matching/predicate.ts';
import { contest } from './detections.ts';

// node plain.cjs inflate|parse LIST: the files inflated by Node's zlib and nothing else, or every record parsed too; two workers.
interface Part {
  counts: number[];
}

if (isMainThread) {
  const [mode = '', list = ''] = process.argv.slice(2);
  const files = readFileSync(list, 'utf8').trim().split('\n');
  const next = new SharedArrayBuffer(4);
  const parts = [0, 1].map(
    () =>
      new Promise<Part>((resolve, reject) => {
        new Worker(__filename, { workerData: { mode, files, next } }).on('message', resolve).on('error', reject);
      }),
  );
  void Promise.all(parts).then((done) => {
    const counts = contest.map((_, n) => done.reduce((sum, part) => sum + (part.counts[n] ?? 0), 0));
    console.log(JSON.stringify(mode === 'parse' ? { counts } : {}));
  });
} else {
  const { mode, files, next } = workerData as { mode: string; files: string[]; next: SharedArrayBuffer };
  const tests = contest.map(({ match }) => predicate(match));
  const counts = contest.map(() => 0);
  const cursor = new Int32Array(next);
  for (let n = Atomics.add(cursor, 0, 1); n < files.length; n = Atomics.add(cursor, 0, 1)) {
    const text = gunzipSync(readFileSync(files[n] ?? ''));
    if (mode !== 'parse') continue;
    const { Records } = JSON.parse(text.toString('utf8')) as { Records: unknown[] };
    for (const record of Records) {
      for (const [k, test] of tests.entries()) if (test(record)) counts[k] = (counts[k] ?? 0) + 1;
    }
  }
  parentPort?.postMessage({ counts } satisfies Part);
}
