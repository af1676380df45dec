import { beforeEach, describe, expect, it } from 'vitest';
import { createApp } from '../../console/app.tsx';
import { ChangeRefused } from '../../console/library.ts';
import { Sessions } from '../../console/sessions.ts';
import { responses } from '../../playbooks/catalog.ts';
import { approvalOf } from '../../playbooks/question.ts';
import { bucketOpened, did, trailFoundStopped, trailStopped } from '../playbooks/incidents.ts';
import { FakeLibrary } from './fake-library.ts';

const PORT = 8321;
const OWN = `http://127.0.0.1:${PORT}`;
const HOUR = 3_600_000;

let library: FakeLibrary;
let sessions: Sessions;
let app: ReturnType<typeof createApp>;
let problems: string[];

beforeEach(() => {
  library = new FakeLibrary();
  sessions = new Sessions(() => library.now);
  problems = [];
  app = createApp({
    ...{ library, sessions, port: () => PORT, now: () => library.now, liveEveryMs: 5 },
    report: (problem) => problems.push(problem),
  });
});

const pass = (ms: number): void => {
  library.now = new Date(library.now.getTime() + ms);
};

/** A request as a browser makes it. */
const ask = (path: string, headers: Record<string, string> = {}, init: RequestInit = {}) =>
  app.request(`${OWN}${path}`, { ...init, headers: { host: `127.0.0.1:${PORT}`, ...headers } });

/** Comes in by a link. Resolves to the cookie. */
async function enter(): Promise<string> {
  const answer = await ask(`/enter?key=${sessions.invite()}`);
  return (answer.headers.get('set-cookie') ?? '').split(';')[0] ?? '';
}

/** The token in the forms of a page. */
async function csrfOf(cookie: string): Promise<string> {
  const page = await (await ask('/', { cookie })).text();
  return /name="csrf" value="([^"]+)"/.exec(page)?.[1] ?? '';
}

/** Sends a form as the console's own pages do, but for what `other` says. */
async function post(cookie: string, fields: Record<string, string>, other: Record<string, string> = {}) {
  const body = new URLSearchParams({ csrf: await csrfOf(cookie), ...fields }).toString();
  const headers = { cookie, origin: OWN, 'sec-fetch-site': 'same-origin', ...other };
  const type = { 'content-type': 'application/x-www-form-urlencoded' };
  return ask(`/incidents/${trailStopped().id}`, { ...headers, ...type }, { method: 'POST', body });
}

describe('the way in', () => {
  it('is a link that works once, leaves the address bar, and leaves a cookie that no script and no other site sees', async () => {
    const key = sessions.invite();

    const first = await ask(`/enter?key=${key}`);
    const second = await ask(`/enter?key=${key}`);

    expect([first.status, first.headers.get('location')]).toEqual([303, '/']);
    expect(first.headers.get('set-cookie')).toMatch(
      new RegExp(`^cordon-${PORT}=[\\w-]{43}; Path=/; HttpOnly; SameSite=Strict$`),
    );
    expect(second.status).toBe(401);
    expect(second.headers.get('set-cookie')).toBeNull();
  });

  it.each([
    ['a key that was never given', () => 'x'.repeat(43)],
    ['no key', () => ''],
    [
      'a key that nobody used in time',
      () => {
        const key = sessions.invite();
        pass(11 * 60_000);
        return key;
      },
    ],
  ])('is not %s', async (_, key) => {
    expect((await ask(`/enter?key=${key()}`)).status).toBe(401);
  });

  it.each(['/', '/waiting', '/detections', '/figures', '/incidents/x', '/runbooks/restore-trail', '/live?of=/'])(
    'is needed for %s',
    async (path) => {
      const answers = [await ask(path), await ask(path, { cookie: `cordon-${PORT}=${'x'.repeat(43)}` })];

      for (const answer of answers) {
        expect(answer.status).toBe(401);
        expect(await answer.text()).toContain('This session is over');
      }
    },
  );

  it('closes after half an hour in which nobody did anything, live updates not counted', async () => {
    const cookie = await enter();
    for (let minute = 0; minute < 29; minute += 10) {
      pass(10 * 60_000);
      await ask('/', { cookie, 'x-cordon-live': '1' });
    }
    pass(60_001);

    expect((await ask('/', { cookie })).status).toBe(401);
  });

  it('stays open while somebody does something, for eight hours at most', async () => {
    const cookie = await enter();
    const statuses: number[] = [];
    for (let passed = 0; passed < 9 * HOUR; passed += 20 * 60_000) {
      pass(20 * 60_000);
      statuses.push((await ask('/', { cookie })).status);
    }

    expect(statuses.filter((status) => status === 200)).toHaveLength(24);
    expect(statuses.at(-1)).toBe(401);
  });

  it('closes at once where it is locked', async () => {
    const cookie = await enter();
    const body = new URLSearchParams({ csrf: await csrfOf(cookie) }).toString();
    const headers = { cookie, origin: OWN, 'content-type': 'application/x-www-form-urlencoded' };

    const locked = await ask('/leave', headers, { method: 'POST', body });

    expect(await locked.text()).toContain('Locked');
    expect((await ask('/', { cookie })).status).toBe(401);
  });
});

describe('every answer', () => {
  it.each(['/', '/static/console.css', '/static/console.js', '/no-such-page', '/enter?key=x', '/incidents/none'])(
    'to %s says what may be loaded, and that it is not kept',
    async (path) => {
      const { headers } = await ask(path, { cookie: await enter() });

      const policy = headers.get('content-security-policy') ?? '';
      expect(policy).toContain("default-src 'none'");
      expect(policy).toContain("frame-ancestors 'none'");
      expect(policy).not.toMatch(/unsafe|https?:|\*/);
      expect(headers.get('cache-control')).toBe('no-store');
      expect(headers.get('x-content-type-options')).toBe('nosniff');
    },
  );

  it('is refused under another name that points here, also where the session is good', async () => {
    const cookie = await enter();

    for (const host of ['evil.example', `evil.example:${PORT}`, '127.0.0.1', `127.0.0.1:${PORT + 1}`, '']) {
      const answer = await ask('/', { cookie, host });
      expect([host, answer.status]).toEqual([host, 421]);
    }
    expect((await ask('/', { cookie, host: `localhost:${PORT}` })).status).toBe(200);
  });

  it('needs no script, no style and no handler within the page', async () => {
    await library.keep(trailStopped());
    const cookie = await enter();

    const paths = [
      '/',
      `/incidents/${trailStopped().id}`,
      '/detections',
      '/figures',
      '/waiting',
      '/runbooks/close-bucket',
    ];
    for (const path of paths) {
      const page = await (await ask(path, { cookie })).text();
      const bare = page.replace('<script src="/static/console.js" defer=""></script>', '');
      expect(page).toMatch(/^<!doctype html>/);
      expect(/<script|<style|\sstyle=|<[^>]+\son\w+=|="javascript:/i.exec(bare)?.[0]).toBeUndefined();
    }
  });

  it('links each incident to its runbook, which it shows with all its sections and no dead link', async () => {
    await library.keep(trailStopped());
    const cookie = await enter();
    const page = async (path: string) => (await ask(path, { cookie })).text();

    expect(await page(`/incidents/${trailStopped().id}`)).toContain('<a href="/runbooks/restore-trail">');
    for (const id of Object.keys(responses)) {
      const runbook = await page(`/runbooks/${id}`);
      expect(runbook).toContain('<h2 id="how-to-exercise-it">');
      for (const [, anchor] of runbook.matchAll(/href="#([^"]+)"/g)) expect(runbook).toContain(`id="${anchor}"`);
      for (const [, other = ''] of runbook.matchAll(/href="(\/[^"]+)"/g)) {
        if (!other.startsWith('/static')) expect([other, (await ask(other, { cookie })).status]).toEqual([other, 200]);
      }
    }
    expect((await ask('/runbooks/nonsense', { cookie })).status).toBe(404);
  });

  it('shows how far each detection goes, and which are of a pack that is off', async () => {
    const page = await (await ask('/detections', { cookie: await enter() })).text();
    const modeOf = (id: string) =>
      new RegExp(`<span class="id">${id}</span>.*?data-label="Mode"><span[^>]*>([^<]*)<`, 's').exec(page)?.[1];

    expect(['root-usage', 'trail-tampering', 'access-key-made', 'cis-vpc-changes'].map(modeOf)).toEqual([
      ...['monitor', 'auto', 'auto', 'pack off'],
    ]);
  });

  it('says of what the watchdog found that nobody is known to have done it', async () => {
    await library.keep({ ...trailFoundStopped(), outcome: 'needs-analyst' });
    const page = await (await ask(`/incidents/${trailFoundStopped().id}`, { cookie: await enter() })).text();

    expect(page).toContain('What the watchdog found');
    expect(page).toContain('trail cordon: logging off since 02:58:40Z');
    expect(page).toContain('<dt>Time to contain</dt><dd>not known</dd>');
    expect(page).toContain('NO CALL WAS FOUND THAT DID IT in event history');
    expect(page).toContain('Nobody is known: the incident has no record of a call.');
    expect(page).toContain('No record of a call belongs to this incident.');
  });

  it('shows among the figures how long the last canary took, and that one is overdue', async () => {
    const cookie = await enter();
    const tile = async () => {
      const page = await (await ask('/figures', { cookie })).text();
      return (
        /<div id="canary">.*?<\/dd><\/div>/s
          .exec(page)?.[0]
          .replace(/<[^>]+>/g, ' ')
          .replace(/\s+/g, ' ') ?? ''
      );
    };
    expect(await tile()).toMatch(/Canary none yet OVERDUE/);

    const arrivedAt = library.now.toISOString();
    const sent = (seconds: number) => new Date(library.now.getTime() - seconds * 1000).toISOString();
    await library.ledger.canaries.arrived('alarm', { eventID: 'e', sentAt: sent(312), arrivedAt });
    await library.ledger.canaries.arrived('event', { eventID: 'e', sentAt: sent(4), arrivedAt });
    pass(60_000);
    expect(await tile()).toMatch(/Canary 5 min 12 s by the alarm, came through 1 min ago, 4 s by the event/);

    pass(20 * 60_000);
    pass(10 * 60_000);
    expect(await tile()).toMatch(/5 min 12 s OVERDUE: attacks may start no playbook, came through 31 min ago/);
  });

  it('shows what an attacker wrote as text, hidden characters made visible', async () => {
    // Prepare
    const incident = trailStopped();
    const [event] = incident.events;
    const evil = '</pre><script>alert(1)</script>\u202e\u0000';
    if (event) event.record.userAgent = evil;
    const actions = [did('disable-iam-user', { user: 'mallory' }, 'failed', { label: evil, reason: evil })];
    await library.keep({ ...incident, actions });

    // Act
    const page = await (await ask(`/incidents/${incident.id}`, { cookie: await enter() })).text();

    // Assess
    expect(page).not.toContain('<script>alert');
    expect(page).not.toContain('\u202e');
    expect(page).toContain('&lt;script&gt;alert(1)&lt;/script&gt;\\u202e\\u0000');
  });
});

describe('a change', () => {
  const approve = { answer: 'approve', key: 'disable-iam-user-08d1a9', note: 'it is mallory' };

  beforeEach(() => library.keep(trailStopped()));

  it('that comes from the own form goes to the address for answers as it was meant', async () => {
    const cookie = await enter();

    const answer = await post(cookie, approve);
    const next = await (await ask(answer.headers.get('location') ?? '', { cookie })).text();
    const after = await (await ask(answer.headers.get('location') ?? '', { cookie })).text();

    expect([answer.status, answer.headers.get('location')]).toEqual([303, `/incidents/${trailStopped().id}`]);
    expect(library.changes).toEqual([{ ...approve, incidentId: trailStopped().id }]);
    // What came of it is said once.
    expect([next.includes('role="status"><strong></strong>taken'), after.includes('>taken')]).toEqual([true, false]);
  });

  it.each([
    ['undo', { answer: 'undo', key: 'k', note: 'n' }, { force: false }],
    ['undo by force', { answer: 'undo', key: 'k', note: 'n', force: 'yes' }, { force: true }],
    ['mark', { answer: 'mark', mark: 'false-positive', note: 'n' }, {}],
  ])('to %s is handed on whole', async (_, fields, more) => {
    await post(await enter(), fields);

    const { force, ...rest } = fields as Record<string, string>;
    expect(library.changes).toEqual([{ ...rest, ...more, incidentId: trailStopped().id }]);
  });

  it.each([
    ['without an Origin', { origin: '' }, {}],
    ['from another site', { origin: 'https://evil.example' }, {}],
    ['from a page without an origin', { origin: 'null' }, {}],
    ['from another port of this machine', { origin: 'http://127.0.0.1:9999' }, {}],
    ['from another name of this machine', { origin: `http://localhost:${PORT}` }, {}],
    ['from another site, as the browser says', { 'sec-fetch-site': 'cross-site' }, {}],
    ['from a site beside this one, as the browser says', { 'sec-fetch-site': 'same-site' }, {}],
    ['without a token', {}, { csrf: '' }],
    ['with a token of its own', {}, { csrf: 'x'.repeat(43) }],
  ])('is refused %s, and nothing is sent', async (_, headers, fields) => {
    const answer = await post(await enter(), { ...approve, ...fields }, headers);

    expect(answer.status).toBe(403);
    expect(await answer.text()).toContain('Nothing was changed');
    expect(library.changes).toEqual([]);
  });

  it('is refused with the token of another session', async () => {
    const other = await csrfOf(await enter());

    const answer = await post(await enter(), { ...approve, csrf: other });

    expect(answer.status).toBe(403);
  });

  it('is refused once the session is over', async () => {
    const cookie = await enter();
    const csrf = await csrfOf(cookie);
    pass(31 * 60_000);

    const answer = await post(cookie, { ...approve, csrf });

    expect(answer.status).toBe(401);
    expect(library.changes).toEqual([]);
  });

  it('is none by GET', async () => {
    const cookie = await enter();
    const query = new URLSearchParams({ ...approve, csrf: await csrfOf(cookie) }).toString();

    const answer = await ask(`/incidents/${trailStopped().id}?${query}`, { cookie, origin: OWN });

    expect(answer.status).toBe(200);
    expect(library.changes).toEqual([]);
  });

  it.each([
    ['without a note', { ...approve, note: '  ' }, 'a note is needed'],
    ['with a note that is too long', { ...approve, note: 'x'.repeat(2001) }, '2,000 characters'],
  ])('is sent back %s', async (_, fields, words) => {
    const answer = await post(await enter(), fields);

    expect(answer.status).toBe(400);
    expect(await answer.text()).toContain(words);
    expect(library.changes).toEqual([]);
  });

  it('is refused where it is larger than any form', async () => {
    expect((await post(await enter(), { ...approve, note: 'x'.repeat(40_000) })).status).toBe(413);
  });

  it('says so, with the reason, where the address for answers refuses it', async () => {
    library.onChange = async () => {
      throw new ChangeRefused('disable-iam-user-08d1a9 is rejected already, by bob: "no"');
    };
    const cookie = await enter();

    const answer = await post(cookie, approve);
    const page = await (await ask(answer.headers.get('location') ?? '', { cookie })).text();

    expect(page).toContain('role="alert"');
    expect(page).toContain('is rejected already, by bob');
  });
});

describe('the pages', () => {
  it('offer no form to whoever may only look', async () => {
    const opened = bucketOpened();
    const proposed = opened.actions.find(({ status }) => status === 'proposed');
    await library.keep(opened, proposed ? [approvalOf(proposed, opened, 'the user')] : []);
    const path = `/incidents/${opened.id}`;

    const own = await (await ask(path, { cookie: await enter() })).text();
    library.who = { ...library.who, mayAnswer: false };
    const reader = await (await ask(path, { cookie: await enter() })).text();

    expect(own).toContain('value="approve"');
    expect(reader).not.toMatch(/value="(approve|undo|false-positive)"/);
    expect(reader).toContain('it takes the managed policy cordon-approver');
  });

  it('show the rest where Step Functions cannot be read, and say what is missing', async () => {
    await library.keep(trailStopped());
    library.runs = { missing: 'AccessDeniedException: states:GetExecutionHistory' };

    const page = await (await ask(`/incidents/${trailStopped().id}`, { cookie: await enter() })).text();

    expect(page).toContain('AccessDeniedException: states:GetExecutionHistory');
    expect(page).toContain('start logging again');
  });

  it('list with one read, whatever the ledger has', async () => {
    let queries = 0;
    for (let count = 0; count < 300; count += 1) {
      await library.keep({ ...trailStopped(), id: `trail-tampering-${count}`, actions: [], events: [] });
    }
    library.table.before = (operation) => {
      if (operation === 'Query') queries += 1;
    };

    const page = await (await ask('/', { cookie: await enter() })).text();

    expect(page.match(/data-id="/g)).toHaveLength(50);
    expect(page).toContain('rel="next"');
    // The page, and what waits for an answer.
    expect(queries).toBe(2);
  });

  it('say what failed, and tell the terminal', async () => {
    library.table.before = () => {
      throw new Error('the table is gone');
    };

    const answer = await ask('/', { cookie: await enter() });

    expect(answer.status).toBe(500);
    expect(await answer.text()).toContain('the table is gone');
    expect(problems).toEqual(['Error: the table is gone']);
  });
});

describe('a live page', () => {
  /** The events that come until one of these. */
  async function until(answer: Response, wanted: string[], act: () => unknown): Promise<string[]> {
    const reader = answer.body?.pipeThrough(new TextDecoderStream()).getReader();
    const seen: string[] = [];
    let acted = false;
    for (;;) {
      const { value = '', done } = (await reader?.read()) ?? { done: true };
      seen.push(...[...value.matchAll(/event: (\w+)/g)].map(([, name]) => name ?? ''));
      if (done) return seen;
      if (seen.some((name) => wanted.includes(name))) {
        await reader?.cancel();
        return seen;
      }
      if (!acted && seen.includes('same')) {
        acted = true;
        await act();
      }
    }
  }

  it('hears of a new incident', async () => {
    const answer = await ask('/live?of=/', { cookie: await enter() });

    const seen = await until(answer, ['changed', 'expired'], () => library.keep(trailStopped()));

    expect(seen[0]).toBe('watching');
    expect(seen.at(-1)).toBe('changed');
  });

  it('hears of a change in its incident', async () => {
    const { id } = trailStopped();
    await library.keep(trailStopped());
    const answer = await ask(`/live?of=/incidents/${id}`, { cookie: await enter() });

    const seen = await until(answer, ['changed', 'expired'], () => library.ledger.updateHead(id, { status: 'closed' }));

    expect(seen.at(-1)).toBe('changed');
  });

  it('hears that the session is over, and nothing after it', async () => {
    const answer = await ask('/live?of=/', { cookie: await enter() });

    const seen = await until(answer, [], () => pass(HOUR));

    expect(seen.at(-1)).toBe('expired');
  });

  it('hears that AWS cannot be read, and goes on', async () => {
    const answer = await ask('/live?of=/', { cookie: await enter() });

    const seen = await until(answer, ['changed'], () => {
      let failures = 2;
      library.table.before = () => {
        failures -= 1;
        if (failures >= 0) throw new Error('throttled');
        library.table.before = () => undefined;
        void library.keep(trailStopped());
      };
    });

    expect(seen).toContain('failed');
    expect(seen.at(-1)).toBe('changed');
  });
});
