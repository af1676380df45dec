import { randomBytes, timingSafeEqual } from 'node:crypto';

/** How long a session lives, in ms. */
export interface SessionTimes {
  /** Without anything that the analyst does; live updates do not count. */
  idle: number;
  /** At most. */
  absolute: number;
  /** How long a link that nobody has opened is good for. */
  link: number;
}

/** What holds unless told: half an hour without a touch, a shift of eight hours, a link of ten minutes. */
export const defaultTimes: SessionTimes = { idle: 30 * 60_000, absolute: 8 * 3_600_000, link: 10 * 60_000 };

/** What is said once, on the next page: it never stands in an address, where anybody could put it. */
export interface Said {
  kind: 'done' | 'refused';
  text: string;
}

/** One browser that came in by a link. */
export interface Session {
  /** What its forms must carry. */
  csrf: string;
  said?: Said;
}

interface Stored extends Session {
  startedAt: number;
  touchedAt: number;
}

const secret = (): string => randomBytes(32).toString('base64url');

/** Equal in a time that tells nothing of where they differ. */
export function sameSecret(given: string, wanted: string): boolean {
  const [left, right] = [Buffer.from(given), Buffer.from(wanted)];
  return left.length === right.length && timingSafeEqual(left, right);
}

/**
 * The sessions of one console. Whoever opens a link has one; a link works once, so that it is worth nothing in the browser's
 * history, in a list of processes or over somebody's shoulder.
 */
export class Sessions {
  readonly #times: SessionTimes;
  readonly #now: () => Date;
  readonly #links = new Map<string, number>();
  readonly #sessions = new Map<string, Stored>();

  constructor(now: () => Date, times: SessionTimes = defaultTimes) {
    this.#now = now;
    this.#times = times;
  }

  /** A new secret for a link. */
  invite(): string {
    const invitation = secret();
    this.#links.set(invitation, this.#now().getTime());
    return invitation;
  }

  /** Exchanges a link's secret for a session. @returns the session's own secret, or undefined where the link is not good */
  enter(invitation: string): string | undefined {
    const now = this.#now().getTime();
    for (const [known, madeAt] of this.#links) {
      if (now - madeAt > this.#times.link) this.#links.delete(known);
      else if (sameSecret(invitation, known)) {
        this.#links.delete(known);
        const own = secret();
        this.#sessions.set(own, { csrf: secret(), startedAt: now, touchedAt: now });
        return own;
      }
    }
    return undefined;
  }

  /** The session of a secret, or undefined where it is over. `touch`: somebody does something, so that it lives on. */
  of(own: string | undefined, touch: boolean): Session | undefined {
    const now = this.#now().getTime();
    for (const [known, session] of this.#sessions) {
      const over = now - session.touchedAt > this.#times.idle || now - session.startedAt > this.#times.absolute;
      if (over) this.#sessions.delete(known);
      else if (own !== undefined && sameSecret(own, known)) {
        if (touch) session.touchedAt = now;
        return session;
      }
    }
    return undefined;
  }

  /** Ends a session. */
  leave(own: string | undefined): void {
    if (own !== undefined) this.#sessions.delete(own);
  }
}
