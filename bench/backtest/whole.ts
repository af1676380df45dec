import { readFileSync } from 'node:fs';
import { backtest } from '../../backtest/backtest.ts';
import { subjectsOf } from '../../cli/archive.ts';

// node whole.mjs LIST: what cordon's whole catalog finds in the files of a list, with two workers.
const [list = ''] = process.argv.slice(2);
const files = readFileSync(list, 'utf8').trim().split('\n');
const result = await backtest({
  subjects: subjectsOf({}),
  files: files.map((path) => ({ name: path, source: { path }, size: 0 })),
  workers: 2,
});
// In kB, whatever the platform's documentation says of bytes.
console.log(JSON.stringify({ events: result.events, memory: process.resourceUsage().maxRSS }));
