import { writeFileSync } from 'node:fs';
import type { BacktestResult } from '../../backtest/backtest.ts';
import { htmlReport } from '../../backtest/report/html.ts';
import { jsonReport } from '../../backtest/report/json.ts';
import { textReport } from '../../backtest/report/text.ts';
import { archiveOf, locally, type PastCall, pastArgument, pastExits, pastOptions, subjectsOf } from '../archive.ts';
import { command } from '../command.ts';
import { CliFailure, type ExitKind } from '../failure.ts';
import { oneWord } from '../options.ts';

const engines = ['local', 'athena'] as const;

/** `backtest ARCHIVE` */
export default command({
  name: 'backtest',
  summary: 'try detections on past deliveries, as they would have fired',
  about: [
    'It says when each alarm would have fired, who was behind it, and what the playbook would have done. Nothing is changed, and files need no AWS account. They may be compressed or not, with many records or one to a line. What cannot be read is listed with its place, and the rest counts. Ctrl-C ends the run early, with the result of what was read.',
    '--json prints { files, events, problems, detections }; docs/backtest.md says what is counted.',
  ],
  arguments: [pastArgument],
  options: {
    ...pastOptions,
    pattern: {
      type: 'string',
      value: 'PATTERN',
      about: 'a CloudWatch Logs filter pattern instead of detections; its id is "pattern"',
    },
    html: { type: 'string', value: 'FILE', about: 'a report with charts besides, to be opened in a browser' },
    engine: {
      type: 'string',
      value: 'ENGINE',
      about: 'local, or athena for what outgrows one machine; local unless told',
      is: oneWord(engines),
    },
    database: { type: 'string', value: 'NAME', about: 'Athena: where the table is; default unless told' },
    table: { type: 'string', value: 'NAME', about: 'Athena: the table; cordon_cloudtrail unless told' },
    workgroup: { type: 'string', value: 'NAME', about: 'Athena: the workgroup that queries' },
    output: { type: 'string', value: 'S3_URI', about: 'Athena: where results go, unless the workgroup says it' },
  },
  examples: [
    { command: 'npx cordon backtest ./AWSLogs --html report.html', about: 'all detections, as text and as a page' },
    {
      command: 'npx cordon backtest s3://my-trail/AWSLogs/111122223333/CloudTrail/us-east-1/2026/05 --since 2026-05-10',
      about: 'straight from the bucket of a trail',
    },
    {
      command: 'npx cordon backtest ./AWSLogs --pattern "{ $.errorCode = AccessDenied }" --json',
      about: 'a pattern of your own, for a program',
    },
  ],
  exits: pastExits,
  interruptible: true,
  run: async (call) => {
    const { args, options, out } = call;
    if (options.pattern !== undefined && options.detection.length > 0) {
      throw new CliFailure('usage', 'Give either --detection or --pattern.');
    }
    const subjects = subjectsOf({ ...options, prefix: call.asked.prefix });
    const result =
      options.engine === 'athena'
        ? await inAthena(call, subjects)
        : await locally(call, subjects, await archiveOf(args.ARCHIVE, call.asked));
    if (options.html !== undefined)
      writePage(options.html, htmlReport(result, { archive: args.ARCHIVE, now: new Date() }));
    if (out.json) out.value(jsonReport(result));
    else out.say(textReport(result));
    return exitOf(result);
  },
});

/** What a result means for whoever called. */
export const exitOf = ({ complete, problemCount }: BacktestResult): ExitKind | undefined =>
  !complete ? 'interrupted' : problemCount > 0 ? 'problems' : undefined;

function writePage(file: string, page: string): void {
  try {
    writeFileSync(file, page);
  } catch (error) {
    throw new CliFailure('failed', `The page could not be written: ${(error as Error).message}`, { cause: error });
  }
}

interface AthenaOptions {
  database: string | undefined;
  table: string | undefined;
  workgroup: string | undefined;
  output: string | undefined;
}

async function inAthena(
  { args, options, asked, signal }: PastCall<AthenaOptions>,
  subjects: ReturnType<typeof subjectsOf>,
): Promise<BacktestResult> {
  const { backtestInAthena } = await import('../athena.ts');
  return backtestInAthena({ ...options, ...asked, path: args.ARCHIVE, subjects, signal });
}
