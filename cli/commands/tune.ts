import { readFileSync } from 'node:fs';
import { type Label, labelsSchema, tune } from '../../backtest/tune.ts';
import { archiveOf, locally, pastArgument, pastExits, pastOptions, subjectsOf } from '../archive.ts';
import { command } from '../command.ts';
import { CliFailure } from '../failure.ts';
import { tuningText } from '../tuning-text.ts';
import { exitOf } from './backtest.ts';

/** `tune ARCHIVE` */
export default command({
  name: 'tune',
  summary: 'which threshold and window would have fired how often, and what makes the noise',
  about: [
    'It tries thresholds and windows on past deliveries, and says which labelled incidents each would miss. Labels are a file with a list of { "detection", "name", "from", "to" }, with times such as 2026-05-01T03:00:00Z. Nothing is changed.',
  ],
  arguments: [pastArgument],
  options: {
    ...pastOptions,
    labels: { type: 'string', value: 'FILE', about: 'incidents that are known, and must not be missed' },
  },
  examples: [
    {
      command: 'npx cordon tune ./AWSLogs --detection failed-console-logins --labels known.json',
      about: 'how low the threshold may be',
    },
    {
      command: 'npx cordon tune ./AWSLogs --detection root-usage --since 30d --json',
      about: 'what makes the noise, for a program',
    },
  ],
  exits: pastExits,
  interruptible: true,
  run: async (call) => {
    const { args, options, out, asked } = call;
    const labels = options.labels === undefined ? [] : labelsIn(options.labels);
    const subjects = subjectsOf({ ...options, prefix: asked.prefix });
    const result = await locally(call, subjects, await archiveOf(args.ARCHIVE, asked));
    const tunings = result.subjects.map((subject) => tune(subject, labels, result.span));
    if (out.json) out.value(tunings);
    else out.say([...(result.complete ? [] : [PARTIAL]), ...tunings.map(tuningText)].join('\n\n'));
    return exitOf(result);
  },
});

const PARTIAL = 'PARTIAL: ended early. What follows is true of the files read so far, and of no others.';

function labelsIn(file: string): Label[] {
  try {
    return labelsSchema.parse(JSON.parse(readFileSync(file, 'utf8')));
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new CliFailure(
      'usage',
      `${file} must hold a list of {"detection","name","from","to"}, with times such as 2026-05-01T03:00:00Z: ${reason}`,
      { cause: error },
    );
  }
}
