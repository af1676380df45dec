import { createServer, type IncomingHttpHeaders, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A request that came to a receiver. */
export interface Received {
  path: string;
  headers: IncomingHttpHeaders;
  body: unknown;
  /** When it came, and when it was over, however; milliseconds since the epoch. */
  at: number;
  over?: number;
  /** What it was answered; nothing where whoever sent it gave up. */
  status?: number;
}

/** What a receiver answers, or `silence`: it takes the request and says nothing. */
export type Answer = { status: number; headers?: Record<string, string> } | 'silence';

/** A real HTTP receiver on 127.0.0.1, in the place of Slack or PagerDuty. */
export class Receiver {
  readonly requests: Received[] = [];
  /** Answers the request; `before` are those that came before it since the answer was set. */
  answer: (request: Received, before: Received[]) => Answer;
  readonly #accept: Answer;
  #server: Server | undefined;
  #port = 0;

  private constructor(accept: Answer) {
    this.#accept = accept;
    this.answer = () => accept;
  }

  /** Opens a receiver that accepts with `status`. */
  static async open(status: number): Promise<Receiver> {
    const receiver = new Receiver({ status });
    await receiver.listen();
    return receiver;
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  /** Forgets what came, and accepts again. */
  clear(): void {
    this.requests.length = 0;
    this.answer = () => this.#accept;
  }

  /** Listens again, at the same port, after {@link close}. */
  async listen(): Promise<void> {
    const server = createServer((incoming, outgoing) => {
      const chunks: Buffer[] = [];
      incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
      incoming.on('end', () => {
        const body = JSON.parse(Buffer.concat(chunks).toString()) as unknown;
        this.#take({ path: incoming.url ?? '', headers: incoming.headers, body, at: Date.now() }, outgoing);
      });
    });
    await new Promise<void>((resolve) => server.listen(this.#port, '127.0.0.1', resolve));
    this.#port = (server.address() as AddressInfo).port;
    this.#server = server;
  }

  async close(): Promise<void> {
    const server = this.#server;
    if (!server) return;
    this.#server = undefined;
    await new Promise<void>((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  }

  #take(request: Received, outgoing: ServerResponse): void {
    const answer = this.answer(request, [...this.requests]);
    this.requests.push(request);
    outgoing.once('close', () => {
      request.over = Date.now();
    });
    if (answer === 'silence') return;
    request.status = answer.status;
    outgoing.writeHead(answer.status, answer.headers).end(answer.status < 300 ? 'ok' : 'refused');
  }
}
