import type { Detection } from '../playbooks/detection.ts';
import { cloudWatchPattern } from '../playbooks/matching/cloudwatch-pattern.ts';
import { all, any, isNot, type Literal, type Match, missing } from '../playbooks/matching/match.ts';
import { cloudWatchPatterns, valuesOf } from '../playbooks/matching/split.ts';
import { roleName } from './functions.ts';
import { type Unit, units } from './units.ts';

const ROLE = 'userIdentity.sessionContext.sessionIssuer.userName';
const ACCOUNT = 'userIdentity.accountId';

/** Stands for the account, which is known at deployment only, while patterns are measured and shown. */
export const ANY_ACCOUNT = 'AWSAccountId';

/**
 * The patterns of a detection's metric filters, which all feed one metric: as few as CloudWatch's limit for a pattern
 * allows. A record has one of them exactly when it is looked for and no call of cordon's own: what the playbooks do, and
 * the undo of it, must not set the alarm off again. The roles of this account that make such calls are left out by their
 * exact names, so that nobody slips in beside them.
 * @param account the 12 digits of the account, or as many characters in their place
 * @throws {NotExclusive} where a record could count twice and the alarm would take that for two
 * @throws {PatternTooLong} where a part that cannot be split any further is too long
 */
export const filterPatterns = ({ when, alarm }: Detection, prefix: string, account: string): string[] =>
  cloudWatchPatterns(when, {
    write: (part) => cloudWatchPattern(withoutOwnCalls(part, prefix, account)),
    exclusive: alarm.atLeast > 1,
  });

/** Users and root have no session issuer: an absent name is one of somebody else, and so is any in another account. */
function withoutOwnCalls(part: Match, prefix: string, account: string): Match {
  const roles = units.filter((unit) => mayCall(unit, part)).map((unit) => roleName(prefix, unit.id));
  if (roles.length === 0) return part;
  const others = all(...roles.map((role) => isNot(ROLE, role)));
  return all(part, any(missing(ROLE), isNot(ACCOUNT, account), others));
}

/** Whether a function may make one of the calls that a match names. */
function mayCall({ permissions }: Unit, part: Match): boolean {
  const demanded = demandedBy(part);
  const of = (path: string) => demanded.flatMap((one) => (one.path === path ? one.values : [])).map(String);
  const services = of('eventSource').map((source) => source.replace(/\.amazonaws\.com(\.cn)?$/, ''));
  const needed = services.flatMap((service) => of('eventName').flatMap((name) => actionsOf(service, name)));
  return permissions.some(({ actions }) => actions.some((action) => needed.includes(action)));
}

function demandedBy(match: Match): { path: string; values: readonly Literal[] }[] {
  return match.kind === 'all' || match.kind === 'any' ? match.of.flatMap(demandedBy) : valuesOf(match);
}

/**
 * The IAM actions that may allow a call: those of its name, and for taking a public access block away the one that puts it.
 * https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazons3.html
 */
const actionsOf = (service: string, call: string): string[] => [
  `${service}:${call}`,
  `${service}:${call.replace(/^Delete(?=.*PublicAccessBlock$)/, 'Put')}`,
];
