import { cpus, totalmem } from 'node:os';
import bench from './backtest.ts';

// npx tsx bench/backtest/main.ts [--events N] [--rounds N] [--install]: the bench by itself.
const early = new AbortController();
process.once('SIGINT', () => early.abort());
const { text } = await bench.run(process.argv.slice(2), {
  signal: early.signal,
  progress: (line) => void process.stderr.write(`${line}\n`),
});
console.log(
  `${text}\n\n${cpus()[0]?.model.trim()}, ${cpus().length} cores, ${Math.round(totalmem() / 2 ** 30)} GiB; Node ${process.versions.node}`,
);
