import { DuckDBInstance } from '@duckdb/node-api';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { detections } from '../../playbooks/catalog.ts';
import { duckDb, duckDbFunctions, NotInSql, quoted, sqlCondition } from '../../playbooks/matching/athena-sql.ts';
import * as m from '../../playbooks/matching/match.ts';
import { predicate } from '../../playbooks/matching/predicate.ts';
import { match, record } from './arbitraries.ts';

type Connection = Awaited<ReturnType<Awaited<ReturnType<typeof DuckDBInstance.create>>['connect']>>;
let connection: Connection;

beforeAll(async () => {
  connection = await (await DuckDBInstance.create(':memory:')).connect();
  for (const statement of duckDbFunctions) await connection.run(statement);
});

/** What each of the conditions says of each of the records. */
async function inSql(conditions: readonly string[], records: readonly unknown[]): Promise<unknown[][]> {
  const rows = records.map((one, n) => `(${n}, CAST(${quoted(JSON.stringify(one))} AS JSON))`).join(', ');
  const columns = conditions.map((condition, n) => `${condition} AS c${n}`).join(', ');
  const query = `SELECT ${columns} FROM (VALUES ${rows}) AS t(n, record) ORDER BY n`;
  return (await connection.runAndReadAll(query)).getRows();
}

describe('sqlCondition', { timeout: 60_000 }, () => {
  it('says of every match and record what the predicate says', async () => {
    let agreed = 0;
    let held = 0;
    const property = fc.asyncProperty(
      fc.array(match, { minLength: 5, maxLength: 8 }),
      fc.array(record, { minLength: 10, maxLength: 15 }),
      async (matches, records) => {
        const expected = records.map((one) => matches.map((each) => predicate(each)(one)));
        const results = await inSql(
          matches.map((one) => sqlCondition(one, 'record', duckDb)),
          records,
        );
        agreed += expected.flat().length;
        held += expected.flat().filter(Boolean).length;
        for (const [n, row] of results.entries()) {
          for (const [k, result] of row.entries()) {
            expect(result, `${JSON.stringify(matches[k])} on ${JSON.stringify(records[n])}`).toBe(expected[n]?.[k]);
          }
        }
      },
    );

    await fc.assert(property, { numRuns: 150 });

    expect(held / agreed).toBeGreaterThan(0.1);
    expect(held / agreed).toBeLessThan(0.9);
  });

  it.each(Object.entries(detections))('takes the samples of %s', async (_, { when, samples }) => {
    const all = [...samples.matching, ...samples.other].map((sample) => sample.record);

    const results = await inSql([sqlCondition(when, 'record', duckDb)], all);

    expect(results.map(([result]) => result)).toEqual(all.map((_, n) => n < samples.matching.length));
  });

  it('is written for Athena with its own functions', () => {
    const sql = sqlCondition(
      m.all(m.is('eventName', "it's"), m.exists('resources[*].ARN'), m.missing("['x-amz-acl']")),
    );

    expect(sql).toBe(
      `(COALESCE(((substr(json_format(json_extract(record, '$.eventName')), 1, 1) = '"' AND json_extract_scalar(json_extract(record, '$.eventName'), '$') = 'it''s')), false)` +
        ` AND COALESCE(any_match(TRY(CAST(json_extract(record, '$.resources') AS ARRAY(JSON))), node -> COALESCE((regexp_like(json_format(json_extract(node, '$.ARN')), '^["0-9-]')), false)), false)` +
        ` AND NOT (json_extract(record, '$["x-amz-acl"]') IS NOT NULL))`,
    );
  });

  it.each<[m.Match, string]>([
    [m.like('a', 'x*\ny'), 'a line break'],
    [m.is('[\'say "hi"\']', 'x'), 'no path can hold'],
  ])('refuses what it cannot say: %j', (one, message) => {
    const write = () => sqlCondition(one);
    expect(write).toThrow(NotInSql);
    expect(write).toThrow(message);
  });
});
