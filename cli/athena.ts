import { AthenaClient } from '@aws-sdk/client-athena';
import { backtestByAthena, createTable, QueryFailed } from '../backtest/athena.ts';
import type { BacktestResult, Subject } from '../backtest/backtest.ts';
import type { BacktestArguments } from './backtest.ts';
import { explained } from './backtest-failure.ts';
import { CliFailure } from './failure.ts';

/** Has Athena read the archive, through a table over it. @throws {CliFailure} */
export async function backtestInAthena(
  command: BacktestArguments,
  subjects: readonly Subject[],
  { since, until, signal }: { since?: number | undefined; until?: number | undefined; signal: AbortSignal },
): Promise<BacktestResult> {
  const { path = '', database, table, workgroup, output, region, profile } = command;
  if (!path.startsWith('s3://'))
    throw new CliFailure('usage', `Athena reads what is in S3: give s3://BUCKET/PREFIX, not "${path}".`);
  const client = new AthenaClient({ ...(region ? { region } : {}), ...(profile ? { profile } : {}) });
  try {
    return await backtestByAthena({ client, database, table, workgroup, output, subjects, since, until, signal });
  } catch (error) {
    if (error instanceof QueryFailed && /TABLE_NOT_FOUND|does not exist/i.test(error.message)) {
      throw new CliFailure(
        'setup',
        `${error.message}\nMake the table first, in Athena:\n${createTable(database, table, path)}`,
        { cause: error },
      );
    }
    throw await explained(error, command);
  }
}
