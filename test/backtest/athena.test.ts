import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import {
  type AthenaClient,
  GetQueryExecutionCommand,
  GetQueryResultsCommand,
  StartQueryExecutionCommand,
} from '@aws-sdk/client-athena';
import { DuckDBInstance } from '@duckdb/node-api';
import { afterAll, describe, expect, it } from 'vitest';
import { backtestByAthena, createTable, QueryFailed } from '../../backtest/athena.ts';
import { backtest } from '../../backtest/backtest.ts';
import { localArchive } from '../../backtest/files.ts';
import { jsonReport } from '../../backtest/report/json.ts';
import { subjectsOf } from '../../cli/archive.ts';
import { duckDb, duckDbFunctions, quoted } from '../../playbooks/matching/athena-sql.ts';
import { attack, delivered, twice } from './deliveries.ts';

/** What DuckDB calls otherwise than Athena, beyond the functions of conditions. */
const functions = [
  ...duckDbFunctions,
  'CREATE MACRO json_parse(text) AS CAST(text AS JSON)',
  'CREATE MACRO from_iso8601_timestamp(text) AS CAST(text AS TIMESTAMPTZ)',
];
const folder = delivered([...attack, twice]);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A client that runs the queries in DuckDB, over the lines of the folder's files. */
async function inDuckDb(more: [string, string][] = []): Promise<AthenaClient & { queries: string[] }> {
  const connection = await (await DuckDBInstance.create(':memory:')).connect();
  for (const statement of functions) await connection.run(statement);
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.gz'));
  const lines: [string, string][] = files.map((name) => [
    name,
    gunzipSync(readFileSync(join(folder, name))).toString(),
  ]);
  await connection.run('CREATE SCHEMA "default"');
  await connection.run('CREATE TABLE "default"."cordon_cloudtrail" ("$path" VARCHAR, line VARCHAR)');
  for (const [path, line] of [...lines, ...more]) {
    await connection.run(`INSERT INTO "default"."cordon_cloudtrail" VALUES (${quoted(path)}, ${quoted(line)})`);
  }
  const queries: string[] = [];
  const failures = new Map<number, string>();
  const results = new Map<number, { columns: string[]; rows: string[][] }>();
  const send = async (command: unknown) => {
    if (command instanceof StartQueryExecutionCommand) {
      const n = queries.push(command.input.QueryString ?? '') - 1;
      try {
        const read = await connection.runAndReadAll((queries[n] ?? '').replaceAll('ARRAY(JSON)', 'JSON[]'));
        results.set(n, { columns: read.columnNames(), rows: read.getRows().map((row) => row.map(String)) });
      } catch (error) {
        failures.set(n, (error as Error).message);
      }
      return { QueryExecutionId: String(n) };
    }
    if (command instanceof GetQueryExecutionCommand) {
      const failure = failures.get(Number(command.input.QueryExecutionId));
      return { QueryExecution: { Status: { State: failure ? 'FAILED' : 'SUCCEEDED', StateChangeReason: failure } } };
    }
    if (command instanceof GetQueryResultsCommand) {
      // Two rows to a page.
      const { columns, rows } = results.get(Number(command.input.QueryExecutionId)) ?? { columns: [], rows: [] };
      const all = [columns, ...rows];
      const from = Number(command.input.NextToken ?? 0);
      const Rows = all.slice(from, from + 2).map((row) => ({ Data: row.map((VarCharValue) => ({ VarCharValue })) }));
      return { ResultSet: { Rows }, ...(from + 2 < all.length ? { NextToken: String(from + 2) } : {}) };
    }
    throw new TypeError('no such command');
  };
  return { send, queries } as unknown as AthenaClient & { queries: string[] };
}

const subjects = subjectsOf({ detection: [], pattern: undefined });
const options = { database: 'default', table: 'cordon_cloudtrail', subjects, pause: 1, dialect: duckDb };

describe('backtestByAthena', { timeout: 60_000 }, () => {
  it.each([
    ['all records', {}],
    ['those of a time range', { since: Date.UTC(2026, 4, 1, 3, 10, 5), until: Date.UTC(2026, 4, 1, 3, 14) }],
  ])('gives the same report as reading the files here: %s', async (_, range) => {
    const client = await inDuckDb();
    const local = await backtest({ subjects, workers: 1, files: (await localArchive(folder)).files(), ...range });

    const result = await backtestByAthena({ ...options, client, ...range });

    expect(jsonReport(result)).toEqual(jsonReport(local));
    expect(jsonReport(result).events).toBe(attack.length);
  });

  it('takes lines that are records, and reports lines that are no JSON', async () => {
    const line = JSON.stringify({ ...attack.at(-1), eventID: 'another' });
    const client = await inDuckDb([
      ['s3://b/lines', line],
      ['s3://b/cut', '{"Records":[{"eventN'],
    ]);

    const result = await backtestByAthena({ ...options, client });

    expect(result.events).toBe(attack.length + 1);
    expect(result.subjects.find(({ id }) => id === 'root-usage')?.kept).toHaveLength(2);
    expect(result.problems).toEqual([{ file: 's3://b/cut', offset: 0, reason: '1 lines are no JSON' }]);
  });

  it('says why a query failed', async () => {
    const client = await inDuckDb();
    await expect(backtestByAthena({ ...options, client, table: 'nowhere' })).rejects.toThrow(QueryFailed);
    await expect(backtestByAthena({ ...options, client, table: 'nowhere' })).rejects.toThrow(/does not exist/);
  });

  it('needs a table that keeps each line as it stands', () => {
    expect(createTable('logs', 'trail', 's3://bucket/AWSLogs')).toBe(
      [
        'CREATE EXTERNAL TABLE IF NOT EXISTS `logs`.`trail` (line string)',
        "ROW FORMAT DELIMITED FIELDS TERMINATED BY '\\001'",
        'STORED AS TEXTFILE',
        "LOCATION 's3://bucket/AWSLogs/'",
      ].join('\n'),
    );
  });
});
