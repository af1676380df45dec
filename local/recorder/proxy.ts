import { Agent, request as httpRequest, type IncomingMessage, type ServerResponse } from 'node:http';
import { isIP } from 'node:net';
import type { SeenRequest, SeenResponse } from './exchange.ts';
import { isObjectRequest } from './identify.ts';

/** Header by which a local scenario says where its call shall seem to come from. Not signed, and never forwarded. */
export const SOURCE_ADDRESS_HEADER = 'x-cordon-source-address';

/** Request bodies up to this size are kept to read their parameters; bigger ones pass through unread. */
const REQUEST_LIMIT = 32 * 1024 * 1024;
/** Answers up to this size are held back until they are understood; bigger ones are passed on as they come. */
const ANSWER_LIMIT = 8 * 1024 * 1024;

/** Headers that concern one connection, not the request. `expect` is answered by the proxy itself. */
const HOP_BY_HOP = new Set(['connection', 'keep-alive', 'proxy-connection', 'te', 'trailer', 'upgrade', 'expect']);

/** What the proxy asks about the traffic that passes. */
export interface Observer {
  /** Called when the answer's head is there: whether the answer must be held back to be read, and what to do when it is complete. */
  observe(request: SeenRequest): Observation;
}

/** How one exchange is watched. */
export interface Observation {
  /** Whether to hold the answer back until `complete` has seen it. */
  hold: boolean;
  /** Called once with the whole answer. What it returns is sent in its place. */
  complete(response: SeenResponse): Promise<{ status: number; body: Buffer } | undefined>;
}

/** Passes requests on to the emulator byte for byte, and shows them to an observer on the way. */
export class ForwardingProxy {
  readonly #upstream: URL;
  readonly #observer: Observer;
  readonly #now: () => Date;
  // The emulator closes connections that were idle for five seconds: give them up sooner than it does.
  readonly #agent = new Agent({ keepAlive: true, timeout: 3_000, maxFreeSockets: 64 });

  constructor(upstream: URL, observer: Observer, now: () => Date) {
    this.#upstream = upstream;
    this.#observer = observer;
    this.#now = now;
  }

  /** Closes idle connections to the emulator. */
  close(): void {
    this.#agent.destroy();
  }

  /** Passes one request on, and its answer back. */
  forward(incoming: IncomingMessage, outgoing: ServerResponse): void {
    const seen: SeenRequest = {
      method: incoming.method ?? 'GET',
      target: incoming.url ?? '/',
      headers: incoming.headers,
      bytes: 0,
      sourceAddress: sourceAddress(incoming),
      at: this.#now(),
    };
    const upstream = httpRequest({
      agent: this.#agent,
      host: this.#upstream.hostname,
      port: this.#upstream.port,
      method: seen.method,
      path: seen.target,
      headers: forwardedHeaders(incoming),
    });
    const kept = isObjectRequest(seen) ? undefined : new Keeper(REQUEST_LIMIT);
    incoming.on('data', (chunk: Buffer) => {
      seen.bytes += chunk.length;
      kept?.add(chunk);
    });
    incoming.pipe(upstream);
    upstream.on('response', (answer) => {
      const body = kept?.body();
      this.#answer(body ? { ...seen, body } : seen, answer, outgoing);
    });
    upstream.on('error', (error) => refuse(outgoing, error));
    // A client that goes away takes its half-sent request with it; a call that was sent in full is carried out, and recorded.
    outgoing.on('close', () => {
      if (!outgoing.writableFinished && !(kept && incoming.complete)) upstream.destroy();
    });
    outgoing.on('error', () => upstream.destroy());
  }

  #answer(seen: SeenRequest, answer: IncomingMessage, outgoing: ServerResponse): void {
    const observation = this.#observer.observe(seen);
    const response: SeenResponse = { status: answer.statusCode ?? 502, headers: answer.headers, bytes: 0 };
    const kept = observation.hold ? new Keeper(ANSWER_LIMIT) : undefined;
    const head = answerHeaders(answer);
    const pass = (): void => {
      if (outgoing.destroyed) return;
      outgoing.writeHead(response.status, answer.statusMessage, head);
      outgoing.flushHeaders();
    };
    if (!kept) pass();
    answer.on('data', (chunk: Buffer) => {
      response.bytes += chunk.length;
      const overflow = kept?.add(chunk);
      if (overflow) {
        pass();
        if (!outgoing.destroyed) for (const earlier of overflow) outgoing.write(earlier);
      } else if ((!kept || kept.overflowed) && !outgoing.destroyed) {
        if (!outgoing.write(chunk)) {
          answer.pause();
          outgoing.once('drain', () => answer.resume());
        }
      }
    });
    answer.on('error', () => outgoing.destroy());
    answer.on('end', () => void this.#finish(observation, response, kept, head, answer, outgoing));
  }

  async #finish(
    observation: Observation,
    response: SeenResponse,
    kept: Keeper | undefined,
    head: string[],
    answer: IncomingMessage,
    outgoing: ServerResponse,
  ): Promise<void> {
    const body = kept?.body();
    let replaced: { status: number; body: Buffer } | undefined;
    try {
      replaced = await observation.complete(body ? { ...response, body } : response);
    } catch (error) {
      console.error(`The recorder could not read an answer: ${error instanceof Error ? error.message : String(error)}`);
    }
    if (outgoing.destroyed) return;
    if (!kept || kept.overflowed) {
      outgoing.end();
      return;
    }
    if (replaced) {
      const rest = withoutHeaders(head, [
        'content-length',
        'transfer-encoding',
        'x-amzn-errortype',
        'content-encoding',
      ]);
      // An answer without content has no length either.
      const length = replaced.status === 204 ? [] : ['Content-Length', String(replaced.body.length)];
      outgoing.writeHead(replaced.status, [...rest, ...length]);
      outgoing.end(replaced.body);
      return;
    }
    outgoing.writeHead(response.status, answer.statusMessage, head);
    outgoing.end(body);
  }
}

/** Keeps what passes, up to a limit. */
class Keeper {
  readonly #limit: number;
  #chunks: Buffer[] = [];
  #bytes = 0;
  overflowed = false;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Keeps a chunk. The one that goes over the limit gives everything kept so far back, and nothing is kept any more. */
  add(chunk: Buffer): Buffer[] | undefined {
    if (this.overflowed) return undefined;
    this.#chunks.push(chunk);
    this.#bytes += chunk.length;
    if (this.#bytes <= this.#limit) return undefined;
    this.overflowed = true;
    const given = this.#chunks;
    this.#chunks = [];
    return given;
  }

  body(): Buffer | undefined {
    return this.overflowed ? undefined : Buffer.concat(this.#chunks);
  }
}

function sourceAddress(incoming: IncomingMessage): string {
  const given = incoming.headers[SOURCE_ADDRESS_HEADER];
  if (typeof given === 'string' && isIP(given)) return given;
  return (incoming.socket.remoteAddress ?? '127.0.0.1').replace(/^::ffff:/, '');
}

/** The request's headers as sent, in order and spelling, without those of the connection. */
function forwardedHeaders(incoming: IncomingMessage): string[] {
  const headers = withoutHeaders(incoming.rawHeaders, [...HOP_BY_HOP, SOURCE_ADDRESS_HEADER]);
  const sized = 'content-length' in incoming.headers || 'transfer-encoding' in incoming.headers;
  // Without a length Node would send an empty body in chunks.
  return sized ? headers : [...headers, 'Content-Length', '0'];
}

function answerHeaders(answer: IncomingMessage): string[] {
  return withoutHeaders(answer.rawHeaders, [...HOP_BY_HOP]);
}

function withoutHeaders(raw: string[], names: string[]): string[] {
  const headers: string[] = [];
  for (let index = 0; index + 1 < raw.length; index += 2) {
    const [name = '', value = ''] = raw.slice(index, index + 2);
    if (!names.includes(name.toLowerCase())) headers.push(name, value);
  }
  return headers;
}

function refuse(outgoing: ServerResponse, error: Error): void {
  if (outgoing.headersSent || outgoing.destroyed) {
    outgoing.destroy();
    return;
  }
  const message = `The emulator behind the recorder does not answer (${error.message}). Stop the local AWS and start it again.`;
  outgoing.writeHead(503, { 'Content-Type': 'application/json', 'x-amzn-errortype': 'ServiceUnavailable' });
  outgoing.end(JSON.stringify({ __type: 'ServiceUnavailable', message }));
}
