import type { Difference } from '../../playbooks/difference.ts';
import type { Incident } from '../../playbooks/incident.ts';
import { parametersOf } from '../../playbooks/parameters.ts';
import { actionKeyOf } from '../actions/action.ts';
import type { Context } from '../context.ts';
import type { Head } from '../incidents/items.ts';
import type { Seen } from '../incidents/looks.ts';

/** Hours after which a difference is told of again that is still there though its incident is closed, the last one for ever. */
const AGAIN_HOURS = [1, 6, 24];
/** A playbook is done within a day: an incident that is open for longer has lost its playbook. */
const LONGEST_OPEN_MS = 25 * 60 * 60_000;
/** How many of the newest incidents are looked at. */
const NEWEST = 50;

/** What is to be told, of what a look found. */
export interface News {
  differences: Difference[];
  /** What is known of each, with this time. */
  seen: Seen[];
  /** What an incident has that the watchdog did not open, to be kept as well: the next look must not take it for well until now. */
  covered: Seen[];
}

/**
 * What of a detection's differences is news. Not so what the playbook of an open incident is at, what was handed over to an
 * analyst, and what an analyst has undone, unless it was seen to be as it should be since. What is still there after
 * its incident was closed is news again, at growing intervals.
 * @param began when this look began: what was restored while it looked was told of before, whoever writes first
 * @param last when the last look began that saw everything; what was different then is in `seen`
 */
export async function newsOf(
  detection: string,
  found: readonly Difference[],
  began: string,
  { at: last, seen }: { at?: string; seen: ReadonlyMap<string, Seen> },
  context: Context,
): Promise<News> {
  const now = context.now();
  const heads = (await context.ledger.recent(NEWEST)).filter((head) => head.detection === detection);
  const news: News = { differences: [], seen: [], covered: [] };
  if (heads.some((head) => isAtWork(head, now))) return news;
  const incidents = await Promise.all(
    heads.filter(({ outcome }) => outcome !== 'duplicate').map(({ id }) => context.ledger.incident(id)),
  );
  for (const difference of found) {
    const known = seen.get(difference.key);
    const covering = incidents.find((incident) => covers(incident, difference));
    // Read back as it should be after it was told of: what is different now came later.
    const restored = covering && restoredAt(covering, difference);
    // It was put back while this look was reading: the next one sees how it is.
    if (restored && restored > began) continue;
    const isOld = known !== undefined && known.gone === undefined && !(restored && restored > known.toldAt);
    const told = isOld ? known.told : 0;
    if (isOld && now.getTime() - Date.parse(known.toldAt) < pauseAfter(told)) continue;
    // Of one that was never told of, the last look is the last time that it was well.
    const well = isOld ? undefined : [known?.gone ?? last ?? '', restored ?? ''].sort().at(-1);
    if (covering && isDecided(covering, difference) && !(well && wellSince(covering, difference, well))) {
      if (!isOld) news.covered.push({ key: difference.key, told: 0, toldAt: began });
      continue;
    }
    news.differences.push(difference);
    news.seen.push({ key: difference.key, told: told + 1, toldAt: began });
  }
  return news;
}

const pauseAfter = (told: number): number =>
  (AGAIN_HOURS[Math.max(told, 1) - 1] ?? AGAIN_HOURS[AGAIN_HOURS.length - 1] ?? 24) * 60 * 60_000;

const isAtWork = ({ status, openedAt }: Head, now: Date): boolean =>
  status === 'open' && now.getTime() - Date.parse(openedAt) < LONGEST_OPEN_MS;

/** The incident is about it: it found the same, puts back the same, or has a call on the same thing. */
function covers({ differences = [], actions, events }: Incident, { key, what, restore }: Difference): boolean {
  if (differences.some((one) => one.key === key)) return true;
  const wanted = restore && actionKeyOf(restore.action, restore.target);
  if (wanted !== undefined) return actions.some((action) => action.key === wanted);
  const name = what.slice(what.indexOf(' ') + 1);
  return events.some(({ record }) => JSON.stringify(parametersOf(record)).includes(JSON.stringify(name).slice(1, -1)));
}

/** An analyst has it in hand, or has decided that it stays so. What was put back and read back was handed over to nobody. */
function isDecided(incident: Incident, difference: Difference): boolean {
  const status = actionOf(incident, difference)?.status;
  return status === 'undone' || (incident.status === 'handed-over' && status !== 'verified');
}

const actionOf = ({ actions }: Incident, { restore }: Difference) =>
  actions.find(({ key }) => restore !== undefined && key === actionKeyOf(restore.action, restore.target));

function restoredAt(incident: Incident, difference: Difference): string | undefined {
  const action = actionOf(incident, difference);
  return action?.status === 'verified' ? action.at.verified : undefined;
}

/** It was as it should be after the incident had left it as it is. */
function wellSince(incident: Incident, difference: Difference, well: string): boolean {
  const left = actionOf(incident, difference)?.at.undone ?? incident.closedAt ?? incident.openedAt;
  return well > left;
}
