import { text } from 'node:stream/consumers';
import { type BareAction, type BareConfig, timeBareCalls } from './bare-calls.ts';

/** What the script reads from standard input; it answers with {@link timeBareCalls}' times, as JSON on standard output. */
export interface BareOrder {
  action: BareAction;
  config: BareConfig;
  targets: { alone: string[]; atOnce: string[] };
}

// A process of its own, as a person's script is: in the bench's, the local AWS's recorder would share its event loop.
const { action, config, targets } = JSON.parse(await text(process.stdin)) as BareOrder;
process.stdout.write(JSON.stringify(await timeBareCalls(action, config, targets)));
process.exit();
