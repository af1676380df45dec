import { CloudTrailClient, StopLoggingCommand } from '@aws-sdk/client-cloudtrail';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { IAMClient, ListRolePoliciesCommand } from '@aws-sdk/client-iam';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import type { Browser } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Served } from '../../console/main.ts';
import { Ledger } from '../../handlers/incidents/ledger.ts';
import { startChromium } from '../../local/chromium.ts';
import { as, from, makeAttacker, type Stage } from '../../simulate/attack.ts';
import { Desk } from '../local/harness/desk.ts';
import { eventually } from '../local/harness/eventually.ts';
import { theIncident } from '../local/harness/expectations.ts';
import { assumeRole, makeRole } from '../local/harness/roles.ts';
import { startTestAws, type TestAws } from '../local/harness/test-aws.ts';
import { enter, makeAnalyst, serveFor, type Window } from './harness/analyst.ts';

const SOURCE = '198.51.100.23';

let aws: TestAws;
let desk: Desk;
let stage: Stage;
let browser: Browser;
let served: Served;
let window: Window | undefined;

// The trail is stopped here, so it is an AWS of its own.
beforeAll(async () => {
  aws = await startTestAws({ returnSpeed: 10 });
  desk = await Desk.open('trail-tampering', aws.shared);
  stage = desk.stage();
  browser = await startChromium();
  served = await serveFor(aws.shared, await makeAnalyst(aws.shared, 'alice', 'approver'));
});
afterAll(async () => {
  await browser?.close();
  await served?.close();
  await desk?.close();
  await aws?.close();
});
afterEach(async () => {
  expect(window?.wrong).toEqual([]);
  await window?.context.close();
  window = undefined;
});

/** A role stops the trail: its sessions are proposed for revocation. Resolves to the incident's id and the role. */
async function roleStopsTrail(mark: string): Promise<{ id: string; role: string }> {
  const role = `deployer-${mark}-${stage.mark}`;
  await makeRole(stage, role, ['cloudtrail:*']);
  const mallory = await makeAttacker(stage, `mallory-${mark}-${stage.mark}`, ['sts:AssumeRole']);
  const played = await desk.play({
    stopsTrail: true,
    attack: async () => {
      const credentials = await assumeRole(stage, mallory, role, 'build-7');
      await from(SOURCE, new CloudTrailClient(as(stage, credentials))).send(new StopLoggingCommand({ Name: 'cordon' }));
    },
  });
  return { id: theIncident(played).id, role };
}

const policiesOf = async (RoleName: string) =>
  (await new IAMClient(as(stage, stage.administrator)).send(new ListRolePoliciesCommand({ RoleName }))).PolicyNames;

describe('an analyst at an incident whose containment waits for a person', () => {
  let incident: { id: string; role: string };
  beforeAll(async () => {
    incident = await roleStopsTrail('one');
  });

  it('approves by the keyboard alone, sees it done without reloading, and undoes it', async () => {
    // Prepare
    window = await enter(browser, served);
    const { page } = window;
    await page.getByRole('link', { name: 'CloudTrail logging stopped' }).first().waitFor();

    // Act: to the newest incident, into the note of the approval, to its button, through the confirmation
    await page.keyboard.press('j');
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: /^For you/ }).waitFor();
    const approval = page.locator('article.question.approval');
    await approval.getByLabel('Note').focus();
    await page.keyboard.type('the build server was taken over');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    const asked = await page.locator('#confirm-text').textContent();
    await page.getByRole('dialog').getByRole('button', { name: 'Confirm' }).focus();
    await page.keyboard.press('Enter');

    // Assess
    expect(asked).toContain('revoke');
    await page.getByText(/: approved\./).waitFor();
    let navigations = 0;
    page.on('framenavigated', () => {
      navigations += 1;
    });
    const action = page.locator('article.action', { hasText: incident.role });
    await action.getByText('done, read back').waitFor();
    expect(navigations).toBe(0);
    expect(await policiesOf(incident.role)).toHaveLength(2);
    const stored = await desk.ledger.incident(incident.id);
    const answered = stored.questions.find(({ kind }) => kind === 'approval');
    expect(answered?.answers).toMatchObject([
      { answer: 'approve', by: `arn:aws:iam::${stage.account}:user/alice`, note: 'the build server was taken over' },
    ]);

    // Act: undo
    await action.getByText('Undo', { exact: true }).click();
    await action.getByLabel('Reason').fill('the build is needed again');
    await action.getByRole('button', { name: 'Undo this' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Confirm' }).click();

    // Assess
    await action.getByText(/undone by user\/alice/).waitFor();
    expect(await action.textContent()).toContain('the build is needed again');
    expect(await policiesOf(incident.role)).toEqual(['work']);
  });

  it('ticks a manual step off, and says whether it was a true alarm', async () => {
    // Prepare
    window = await enter(browser, served);
    const { page, origin } = window;
    await page.goto(`${origin}/incidents/${incident.id}`);
    const tasks = page.locator('article.question.task');
    const before = await tasks.count();
    expect(before).toBeGreaterThan(0);

    // Act
    const first = tasks.first();
    const what = (await first.getByRole('heading').textContent())?.replace('To do', '').trim() ?? '';
    await first.getByLabel('Note').fill('looked, nothing was done in that time');
    await first.getByRole('button', { name: 'Done' }).click();
    await page.getByRole('status').filter({ hasText: 'done' }).waitFor();
    await page.locator('#mark').getByLabel('Note').fill('a true one');
    await page.locator('#mark').getByRole('button', { name: 'True positive' }).click();

    // Assess
    await page.locator('#mark').getByText('true positive, says user/alice').waitFor();
    expect(await page.locator('#decided').textContent()).toContain(what.slice(0, 40));
    expect(await tasks.count()).toBe(before - 1);
    expect((await desk.ledger.head(incident.id)).marked).toMatchObject({ as: 'true-positive', note: 'a true one' });
  });

  it('skips a manual step only with a reason', async () => {
    // Prepare
    window = await enter(browser, served);
    const { page, origin } = window;
    await page.goto(`${origin}/incidents/${incident.id}`);
    const tasks = page.locator('article.question.task');
    const before = await tasks.count();
    expect(before).toBeGreaterThan(0);

    // Act
    await tasks.first().getByRole('button', { name: 'Skip' }).click();
    const refused = await tasks
      .first()
      .getByLabel('Note')
      .evaluate((note) => note.matches(':invalid'));
    await tasks.first().getByLabel('Note').fill('another team looks at it');
    await tasks.first().getByRole('button', { name: 'Skip' }).click();
    await page.locator('#decided').getByText('another team looks at it').waitFor();

    // Assess
    expect(refused).toBe(true);
    expect(await tasks.count()).toBe(before - 1);
    expect((await desk.ledger.incident(incident.id)).questions.map(({ status }) => status)).toContain('skipped');
  });

  it('sees the whole way, from the attack to the mail, with its durations', async () => {
    window = await enter(browser, served);
    const { page, origin } = window;

    await page.goto(`${origin}/incidents/${incident.id}`);

    const drawn = await page.locator('svg.timeline .name').allTextContents();
    expect(drawn.map((name) => name.trim())).toEqual([
      ...['Attack', 'Record', 'Detected', 'Playbook', 'Containment', 'Analyst', 'Mail'],
    ]);
    await page.getByText(/The same as a list/).click();
    const list = (await page.locator('.moments').textContent()) ?? '';
    for (const what of ['StopLogging by', 'in the log group', 'in ALARM', 'Collect', 'read back', 'summary mailed']) {
      expect(list).toContain(what);
    }
    expect(await page.locator('#summary').textContent()).toMatch(/Time to detect\s*[\d.]+ s/);
    const states = await page.locator('svg.states .visited').allTextContents();
    expect(states.join(' ')).toContain('Summarize');
    expect(await page.locator('pre.json').allTextContents()).toEqual(
      expect.arrayContaining([expect.stringContaining('"eventName": "StopLogging"')]),
    );
  });
});

describe('an analyst with a list open', () => {
  let incident: { id: string; role: string };

  it('sees a new incident come without reloading', async () => {
    // Prepare
    window = await enter(browser, served);
    const { page } = window;
    await page.locator('#live[data-tone="good"]').waitFor();
    let navigations = 0;
    page.on('framenavigated', () => {
      navigations += 1;
    });

    // Act
    incident = await roleStopsTrail('two');

    // Assess
    await page.locator(`tr[data-id="${incident.id}"]`).waitFor();
    expect(navigations).toBe(0);
    await page.getByText(/^Updated at/).waitFor();
  });

  it('rejects, and nothing is done', async () => {
    window = await enter(browser, served);
    const { page, origin } = window;
    await page.goto(`${origin}/incidents/${incident.id}`);
    const approval = page.locator('article.question.approval');
    // The page that follows is watched only after the playbook has gone on: nothing is told of that.
    await page.route('**/live?*', async (route) => {
      await eventually(
        'the rejected action',
        async () => (await desk.ledger.incident(incident.id)).actions.find(({ status }) => status === 'rejected'),
        async () => JSON.stringify(await desk.ledger.incident(incident.id)),
      );
      await route.continue();
    });

    await approval.getByLabel('Note').fill('it was the nightly build');
    await approval.getByRole('button', { name: 'Reject' }).click();

    await page.locator('article.action', { hasText: incident.role }).getByText('rejected, not done').waitFor();
    expect(await policiesOf(incident.role)).toEqual(['work']);
    expect(await page.locator('#decided').textContent()).toContain('it was the nightly build');
  });

  it('filters by what the list shows', async () => {
    window = await enter(browser, served);
    const { page } = window;

    await page.getByLabel('Detection').selectOption('root-usage');
    await page.getByRole('button', { name: 'Filter' }).click();
    await page.getByText('No incident matches.').waitFor();
    await page.getByLabel('Detection').selectOption('trail-tampering');
    await page.getByRole('button', { name: 'Filter' }).click();

    await page.locator(`tr[data-id="${incident.id}"]`).waitFor();
    expect(new URL(page.url()).search).toContain('detection=trail-tampering');
  });

  it('sees how the detections are and how the pipeline is', async () => {
    window = await enter(browser, served);
    const { page, origin } = window;

    await page.goto(`${origin}/detections`);
    const row = (await page.getByRole('row', { name: /trail-tampering/ }).textContent()) ?? '';
    await page.goto(`${origin}/figures`);
    const health = await page.locator('#health').textContent();

    expect(row).toContain('auto');
    expect(row).toContain('2 alarms');
    expect(row).toContain('0 of 1 marked');
    expect(health).not.toContain('not known');
    expect(health).not.toContain('NOT WELL');
  });
});

describe('somebody who may only look', () => {
  it('is offered no button, and is told why', async () => {
    // Prepare
    const reader = await serveFor(aws.shared, await makeAnalyst(aws.shared, 'ruth', 'reader'));
    try {
      window = await enter(browser, reader);
      const { page, origin } = window;
      const [head] = (await desk.ledger.page({}, { limit: 1 })).heads;

      // Act
      await page.goto(`${origin}/incidents/${head?.id}`);

      // Assess
      expect(await page.locator('.who').textContent()).toContain('read only');
      expect(await page.locator('main form').count()).toBe(0);
      expect(await page.locator('main').textContent()).toContain('it takes the managed policy cordon-approver');
    } finally {
      await reader.close();
    }
  });
});

describe('more incidents than a page holds', () => {
  it('are paged through, forth and back, also where they are filtered', async () => {
    // Prepare
    const documents = DynamoDBDocumentClient.from(new DynamoDBClient(as(stage, stage.administrator)));
    const ledger = new Ledger(documents, 'cordon-ledger', () => new Date());
    const now = Date.now();
    const openedAt = (minutes: number) => new Date(now - minutes * 60_000).toISOString();
    const ids = Array.from({ length: 60 }, (_, at) => `root-usage-paged-${String(at).padStart(2, '0')}`);
    for (const [at, id] of ids.entries()) {
      await ledger.open({
        ...{ id, detection: 'root-usage', account: stage.account, region: stage.region, severity: 'CRITICAL' },
        ...{ status: 'closed', outcome: 'contained', openedAt: openedAt(60 + at), alarmAt: openedAt(60 + at) },
        ...{ alarmName: 'cordon-root-usage', execution: 'arn:none', failures: [], evidence: `s3://evidence/${id}` },
      });
    }
    window = await enter(browser, served);
    const { page, origin } = window;
    const shown = () => page.locator('tbody tr').evaluateAll((rows) => rows.map((row) => row.getAttribute('data-id')));

    // Act
    await page.goto(`${origin}/?detection=root-usage`);
    const first = await shown();
    await page.getByRole('link', { name: 'Older' }).click();
    await page.locator(`tr[data-id="${ids.at(-1)}"]`).waitFor();
    const second = await shown();
    await page.getByRole('link', { name: 'Newest' }).click();
    await page.locator(`tr[data-id="${ids[0]}"]`).waitFor();

    // Assess
    expect(first).toHaveLength(50);
    expect([...first, ...second]).toEqual(ids);
    expect(await shown()).toEqual(first);
  });
});
