import { setTimeout as delay } from 'node:timers/promises';

/** Milliseconds between two looks. */
const PAUSE = 250;

/**
 * Looks until there is something to see.
 * @param look resolves to undefined as long as there is nothing
 * @param explain says, once the time is over, what there is instead
 * @param timeout in ms
 */
export async function eventually<T>(
  what: string,
  look: () => Promise<T | undefined>,
  explain: () => Promise<string>,
  timeout = 300_000,
): Promise<T> {
  const deadline = performance.now() + timeout;
  for (;;) {
    const seen = await look();
    if (seen !== undefined) return seen;
    if (performance.now() >= deadline) break;
    await delay(PAUSE);
  }
  throw new Error(`${what}: not within ${timeout / 1000} s. ${await explain()}`);
}
