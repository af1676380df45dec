import { describe, expect, it } from 'vitest';
import { firstAndLast, withMore } from '../../handlers/incidents/because.ts';
import { findingsOf, foundItems } from '../../handlers/incidents/found.ts';
import { collect } from '../../handlers/steps/collect.ts';
import { investigate } from '../../handlers/steps/investigate.ts';
import { summarize } from '../../handlers/steps/summarize.ts';
import { iamUser, signIn } from '../../playbooks/detections/samples.ts';
import { callAt, Desk, eventId } from './desk.ts';

/** An item of DynamoDB has 400 KB, and a state of Step Functions 256 KB. */
const ITEM = 400_000;
const STATE = 262_144;

const clockOf = (index: number): string => new Date(Date.UTC(2026, 4, 1, 3, 0, 0) + index).toISOString().slice(11, 19);
const numbered = (count: number): string[] => Array.from({ length: count }, (_, index) => `e-${index}`);

/** Plays records to the steps up to the mail, and measures what they pass on. */
async function played(desk: Desk, detection: string, records: object[]) {
  desk.table.pageSize = 1000;
  desk.account.logs = records.map((record) => JSON.stringify(record));
  const incidentId = await desk.open(detection);
  const collected = await collect({ incidentId, round: 0, empty: 0 }, desk.context);
  const investigated = await investigate({ incidentId }, desk.context);
  for (const action of await desk.context.ledger.actions(incidentId)) {
    if (action.status === 'planned') await desk.context.ledger.advance(incidentId, action, 'verified');
  }
  const { outcome } = await summarize({ incidentId, round: 0 }, desk.context);
  const sizes = [...desk.table.items.values()].map((item) => JSON.stringify(item).length);
  return { incidentId, collected, investigated, outcome, largest: Math.max(...sizes) };
}

describe('10,000 records', () => {
  it('row: settle: 10,000 calls by one actor: all are in the incident, no item or state outgrows its limit', async () => {
    // Prepare
    const desk = new Desk();
    desk.account.users.mallory = { keys: [], policies: {}, tags: {} };
    const stops = Array.from({ length: 10_000 }, (_, index) =>
      callAt(clockOf(index * 3), 'cloudtrail.amazonaws.com', 'StopLogging', iamUser('mallory'), {
        ...{ requestParameters: null, errorCode: 'AccessDenied' },
        ...{
          errorMessage: 'User: mallory is not authorized to perform: cloudtrail:StopLogging',
          userAgent: 'a'.repeat(600),
        },
      }),
    );

    // Act
    const { incidentId, collected, investigated, outcome, largest } = await played(desk, 'trail-tampering', stops);

    // Assess
    const incident = await desk.context.ledger.incident(incidentId);
    expect(collected.fresh).toBe(10_000);
    expect(outcome).toBe('attempt');
    expect(incident.events).toHaveLength(10_000);
    const [tag] = incident.actions;
    expect(incident.actions.map(({ action }) => action)).toEqual(['tag-iam-user']);
    expect([tag?.records, tag?.because.length]).toEqual([10_000, 100]);
    expect([tag?.because.at(0), tag?.because.at(-1)]).toEqual([stops.at(0)?.eventID, stops.at(-1)?.eventID]);
    expect(largest).toBeLessThan(ITEM);
    expect(JSON.stringify([collected, investigated]).length).toBeLessThan(STATE);
    expect(desk.account.mails.at(-1)?.text.length).toBeLessThan(STATE);
    const records = desk.account.kept[`incidents/${incidentId}/records.ndjson`] ?? '';
    expect(records.trimEnd().split('\n')).toHaveLength(10_000);
  }, 60_000);

  it('row: settle: 2,000 calls that open nothing: each is judged benign, and so is the incident', async () => {
    const desk = new Desk();
    desk.account.buckets.reports = { grants: [] };
    const puts = Array.from({ length: 2_000 }, (_, index) =>
      callAt(clockOf(index * 3), 's3.amazonaws.com', 'PutBucketAcl', iamUser('mallory'), {
        requestParameters: { bucketName: 'reports', 'x-amz-acl': 'private' },
      }),
    );
    desk.table.pageSize = 1000;
    desk.account.logs = puts.map((record) => JSON.stringify(record));
    const incidentId = await desk.open('s3-public-exposure');
    await collect({ incidentId, round: 0, empty: 0 }, desk.context);
    const [block] = await desk.context.ledger.actions(incidentId);
    await desk.context.ledger.advance(incidentId, block as never, 'not-needed', { reason: 'not public', benign: true });

    await investigate({ incidentId }, desk.context);

    const { events } = await desk.context.ledger.incident(incidentId);
    expect(block?.records).toBe(2_000);
    expect(new Set(events.map(({ verdict }) => verdict))).toEqual(new Set(['benign']));
    expect((await summarize({ incidentId, round: 0 }, desk.context)).outcome).toBe('benign');
  }, 60_000);

  it('row: logins: failures from 2,000 addresses: all are found, none is cut off, and the mail names some and how many more', async () => {
    const desk = new Desk();
    desk.account.users.alice = { keys: [], policies: {}, tags: {} };
    const failures = Array.from({ length: 2_000 }, (_, index) =>
      signIn(iamUser('alice'), 'Failure', {
        ...{
          eventID: eventId(),
          eventTime: `2026-05-01T${clockOf(index * 20)}Z`,
          errorMessage: 'Failed authentication',
        },
        sourceIPAddress: `2001:db8::${(index + 1).toString(16)}`,
      }),
    );

    const { incidentId, outcome, largest } = await played(desk, 'failed-console-logins', failures);

    const { findings } = await desk.context.ledger.incident(incidentId);
    expect(findings['login-pattern']).toMatchObject({ kind: 'distributed', failures: 2_000 });
    expect(findings['login-pattern']?.addresses).toHaveLength(2_000);
    expect(findings.actor?.[0]?.addresses).toHaveLength(2_000);
    expect(outcome).toBe('attempt');
    expect(largest).toBeLessThan(ITEM);
    const mail = desk.account.mails.at(-1)?.text ?? '';
    expect(mail).toContain('and 1,992 more');
    expect(mail.length).toBeLessThan(STATE);
  }, 60_000);
});

describe('the records that called for an action', () => {
  it('are all named up to a hundred, and of more the first and the last', () => {
    expect(firstAndLast(numbered(100))).toEqual({ because: numbered(100) });
    const { because, records } = firstAndLast([...numbered(1000), ...numbered(1000)]);
    expect(records).toBe(1000);
    expect([because.length, because[0], because[49], because[50], because.at(-1)]).toEqual([
      ...[100, 'e-0', 'e-49', 'e-950', 'e-999'],
    ]);
  });

  it.each([
    ['nothing new', 3, 3, undefined],
    ['fewer', 3, 2, undefined],
    ['one more', 3, 4, undefined],
    ['more than are named', 3, 200, 200],
    ['nothing new of very many', 200, 200, undefined],
    ['one more of very many', 200, 201, 201],
  ])('with %s', (what, known, given, records) => {
    const more = withMore(firstAndLast(numbered(known)), numbered(given));
    expect(more === undefined).toBe(given <= known);
    expect(more?.records, what).toBe(records);
    if (more) expect(more.because.at(-1)).toBe(`e-${given - 1}`);
  });

  it('are told apart while all are named, though their number is the same', () => {
    expect(withMore({ because: ['a', 'b'] }, ['b', 'c'])).toEqual({ because: ['a', 'b', 'c'] });
  });
});

describe('a finding', () => {
  const found = { uses: numbered(100_000) };

  it('is kept whole in several items, and read back as it was', () => {
    const items = foundItems('root-activity', found);
    expect(items.length).toBeGreaterThan(3);
    for (const item of items) expect(JSON.stringify(item).length).toBeLessThan(ITEM);
    expect(findingsOf(items)).toEqual({ 'root-activity': found });
  });

  it('that became shorter is read without what is left of the longer one', () => {
    const shorter = { uses: numbered(10) };
    const byKey = new Map(
      [...foundItems('root-activity', found), ...foundItems('root-activity', shorter)].map((item) => [item.sk, item]),
    );
    expect(findingsOf([...byKey.values()])).toEqual({ 'root-activity': shorter });
  });

  it('that was not written to its end is absent rather than half', () => {
    expect(findingsOf(foundItems('root-activity', found).slice(1))).toEqual({});
    expect(findingsOf(foundItems('root-activity', found).slice(0, -1))).toEqual({});
  });
});
