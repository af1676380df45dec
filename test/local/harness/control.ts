import { createServer, type ServerResponse } from 'node:http';
import { type LoopbackServer, listening } from '../../loopback-server.ts';

interface Waiting {
  exclusive: boolean;
  grant: () => void;
}

/**
 * While one file's attack has stopped the trail, another file's records would go unseen, as they would on AWS. So who
 * needs the trail to record shares a lock, and who stops it has the lock alone; first come, first served.
 */
class RecordingLock {
  readonly #waiting: Waiting[] = [];
  #shared = 0;
  #exclusive = false;

  ask(exclusive: boolean, grant: () => void): () => void {
    const asked: Waiting = { exclusive, grant };
    this.#waiting.push(asked);
    this.#next();
    return () => this.#giveBack(asked);
  }

  #giveBack(asked: Waiting): void {
    const at = this.#waiting.indexOf(asked);
    if (at >= 0) this.#waiting.splice(at, 1);
    else if (asked.exclusive) this.#exclusive = false;
    else this.#shared -= 1;
    this.#next();
  }

  #next(): void {
    for (let first = this.#waiting[0]; first; first = this.#waiting[0]) {
      if (this.#exclusive || (first.exclusive && this.#shared > 0)) return;
      this.#waiting.shift();
      if (first.exclusive) this.#exclusive = true;
      else this.#shared += 1;
      first.grant();
    }
  }
}

/**
 * Answers what test files ask of the one local AWS that they share and that AWS's APIs cannot tell them: `GET /settled` when everything so far is recorded, evaluated and started; `GET /recording` and
 * `GET /recording?alone` once the lock is granted, which is given back as the connection closes, whatever closes it.
 */
export async function startControl(settled: () => Promise<void>): Promise<LoopbackServer> {
  const lock = new RecordingLock();
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '/', 'http://control');
    if (url.pathname === '/settled') void answerWhen(settled, response);
    else if (url.pathname === '/recording') {
      const giveBack = lock.ask(url.searchParams.has('alone'), () => response.writeHead(200).flushHeaders());
      response.once('close', giveBack);
    } else response.writeHead(404).end();
  });
  server.requestTimeout = 0;
  return listening(server);
}

async function answerWhen(done: () => Promise<void>, response: ServerResponse): Promise<void> {
  try {
    await done();
    response.writeHead(200).end();
  } catch (error) {
    response.writeHead(500).end(String(error));
  }
}

/** Resolves when everything so far is recorded, its metrics are put, and what they set off was started. */
export async function everythingSettled(control: string): Promise<void> {
  const answer = await fetch(`${control}/settled`);
  if (!answer.ok) throw new Error(`The local AWS does not settle: ${await answer.text()}`);
}

/** Does `work` while the trail records for sure, or, `alone`, while no other file needs it to. */
export async function withRecording<T>(control: string, alone: boolean, work: () => Promise<T>): Promise<T> {
  const held = new AbortController();
  const answer = await fetch(`${control}/recording${alone ? '?alone' : ''}`, { signal: held.signal });
  try {
    return await work();
  } finally {
    answer.body?.cancel().catch(() => {});
    held.abort();
  }
}
