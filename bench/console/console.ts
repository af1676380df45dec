import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { BatchWriteCommand, DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import type { Browser, Page } from 'playwright-core';
import { Desk } from '../../cli/desk.ts';
import { AwsLibrary } from '../../console/aws-library.ts';
import { type Served, serveConsole } from '../../console/main.ts';
import type { Head } from '../../handlers/incidents/items.ts';
import { startChromium } from '../../local/chromium.ts';
import { LocalFailure } from '../../local/failure.ts';
import { type LocalAws, startLocalAws } from '../../local/local-aws.ts';
import { detections } from '../../playbooks/catalog.ts';
import type { Bench } from '../bench.ts';
import { type Spread, spread } from '../statistics.ts';
import { markdownTable, type Table, textTable } from '../table.ts';

const INCIDENTS = 10_000;
const TIMES = 20;
/** The list may take so long to open, in ms. */
const TARGET_MS = 1000;
/** Items of one write: https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchWriteItem.html */
const AT_ONCE = 25;
const ROWS = 'main tbody tr';

/** What is opened, and which addresses are measured for it. */
interface View {
  name: string;
  path: (page: Page) => Promise<string>;
}

const views: readonly View[] = [
  { name: 'the list', path: async () => '/' },
  { name: 'its second page', path: async (page) => olderThan(page) },
  { name: 'filtered by status', path: async () => '/?status=handed-over' },
  { name: 'filtered by detection', path: async () => '/?detection=root-usage' },
];

/** The bench of the console: how long a list of many incidents takes to open. */
const pages: Bench = {
  title: `the console's list of ${INCIDENTS} incidents, from the address to the rows on the screen`,
  usage: '(no options)',
  run: async (args, { signal, progress }) => {
    if (args.length > 0) throw new LocalFailure('usage', `console takes no options: ${args.join(' ')}`);
    const aws = await startLocalAws({ signal, onStage: progress });
    let browser: Browser | undefined;
    let served: Served | undefined;
    try {
      progress(`Writing ${INCIDENTS} incidents into the ledger`);
      await fill(aws, signal);
      const { endpoint, region, accountAdministrator: credentials } = aws;
      const connection = { prefix: 'cordon', endpoint, region, credentials };
      const library = new AwsLibrary(new Desk(connection));
      served = await serveConsole({ library, port: 0 });
      browser = await startChromium();
      const page = await browser.newPage();
      await page.goto(served.link());
      const origin = `http://127.0.0.1:${served.port}`;
      const rows: string[][] = [];
      const data: Record<string, Spread> = {};
      for (const { name, path } of views) {
        signal.throwIfAborted();
        progress(`Opening ${name}, ${TIMES} times`);
        const times = await timesOf(page, origin, await path(page));
        const of = spread(times);
        if (!of) continue;
        data[name] = of;
        rows.push([name, `${of.n}`, ...[of.p50, of.p95, of.max].map((ms) => `${Math.round(ms)} ms`)]);
      }
      const worst = data['the list']?.max ?? Number.POSITIVE_INFINITY;
      const verdict = `The list, target below ${TARGET_MS} ms: ${Math.round(worst)} ms at most (${worst < TARGET_MS ? 'met' : 'MISSED'}).`;
      const table: Table = { head: ['opened', 'n', 'p50', 'p95', 'most'], rows };
      return {
        data: { incidents: INCIDENTS, views: data },
        text: `${textTable(table)}\n\n${verdict}`,
        markdown: `${markdownTable(table)}\n\n- ${verdict}`,
      };
    } finally {
      await browser?.close();
      await served?.close();
      await aws.close();
    }
  },
};
export default pages;

/** Opens the address again and again; from the request to the last row on the screen, in ms. */
async function timesOf(page: Page, origin: string, path: string): Promise<number[]> {
  const times: number[] = [];
  for (let time = 0; time < TIMES; time += 1) {
    const began = performance.now();
    await page.goto(`${origin}${path}`, { waitUntil: 'load' });
    await page.locator(ROWS).last().waitFor({ state: 'visible' });
    times.push(performance.now() - began);
  }
  return times;
}

/** The address of the page after the first. */
async function olderThan(page: Page): Promise<string> {
  const href = await page.locator('a[rel="next"], a:has-text("Older")').first().getAttribute('href');
  if (!href) throw new LocalFailure('failed', 'The list of incidents has no second page.');
  return new URL(href, page.url()).pathname + new URL(href, page.url()).search;
}

/** Incidents of every detection, five minutes apart, as the playbooks leave them. */
async function fill(
  { endpoint, region, account, accountAdministrator: credentials, deployment }: LocalAws,
  signal: AbortSignal,
) {
  const documents = DynamoDBDocumentClient.from(new DynamoDBClient({ endpoint, region, credentials }));
  const table = deployment?.ledgerTable ?? '';
  const now = Date.now();
  const ids = Object.keys(detections);
  const heads = Array.from({ length: INCIDENTS }, (_, at): Head => {
    const detection = ids[at % ids.length] ?? '';
    const openedAt = new Date(now - at * 300_000).toISOString();
    const id = `${detection}-${openedAt.slice(0, 19).replaceAll(/[-:]/g, '').replace('T', '-')}-${at.toString(16).padStart(4, '0')}`;
    const isOpen = at % 10 === 0;
    return {
      ...{
        id,
        detection,
        account,
        region,
        openedAt,
        alarmAt: openedAt,
        alarmName: `cordon-${detection}`,
        failures: [],
      },
      severity: detections[detection]?.severity ?? 'HIGH',
      status: isOpen ? 'handed-over' : 'closed',
      outcome: isOpen ? 'needs-analyst' : 'contained',
      execution: `arn:aws:states:${region}:${account}:execution:cordon-${detections[detection]?.response}:${id}`,
      evidence: `s3://evidence/incidents/${id}`,
    };
  });
  try {
    for (let from = 0; from < heads.length; from += AT_ONCE) {
      signal.throwIfAborted();
      const requests = heads.slice(from, from + AT_ONCE).map((head) => ({
        PutRequest: { Item: { pk: `INCIDENT#${head.id}`, sk: 'HEAD', kind: 'incident', ...head } },
      }));
      await documents.send(new BatchWriteCommand({ RequestItems: { [table]: requests } }));
    }
  } finally {
    documents.destroy();
  }
}
