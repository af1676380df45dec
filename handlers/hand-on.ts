import type { Planned } from './plan.ts';

/** How many actions a step hands on at once: the state of an execution holds 256 KB, its history 25,000 events. */
export const MOST_AT_ONCE = 500;

/**
 * What fits, those that change something first, and whether such are left: they are still planned, and handed on when the
 * step is called again. Those that only look would be handed on for ever.
 */
export function handOn(planned: Planned[]): { now: Planned[]; left: boolean } {
  const acting = planned.filter(({ status }) => status === 'planned');
  const looking = planned.filter(({ status }) => status !== 'planned');
  return { now: [...acting, ...looking].slice(0, MOST_AT_ONCE), left: acting.length > MOST_AT_ONCE };
}
