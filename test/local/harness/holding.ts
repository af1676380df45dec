import type { LoopbackServer } from '../../loopback-server.ts';
import { startBetween } from './between.ts';

/** Holds calls of a function back. */
export interface Holding extends LoopbackServer {
  /** Lets all through, from now on. */
  release(): void;
}

/** Starts it, in front of a local AWS. `calls`: what the request line and the body of such a call match. */
export async function startHolding(upstream: string, calls: RegExp): Promise<Holding> {
  let release: () => void = () => {};
  const released = new Promise<void>((resolve) => {
    release = resolve;
  });
  const between = await startBetween(upstream, async (call) => {
    if (calls.test(call)) await released;
    return undefined;
  });
  return { ...between, release };
}
