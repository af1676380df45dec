import { rmSync } from 'node:fs';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { ActorWriter } from '../../backtest/actor-text.ts';
import { backtest } from '../../backtest/backtest.ts';
import { localArchive } from '../../backtest/files.ts';
import { factsOf } from '../../backtest/judge.ts';
import { subjectsOf } from '../../cli/archive.ts';
import { cloudTrailRecord } from '../../playbooks/cloudtrail.ts';
import { call, iamUser, signIn } from '../../playbooks/detections/samples.ts';
import { failed } from '../../playbooks/parameters.ts';
import { at, delivered } from './deliveries.ts';

const folders: string[] = [];
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

async function incidentsOf(records: readonly Record<string, unknown>[], detection: string) {
  const folder = delivered(records);
  folders.push(folder);
  const files = (await localArchive(folder)).files();
  const { subjects } = await backtest({ subjects: subjectsOf({ detection: [detection] }), workers: 1, files });
  return subjects[0]?.incidents ?? [];
}

const minute = (n: number): string => new Date(Date.UTC(2026, 4, 1) + n * 60_000).toISOString().replace('.000Z', 'Z');
/** As much text as a few thousand records have. */
const more = { userAgent: 'x'.repeat(200_000) };
const failure = (user: string, n: number) =>
  at(minute(n), signIn(iamUser(user), 'Failure', { errorMessage: 'Failed authentication' }));

describe('a past incident', { timeout: 60_000 }, () => {
  const guessed = (before: number) =>
    incidentsOf(
      [
        ...Array.from({ length: before }, (_, n) => at(minute(n), signIn(iamUser(`user${n}`), 'Success', more))),
        ...Array.from({ length: 6 }, () => failure('mallory', 1000)),
        at(minute(1001), signIn(iamUser('mallory'), 'Success', more)),
      ],
      'failed-console-logins',
    );

  it('says that there may be more where the text of a related record is not kept', async () => {
    const [whole] = await guessed(1);
    expect(whole).toMatchObject({ partial: false, attempts: 6 });
    expect(whole?.would.map(({ action }) => action)).toContain('disable-iam-user');

    // They fill what is kept of related records; the failures are kept.
    const [partial] = await guessed(60);
    expect(partial).toMatchObject({ partial: true, attempts: 6 });
  });

  it('counts refused calls of all records, and is whole without their texts, where the playbook does nothing by itself', async () => {
    const refused = { errorCode: 'AccessDenied', ...more };
    const incidents = await incidentsOf(
      Array.from({ length: 60 }, (_, n) =>
        at(minute(n * 30), call('ec2.amazonaws.com', 'RunInstances', iamUser('bob'), refused)),
      ),
      'cis-unauthorized-calls',
    );
    expect(incidents).toHaveLength(60);
    for (const one of incidents) expect(one).toMatchObject({ partial: false, attempts: 1, harmless: 0, would: [] });
  });
});

it('a call is an attempt to a backtest where it failed to a playbook that could claim it', () => {
  const odd = fc.constantFrom(undefined, null, '', 0, false, {}, [], 'AccessDenied', { a: 1 });
  const response = fc.oneof(odd, fc.record({ ConsoleLogin: fc.constantFrom('Failure', 'Success', null) }));
  const record = fc.record({
    eventID: fc.constantFrom('1', '', undefined, 7),
    eventTime: fc.constantFrom('2026-05-01T03:00:00Z', '2026-05-01T03:00:00+02:00'),
    errorCode: odd,
    responseElements: response,
  });
  fc.assert(
    fc.property(record, (one) => {
      const parsed = cloudTrailRecord.safeParse(one);
      const hit = { ...factsOf(one, new ActorWriter(), { fits: [0] }), record: new Uint8Array(0) };
      expect(hit.isAttempt).toBe(parsed.success && failed(parsed.data));
    }),
    { numRuns: 500 },
  );
});
