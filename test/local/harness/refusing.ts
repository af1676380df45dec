import type { LoopbackServer } from '../../loopback-server.ts';
import { type Answer, startBetween } from './between.ts';

/** Which calls are refused, and how. */
export interface Refusal extends Answer {
  /** What the request line and the body of such a call match. */
  calls: RegExp;
  /** So many are refused, then all are let through. */
  times: number;
}

/** Refuses calls of a function. */
export interface Refusing extends LoopbackServer {
  /** How many calls were refused so far. */
  refused: number;
}

/** Starts it, in front of a local AWS. */
export async function startRefusing(upstream: string, refusal: Refusal): Promise<Refusing> {
  const state = { refused: 0 };
  const between = await startBetween(upstream, (call) => {
    if (!refusal.calls.test(call) || state.refused >= refusal.times) return undefined;
    state.refused += 1;
    return refusal;
  });
  return {
    ...between,
    get refused() {
      return state.refused;
    },
  };
}
