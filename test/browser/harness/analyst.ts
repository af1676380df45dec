import { AttachUserPolicyCommand, CreateAccessKeyCommand, CreateUserCommand, IAMClient } from '@aws-sdk/client-iam';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { Desk } from '../../../cli/desk.ts';
import { AwsLibrary } from '../../../console/aws-library.ts';
import { type Served, type ServeOptions, serveConsole } from '../../../console/main.ts';
import type { AccessKey } from '../../../local/account.ts';
import type { SharedAws } from '../../local/harness/shared-aws.ts';

/** An IAM user who has just one of the managed policies that come with the product. */
export async function makeAnalyst(aws: SharedAws, name: string, policy: 'reader' | 'approver'): Promise<AccessKey> {
  const { endpoint, region, account, accountAdministrator: credentials } = aws;
  const iam = new IAMClient({ endpoint, region, credentials });
  try {
    await iam.send(new CreateUserCommand({ UserName: name }));
    await iam.send(
      new AttachUserPolicyCommand({ UserName: name, PolicyArn: `arn:aws:iam::${account}:policy/cordon-${policy}` }),
    );
    const { AccessKey: key } = await iam.send(new CreateAccessKeyCommand({ UserName: name }));
    return { accessKeyId: key?.AccessKeyId ?? '', secretAccessKey: key?.SecretAccessKey ?? '' };
  } finally {
    iam.destroy();
  }
}

/** Serves the console with somebody's credentials, looking for changes more often than it does unless told. */
export function serveFor(
  { endpoint, region }: SharedAws,
  credentials: AccessKey,
  options: Partial<ServeOptions> = {},
): Promise<Served> {
  const connection = { prefix: 'cordon', region, endpoint, credentials };
  const library = new AwsLibrary(new Desk(connection));
  return serveConsole({ library, port: 0, liveEveryMs: 300, ...options });
}

/** A browser window in which somebody is at the console, and what must never happen in it. */
export interface Window {
  context: BrowserContext;
  page: Page;
  origin: string;
  /** Violations of the content security policy, errors of scripts, and requests that left the console's own address. */
  wrong: string[];
}

/** Opens a window and enters the console by a new link. */
export async function enter(
  browser: Browser,
  served: Served,
  options: Parameters<Browser['newContext']>[0] = {},
): Promise<Window> {
  const origin = `http://127.0.0.1:${served.port}`;
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options });
  const wrong: string[] = [];
  context.on('request', (request) => {
    if (!request.url().startsWith(`${origin}/`)) wrong.push(`left the console: ${request.url()}`);
  });
  const page = await context.newPage();
  page.on('pageerror', (error) => wrong.push(`script: ${error.message}`));
  page.on('console', (message) => {
    if (/Content Security Policy/i.test(message.text())) wrong.push(message.text());
  });
  await page.goto(served.link());
  return { context, page, origin, wrong };
}
