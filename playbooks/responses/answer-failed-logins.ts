import type { Incident, ManualStep } from '../incident.ts';
import { clock, line, plural } from '../report/words.ts';
import { response } from '../response.ts';

/** The sign-ins that succeeded after failures by the same user or address, by this actor. */
function successesOf(incident: Incident, actorKey: string) {
  const pattern = incident.findings['login-pattern'];
  return pattern?.successes.filter((success) => `user:${success.user}` === actorKey) ?? [];
}

/** True when the user was disabled, as read back. */
const isDisabled = (incident: Incident, user: string): boolean =>
  incident.actions.some(
    ({ action, status, target }) =>
      action === 'disable-iam-user' && status === 'verified' && (target as { user?: string }).user === user,
  );

const askUsers = (users: string[]): ManualStep =>
  users.length > 0
    ? { what: `Ask ${users.join(', ')} whether these sign-ins were theirs.` }
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
  investigate: ['actor', 'login-pattern'],
  contain: [
    { action: 'tag-iam-user', who: 'iam-user', mode: 'auto', attempts: true },
    {
      action: 'disable-iam-user',
      who: 'iam-user',
      attempts: true,
      related: true,
      // A success without MFA right after the guessing is taken for the guesser's. With MFA it is most likely the user,
      // who must not be locked out by somebody else's guessing, and so may be one who only shares the address: a person decides.
      mode: (incident, actorKey) => {
        const successes = successesOf(incident, actorKey);
        if (successes.length === 0) return undefined;
        const guessed = incident.events.some(({ actor, verdict }) => verdict === 'attempt' && actor.key === actorKey);
        return guessed && successes.some((success) => !success.mfa) ? 'auto' : 'approve';
      },
    },
  ],
  severity: (incident, declared) => (incident.findings['login-pattern']?.successes.length ? 'HIGH' : declared),
  unresolved: (incident) => {
    const users = incident.findings['login-pattern']?.successes.map((success) => success.user) ?? [];
    return [...new Set(users)]
      .filter((user) => !isDisabled(incident, user))
      .map((user) => `somebody signed in as ${user} after the failures, and ${user} is not disabled`);
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
                  `aws cloudtrail lookup-events --lookup-attributes AttributeKey=Username,AttributeValue=${success.user} --start-time ${success.time}`,
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
            `from ${user.addresses.join(', ')}`,
          ),
        ),
      },
      {
        heading: 'Addresses',
        lines: pattern.addresses.map((address) =>
          line(address.address, plural(address.failures, 'failure'), `users: ${address.users.join(', ')}`),
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
