import { beforeEach, describe, expect, it } from 'vitest';
import type { Head } from '../../handlers/incidents/items.ts';
import { Ledger } from '../../handlers/incidents/ledger.ts';
import type { Cursor } from '../../handlers/incidents/pages.ts';
import { incident } from '../playbooks/incidents.ts';
import { FakeTable } from './fake-dynamodb.ts';

const START = Date.parse('2026-05-01T00:00:00.000Z');

/** A head as a playbook leaves it, opened so many minutes after the start. */
function head(minute: number, rest: Partial<Head> = {}): Head {
  const openedAt = new Date(START + minute * 60_000).toISOString();
  const { events, actions, questions, findings, ...fields } = incident('trail-tampering', {
    openedAt,
    alarmAt: openedAt,
  });
  const execution = 'arn:aws:states:us-east-1:111122223333:execution:cordon-restore-trail:x';
  return { ...fields, execution, id: `trail-tampering-${minute}`, ...rest };
}

let table: FakeTable;
let ledger: Ledger;
let queries: number;

beforeEach(() => {
  table = new FakeTable();
  queries = 0;
  table.before = (operation) => {
    if (operation === 'Query') queries += 1;
  };
  ledger = new Ledger(table.client, 'cordon-ledger', () => new Date(START));
});

/** All pages to the end, by their cursors. */
async function walk(filter: Parameters<Ledger['page']>[0], limit: number) {
  const ids: string[] = [];
  let after: Cursor | undefined;
  do {
    const page = await ledger.page(filter, { limit, ...(after ? { after } : {}) });
    ids.push(...page.heads.map(({ id }) => id));
    after = page.next;
  } while (after);
  return ids;
}

describe('a page of incidents', () => {
  it('opens 10,000 incidents with one read of as many as it shows', async () => {
    // Prepare
    for (let minute = 0; minute < 10_000; minute += 1) await ledger.open(head(minute));

    // Act
    const page = await ledger.page({}, { limit: 50 });

    // Assess
    expect(queries).toBe(1);
    expect(page).toMatchObject({ reads: 1, unreadable: [] });
    expect(page.heads.map(({ id }) => id).slice(0, 2)).toEqual(['trail-tampering-9999', 'trail-tampering-9998']);
    expect(page.heads).toHaveLength(50);
    expect(page.next).toEqual({ id: 'trail-tampering-9950', openedAt: page.heads.at(-1)?.openedAt });
  });

  it('comes one after the other without a gap or a repetition, also within the same moment', async () => {
    // Prepare
    for (let minute = 0; minute < 23; minute += 1) {
      await ledger.open(head(minute, { openedAt: new Date(START + Math.floor(minute / 7) * 60_000).toISOString() }));
    }

    // Act
    const ids = await walk({}, 5);

    // Assess
    expect([...ids].sort()).toEqual(Array.from({ length: 23 }, (_, at) => `trail-tampering-${at}`).sort());
  });

  it('ends where nothing is older', async () => {
    for (let minute = 0; minute < 5; minute += 1) await ledger.open(head(minute));

    expect((await ledger.page({}, { limit: 5 })).next).toBeUndefined();
    expect((await ledger.page({}, { limit: 4 })).next).toBeDefined();
  });

  it('takes only what the filter wants, each once', async () => {
    // Prepare
    for (let minute = 0; minute < 1200; minute += 1) {
      const severity = minute % 100 === 0 ? 'CRITICAL' : 'LOW';
      await ledger.open(head(minute, { severity, status: minute % 200 === 0 ? 'open' : 'closed' }));
    }

    // Act
    const critical = await walk({ severity: 'CRITICAL' }, 5);
    const open = await walk({ severity: 'CRITICAL', status: 'open' }, 50);
    const early = await walk({ from: head(0).openedAt, to: head(2).openedAt }, 50);

    // Assess
    expect(critical).toHaveLength(12);
    expect(new Set(critical).size).toBe(12);
    expect(open).toHaveLength(6);
    expect(early).toEqual(['trail-tampering-2', 'trail-tampering-1', 'trail-tampering-0']);
  });

  it('does not read the whole ledger for a filter that takes nothing, and says where to look further', async () => {
    // Prepare
    for (let minute = 0; minute < 6_000; minute += 1) await ledger.open(head(minute));

    // Act
    const page = await ledger.page({ detection: 'root-usage' }, { limit: 50 });

    // Assess
    expect(queries).toBe(8);
    expect(page).toMatchObject({ heads: [], reads: 8, next: { id: 'trail-tampering-2000' } });
  });

  it('shows the others where an item is no head as this version knows it, and says so', async () => {
    // Prepare
    await ledger.open(head(1));
    await ledger.open(head(2, { severity: 'APOCALYPTIC' as Head['severity'] }));

    // Act
    const page = await ledger.page({}, { limit: 50 });

    // Assess
    expect(page.heads.map(({ id }) => id)).toEqual(['trail-tampering-1']);
    expect(page.unreadable).toEqual(['INCIDENT#trail-tampering-2']);
  });
});
