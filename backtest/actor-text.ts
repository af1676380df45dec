import {
  type Actor,
  type ActorKind,
  type Attributed,
  inSession,
  labelInSession,
  principalOf,
  sessionIn,
} from '../playbooks/actor.ts';

const BETWEEN = '\u0000';
/** So many roles are known again at a time. */
const MOST_KNOWN = 10_000;

/** An actor as two texts, both equal for equal actors: the principal, and the name of a role's session, or ''. */
export interface ActorText {
  actor: string;
  session: string;
}

interface Known {
  name: string | undefined;
  accountId: string | undefined;
  account: string;
  text: string;
}

/** Writes the actors of records. Most of them are sessions of a few roles, which are written once. */
export class ActorWriter {
  /** By ARN. */
  readonly #roles = new Map<string | undefined, Known>();

  /** The actor of a record of an account. */
  write(record: Attributed, account: string): ActorText {
    const { type, arn, accountId, sessionContext } = record.userIdentity ?? {};
    const isSession = type === 'AssumedRole' && typeof arn === 'string' && arn !== '';
    const issuer = isSession ? sessionContext?.sessionIssuer : undefined;
    const known = issuer && this.#roles.get(issuer.arn);
    if (known && known.name === issuer.userName && known.accountId === accountId && known.account === account) {
      return { actor: known.text, session: sessionIn(arn) ?? '' };
    }
    const { principal, session = '' } = principalOf(record, account);
    const text = written(principal);
    // Where it has all of these from the record, nothing else of the record counts: see `principalOf`.
    const { kind, name } = principal;
    const isAsSaid = principal.arn === issuer?.arn && name === issuer?.userName && principal.accountId === accountId;
    if (issuer && kind === 'assumed-role' && isAsSaid && accountId !== undefined) {
      if (this.#roles.size > MOST_KNOWN) this.#roles.clear();
      this.#roles.set(principal.arn, { name, accountId, account, text });
    }
    return { actor: text, session };
  }
}

/** Quicker to write and to read than JSON. */
function written(actor: Actor): string {
  const { kind, key, label, arn = '', name = '', accountId = '', issuer } = actor;
  const parts = [kind, key, label, arn, name, accountId, issuer?.name ?? '', issuer?.arn ?? ''];
  // Names are whatever somebody wrote into a record.
  return parts.some((part) => part.includes(BETWEEN)) ? JSON.stringify(actor) : parts.join(BETWEEN);
}

/** What to call the actor in a sentence, of such texts. */
export function labelIn({ actor, session }: ActorText): string {
  if (actor.startsWith('{')) return readActor({ actor, session }).label;
  const from = actor.indexOf(BETWEEN, actor.indexOf(BETWEEN) + 1) + 1;
  return labelInSession(actor.slice(from, actor.indexOf(BETWEEN, from)), session);
}

/** The same without the session; but that of IAM Identity Center is a person. */
export const nameIn = ({ actor, session }: ActorText): string =>
  labelIn({ actor, session: readPrincipal(actor).kind === 'identity-center-role' ? session : '' });

/** The actor of whom {@link ActorWriter} wrote. */
export const readActor = ({ actor, session }: ActorText): Actor => inSession(readPrincipal(actor), session);

function readPrincipal(text: string): Actor {
  if (text.startsWith('{')) return JSON.parse(text) as Actor;
  const [kind, key = '', label = '', arn, name, accountId, issuerName = '', issuerArn = ''] = text.split(BETWEEN);
  return {
    ...{ kind: kind as ActorKind, key, label },
    ...(arn ? { arn } : {}),
    ...(name ? { name } : {}),
    ...(accountId ? { accountId } : {}),
    ...(issuerName ? { issuer: { name: issuerName, arn: issuerArn } } : {}),
  };
}
