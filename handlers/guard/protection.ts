import type { Actor } from '../../playbooks/actor.ts';
import { actorOf } from '../../playbooks/actor.ts';
import type { CloudTrailRecord } from '../../playbooks/cloudtrail.ts';
import type { Context } from '../context.ts';
import { errorText } from '../errors.ts';
import { readLogsPermissions } from '../logs.ts';
import { deployers, deploymentPermissions } from './deployment.ts';
import { type Principal, principalOfActor, principalOfTarget } from './principal.ts';
import { protectionByTag, type Tagged, taggedPrincipal, tagPermissions } from './tag.ts';

/** What a principal's protection comes to. */
export interface Verdict {
  /** Why it must not be contained automatically. */
  protectedBy?: string;
  /** What looks like a protection, and why it is none. */
  doubt?: string;
}

/** What finding out takes. */
export const protectionPermissions = [...tagPermissions, deploymentPermissions, readLogsPermissions];

/**
 * Who is never contained automatically: principals that the deployment names, cordon's own roles, whoever is deploying
 * cordon right now, and those with the tag. Each is looked up once for each planning.
 */
export class Protection {
  readonly #context: Context;
  readonly #verdicts = new Map<string, Promise<Verdict>>();
  #deployers: Promise<Map<string, string>> | undefined;

  constructor(context: Context) {
    this.#context = context;
  }

  /** Of the actor, of the principal that the target names where that is another one, or of a target that carries tags itself. */
  async of(actor: Actor, target: unknown, tagged?: Tagged): Promise<Verdict> {
    const { environment } = this.#context;
    const byArn = matching(actor.arn, environment.protectedPrincipals);
    if (byArn) return { protectedBy: `${actor.arn} is protected (${byArn})` };
    const principals = [principalOfActor(actor, environment), principalOfTarget(target, environment)];
    const verdicts = await Promise.all([
      ...principals.flatMap((one) => (one ? [this.#once(one, () => this.#find(one))] : [])),
      ...(tagged ? [this.#once({ ...tagged, arn: tagged.label }, () => this.#byTag(tagged))] : []),
    ]);
    return verdicts.find(({ protectedBy }) => protectedBy) ?? verdicts.find(({ doubt }) => doubt) ?? {};
  }

  #once({ key, arn }: { key: string; arn: string }, find: () => Promise<Verdict>): Promise<Verdict> {
    const known = this.#verdicts.get(key);
    if (known) return known;
    const verdict = find().catch(
      // Not knowing is no reason to lock a break-glass user out: a person must look.
      (error: unknown): Verdict => ({
        protectedBy: `it could not be found out whether ${arn} is protected: ${errorText(error)}`,
      }),
    );
    this.#verdicts.set(key, verdict);
    return verdict;
  }

  async #find(principal: Principal): Promise<Verdict> {
    const { arn, key, role } = principal;
    const { protectedPrincipals, ownRoles } = this.#context.environment;
    const pattern = matching(arn, protectedPrincipals) ?? matching(arn, protectedPrincipals.map(withoutPath));
    if (pattern) return { protectedBy: `${arn} is protected (${pattern})` };
    if (role !== undefined && ownRoles.includes(role)) return { protectedBy: `${arn} is one of cordon’s own roles` };
    this.#deployers ??= deployers(this.#context);
    const running = await this.#deployers;
    const stack = running.get(key) ?? running.get(arn);
    if (stack) return { protectedBy: `${arn} is deploying the stack ${stack} right now` };
    return this.#byTag(taggedPrincipal(principal, this.#context));
  }

  async #byTag(tagged: Tagged): Promise<Verdict> {
    const byTag = await protectionByTag(tagged, (record) => this.#isTrusted(record), this.#context);
    if (byTag.protected) return { protectedBy: `${tagged.label} is protected (its tag)` };
    return byTag.doubt ? { doubt: byTag.doubt } : {};
  }

  /** A call by somebody whom the deployment itself names. */
  #isTrusted(record: CloudTrailRecord): boolean {
    const { account, protectedPrincipals } = this.#context.environment;
    return matching(actorOf(record, account).arn, protectedPrincipals) !== undefined;
  }
}

/** The pattern that an ARN has, `*` standing for anything. */
function matching(arn: string | undefined, patterns: string[]): string | undefined {
  return patterns.find((pattern) => {
    const parts = pattern.split('*').map((part) => part.replace(/[.+?^${}()|[\]\\]/g, '\\$&'));
    return new RegExp(`^${parts.join('.*')}$`).test(arn ?? '');
  });
}

/** A target names its principal without the path: a pattern that says one must protect it all the same. */
const withoutPath = (pattern: string): string => pattern.replace(/:(user|role)\/.*\/([^/]*)$/, ':$1/$2');
