import { readFileSync } from 'node:fs';
import { DuckDBInstance } from '@duckdb/node-api';
import { contest } from './detections.ts';

// node duckdb.mjs LIST counts|rows: the same from DuckDB, over the same files, with typed columns and two threads. `counts` adds up
// what fits and keeps no row; `rows` is how people ask: the records that fit, with their times, and bursts of failed sign-ins among them.
const [list = '', form = 'counts'] = process.argv.slice(2);
const files = readFileSync(list, 'utf8').trim().split('\n');
const type =
  'STRUCT(eventTime TIMESTAMP, eventSource VARCHAR, eventName VARCHAR, eventType VARCHAR, errorMessage VARCHAR, sourceIPAddress VARCHAR, userIdentity STRUCT("type" VARCHAR, invokedBy VARCHAR, userName VARCHAR))';
const connection = await (await DuckDBInstance.create(':memory:', { threads: '2' })).connect();
const names = files.map((file) => `'${file.replaceAll("'", "''")}'`).join(',');
const records = `SELECT r.* FROM (SELECT unnest(Records, recursive := false) AS r FROM read_json([${names}], columns = {Records: '${type}[]'}, maximum_object_size = 67108864))`;
const flags = contest.map(({ sql }, n) => `(${sql}) AS f${n}`).join(', ');
const any = contest.map((_, n) => `f${n}`).join(' OR ');
const failed = `f${contest.findIndex(({ id }) => id === 'sign-ins')}`;
const queries = {
  counts: `SELECT ${contest.map(({ sql }) => `count(*) FILTER (WHERE ${sql})`).join(', ')} FROM (${records})`,
  rows: `WITH fitting AS MATERIALIZED (
    SELECT * FROM (SELECT eventTime AS time, sourceIPAddress AS address, userIdentity.userName AS name, ${flags} FROM (${records})) WHERE ${any}
  ), windows AS (
    SELECT address, name, count(*) OVER (PARTITION BY address, name ORDER BY time RANGE BETWEEN INTERVAL 5 MINUTES PRECEDING AND CURRENT ROW) AS n
    FROM fitting WHERE ${failed}
  ) SELECT ${contest.map((_, n) => `(SELECT count(*) FROM fitting WHERE f${n})`).join(', ')}, (SELECT count(*) FROM windows WHERE n >= 5)`,
};
const rows = await connection.runAndReadAll(form === 'rows' ? queries.rows : queries.counts);
console.log(JSON.stringify({ counts: rows.getRows()[0]?.slice(0, contest.length).map(Number) }));
