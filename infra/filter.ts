import { CLOUDTRAIL_EVENT } from '../playbooks/cloudtrail.ts';
import { type Detection, type KnownTrail, matchOf } from '../playbooks/detection.ts';
import { cloudWatchPattern } from '../playbooks/matching/cloudwatch-pattern.ts';
import { type EventPattern, eventPattern } from '../playbooks/matching/event-pattern.ts';
import { succeeded, written } from '../playbooks/matching/forms.ts';
import { all, any, isNot, type Literal, type Match, missing } from '../playbooks/matching/match.ts';
import { inParts, valuesOf } from '../playbooks/matching/split.ts';
import { sourceOf } from '../playbooks/sources.ts';
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
 * exact names, so that nobody slips in beside them. A text that is demanded to the letter stays as it is.
 * @param account the 12 digits of the account, or as many characters in their place
 * @throws {NotExclusive} where a record could count twice and the alarm would take that for two
 * @throws {PatternTooLong} where a part that cannot be split any further is too long
 */
export const filterPatterns = (detection: Detection, prefix: string, account: string, trail: KnownTrail): string[] =>
  detection.published
    ? [...detection.published]
    : detection.source
      ? // No record of such a source is of a call, and so none of cordon's own.
        sourceOf(detection).patterns(matchOf(detection, trail), { exclusive: true })
      : inParts(
          matchOf(detection, trail),
          (part) => cloudWatchPattern(withoutOwnCalls(part, detection, prefix, account)),
          detection.alarm.atLeast > 1,
        );

/** Users and root have no session issuer: an absent name is one of somebody else, and so is any in another account. */
function withoutOwnCalls(part: Match, about: Detection, prefix: string, account: string): Match {
  const others = otherRoles(part, about, prefix);
  return others ? all(part, any(missing(ROLE), isNot(ACCOUNT, account), others)) : part;
}

/** That the role is none of those that may make a call of a part; nothing where none may. */
function otherRoles(part: Match, about: Detection, prefix: string): Match | undefined {
  const calls = actionsFor(part);
  const roles = units.filter((unit) => mayCall(unit, calls, about)).map((unit) => roleName(prefix, unit.id));
  return roles.length > 0 ? all(...roles.map((role) => isNot(ROLE, role))) : undefined;
}

/**
 * The patterns of the rules that start the playbook on the event of a call or sign-in that succeeded: one, unless it would be
 * too long. Only AWS itself can send events whose source begins with `aws.`: nobody else can start a playbook by an event that
 * he made up. Own calls are left out as in the filters, but for the account: a role of such a name in another account has the
 * alarm alone.
 * https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-service-event-cloudtrail.html
 * @throws {DetectionRefused} where EventBridge cannot say it, or a part that cannot be split any further is too long
 */
export function eventPatterns(id: string, detection: Detection, prefix: string, trail: KnownTrail): EventPattern[] {
  return written(id, `${detection.within ? 'within' : 'when'}, as the rule on events`, () =>
    inParts(succeeded(matchOf(detection, trail)), (part) => {
      const others = otherRoles(part, detection, prefix);
      return eventRule(others ? all(part, any(missing(ROLE), others)) : part);
    }),
  );
}

/** The pattern of a rule on the events that EventBridge makes of CloudTrail's records, whatever their type. */
export const eventRule = (match: Match): EventPattern =>
  eventPattern(match, {
    source: [{ prefix: 'aws.' }],
    // Calls, sign-ins and service events have types of their own, and AWS writes some in more than one way.
    'detail-type': [{ suffix: CLOUDTRAIL_EVENT }],
  });

/** Services that IAM calls by another name than records do. */
const IAM_PREFIXES: Record<string, string> = { monitoring: 'cloudwatch' };

/** Whether a function may make a call that one of these IAM actions allows. */
function mayCall({ permissions }: Unit, calls: ReadonlySet<string>, { ofOwn }: Detection): boolean {
  return permissions.some(
    ({ actions, resources }) =>
      actions.some((action) => calls.has(action)) && !resources.every((one) => (ofOwn ? OF_TRAIL : OF_OWN).test(one)),
  );
}

/** The IAM actions that may allow the calls that a match names. */
function actionsFor(part: Match): ReadonlySet<string> {
  const demanded = demandedBy(part);
  const of = (path: string) => demanded.flatMap((one) => (one.path === path ? one.values : [])).map(String);
  const services = of('eventSource').map((source) => {
    const service = source.replace(/\.amazonaws\.com(\.cn)?$/, '');
    return IAM_PREFIXES[service] ?? service;
  });
  return new Set(services.flatMap((service) => of('eventName').flatMap((name) => actionsOf(service, name))));
}

/** What a permission is on where it bears on the trail's parts only, or on cordon's own roles only. */
const OF_TRAIL = /^\{(deliveryRole|trailBucket|trailKey)\}/;
const OF_OWN = /:role\/\{prefix\}-\*$/;

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
