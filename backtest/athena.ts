import { setTimeout as wait } from 'node:timers/promises';
import {
  type AthenaClient,
  GetQueryExecutionCommand,
  GetQueryResultsCommand,
  StartQueryExecutionCommand,
  StopQueryExecutionCommand,
} from '@aws-sdk/client-athena';
import { athena, type Dialect, quoted, sqlCondition } from '../playbooks/matching/athena-sql.ts';
import type { Match } from '../playbooks/matching/match.ts';
import { ActorWriter } from './actor-text.ts';
import { type BacktestResult, criteriaOf, keepTexts, resultOf, type Subject } from './backtest.ts';
import { type Criterion, impliedBy, testOf } from './criterion.ts';
import { factsOf } from './judge.ts';
import { Tally } from './tally.ts';

/** A query that Athena refused or that failed. */
export class QueryFailed extends Error {
  override readonly name = 'QueryFailed';
}

/** What Athena is asked with. */
export interface AthenaOptions {
  client: AthenaClient;
  database: string;
  /** A table with one text column `line`: see {@link createTable}. */
  table: string;
  workgroup?: string | undefined;
  /** Where results go, s3://...; undefined where the workgroup says it. */
  output?: string | undefined;
  subjects: readonly Subject[];
  since?: number | undefined;
  until?: number | undefined;
  signal?: AbortSignal | undefined;
  /** How long to wait between looks at a query, in ms. */
  pause?: number;
  /** How the engine writes conditions; Athena's way unless told. */
  dialect?: Dialect;
}

const identifier = (name: string): string => `"${name.replaceAll('"', '""')}"`;

/**
 * The table that the queries read: each line of the delivery files as it stands. CloudTrail's own SerDe knows a fixed list of
 * fields and does not tell null from absent; the text as it stands does, so that results are exact.
 * https://docs.aws.amazon.com/athena/latest/ug/lazy-simple-serde.html
 */
export function createTable(database: string, table: string, location: string): string {
  return [
    `CREATE EXTERNAL TABLE IF NOT EXISTS \`${database}\`.\`${table}\` (line string)`,
    // A character that stands in no JSON: the line is one field.
    "ROW FORMAT DELIMITED FIELDS TERMINATED BY '\\001'",
    'STORED AS TEXTFILE',
    `LOCATION ${quoted(location.endsWith('/') ? location : `${location}/`)}`,
  ].join('\n');
}

/** The records of all files, as a table expression with the columns `path` and `record`. */
function recordsOf(table: string): string {
  return [
    'documents AS (',
    `  SELECT "$path" AS path, TRY(json_parse(line)) AS document FROM ${table} WHERE trim(line) <> ''`,
    '), records AS (',
    '  SELECT path, record FROM documents CROSS JOIN UNNEST(COALESCE(',
    "    TRY(CAST(json_extract(document, '$.Records') AS ARRAY(JSON))),",
    // A line that is a record itself.
    "    CASE WHEN json_extract(document, '$.eventName') IS NOT NULL THEN ARRAY[document] END,",
    '    ARRAY[]',
    '  )) AS elements(record)',
    ')',
  ].join('\n');
}

/** The query for the records that fit any of the criteria, as text; what it finds is judged once more by the predicates. */
export function matchingQuery(
  table: string,
  criteria: readonly Criterion[],
  { since, until, dialect = athena }: Pick<AthenaOptions, 'since' | 'until' | 'dialect'> = {},
): string {
  const implied = criteria.map(impliedBy);
  const conditions = implied.every((one) => one !== undefined)
    ? (implied as Match[]).map((one) => sqlCondition(one, 'record', dialect))
    : ['true'];
  const time = "TRY(from_iso8601_timestamp(json_extract_scalar(record, '$.eventTime')))";
  const at = (ms: number): string => `from_iso8601_timestamp('${new Date(ms).toISOString()}')`;
  return [
    `WITH ${recordsOf(table)}`,
    'SELECT json_format(record) AS record FROM records',
    `WHERE (${[...new Set(conditions)].join('\n  OR ')})`,
    // A time that cannot be read is for the one who looks at the record.
    ...(since === undefined ? [] : [`AND COALESCE(${time} >= ${at(since)}, true)`]),
    ...(until === undefined ? [] : [`AND COALESCE(${time} < ${at(until)}, true)`]),
  ].join('\n');
}

/** The query for how much there is: files, records, distinct events, and lines that are no JSON. */
export function countingQuery(table: string): string {
  const id = "json_extract_scalar(record, '$.eventID')";
  return [
    `WITH ${recordsOf(table)}`,
    'SELECT',
    '  (SELECT count(DISTINCT path) FROM documents) AS files,',
    '  (SELECT count(*) FROM records) AS records,',
    `  (SELECT count(DISTINCT ${id}) + count_if(${id} IS NULL) FROM records) AS events`,
  ].join('\n');
}

/** The query for lines that are no JSON, by file. */
export const faultsQuery = (table: string): string =>
  [
    `SELECT "$path" AS path, count(*) AS lines FROM ${table}`,
    "WHERE trim(line) <> '' AND TRY(json_parse(line)) IS NULL GROUP BY 1 ORDER BY 1",
  ].join('\n');

/** Has Athena find the matching records, and draws the same results from them as a run on this machine. @throws QueryFailed */
export async function backtestByAthena(options: AthenaOptions): Promise<BacktestResult> {
  const { subjects, since, until } = options;
  const table = `${identifier(options.database)}.${identifier(options.table)}`;
  const criteria = criteriaOf(subjects);
  const tests = criteria.map(testOf);
  const actors = new ActorWriter();
  const tally = new Tally(criteria.length);
  await keepTexts(tally, subjects);
  const [counts] = await rows(countingQuery(table), options);
  for await (const [text = ''] of query(matchingQuery(table, criteria, options), options)) {
    const record = JSON.parse(text) as Record<string, unknown>;
    const fits = tests.flatMap((test, n) => (test(record, text) ? [n] : []));
    if (fits.length > 0)
      tally.hit({ ...factsOf(record, actors, { fits }), record: Buffer.from(text) }, { since, until }, 'Athena');
  }
  for (const [path = '', lines = '0'] of await rows(faultsQuery(table), options)) {
    tally.problem({ file: path, offset: 0, reason: `${lines} lines are no JSON` });
  }
  const [files = '0', records = '0', events = '0'] = counts ?? [];
  const result = await resultOf(tally, subjects, true);
  return { ...result, files: Number(files), records: Number(records), events: Number(events) };
}

async function rows(sql: string, options: AthenaOptions): Promise<string[][]> {
  const all: string[][] = [];
  for await (const row of query(sql, options)) all.push(row);
  return all;
}

/** Runs a query, and gives its rows. */
async function* query(sql: string, options: AthenaOptions): AsyncGenerator<string[]> {
  const { client, workgroup, output, database } = options;
  const { QueryExecutionId } = await client.send(
    new StartQueryExecutionCommand({
      QueryString: sql,
      QueryExecutionContext: { Database: database },
      ...(workgroup ? { WorkGroup: workgroup } : {}),
      ...(output ? { ResultConfiguration: { OutputLocation: output } } : {}),
    }),
  );
  await finished(QueryExecutionId ?? '', options);
  let NextToken: string | undefined;
  let head = true;
  do {
    const page = await client.send(new GetQueryResultsCommand({ QueryExecutionId, NextToken }));
    for (const { Data = [] } of page.ResultSet?.Rows ?? []) {
      // The first row of a SELECT names the columns.
      if (!head) yield Data.map(({ VarCharValue = '' }) => VarCharValue);
      head = false;
    }
    NextToken = page.NextToken;
  } while (NextToken);
}

async function finished(QueryExecutionId: string, { client, pause = 1000, signal }: AthenaOptions): Promise<void> {
  for (;;) {
    const { QueryExecution } = await client.send(new GetQueryExecutionCommand({ QueryExecutionId }));
    const { State, StateChangeReason } = QueryExecution?.Status ?? {};
    if (State === 'SUCCEEDED') return;
    if (State === 'FAILED' || State === 'CANCELLED') {
      throw new QueryFailed(`Athena could not run the query (${State}): ${StateChangeReason ?? 'no reason is given'}`);
    }
    if (signal?.aborted) {
      await client.send(new StopQueryExecutionCommand({ QueryExecutionId }));
      throw new QueryFailed('The query was ended early: Athena gives no partial result.');
    }
    await wait(pause);
  }
}
