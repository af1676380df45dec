import { type Mode, modes } from '../../playbooks/response.ts';
import type { Environment } from '../environment.ts';

/** How far an action may go by itself, and what turned it down from what its response declares. */
export interface Allowed {
  mode: Mode;
  /** In words; absent where the response's own mode stands. */
  because?: string;
}

/** The least of what a response declares, its detection's mode and the whole deployment's. */
export function allowedMode(declared: Mode, detection: string, { mode, detectionModes }: Environment): Allowed {
  const own = detectionModes[detection];
  const limits: { mode: Mode; because?: string }[] = [
    { mode: declared },
    { mode, because: `this deployment is in mode ${mode}` },
    ...(own ? [{ mode: own, because: `detection ${detection} is in mode ${own}` }] : []),
  ];
  return limits.reduce((least, one) => (modes.indexOf(one.mode) < modes.indexOf(least.mode) ? one : least));
}
