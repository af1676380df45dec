import * as z from 'zod';
import { command } from '../command.ts';
import { watchAll, watchOne } from '../incidents/watch.ts';

/** `incidents watch [INCIDENT]` */
export default command({
  name: 'incidents watch',
  summary: 'what happens, as it happens',
  about: [
    'In a terminal the view is redrawn in place; q or Ctrl-C ends it. Elsewhere each change is a line, with --json an object on a line.',
    'With an incident it ends when its playbook is done, with an exit code by how the incident stands then. Without one it goes on until it is ended.',
  ],
  arguments: [{ name: 'INCIDENT', about: 'the one to watch; all, unless told', optional: true }],
  options: {
    every: {
      type: 'string',
      value: 'SECONDS',
      about: 'how often to look; 3 unless told',
      is: z.coerce
        .number({ error: 'must be a number' })
        .min(0.2, 'must be 0.2 at least')
        .max(3600, 'must be 3600 at most'),
    },
  },
  examples: [
    { command: 'npx cordon incidents watch', about: 'leave it open in the night' },
    {
      command: 'npx cordon incidents watch trail-tampering-20260501-030012-4f1a || echo "a person must go on"',
      about: 'wait for the end of one',
    },
    { command: "npx cordon incidents watch --json | jq -r '.incident'", about: 'feed another program' },
  ],
  exits: { 'needs-person': 'it is over, and a person must go on with it' },
  interruptible: true,
  run: async ({ args, options, desk, out, signal }) => {
    const { ledger } = await desk();
    const every = (options.every ?? 3) * 1000;
    const watching = { ledger, out, signal, every, now: () => new Date() };
    return args.INCIDENT ? watchOne(args.INCIDENT, watching) : watchAll(watching);
  },
});
