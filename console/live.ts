import { createHash } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { type Filter, filterOf } from './filter.ts';
import { isMissing, type Library } from './library.ts';

/** How many incidents a page of the list has. */
const PAGE_SIZE = 50;

/** The page of the list that an address asks for, as it is shown and as it is watched: its filter, and where it begins. */
export const listed = (library: Library, { after, ...filter }: Filter): ReturnType<Library['page']> =>
  library.page(filter, { limit: PAGE_SIZE, ...(after ? { after } : {}) });

/**
 * Tells whether what a page shows has changed, by looking again and again as long as somebody looks at it. Pages that show the
 * same share the looks, so that ten tabs cost what one does.
 */
export class Live {
  readonly #library: Library;
  readonly #everyMs: number;
  readonly #looks = new Map<string, { at: number; mark: Promise<string> }>();

  constructor(library: Library, everyMs: number) {
    this.#library = library;
    this.#everyMs = everyMs;
  }

  /**
   * Yields each time that what the page at `of`, a path with its query, shows has changed; ends with the signal. Begins with
   * `watching`: from then on no change is missed, so a page that is read again after it is up to date.
   */
  async *changes(of: string, signal: AbortSignal): AsyncGenerator<'watching' | 'changed' | 'same' | 'failed'> {
    let last = await this.#mark(of).catch(() => undefined);
    yield 'watching';
    while (!signal.aborted) {
      try {
        await delay(this.#everyMs, undefined, { signal });
        const mark = await this.#mark(of);
        yield mark === last ? 'same' : 'changed';
        last = mark;
      } catch {
        if (!signal.aborted) yield 'failed';
      }
    }
  }

  /** Equal as long as nothing has changed. */
  #mark(of: string): Promise<string> {
    const at = performance.now();
    const known = this.#looks.get(of);
    if (known && at - known.at < this.#everyMs / 2) return known.mark;
    const mark = this.#look(of).then((seen) => createHash('sha256').update(JSON.stringify(seen)).digest('hex'));
    // Pages that nobody looks at any more are not kept.
    if (this.#looks.size > 100) this.#looks.clear();
    this.#looks.set(of, { at, mark });
    return mark;
  }

  async #look(of: string): Promise<unknown> {
    const url = new URL(of, 'http://console');
    const [, id] = /^\/incidents\/([^/]+)$/.exec(url.pathname) ?? [];
    const waiting = (await this.#library.waiting()).map(({ key, number, status, stage }) => [
      key,
      number,
      status,
      stage,
    ]);
    if (id === undefined) {
      return [waiting, await listed(this.#library, filterOf(Object.fromEntries(url.searchParams)))];
    }
    const incident = await this.#library.incident(decodeURIComponent(id));
    const run = incident ? await this.#library.run(incident.execution) : undefined;
    return [waiting, incident, run && !isMissing(run) ? [run.status, run.steps.length] : run];
  }
}
