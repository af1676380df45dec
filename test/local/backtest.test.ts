import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EventBridgeClient, TestEventPatternCommand } from '@aws-sdk/client-eventbridge';
import {
  CreateBucketCommand,
  DeleteBucketCommand,
  DeleteObjectCommand,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import fc from 'fast-check';
import { afterAll, describe, expect, inject, it, vi } from 'vitest';
import { backtest } from '../../backtest/backtest.ts';
import { bucketArchive, localArchive } from '../../backtest/files.ts';
import type { InputFile } from '../../backtest/pool.ts';
import { jsonReport } from '../../backtest/report/json.ts';
import { subjectsOf } from '../../cli/archive.ts';
import { detections } from '../../playbooks/catalog.ts';
import { eventPattern, NoEventPattern } from '../../playbooks/matching/event-pattern.ts';
import { differences } from '../../playbooks/matching/forms.ts';
import * as m from '../../playbooks/matching/match.ts';
import { parsePath, select } from '../../playbooks/matching/path.ts';
import { predicate } from '../../playbooks/matching/predicate.ts';
import { attack, delivered, twice } from '../backtest/deliveries.ts';
import { cordon } from './harness/cordon.ts';

const aws = inject('localAws');
const config = { endpoint: aws.endpoint, region: aws.region, credentials: aws.accountAdministrator };
const clients = { s3: new S3Client({ ...config, forcePathStyle: true }), events: new EventBridgeClient(config) };
afterAll(() => {
  for (const client of Object.values(clients)) client.destroy();
});

describe('a backtest of a bucket', () => {
  it('row: backtest: an archive in S3: the same as of its files', async () => {
    const folder = delivered([...attack, twice], 11);
    const Bucket = 'canary-archive';
    // Some that go through files, behind all others: workers still read the first ones when the last is fetched.
    const large = Array.from({ length: 36 }, (_, n) => ({ ...attack[0], eventID: `large-${n}`, pad: ' '.repeat(1e6) }));
    for (const n of [0, 1, 2, 3]) {
      writeFileSync(
        join(folder, 'AWSLogs', `large-${n}.json`),
        JSON.stringify({ Records: large.slice(9 * n, 9 * n + 9) }),
      );
    }
    const names = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) =>
      /\.(gz|json)$/.test(name),
    );
    await clients.s3.send(new CreateBucketCommand({ Bucket }));
    const put = (Key: string, Body: Uint8Array | string) =>
      clients.s3.send(new PutObjectCommand({ Bucket, Key, Body }));
    for (const name of names) await put(name, readFileSync(join(folder, name)));
    const others = ['AWSLogs/111122223333/CloudTrail-Digest/digest.json.gz', 'elsewhere/other.json'];
    for (const name of others) await put(name, '{}');
    const subjects = subjectsOf({ detection: [], pattern: undefined });

    const temporary = mkdtempSync(join(tmpdir(), 'cordon-test-'));
    vi.stubEnv('TMPDIR', temporary);
    const stored = bucketArchive(clients.s3, Bucket, 'AWSLogs/');
    const [here, there] = [
      await backtest({ subjects, workers: 1, files: (await localArchive(folder)).files() }),
      await backtest({ subjects, workers: 2, files: stored.files() }),
    ];
    // What went through files is gone as soon as it was read.
    await expect
      .poll(() => readdirSync(temporary, { recursive: true, withFileTypes: true }).filter((one) => one.isFile()))
      .toEqual([]);
    expect(readdirSync(temporary)).toHaveLength(1);
    vi.unstubAllEnvs();

    const shell = { endpoint: aws.endpoint, region: aws.region, credentials: aws.accountAdministrator };
    const asked = await cordon(shell, 'backtest', `s3://${Bucket}/AWSLogs/`, '--json');
    const refused = await cordon({ ...shell, env: { AWS_SECRET_ACCESS_KEY: 'wrong' } }, 'backtest', `s3://${Bucket}`);

    expect(jsonReport(there)).toEqual(jsonReport(here));
    expect(asked.code).toBe(0);
    expect(JSON.parse(asked.stdout)).toEqual(JSON.parse(JSON.stringify(jsonReport(there))));
    expect(refused).toMatchObject({ code: 4, stdout: '' });
    expect(refused.stderr).toContain('AWS does not take these credentials');
    expect(there.events).toBe(attack.length + large.length);
    expect(await stored.totals()).toMatchObject({ files: 15 });
    await stored.close();
    for (const Key of [...names, ...others]) await clients.s3.send(new DeleteObjectCommand({ Bucket, Key }));
    await clients.s3.send(new DeleteBucketCommand({ Bucket }));
    expect(readdirSync(temporary)).toEqual([]);
    for (const one of [folder, temporary]) rmSync(one, { recursive: true, force: true });
  });

  it('lists what it cannot fetch, and counts the rest; a prefix without objects is a mistake', async () => {
    const Bucket = 'vanishing-archive';
    await clients.s3.send(new CreateBucketCommand({ Bucket }));
    const keys = Array.from({ length: 12 }, (_, n) => `deliveries/${String(n).padStart(2, '0')}.json`);
    for (const [n, Key] of keys.entries()) {
      const Body = JSON.stringify({ Records: [{ ...attack[0], eventID: `kept-${n}` }] });
      await clients.s3.send(new PutObjectCommand({ Bucket, Key, Body }));
    }
    const Key = keys.at(-1) ?? '';
    // By then it is listed, but not fetched.
    const files = async function* (): AsyncGenerator<InputFile> {
      for await (const file of bucketArchive(clients.s3, Bucket, 'deliveries/').files()) {
        if (file.name.endsWith(keys[0] ?? '')) await clients.s3.send(new DeleteObjectCommand({ Bucket, Key }));
        yield file;
      }
    };
    const subjects = subjectsOf({ detection: [], pattern: undefined });

    const result = await backtest({ subjects, workers: 1, files: files() });
    const nothing = backtest({ subjects, workers: 1, files: bucketArchive(clients.s3, Bucket, 'delivery/').files() });

    expect(result).toMatchObject({ files: 12, events: 11, complete: true });
    expect(result.problems).toEqual([
      { file: `s3://${Bucket}/${Key}`, offset: 0, reason: expect.stringMatching(/^cannot be read: NoSuchKey: /) },
    ]);
    await expect(nothing).rejects.toThrow('There are no files below s3://vanishing-archive/delivery/');
    for (const one of keys) await clients.s3.send(new DeleteObjectCommand({ Bucket, Key: one }));
    await clients.s3.send(new DeleteBucketCommand({ Bucket }));
  });
});

const envelope = (detail: unknown): string =>
  JSON.stringify({
    ...{
      id: '1',
      version: '0',
      account: '111122223333',
      region: 'us-east-1',
      time: '2026-05-01T03:00:00Z',
      resources: [],
    },
    ...{ source: 'aws.cloudtrail', 'detail-type': 'AWS API Call via CloudTrail', detail },
  });

const takes = async (match: m.Match, detail: unknown): Promise<boolean> => {
  const EventPattern = JSON.stringify(eventPattern(match));
  return (
    (await clients.events.send(new TestEventPatternCommand({ EventPattern, Event: envelope(detail) }))).Result === true
  );
};

describe('the event pattern of a match', () => {
  const words = ['x', 'xy', 'y.x', 'stop', '4', '-2', '4.5', '111122223333'];
  const numbers = [4, -2, 4.5, 45, 111122223333];
  const literals = fc.constantFrom<string | number>(...words, ...numbers);
  const fields = fc.constantFrom('a', 'b.c');
  const glob = fc.constantFrom('x*', '*x', 'x*y', 's*o*', 'stop', '*', '4*', '*5', '4*5', '*.*', '4');
  const condition = fc.oneof(
    fc.tuple(fields, literals).map(([path, value]) => m.is(path, value)),
    fc.tuple(fields, literals).map(([path, value]) => m.isNot(path, value)),
    fc
      .tuple(fields, fc.uniqueArray(literals, { minLength: 1, maxLength: 4 }))
      .map(([path, values]) => m.oneOf(path, values)),
    fc.tuple(fields, glob).map(([path, value]) => m.like(path, value)),
    fc.tuple(fields, glob).map(([path, value]) => m.notLike(path, value)),
    fc
      .tuple(fc.constantFrom(m.above, m.atLeast, m.below, m.atMost), fc.integer({ min: -2, max: 5 }))
      .map(([build, n]) => build('n', n)),
    fc.constantFrom(m.isTrue('f'), m.isFalse('f'), m.isNull('f'), m.isNull('a'), m.isTrue('b.c')),
    fc.constantFrom(m.missing('a'), m.missing('b.c'), m.missing('f'), m.exists('a'), m.exists('b.c')),
  );
  const match = fc.oneof(
    condition,
    fc.tuple(condition, condition).map(([one, other]) => m.all(one, other)),
    fc.tuple(condition, condition, condition).map(([one, other, third]) => m.any(one, m.all(other, third))),
  );
  // What a field may be, whatever it is compared with. No 1 or 0 where there may be true or false: the emulator takes them for the same.
  const value = fc.oneof(
    { weight: 3, arbitrary: fc.constantFrom(...words, 'other', 'x\ny', '4\n5', '4e2') },
    { weight: 2, arbitrary: fc.constantFrom(...numbers) },
    fc.constantFrom(null, true, false),
    fc.constantFrom({ k: 'x' }, { k: 4, c: { k: 'x' } }),
  );
  const optional = { requiredKeys: [], noNullPrototype: true } satisfies fc.RecordConstraints;
  const record = fc.record<Record<string, unknown>>(
    {
      a: value,
      b: fc.oneof(value, fc.record({ c: value }, optional)),
      n: fc.oneof(fc.integer({ min: -3, max: 6 }), fc.constantFrom('4', '-2', '45', 'x', null)),
      f: value,
    },
    optional,
  );

  it('takes what the predicate takes, but for the differences that are told of, as TestEventPattern says', async () => {
    let held = 0;
    let exact = 0;
    const property = fc.asyncProperty(match, fc.array(record, { minLength: 3, maxLength: 3 }), async (one, records) => {
      fc.pre(isExpressible(one));
      const differs = new Set(differences(one, 'event').map(({ takes }) => takes));
      for (const each of records.filter((some) => isAsAssumed(one, some))) {
        const expected = predicate(one)(each);
        const actual = await takes(one, each);
        const told = actual === expected || differs.has(actual ? 'more' : 'fewer');
        held += expected ? 1 : 0;
        exact += differs.size === 0 ? 1 : 0;
        expect(told, `${JSON.stringify(one)} on ${JSON.stringify(each)}: EventBridge says ${actual}`).toBe(true);
      }
    });
    await fc.assert(property, { numRuns: 300 });
    expect(held).toBeGreaterThan(60);
    expect(exact).toBeGreaterThan(60);
  });

  it.each(Object.entries(detections).filter(([, { source, when }]) => source === undefined && isExpressible(when)))(
    'takes the samples of %s, and the others only where it is wider by nature',
    async (_, { when, samples }) => {
      for (const { name, record } of samples.matching) expect(await takes(when, record), name).toBe(true);
      if (differences(when, 'event').length > 0) return;
      for (const { name, record } of samples.other) expect(await takes(when, record), name).toBe(false);
    },
  );
});

function isExpressible(match: m.Match): boolean {
  try {
    eventPattern(match);
    return true;
  } catch (error) {
    if (error instanceof NoEventPattern) return false;
    throw error;
  }
}

/** What is assumed of a record: that a field that must be missing is no object, which EventBridge does not see. */
function isAsAssumed(match: m.Match, record: unknown): boolean {
  if (!('path' in match)) return match.of.every((one) => isAsAssumed(one, record));
  if (match.kind !== 'missing') return true;
  return select(record, parsePath(match.path)).every((node) => node === null || typeof node !== 'object');
}
