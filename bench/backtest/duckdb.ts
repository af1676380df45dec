import { readFileSync } from 'node:fs';
import { DuckDBInstance } from '@duckdb/node-api';
import { contest } from './detections.ts';

// node duckdb.mjs LIST: the same from DuckDB, over the same files, with typed columns and two threads.
const [list = ''] = process.argv.slice(2);
const files = readFileSync(list, 'utf8').trim().split('\n');
const type =
  'STRUCT(eventTime VARCHAR, eventSource VARCHAR, eventName VARCHAR, eventType VARCHAR, errorMessage VARCHAR, sourceIPAddress VARCHAR, userIdentity STRUCT("type" VARCHAR, invokedBy VARCHAR, userName VARCHAR))';
const connection = await (await DuckDBInstance.create(':memory:', { threads: '2' })).connect();
const names = files.map((file) => `'${file.replaceAll("'", "''")}'`).join(',');
const counts = contest.map(({ sql }) => `count(*) FILTER (WHERE ${sql})`).join(', ');
const records = `SELECT r.* FROM (SELECT unnest(Records, recursive := false) AS r FROM read_json([${names}], columns = {Records: '${type}[]'}, maximum_object_size = 67108864))`;
const rows = await connection.runAndReadAll(`SELECT ${counts} FROM (${records})`);
console.log(JSON.stringify({ counts: rows.getRows()[0]?.map(Number) }));
