import type { IncidentEvent } from '../../playbooks/incident.ts';
import type { Context } from '../context.ts';
import type { Head } from '../incidents/items.ts';

/** What became of the records that can have made what the watchdog found. */
export interface Records {
  /** This incident's. */
  mine: readonly IncidentEvent[];
  /** Records that other incidents of the detection have. */
  others: readonly { incident: string; eventID: string }[];
  /** How many further ones are of cordon's own roles that undo something. */
  undone: number;
}

/**
 * Why what the watchdog found is no reason to do anything, or undefined where there is none: another playbook is at it,
 * every call that can have made it was a harmless one, such as a deployment's, or an analyst has undone something.
 */
export async function explanationOf(
  head: Head,
  { mine, others, undone }: Records,
  { ledger }: Context,
): Promise<string | undefined> {
  const ids = [...new Set(others.map(({ incident }) => incident))];
  const incidents = await Promise.all(ids.map((id) => ledger.incident(id)));
  const open = incidents.find(({ status, id }) => status === 'open' && id !== head.id);
  if (open) return `the playbook of incident ${open.id} is at it`;
  const known = new Set(others.map(({ eventID }) => eventID));
  const theirs = incidents.flatMap(({ events }) => events.filter(({ record }) => known.has(record.eventID)));
  const all = [...mine, ...theirs];
  const [harmless] = all;
  if (harmless && all.every(({ verdict }) => verdict === 'benign')) {
    return `${harmless.record.eventName} ${harmless.record.eventID} did no harm: ${harmless.reason ?? 'it was judged benign'}`;
  }
  return all.length === 0 && undone > 0 ? 'an undo by cordon made it' : undefined;
}
