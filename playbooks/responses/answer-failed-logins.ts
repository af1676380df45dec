import { isIP } from 'node:net';
import type { Actor } from '../actor.ts';
import type { Incident, ManualStep } from '../incident.ts';
import type { Options } from '../options.ts';
import { quoted, revokeSessions } from '../principals.ts';
import { clock, line, listed, plural } from '../report/words.ts';
import { type Contain, type Mode, response } from '../response.ts';

/** The sign-ins that succeeded after failures by the same user or address, by this actor. */
function successesOf(incident: Incident, actorKey: string) {
  const pattern = incident.findings['login-pattern'];
  return pattern?.successes.filter((success) => success.key === actorKey) ?? [];
}

/** True when the user was disabled, or the role's sessions revoked, as read back, or an analyst decided against it. */
const isDecided = (incident: Incident, key: string): boolean =>
  incident.actions.some(({ action, status, target }) => {
    const { user, role } = target as { user?: string; role?: string };
    const held =
      (action === 'disable-iam-user' && key === `user:${user}`) ||
      (action === 'revoke-role-sessions' && key.startsWith(`role:${role}:`));
    return held && (status === 'verified' || status === 'rejected');
  });

/** The name by which event history knows who signed in: a user's, or of a role the session's. */
const nameOf = (incident: Incident, key: string): string => {
  const actor = incident.events.find((event) => event.actor.key === key)?.actor;
  return actor?.session ?? actor?.name ?? 'root';
};

/**
 * A success without MFA from where the user's password was guessed is taken for the guesser's. With MFA, or from an address
 * of its own, it is most likely the user, who must not be locked out by somebody else's guessing, and so may be one who
 * only shares the address: a person decides, unless the deployment has.
 */
function afterSuccess(incident: Incident, actorKey: string, { loginSuccess }: Options): Mode | undefined {
  const successes = successesOf(incident, actorKey);
  if (successes.length === 0) return undefined;
  if (loginSuccess !== 'declared') return loginSuccess === 'auto' ? 'auto' : 'approve';
  const failures = incident.events.filter(({ actor, verdict }) => verdict === 'attempt' && actor.key === actorKey);
  const guessedFrom = new Set(failures.map(({ record }) => record.sourceIPAddress));
  return successes.some(({ mfa, address }) => !mfa && guessedFrom.has(address)) ? 'auto' : 'approve';
}

/** The actions that a deployment has to ask for. */
const asked = (setting: 'denyAddresses' | 'newPassword'): Pick<Contain, 'mode' | 'decided'> => ({
  mode: (_incident, _actorKey, options) => (options[setting] === 'off' ? undefined : (options[setting] as Mode)),
  decided: { words: 'only where the deployment asks for it', setting },
});

/** As many addresses as a policy takes. */
const MOST_ADDRESSES = 30;

/** The addresses from which a user's sign-ins failed; a service's name in their place is none. */
function guessersOf(incident: Incident, { key, name }: Actor): { user: string; addresses: string[] }[] {
  const addresses = incident.events
    .filter(({ actor, verdict }) => verdict === 'attempt' && actor.key === key)
    .map(({ record }) => record.sourceIPAddress ?? '')
    .filter((address) => isIP(address) !== 0);
  const distinct = [...new Set(addresses)].sort().slice(0, MOST_ADDRESSES);
  return name !== undefined && distinct.length > 0 ? [{ user: name, addresses: distinct }] : [];
}

const askUsers = (users: string[]): ManualStep =>
  users.length > 0
    ? { what: `Ask ${listed(users, 30)} whether these sign-ins were theirs.` }
    : { what: 'No user of this account was named: nobody to disable. Look whether the addresses are your own.' };

const kinds = {
  'brute-force': 'brute force: one user, guessed again and again',
  spray: 'password spray: many users from one address',
  distributed: 'distributed: one user from many addresses',
  mixed: 'several users from several addresses',
};

export default response({
  title: 'Answer failed console sign-ins',
  restore: [],
  investigate: ['actor', 'login-pattern', 'role-use'],
  contain: [
    { action: 'tag-iam-user', who: 'iam-user', mode: 'auto', attempts: true },
    {
      action: 'disable-iam-user',
      who: 'iam-user',
      attempts: true,
      related: true,
      mode: afterSuccess,
      onTimeout: ({ loginSuccess }) => (loginSuccess === 'approve-then-auto' ? 'contain' : 'nothing'),
      decided: {
        words:
          'where a sign-in succeeded after failures: at once if it was without MFA and from an address at which the same user’s sign-ins failed, otherwise proposed',
        setting: 'loginSuccess',
      },
    },
    {
      ...revokeSessions,
      related: true,
      mode: (incident, actorKey) => (successesOf(incident, actorKey).length > 0 ? 'approve' : undefined),
      decided: { words: 'proposed where a session of the role signed in after failures' },
    },
    {
      action: 'deny-addresses',
      who: 'iam-user',
      attempts: true,
      ...asked('denyAddresses'),
      targets: guessersOf,
    },
    { action: 'require-new-password', who: 'iam-user', attempts: true, ...asked('newPassword') },
  ],
  severity: (incident, declared) => (incident.findings['login-pattern']?.successes.length ? 'HIGH' : declared),
  unresolved: (incident) => {
    const found = incident.findings['login-pattern']?.successes ?? [];
    const open = new Map(found.filter(({ key }) => !isDecided(incident, key)).map(({ key, user }) => [key, user]));
    return [...open.values()].map(
      (user) => `somebody signed in as ${user} after the failures, and ${user} is not disabled`,
    );
  },
  byHand: (incident) => {
    const pattern = incident.findings['login-pattern'];
    if (!pattern) return [];
    const named = pattern.users.filter((user) => user.exists).map((user) => user.user);
    const users = named.filter((user) => user !== 'root');
    return [
      ...(named.includes('root')
        ? [{ what: 'Ask who holds the root credentials whether the sign-ins of root were theirs.' }]
        : []),
      ...(named.length === 0 || users.length > 0 ? [askUsers(users)] : []),
      ...(pattern.successes.length > 0
        ? [
            {
              what: 'A sign-in succeeded. Read what was done in that session.',
              commands: pattern.successes.map(
                (success) =>
                  `aws cloudtrail lookup-events --lookup-attributes AttributeKey=Username,AttributeValue=${quoted(nameOf(incident, success.key))} --start-time ${success.time}`,
              ),
            },
          ]
        : []),
    ];
  },
  report: (incident) => {
    const pattern = incident.findings['login-pattern'];
    if (!pattern) return [];
    return [
      {
        heading: 'What happened',
        lines: [
          `${plural(pattern.failures, 'failed sign-in')} from ${clock(pattern.first)} to ${clock(pattern.last)}, ${pattern.perMinute} a minute`,
          kinds[pattern.kind],
        ],
      },
      {
        heading: 'Users',
        lines: pattern.users.map((user) =>
          line(
            user.exists ? user.user : `${user.user} (no such user in this account)`,
            plural(user.failures, 'failure'),
            `from ${listed(user.addresses)}`,
          ),
        ),
      },
      {
        heading: 'Addresses',
        lines: pattern.addresses.map((address) =>
          line(address.address, plural(address.failures, 'failure'), `users: ${listed(address.users)}`),
        ),
      },
      {
        heading: 'Did any sign-in succeed?',
        lines:
          pattern.successes.length > 0
            ? pattern.successes.map(
                (success) =>
                  `YES: ${success.user} from ${success.address} at ${clock(success.time)}, ${success.mfa ? 'with MFA' : 'WITHOUT MFA'}`,
              )
            : ['No successful sign-in by these users or from these addresses in the window.'],
      },
    ];
  },
  subject: (incident) => {
    const users = incident.findings['login-pattern']?.users ?? [];
    const existing = users.filter((user) => user.exists).map((user) => user.user);
    if (existing.length === 0) return 'no existing user';
    return users.length === 1 ? `user ${existing[0]}` : plural(users.length, 'user');
  },
});
