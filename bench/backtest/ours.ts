import type { Match } from '../../playbooks/matching/match.ts';
import { contest, four, thirty, thirtyRare } from './detections.ts';
import { mostMemory, run } from './run.ts';

// node ours.mjs LIST four|thirty|rare: what cordon finds in the files of a list.
const sets: Record<string, readonly Match[]> = { four, thirty, rare: thirtyRare };
const [list = '', set = 'four'] = process.argv.slice(2);
const matches = sets[set] ?? [];
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
