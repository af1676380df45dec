import { accessSync, constants, existsSync, statSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import type { BacktestResult } from '../../backtest/backtest.ts';
import { htmlReport } from '../../backtest/report/html.ts';
import { jsonReport } from '../../backtest/report/json.ts';
import { textReport } from '../../backtest/report/text.ts';
import {
  archiveOf,
  locally,
  type PastCall,
  pastArgument,
  pastExits,
  pastOptions,
  subjectsOf,
  timeRange,
} from '../archive.ts';
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
    const asked = { archive: args.ARCHIVE, pattern: options.pattern, ...timeRange(options) };
    const subjects = subjectsOf({ ...options, prefix: call.asked.prefix });
    if (options.html !== undefined) checkPage(options.html);
    const result =
      options.engine === 'athena'
        ? await inAthena(call, subjects)
        : await locally(call, subjects, await archiveOf(args.ARCHIVE, call.asked));
    if (out.json) out.value(jsonReport(result));
    else out.say(textReport(result, asked));
    // Behind the result, which is not to be lost with a page that cannot be written.
    if (options.html !== undefined) writePage(options.html, htmlReport(result, { ...asked, now: new Date() }));
    return exitOf(result);
  },
});

/** What a result means for whoever called. */
export const exitOf = ({ complete, problemCount }: BacktestResult): ExitKind | undefined =>
  !complete ? 'interrupted' : problemCount > 0 ? 'problems' : undefined;

/** Whether a page can be written there, before an archive is read for it. @throws {CliFailure} */
function checkPage(file: string): void {
  const refuse = (why: string): never => {
    throw new CliFailure('usage', `--html ${file}: ${why}`);
  };
  const folder = dirname(file);
  if (!existsSync(folder)) refuse(`there is no folder ${folder}.`);
  if (!statSync(folder).isDirectory()) refuse(`${folder} is no folder.`);
  if (existsSync(file)) {
    if (statSync(file).isDirectory()) refuse(`${file} is a folder: name a file in it.`);
    if (!isWritable(file)) refuse(`the file in ${folder} may not be written.`);
  } else if (!isWritable(folder)) refuse(`nothing may be written into the folder ${folder}.`);
}

function isWritable(path: string): boolean {
  try {
    accessSync(path, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

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
  const [{ backtestInAthena }, { connect }] = await Promise.all([import('../athena.ts'), import('../connection.ts')]);
  const path = args.ARCHIVE;
  // A path that is not in S3 is refused without asking where.
  const { region, profile } = path.startsWith('s3://') ? await connect(asked) : asked;
  return backtestInAthena({
    ...{ ...options, ...(region ? { region } : {}), ...(profile ? { profile } : {}) },
    ...{ path, subjects, signal },
  });
}
