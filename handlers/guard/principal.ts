import type { Actor } from '../../playbooks/actor.ts';
import { partitionOf } from '../../playbooks/partition.ts';
import type { Environment } from '../environment.ts';

/** The account that is watched, and a region of its partition. */
type Place = Pick<Environment, 'account' | 'region'>;

/** An IAM user or role that an action is aimed at, or that made the call. */
export interface Principal {
  /** As an actor's: equal for two exactly when they are the same. */
  key: string;
  arn: string;
  user?: string;
  role?: string;
}

/** The user or role whose calls these are, as far as it can be contained inside the account. */
export function principalOfActor(actor: Actor, place: Place): Principal | undefined {
  if (actor.kind === 'federated-user' && actor.issuer)
    return named({ user: actor.issuer.name }, place, actor.issuer.arn);
  if (actor.name === undefined) return undefined;
  if (actor.kind === 'iam-user') return named({ user: actor.name }, place, actor.arn);
  const isRole = actor.kind === 'assumed-role' || actor.kind === 'identity-center-role';
  return isRole ? named({ role: actor.name }, place, actor.arn) : undefined;
}

/** The user or role that a target names, in whatever shape: every action on a principal names it `user` or `role`. */
export function principalOfTarget(target: unknown, place: Place): Principal | undefined {
  const { user, role } = (target ?? {}) as { user?: unknown; role?: unknown };
  if (typeof user === 'string') return named({ user }, place);
  return typeof role === 'string' ? named({ role }, place) : undefined;
}

function named(of: { user?: string; role?: string }, { account, region }: Place, arn?: string): Principal {
  const [kind, name] = of.user === undefined ? ['role', of.role] : ['user', of.user];
  return { ...of, key: `${kind}:${name}`, arn: arn ?? `arn:${partitionOf(region)}:iam::${account}:${kind}/${name}` };
}
