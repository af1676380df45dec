import type { Actor } from '../../playbooks/actor.ts';
import type { ActionRecord } from '../../playbooks/incident.ts';
import type { Mode } from '../../playbooks/response.ts';
import type { AnyAction } from '../actions/catalog.ts';
import type { Context } from '../context.ts';
import { allowedMode } from './mode.ts';
import { principalOfTarget } from './principal.ts';
import { Protection } from './protection.ts';

/** Whether an action is done at once, and why not where it is not. */
export type Decision = Pick<ActionRecord, 'reason' | 'held'> & {
  status: 'planned' | 'proposed' | 'withheld' | 'monitored';
};

/** An action against an offender, as far as a decision takes it. */
export interface Wanted {
  unit: AnyAction;
  /** How far the response would let it go. */
  mode: Mode;
  actor: Actor;
  target: unknown;
  /** What an analyst must know to decide, besides what else it touches. */
  question?: string | undefined;
  /** Unique to this action on this target in this incident. */
  name: string;
  /** It was released before in this incident, and so counts no second time. */
  released: boolean;
}

/** For so long an action counts against the cap, in milliseconds. */
const CAP_MS = 60 * 60_000;

/** The guard rails: every action passes them before it may be done. One for each planning, since it remembers what it read. */
export class Guard {
  readonly #context: Context;
  readonly #detection: string;
  readonly #protection: Protection;

  constructor(detection: string, context: Context) {
    this.#context = context;
    this.#detection = detection;
    this.#protection = new Protection(context);
  }

  /** Of an action that puts protection back. It harms nobody, so only modes hold it. */
  ofRestore(unit: AnyAction, mode: Mode = 'auto'): Decision {
    return this.#byMode(mode, unit) ?? { status: 'planned' };
  }

  /** Of an action against an offender. */
  async ofContainment({ unit, mode, actor, target, question, name, released }: Wanted): Promise<Decision> {
    const { protectedBy, doubt } = await this.#protection.of(actor, target, unit.tagged?.of(target, this.#context));
    if (protectedBy) return { status: 'withheld', reason: protectedBy };
    const held = this.#byMode(mode, unit, question, doubt);
    if (held) return held;
    const counts = unit.contains && principalOfTarget(target, this.#context.environment) !== undefined;
    if (counts && !released && !(await this.#hasPlace(name))) {
      return { status: 'proposed', held: 'cap', reason: words(this.#capWords(), question, doubt) };
    }
    return { status: 'planned', ...(doubt ? { reason: doubt } : {}) };
  }

  /** Monitored or proposed, where the modes say so. An action without an undo always asks. */
  #byMode(declared: Mode, unit: AnyAction, ...more: (string | undefined)[]): Decision | undefined {
    const { mode, because } = allowedMode(declared, this.#detection, this.#context.environment);
    if (mode === 'monitor') return { status: 'monitored', reason: words(because ?? 'it is only watched') };
    const final = unit.irreversible ? `it cannot be undone: ${unit.irreversible}` : undefined;
    if (mode === 'auto' && !final) return undefined;
    return {
      status: 'proposed',
      ...(mode === 'approve' && because ? { held: 'mode' as const } : {}),
      reason: words(because, final, ...more),
    };
  }

  #hasPlace(name: string): Promise<boolean> {
    const { ledger, environment } = this.#context;
    return ledger.places.take({ name: 'principal-actions', most: environment.cap, withinMs: CAP_MS }, name);
  }

  #capWords(): string {
    const { cap } = this.#context.environment;
    return `the cap of ${cap} automatic action${cap === 1 ? '' : 's'} on principals an hour is reached`;
  }
}

const words = (...parts: (string | undefined)[]): string => parts.filter(Boolean).join('; ');
