import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import * as z from 'zod';
import { HANDED_OVER } from '../emulator.ts';
import { guardDutyFound, handedOver, logsWritten, type Signals } from '../signals.ts';
import { accountServices } from './account-services.ts';
import { Passwords, signInRecord, signInRequest } from './console.ts';
import { Delivery } from './delivery.ts';
import { History } from './history.ts';
import { Identities } from './identities.ts';
import { Models } from './models.ts';
import { CallObserver } from './observer.ts';
import { ForwardingProxy } from './proxy.ts';
import { Trails } from './trails.ts';

/** What a recorder needs. */
export interface RecorderOptions {
  /** Where the emulator listens, e.g. http://127.0.0.1:41234 */
  upstream: URL;
  /** Port on 127.0.0.1; 0 takes a free one. */
  port: number;
  account: string;
  region: string;
  root: { accessKeyId: string; secretAccessKey: string };
  /** Password of root's console sign-in. */
  rootPassword: string;
  /** Folder of botocore's `data`, from the emulator's venv. */
  models: string;
  signals: Signals;
  now?: () => Date;
  /** Milliseconds that records are gathered for before they go to log groups; 100 by default. */
  logsEvery?: number;
  /** Milliseconds between log files in a trail's bucket; 5,000 by default. */
  filesEvery?: number;
}

/** A running recorder. */
export interface Recorder {
  readonly url: string;
  readonly port: number;
  /** Delivers what is outstanding and stops. */
  close(): Promise<void>;
  /** Resolves when all records so far stand in log groups and buckets. */
  flush(): Promise<void>;
}

/** The recorder's port is taken, or may not be listened on. */
export class PortUnavailable extends Error {
  override name = 'PortUnavailable';
}

/** Paths that the recorder answers itself. */
const OWN = HANDED_OVER;
const LARGEST_SIGN_IN = 16 * 1024;
/** An event of the largest size that EventBridge takes, and what goes with it. */
const LARGEST_DELIVERY = 2 * 1024 * 1024;

/**
 * Starts the recorder: a reverse proxy in front of the emulator that writes CloudTrail's records.
 * @throws {PortUnavailable} when it cannot listen on its port
 * @throws {ModelsMissing} when `models` is not botocore's data folder
 */
export async function startRecorder(options: RecorderOptions): Promise<Recorder> {
  const { account, region, root, signals, now = () => new Date() } = options;
  const services = accountServices({ endpoint: options.upstream.origin, region, credentials: root });
  const models = new Models(options.models);
  const trails = new Trails(account);
  const identities = new Identities(account, root.accessKeyId, services);
  const passwords = new Passwords(options.rootPassword);
  const delivery = new Delivery({
    account,
    destinations: services,
    logsEvery: options.logsEvery ?? 100,
    filesEvery: options.filesEvery ?? 5_000,
    now,
    note: (arn, status) => trails.note(arn, status),
    delivered: (group, events) => signals.emit('logs', { region: group.region, logGroupName: group.name, events }),
  });
  const history = new History();
  const parts = { account, region, models, identities, passwords, trails, history, delivery, services, signals, now };
  const observer = new CallObserver(parts);
  const proxy = new ForwardingProxy(options.upstream, observer, now);
  await services.adoptTrails(trails);

  const signIn = (incoming: IncomingMessage, outgoing: ServerResponse) =>
    answerSignIn(incoming, outgoing, { account, identities, passwords, observer, now });
  const handle = (incoming: IncomingMessage, outgoing: ServerResponse): void => {
    // Clients that take the recorder for their HTTP proxy, so that they need not resolve ACCOUNT.localhost, name the host in the target too.
    incoming.url = incoming.url?.replace(/^http:\/\/[^/?]*(?=\/)/i, '');
    if (!incoming.url?.startsWith(OWN)) proxy.forward(incoming, outgoing);
    else if (incoming.method === 'GET' && incoming.url === `${OWN}health`) answer(outgoing, 200, { status: 'ok' });
    else if (incoming.method === 'POST' && incoming.url === `${OWN}console-sign-in`) void signIn(incoming, outgoing);
    else if (incoming.method === 'POST' && incoming.url === `${OWN}deliveries`) {
      void takeOver(incoming, outgoing, handedOver, (handed) => signals.emit('handed-over', handed));
    } else if (incoming.method === 'POST' && incoming.url === `${OWN}function-logs`) {
      void takeOver(incoming, outgoing, logsWritten, (written) => signals.emit('logs', written));
    } else if (incoming.method === 'POST' && incoming.url === `${OWN}guardduty-finding`) {
      void takeOver(incoming, outgoing, guardDutyFound, (finding) => signals.emit('finding', finding));
    } else answer(outgoing, 404, { message: `The recorder has no ${incoming.method} ${incoming.url}.` });
  };
  const server = createServer({ keepAliveTimeout: 30_000, requestTimeout: 0 }, handle);
  server.on('checkContinue', (incoming: IncomingMessage, outgoing: ServerResponse) => {
    outgoing.writeContinue();
    handle(incoming, outgoing);
  });
  const port = await listen(server, options.port);

  const flush = async (): Promise<void> => {
    await observer.settled();
    await delivery.flush();
  };
  let closing: Promise<void> | undefined;
  const close = async (): Promise<void> => {
    await new Promise<void>((resolve) => {
      server.close(() => resolve());
      server.closeIdleConnections();
      setTimeout(() => server.closeAllConnections(), 1_000).unref();
    });
    await flush();
    proxy.close();
    services.close();
  };
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    flush,
    close: () => {
      closing ??= close();
      return closing;
    },
  };
}

function listen(server: ReturnType<typeof createServer>, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', (error) => {
      const reason = `The recorder cannot listen on port ${port} of 127.0.0.1: ${error.message}. Choose another port.`;
      reject(new PortUnavailable(reason, { cause: error }));
    });
    server.listen(port, '127.0.0.1', () => resolve((server.address() as AddressInfo).port));
  });
}

interface SignInParts {
  account: string;
  identities: Identities;
  passwords: Passwords;
  observer: CallObserver;
  now: () => Date;
}

/** Tries a console sign-in: 200 when the password is right, 401 when not, and a record of it in either case. */
async function answerSignIn(incoming: IncomingMessage, outgoing: ServerResponse, parts: SignInParts): Promise<void> {
  const { account, identities, passwords, observer, now } = parts;
  try {
    const at = now();
    const parsed = signInRequest.safeParse(await readJson(incoming, LARGEST_SIGN_IN));
    if (!parsed.success) {
      answer(outgoing, 400, {
        message: parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('; '),
      });
      return;
    }
    await observer.settled();
    const request = parsed.data;
    const user = request.userName === undefined ? undefined : await identities.ofUser(request.userName);
    const succeeded = await passwords.check(request.userName, request.password);
    const sourceAddress = (incoming.socket.remoteAddress ?? '127.0.0.1').replace(/^::ffff:/, '');
    const record = signInRecord(request, { succeeded, user, account, sourceAddress, at });
    observer.publish(record, true);
    answer(outgoing, succeeded ? 200 : 401, {
      ConsoleLogin: succeeded ? 'Success' : 'Failure',
      eventID: record.eventID,
    });
  } catch (error) {
    answer(outgoing, 400, { message: error instanceof Error ? error.message : String(error) });
  }
}

/** Takes over from the emulator what it does not do itself: 204, and what becomes of it goes on by itself. */
async function takeOver<T>(
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  schema: z.ZodType<T>,
  take: (handed: T) => void,
): Promise<void> {
  try {
    const { data, error } = schema.safeParse(await readJson(incoming, LARGEST_DELIVERY));
    if (error) {
      answer(outgoing, 400, { message: z.prettifyError(error) });
      return;
    }
    take(data);
    outgoing.writeHead(204).end();
  } catch (error) {
    answer(outgoing, 400, { message: error instanceof Error ? error.message : String(error) });
  }
}

async function readJson(incoming: IncomingMessage, most: number): Promise<unknown> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of incoming) {
    bytes += chunk.length;
    if (bytes > most) throw new RangeError(`It is at most ${most} bytes of JSON.`);
    chunks.push(chunk);
  }
  return JSON.parse(Buffer.concat(chunks).toString());
}

function answer(outgoing: ServerResponse, status: number, body: object): void {
  outgoing.writeHead(status, { 'Content-Type': 'application/json' });
  outgoing.end(JSON.stringify(body));
}
