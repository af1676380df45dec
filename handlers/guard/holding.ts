import type { ActionRecord } from '../../playbooks/incident.ts';
import { clock } from '../../playbooks/report/words.ts';
import type { Context } from '../context.ts';
import { UndoRefused } from '../errors.ts';

/** What an action holds, by which actions of other incidents find it: unless told, its target. */
export const heldBy = <Target>(action: { holds?: (target: Target) => string }, key: string, target: Target): string =>
  action.holds?.(target) ?? key;

/**
 * Refuses an undo where another action holds the same thing by now: it found the target contained, so what was there at
 * first is known only to this one, and putting it back would let loose whom the other one holds. The last comes off first.
 * @throws {UndoRefused} naming the others
 */
export async function refuseIfHeldByOthers(
  what: string,
  incidentId: string,
  record: ActionRecord,
  { ledger }: Context,
): Promise<void> {
  const others = (await ledger.holds.of(what)).filter(
    ({ incident, key }) => incident !== incidentId || key !== record.key,
  );
  const since = heldSince(record) ?? '';
  const later: string[] = [];
  for (const { incident, key } of others) {
    const other = await ledger.action(incident, key);
    const from = heldSince(other);
    if (!isHolding(other) || (from !== undefined && from <= since)) continue;
    later.push(`${key} of incident ${incident} (${other.status}${from ? ` since ${clock(from)}` : ''})`);
  }
  if (later.length === 0) return;
  throw new UndoRefused(
    `${record.label} is held by ${later.join(' and ')} as well, so undoing ${record.key} of incident ${incidentId} would let loose what that holds. Undo the later one first, or use --force to undo all the same.`,
  );
}

/** When it found the target as it was: what it puts back is from then. */
const heldSince = ({ at }: ActionRecord): string | undefined => at.captured ?? at['not-needed'];

/** It relies on the target being contained: because it did it, is about to do it, or found it so. */
function isHolding({ status, before, benign }: ActionRecord): boolean {
  switch (status) {
    case 'planned':
    case 'captured':
    case 'contained':
    case 'verified':
      return true;
    case 'not-needed':
      return benign === false;
    case 'failed':
      return before !== undefined;
    default:
      return false;
  }
}
