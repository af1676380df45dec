import { subjectsOf } from '../../cli/archive.ts';
import { mostMemory, run } from './run.ts';

// node whole.mjs LIST: what cordon's whole catalog finds in the files of a list. A program of its own: the other starts with less.
const [list = ''] = process.argv.slice(2);
const { events } = await run(list, subjectsOf({}));
console.log(JSON.stringify({ events, memory: mostMemory() }));
