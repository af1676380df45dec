import { readFileSync } from 'node:fs';
import { backtest } from '../../backtest/backtest.ts';
import { contest, thirty } from './detections.ts';

// node ours.mjs LIST 4|30: what cordon finds in the files of a list, with two workers.
const [list = '', count = '4'] = process.argv.slice(2);
const files = readFileSync(list, 'utf8').trim().split('\n');
const matches = count === '30' ? thirty : contest.map(({ match }) => match);
const result = await backtest({
  subjects: matches.map((match, n) => ({
    id: String(n),
    criterion: { match },
    threshold: { atLeast: 1, withinMinutes: 1 },
  })),
  files: files.map((path) => ({ name: path, source: { path }, size: 0 })),
  workers: 2,
});
console.log(
  JSON.stringify({
    counts: result.subjects.slice(0, contest.length).map(({ kept }) => kept.length),
    events: result.events,
    // In kB, whatever the platform's documentation says of bytes.
    memory: process.resourceUsage().maxRSS,
  }),
);
