import { readFileSync } from 'node:fs';
import * as z from 'zod';
import type { BacktestResult } from '../../backtest/backtest.ts';
import { jsonReport } from '../../backtest/report/json.ts';
import { problemLines } from '../../backtest/report/text.ts';
import { type Label, labelsSchema, tune } from '../../backtest/tune.ts';
import { allDetections, UnknownUnit } from '../../playbooks/catalog.ts';
import { listed, plain, plural } from '../../playbooks/report/words.ts';
import { archiveOf, locally, pastArgument, pastExits, pastOptions, subjectsOf, timeOf } from '../archive.ts';
import { command } from '../command.ts';
import { CliFailure } from '../failure.ts';
import { tuningTexts } from '../tuning-text.ts';
import { exitOf } from './backtest.ts';

/** `tune ARCHIVE` */
export default command({
  name: 'tune',
  summary: 'which threshold and window would have fired how often, and what makes the noise',
  about: [
    'It tries thresholds and windows on past deliveries, and says which labelled incidents each would miss. Labels are a file with a list of { "detection", "name", "from", "to" }, with times such as 2026-05-01T03:00:00Z. Nothing is changed.',
    '--json prints { files, events, problems, tunings }; docs/backtest.md says how alarms are counted.',
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
    const subjects = subjectsOf({ ...options, prefix: asked.prefix });
    const labels = options.labels === undefined ? [] : labelsIn(options.labels);
    const leftOut = labels.filter(({ detection }) => !subjects.some(({ id }) => id === detection));
    const result = await locally(call, subjects, await archiveOf(args.ARCHIVE, asked), { keepTexts: true });
    const span = spanOf(result, options);
    const tunings = result.subjects.map((subject) => tune(subject, labels, span));
    if (out.json) {
      // What it says of the files is the same as backtest's.
      const { detections: _, ...read } = jsonReport({ ...result, subjects: [] });
      const labelsLeftOut = leftOut.map(({ detection, name }) => ({ detection, name }));
      out.value({ ...read, ...(leftOut.length > 0 ? { labelsLeftOut } : {}), tunings });
    } else {
      const names = leftOut.map(({ detection, name }) => `${plain(name)} (${detection})`);
      out.say(
        [
          ...(result.complete ? [] : [PARTIAL]),
          `${plural(result.files, 'file')}, ${plural(result.events, 'event')}`,
          ...(names.length > 0 ? [`Labels left out, since their detection is not tuned here: ${listed(names)}.`] : []),
          ...tuningTexts(tunings),
        ].join('\n\n') +
          problemLines(result)
            .map((line) => `\n${line}`)
            .join(''),
      );
    }
    return exitOf(result);
  },
});

const PARTIAL = 'PARTIAL: ended early. What follows is true of the files read so far, and of no others.';

/** How long a time the records can be of, in ms: the files' names say more than a time range lets in. */
function spanOf(
  { span }: BacktestResult,
  { since, until }: { since: string | undefined; until: string | undefined },
): number {
  const from = timeOf(since);
  if (from === undefined) return span;
  return Math.min(span, Math.max(0, Math.min(timeOf(until) ?? Number.POSITIVE_INFINITY, Date.now()) - from));
}

/** The labels that a file holds. @throws {CliFailure} */
function labelsIn(file: string): Label[] {
  const { data, error } = labelsSchema.safeParse(contents(file));
  if (error) {
    // One wrong label is often as all the others are.
    const first = z.prettifyError(new z.ZodError(error.issues.slice(0, MOST_WRONG)));
    const more = error.issues.length - MOST_WRONG;
    throw new CliFailure(
      'usage',
      `${file} has wrong contents: a list of {"detection","name","from","to"} is wanted, with times such as 2026-05-01T03:00:00Z.\n${first}${more > 0 ? `\nand ${more} more` : ''}`,
    );
  }
  for (const { detection, name } of data) {
    if (Object.hasOwn(allDetections, detection)) continue;
    const { message } = new UnknownUnit('detection', detection, Object.keys(allDetections));
    throw new CliFailure('usage', `The label "${plain(name)}" in ${file}: ${plain(message)}`);
  }
  return data;
}

const MOST_WRONG = 5;

function contents(file: string): unknown {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    const { code = '', message } = error as NodeJS.ErrnoException;
    throw new CliFailure('usage', `${file} cannot be read: ${unreadable[code] ?? message}.`, { cause: error });
  }
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new CliFailure('usage', `${file} is no JSON: ${plain((error as Error).message)}.`, { cause: error });
  }
}

const unreadable: Record<string, string> = {
  ENOENT: 'there is no such file',
  EISDIR: 'it is a folder',
  EACCES: 'permission is denied',
};
