import { createServer, type IncomingHttpHeaders } from 'node:http';
import { listening } from '../loopback-server.ts';

/** A request that reached the emulator's place. */
export interface Arrived {
  method: string;
  url: string;
  headers: IncomingHttpHeaders;
  body: Buffer;
  /** `CloudTrail_20131101.StopLogging`, `Action` of a form, or method and path. */
  what: string;
}

/** What to answer. */
export interface Answer {
  status?: number;
  headers?: Record<string, string>;
  body?: string | Buffer;
}

/** A server in the emulator's place that keeps what arrives and answers as the test says. */
export interface FakeEmulator {
  url: URL;
  arrived: Arrived[];
  /** Answers by {@link Arrived.what}; anything else gets an empty JSON object. */
  answers: Map<string, (request: Arrived) => Answer | Promise<Answer>>;
  close(): Promise<void>;
}

/** Starts a fake emulator on a free port. */
export async function startFakeEmulator(): Promise<FakeEmulator> {
  const arrived: Arrived[] = [];
  const answers: FakeEmulator['answers'] = new Map();
  const server = createServer(async (incoming, outgoing) => {
    const chunks: Buffer[] = [];
    for await (const chunk of incoming) chunks.push(chunk);
    const body = Buffer.concat(chunks);
    const { method = '', url = '', headers } = incoming;
    const target = headers['x-amz-target'];
    const action = new URLSearchParams(body.toString()).get('Action');
    const what = typeof target === 'string' ? (target.split('.').at(-1) ?? '') : (action ?? `${method} ${url}`);
    const request = { method, url, headers, body, what };
    arrived.push(request);
    const { status = 200, headers: more = {}, body: content = '{}' } = (await answers.get(what)?.(request)) ?? {};
    outgoing.writeHead(status, { 'x-amzn-requestid': 'request-1', 'Content-Type': 'application/json', ...more });
    outgoing.end(content);
  });
  const { url, close } = await listening(server);
  return { url: new URL(url), arrived, answers, close };
}

/** An XML answer of the query protocol. */
export function xml(body: string, status = 200): Answer {
  return { status, body, headers: { 'Content-Type': 'text/xml' } };
}

/** A refusal of the JSON protocol. */
export function refused(type: string, message: string, status = 400): Answer {
  return { status, body: JSON.stringify({ __type: type, message }) };
}
