import type { Detection } from '../playbooks/detection.ts';
import { cloudWatchPattern, PatternTooLong } from '../playbooks/matching/cloudwatch-pattern.ts';
import { all, any, isNot, type Match, missing } from '../playbooks/matching/match.ts';
import type { Response } from '../playbooks/response.ts';
import { roleName } from './functions.ts';
import { containUnit, undoUnit } from './units.ts';

const ROLE = 'userIdentity.sessionContext.sessionIssuer.userName';

/**
 * The metric filter's pattern of a detection. What the response's own restoring does, and the undo of it, must not set the
 * alarm off again: the roles that do it are left out, by their exact names, so that nobody slips in beside them. Where that
 * makes the pattern longer than CloudWatch takes, it is the detection's match alone; `collect` leaves own calls out anyway.
 */
export function filterPattern(detection: Detection, response: Response, prefix: string): string {
  const own = response.restore.flatMap(({ action }) => [containUnit(action), undoUnit(action)]);
  const roles = own.map((unit) => roleName(prefix, unit));
  if (roles.length === 0) return cloudWatchPattern(detection.when);
  try {
    return cloudWatchPattern(withoutRoles(detection.when, roles));
  } catch (error) {
    if (!(error instanceof PatternTooLong)) throw error;
    return cloudWatchPattern(detection.when);
  }
}

/** Users and root have no session issuer: an absent name is one of somebody else. */
const withoutRoles = (when: Match, roles: string[]): Match =>
  all(when, any(missing(ROLE), all(...roles.map((role) => isNot(ROLE, role)))));
