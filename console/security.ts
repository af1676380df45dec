import type { Context, MiddlewareHandler } from 'hono';
import { getCookie, setCookie } from 'hono/cookie';
import { type Session, type Sessions, sameSecret } from './sessions.ts';

/** What every request is handled with. */
export interface Env {
  Variables: { session: Session };
}

/**
 * What every answer says. Nothing is loaded but the two files that the console serves itself, nothing is framed, nothing is
 * kept. `same-origin` rather than `no-referrer`, with which browsers send `Origin: null` along with a form.
 * https://fetch.spec.whatwg.org/#append-a-request-origin-header
 */
const HEADERS: Record<string, string> = {
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
  'cache-control': 'no-store',
  'referrer-policy': 'same-origin',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'permissions-policy': 'camera=(), geolocation=(), microphone=()',
};

/** Says it of every answer, of refusals and failures too. */
export const secureHeaders: MiddlewareHandler<Env> = async (context, next) => {
  await next();
  for (const [name, value] of Object.entries(HEADERS)) context.header(name, value);
};

/**
 * Lets only a request to the console's own address through: a name that somebody else points at 127.0.0.1 is not it, so that no
 * other site's script can read anything (DNS rebinding).
 */
export const ownHostOnly =
  (port: () => number): MiddlewareHandler<Env> =>
  async (context, next) => {
    const host = context.req.header('host') ?? '';
    if (host !== `127.0.0.1:${port()}` && host !== `localhost:${port()}`) {
      return context.text(`This console is served at http://127.0.0.1:${port()} and under no other name.`, 421);
    }
    return next();
  };

/** Cookies know no ports: the name tells this console from another one on this machine. */
const cookieName = (port: number): string => `cordon-${port}`;

/** The session's secret in the request's cookie. */
export const secretOf = (context: Context<Env>, port: number): string | undefined =>
  getCookie(context, cookieName(port));

/** Has the browser keep the session's secret, where no script and no other site can have it sent; empty takes it away. */
export function keepSecret(context: Context<Env>, port: number, own: string): void {
  setCookie(context, cookieName(port), own, {
    httpOnly: true,
    sameSite: 'Strict',
    path: '/',
    ...(own === '' ? { maxAge: 0 } : {}),
  });
}

/** Lets only who has a session through; `expired` answers the others. A live update keeps no session alive. */
export const sessionOnly =
  (
    sessions: Sessions,
    port: () => number,
    expired: (context: Context<Env>) => Response | Promise<Response>,
  ): MiddlewareHandler<Env> =>
  async (context, next) => {
    const live = context.req.header('x-cordon-live') !== undefined || context.req.path === '/live';
    const session = sessions.of(secretOf(context, port()), !live);
    if (!session) return expired(context);
    context.set('session', session);
    return next();
  };

/** Why a change is refused, or undefined: it must come from a form of this console, in this session. */
export function forged(context: Context<Env>, form: Record<string, unknown>): string | undefined {
  const own = `http://${context.req.header('host')}`;
  if (context.req.header('origin') !== own) return 'it did not come from a page of this console (Origin)';
  const site = context.req.header('sec-fetch-site');
  if (site !== undefined && site !== 'same-origin') return `it came from another site (Sec-Fetch-Site: ${site})`;
  if (typeof form.csrf !== 'string' || !sameSecret(form.csrf, context.get('session').csrf)) {
    return 'its form does not belong to this session (CSRF token)';
  }
  return undefined;
}
