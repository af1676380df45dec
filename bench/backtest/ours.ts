import { contest, thirty } from './detections.ts';
import { mostMemory, run } from './run.ts';

// node ours.mjs LIST 4|30: what cordon finds in the files of a list.
const [list = '', count = '4'] = process.argv.slice(2);
const matches = count === '30' ? thirty : contest.map(({ match }) => match);
const { subjects, events } = await run(
  list,
  matches.map((match, n) => ({
    id: String(n),
    criterion: { match },
    threshold: { atLeast: 1, withinMinutes: 1 },
  })),
);
const counts = subjects.slice(0, contest.length).map(({ kept }) => kept.length);
console.log(JSON.stringify({ counts, events, memory: mostMemory() }));
