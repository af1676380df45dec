import { mkdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type Served, serveConsole } from '../../console/main.ts';
import { defaultTimes } from '../../console/sessions.ts';
import { startChromium } from '../../local/chromium.ts';
import { FakeLibrary } from '../console/fake-library.ts';
import { keepSamples } from '../console/samples.ts';
import { enter, type Window } from './harness/analyst.ts';

const AXE = createRequire(import.meta.url).resolve('axe-core/axe.min.js');
/** Where `CORDON_SCREENSHOTS=FOLDER` has them kept: docs/images is made of them. */
const SCREENSHOTS = process.env.CORDON_SCREENSHOTS;

let library: FakeLibrary;
let browser: Browser;
let served: Served;
let window: Window | undefined;
let opened: string;
let found: string;

beforeAll(async () => {
  library = new FakeLibrary();
  ({ opened, found } = await keepSamples(library));
  browser = await startChromium();
  served = await serveConsole({ library, port: 0, now: () => library.now, times: defaultTimes, liveEveryMs: 100 });
});
afterAll(async () => {
  await browser?.close();
  await served?.close();
});
afterEach(async () => {
  expect(window?.wrong ?? []).toEqual([]);
  await window?.context.close();
  window = undefined;
});

const PAGES = ['incidents', 'incident', 'watchdog', 'waiting', 'detections', 'figures', 'runbook'] as const;
const pathOf = (page: (typeof PAGES)[number]): string =>
  ({
    ...{ incidents: '/', incident: `/incidents/${opened}`, waiting: '/waiting' },
    ...{ watchdog: `/incidents/${found}`, detections: '/detections', figures: '/figures' },
    ...{ runbook: '/runbooks/restore-trail' },
  })[page];

describe.each(['light', 'dark'] as const)('in %s', (colorScheme) => {
  describe.each([1280, 390])('%s px wide', (width) => {
    it.each(PAGES)('the page %s can be used by everybody, fits, and loads nothing from elsewhere', async (name) => {
      // Prepare
      window = await enter(browser, served, { colorScheme, viewport: { width, height: 900 } });
      const { page, origin } = window;

      // Act
      await page.goto(origin + pathOf(name));
      if (name !== 'runbook') await page.getByText('Live.').waitFor();
      for (const details of await page.locator('main details').all()) {
        await details.evaluate((element) => element.setAttribute('open', ''));
      }
      await page.evaluate(await source());
      const { violations, passes } = (await page.evaluate('axe.run()')) as Axe;
      const scrollWidth = await page.evaluate('document.documentElement.scrollWidth');

      // Assess
      expect(violations.map(({ id, nodes }) => `${id}: ${nodes[0]?.html.slice(0, 200)}`)).toEqual([]);
      // It has looked at something.
      expect(passes.length).toBeGreaterThan(15);
      expect(scrollWidth).toBeLessThanOrEqual(width);
      if (SCREENSHOTS) {
        mkdirSync(SCREENSHOTS, { recursive: true });
        await page.reload();
        if (name !== 'runbook') await page.getByText('Live.').waitFor();
        const path = join(SCREENSHOTS, `console-${name}-${colorScheme}-${width}.png`);
        await page.setViewportSize({ width, height: name === 'incident' ? 1500 : 900 });
        await page.screenshot({ path });
      }
    });
  });
});

/** What axe finds. */
interface Axe {
  violations: { id: string; nodes: { html: string }[] }[];
  passes: unknown[];
}

/** axe, run by the browser's own tools: the page's policy lets no script in that is not its own. */
async function source(): Promise<string> {
  const { readFile } = await import('node:fs/promises');
  return readFile(AXE, 'utf8');
}

describe('an analyst', () => {
  it('is told when the session is over, and finds the page closed', async () => {
    // Prepare
    window = await enter(browser, served);
    const { page } = window;
    await page.getByText('Live.').waitFor();
    const before = library.now;

    // Act
    library.now = new Date(before.getTime() + 31 * 60_000);
    await page.getByText('This session is over. Press Enter in the terminal').waitFor();
    await page.reload();

    // Assess
    expect(await page.textContent('h1')).toBe('This session is over');
    library.now = before;
  });

  it('gets nothing from a link that was used', async () => {
    const link = served.link();
    window = await enter(browser, served);
    const { page } = window;
    await page.goto(link);
    expect(await page.textContent('h1')).toBe('Incidents');
    expect(new URL(page.url()).search).toBe('');

    await window.context.clearCookies();
    await page.goto(link);

    expect(await page.textContent('h1')).toBe('This session is over');
  });

  it('goes on writing a note while the page is put anew around it', async () => {
    // Prepare
    window = await enter(browser, served);
    const { page, origin } = window;
    await page.goto(`${origin}/incidents/${opened}`);
    await page.getByText('Live.').waitFor();
    const note = page.locator('article.question.approval').getByLabel('Note');
    await note.fill('I am still thinking');

    // Act
    await library.ledger.updateHead(opened, {
      marked: { as: 'true-positive', by: 'arn:aws:iam::1:user/bob', at: library.now.toISOString(), note: 'seen it' },
    });
    await page.locator('#summary').getByText('true positive, says user/bob').waitFor();

    // Assess
    expect(await note.inputValue()).toBe('I am still thinking');
  });

  it('comes to every page by keys, and can turn them off', async () => {
    window = await enter(browser, served);
    const { page } = window;
    const heading = () => page.textContent('h1');

    const seen: (string | null)[] = [];
    for (const key of ['d', 'f', 'y', 'i']) {
      await page.keyboard.press('g');
      await Promise.all([page.waitForNavigation(), page.keyboard.press(key)]);
      seen.push(await heading());
    }
    await page.keyboard.press('?');
    await page.getByLabel('Shortcuts are on').uncheck();
    await page.keyboard.press('Escape');
    // The focus leaves what is closed with the next frame.
    await page.waitForFunction('document.activeElement === document.body');
    await page.keyboard.press('g');
    await page.keyboard.press('d');
    await page.keyboard.press('/');

    expect(seen).toEqual(['Detections', 'Figures', 'For you', 'Incidents']);
    expect(await heading()).toBe('Incidents');
    expect(await page.evaluate('document.activeElement.tagName')).toBe('BODY');
  });

  it('can read and answer without a script', async () => {
    window = await enter(browser, served, { javaScriptEnabled: false });
    const { page, origin } = window;
    await page.goto(`${origin}/incidents/${opened}`);

    const form = page.locator('article.question.approval');
    await form.getByLabel('Note').fill('it is mallory');
    await form.getByRole('button', { name: 'Approve' }).click();

    expect(await page.getByRole('status').first().textContent()).toContain('taken');
    expect(library.changes.at(-1)).toMatchObject({ answer: 'approve', incidentId: opened, note: 'it is mallory' });
  });

  it('changes nothing by cancelling the question before an approval', async () => {
    window = await enter(browser, served);
    const { page, origin } = window;
    await page.goto(`${origin}/incidents/${opened}`);
    const before = library.changes.length;

    const form = page.locator('article.question.approval');
    await form.getByLabel('Note').fill('too fast');
    await form.getByRole('button', { name: 'Approve' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Cancel' }).click();

    expect(await form.getByLabel('Note').inputValue()).toBe('too fast');
    expect(library.changes).toHaveLength(before);
  });
});

describe('another site', () => {
  it('can neither send a form nor frame a page, in a browser where the session is good', async () => {
    // Prepare: a page of another origin, on this machine too
    window = await enter(browser, served);
    const { context, origin, wrong } = window;
    const before = library.changes.length;
    const evil = await context.newPage();
    await evil.route('http://evil.example/**', (route) =>
      route.fulfill({
        contentType: 'text/html',
        body: `<iframe src="${origin}/"></iframe><form method="post" action="${origin}/incidents/${opened}"><input name="answer" value="approve"><input name="key" value="k"><input name="note" value="n"></form>`,
      }),
    );

    // Act
    await evil.goto('http://evil.example/');
    const framed = evil.frames().at(1);
    const [answer] = await Promise.all([
      evil.waitForResponse((response) => response.request().method() === 'POST'),
      evil.evaluate('document.forms[0].submit()'),
    ]);

    // Assess
    expect(answer.status()).toBe(401);
    expect(await framed?.content().catch(() => '')).not.toContain('Incidents');
    expect(library.changes).toHaveLength(before);
    wrong.length = 0;
  });
});
