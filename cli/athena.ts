import { AthenaClient } from '@aws-sdk/client-athena';
import { backtestByAthena, createTable, QueryFailed } from '../backtest/athena.ts';
import type { BacktestResult, Subject } from '../backtest/backtest.ts';
import { timeOf } from './archive.ts';
import { CliFailure } from './failure.ts';

/** What Athena is asked, as the command line says it. */
export interface AthenaQuestion {
  path: string;
  subjects: readonly Subject[];
  database: string | undefined;
  table: string | undefined;
  workgroup: string | undefined;
  output: string | undefined;
  /** ISO times. */
  since: string | undefined;
  until: string | undefined;
  region?: string;
  profile?: string;
  signal: AbortSignal;
}

/** Has Athena read the archive, through a table over it. @throws {CliFailure} */
export async function backtestInAthena(question: AthenaQuestion): Promise<BacktestResult> {
  const { path, database = 'default', table = 'cordon_cloudtrail', region, profile, since, until } = question;
  if (!path.startsWith('s3://'))
    throw new CliFailure('usage', `Athena reads what is in S3: give s3://BUCKET/PREFIX, not "${path}".`);
  const client = new AthenaClient({ ...(region ? { region } : {}), ...(profile ? { profile } : {}) });
  const { subjects, workgroup, output, signal } = question;
  try {
    return await backtestByAthena({
      ...{ client, database, table, workgroup, output, subjects, signal },
      ...{ since: timeOf(since), until: timeOf(until) },
    });
  } catch (error) {
    if (error instanceof QueryFailed && /TABLE_NOT_FOUND|does not exist/i.test(error.message)) {
      throw new CliFailure(
        'setup',
        `${error.message}\nMake the table first, in Athena:\n${createTable(database, table, path)}`,
        { cause: error },
      );
    }
    throw error;
  }
}
