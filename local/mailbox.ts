import { randomBytes } from 'node:crypto';
import { EventEmitter } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { type SNSClient, SubscribeCommand } from '@aws-sdk/client-sns';
import * as z from 'zod';
import { LocalFailure } from './failure.ts';
import { portFailure } from './ports.ts';

/** A mail as SNS would have sent it to a subscriber. */
export interface Mail {
  /** ARN of the topic. */
  topic: string;
  /** Empty where the publisher gave none. */
  subject: string;
  body: string;
  /** When SNS took the message. */
  at: Date;
  messageId: string;
}

/** The mailbox of the people whom the product tells: it stands in for their e-mail, which the emulator only logs. */
export interface Mailbox {
  /** What arrived so far, oldest first. */
  readonly mails: readonly Mail[];
  /** Emits `mail` once for each message, however often it is delivered. */
  readonly events: EventEmitter<{ mail: [mail: Mail]; confirmed: [topic: string] }>;
  /**
   * Subscribes the mailbox to a topic and waits until the subscription is confirmed.
   * @throws LocalFailure of kind `failed` when no confirmation came within 10 s.
   */
  subscribe(sns: SNSClient, topic: string): Promise<void>;
  /**
   * The first mail, of those that are there and those to come, that `wanted` accepts.
   * @param timeout in ms; 30,000 unless told
   * @throws LocalFailure of kind `failed` when none came in time.
   */
  waitFor(wanted: (mail: Mail) => boolean, timeout?: number): Promise<Mail>;
  close(): Promise<void>;
}

/** Where the mailbox confirms its subscriptions. */
export interface MailboxOptions {
  /** Address of the AWS endpoint; what else a message asks to visit is not visited. */
  endpoint: URL;
}

/** The messages that SNS posts. https://docs.aws.amazon.com/sns/latest/dg/sns-message-and-json-formats.html */
const snsMessage = z.discriminatedUnion('Type', [
  z.object({
    Type: z.literal('Notification'),
    MessageId: z.string().min(1),
    TopicArn: z.string().startsWith('arn:'),
    Subject: z.string().nullish(),
    Message: z.string(),
    Timestamp: z.iso.datetime(),
  }),
  z.object({
    Type: z.literal('SubscriptionConfirmation'),
    TopicArn: z.string().startsWith('arn:'),
    Token: z.string().min(1),
  }),
  z.object({ Type: z.literal('UnsubscribeConfirmation'), TopicArn: z.string() }),
]);

/** A message holds up to 256 KB, and JSON writes a byte with up to six. */
const LARGEST_BODY = 2 * 1024 * 1024;
const CONFIRMATION_MS = 10_000;

/** Starts a mailbox on a free port of 127.0.0.1. */
export async function startMailbox({ endpoint }: MailboxOptions): Promise<Mailbox> {
  const mails: Mail[] = [];
  const seen = new Set<string>();
  const events: Mailbox['events'] = new EventEmitter();
  events.setMaxListeners(0);
  // Nobody who does not know the path, a page in a browser say, can put a mail in.
  const path = `/${randomBytes(16).toString('hex')}`;

  const take = async (text: string): Promise<void> => {
    const message = snsMessage.parse(JSON.parse(text));
    if (message.Type === 'SubscriptionConfirmation') {
      await confirm(endpoint, message.TopicArn, message.Token);
      events.emit('confirmed', message.TopicArn);
    } else if (message.Type === 'Notification' && !seen.has(message.MessageId)) {
      seen.add(message.MessageId);
      const { TopicArn: topic, Subject, Message: body, Timestamp, MessageId: messageId } = message;
      const mail = { topic, subject: Subject ?? '', body, at: new Date(Timestamp), messageId };
      mails.push(mail);
      events.emit('mail', mail);
    }
  };
  const server = createServer((request, response) => void answer(request, response, path, take));
  const port = await listen(server);

  return {
    mails,
    events,
    subscribe: (sns, topic) => subscribe(events, sns, topic, `http://127.0.0.1:${port}${path}`),
    waitFor: (wanted, timeout) => waitFor(mails, events, wanted, timeout),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function listen(server: Server): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', (error) => reject(portFailure(0, error)));
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      resolve(typeof address === 'object' && address ? address.port : 0);
    });
  });
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  path: string,
  take: (text: string) => Promise<void>,
): Promise<void> {
  const end = (status: number, text: string): void => {
    response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8' }).end(text);
  };
  if (request.url !== path || request.method !== 'POST') {
    end(404, 'Nothing is here.\n');
    return;
  }
  try {
    await take(await bodyOf(request));
    end(200, 'Taken.\n');
  } catch (error) {
    end(400, `Not taken: ${error instanceof Error ? error.message : String(error)}\n`);
  }
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > LARGEST_BODY) throw new LocalFailure('failed', `a message is over ${LARGEST_BODY} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** Says yes as a subscriber does, by the token of the message; the address in the message itself is not trusted. */
async function confirm(endpoint: URL, TopicArn: string, Token: string): Promise<void> {
  const url = new URL('/', endpoint);
  url.search = new URLSearchParams({
    Action: 'ConfirmSubscription',
    TopicArn,
    Token,
    Version: '2010-03-31',
  }).toString();
  const response = await fetch(url, { signal: AbortSignal.timeout(CONFIRMATION_MS) });
  await response.body?.cancel();
  if (!response.ok)
    throw new LocalFailure('failed', `SNS refused the confirmation for ${TopicArn} (${response.status})`);
}

async function subscribe(events: Mailbox['events'], sns: SNSClient, topic: string, address: string): Promise<void> {
  const over = new AbortController();
  const confirmed = new Promise<void>((resolve, reject) => {
    const timer = setTimeout(
      () =>
        reject(
          new LocalFailure(
            'failed',
            `SNS sent no confirmation for ${topic} within ${CONFIRMATION_MS / 1000} s; see the emulator's log.`,
          ),
        ),
      CONFIRMATION_MS,
    );
    const listener = (which: string): void => {
      if (which === topic) resolve();
    };
    events.on('confirmed', listener);
    over.signal.addEventListener('abort', () => {
      clearTimeout(timer);
      events.off('confirmed', listener);
    });
  });
  try {
    await Promise.all([
      sns.send(new SubscribeCommand({ TopicArn: topic, Protocol: 'http', Endpoint: address })),
      confirmed,
    ]);
  } finally {
    over.abort();
  }
}

function waitFor(
  mails: readonly Mail[],
  events: Mailbox['events'],
  wanted: (mail: Mail) => boolean,
  timeout = 30_000,
): Promise<Mail> {
  const there = mails.find(wanted);
  if (there) return Promise.resolve(there);
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      events.off('mail', listener);
      const got = mails.map((mail) => `"${mail.subject}"`).join(', ') || 'none';
      reject(new LocalFailure('failed', `The mail did not come within ${timeout / 1000} s; these came: ${got}.`));
    }, timeout);
    const listener = (mail: Mail): void => {
      if (!wanted(mail)) return;
      clearTimeout(timer);
      events.off('mail', listener);
      resolve(mail);
    };
    events.on('mail', listener);
  });
}
