import type { LoginPattern } from '../../playbooks/findings.ts';
import type { IncidentEvent } from '../../playbooks/incident.ts';
import { objectOf } from '../../playbooks/parameters.ts';
import { groupBy } from '../group-by.ts';
import type { Investigation } from './investigation.ts';

/** Who tried to sign in as whom, from where, how fast, and whether anybody got in. */
export default {
  asks: 'Who tried to sign in as whom, from where, how fast, and whether anybody got in',
  permissions: [],
  find: async (incident) => loginPattern(incident.events),
} satisfies Investigation<LoginPattern>;

const addressOf = ({ record }: IncidentEvent): string => record.sourceIPAddress ?? 'unknown address';
const userOf = ({ actor }: IncidentEvent): string =>
  actor.kind === 'iam-user' && actor.name ? actor.name : actor.kind === 'root' ? 'root' : actor.label;

/** The pattern of failed sign-ins (`attempt`) and the successes among the related records. */
export function loginPattern(events: IncidentEvent[]): LoginPattern {
  const failures = events.filter((event) => event.verdict === 'attempt');
  const times = failures.map((event) => event.record.eventTime).sort();
  const first = times[0] ?? '';
  const last = times.at(-1) ?? '';
  const minutes = failures.length > 0 ? Math.max((Date.parse(last) - Date.parse(first)) / 60_000, 1) : 1;
  const byUser = groupBy(failures, userOf);
  const byAddress = groupBy(failures, addressOf);
  const distinct = (list: IncidentEvent[], of: (event: IncidentEvent) => string) => [...new Set(list.map(of))];
  return {
    kind: kindOf(userCount(byUser), byAddress.size),
    failures: failures.length,
    first,
    last,
    perMinute: Math.round((failures.length / minutes) * 10) / 10,
    users: [...byUser].map(([user, list]) => ({
      user,
      failures: list.length,
      addresses: distinct(list, addressOf),
      exists: list.some(({ actor }) => actor.kind === 'iam-user' || actor.kind === 'root'),
    })),
    addresses: [...byAddress].map(([address, list]) => ({
      address,
      failures: list.length,
      users: distinct(list, userOf),
    })),
    // A success before the failures of its user and its address is the user's own and says nothing.
    successes: events
      .filter((event) => event.verdict === 'related' && failures.some((failure) => isFollowedBy(failure, event)))
      .map((event) => ({
        time: event.record.eventTime,
        user: userOf(event),
        key: event.actor.key,
        address: addressOf(event),
        mfa: objectOf(event.record.additionalEventData).MFAUsed === 'Yes',
      })),
  };
}

/** How many users, at least: all names that do not exist are recorded alike, and one who types them tries several. */
function userCount(byUser: Map<string, IncidentEvent[]>): number {
  const hidden = [...byUser.values()].find((list) => list.every(({ actor }) => actor.kind === 'unknown'));
  return byUser.size + (hidden && hidden.length > 1 ? 1 : 0);
}

const isFollowedBy = (failure: IncidentEvent, success: IncidentEvent): boolean =>
  failure.record.eventTime <= success.record.eventTime &&
  (userOf(failure) === userOf(success) || addressOf(failure) === addressOf(success));

function kindOf(users: number, addresses: number): LoginPattern['kind'] {
  if (users <= 1) return addresses <= 1 ? 'brute-force' : 'distributed';
  return addresses <= 1 ? 'spray' : 'mixed';
}
