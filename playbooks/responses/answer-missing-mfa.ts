import type { Actor } from '../actor.ts';
import type { Incident, ManualStep } from '../incident.ts';
import { namedBy, parametersOf, textOf } from '../parameters.ts';
import { containByHand, quoted, revokeSessions, userBehind } from '../principals.ts';
import { clock, line } from '../report/words.ts';
import { response } from '../response.ts';

/** The user whose device it was: named, or the name of the virtual device, or whoever made the call. */
function userOf({ record, actor }: Incident['events'][number]): string | undefined {
  if (record.eventName === 'ConsoleLogin') return userBehind(actor);
  const { userName, serialNumber } = parametersOf(record);
  return textOf(userName) ?? /:mfa\/(?:.*\/)?([^/]+)$/.exec(textOf(serialNumber) ?? '')?.[1] ?? userBehind(actor);
}

const usersOf = (incident: Incident): string[] => [
  ...new Set(incident.events.filter(({ verdict }) => verdict === 'offence').flatMap((event) => userOf(event) ?? [])),
];

/** Who made the call. Whose device it was may be the victim, who is left to a person. */
const caller = (_incident: Incident, actor: Actor): { user: string }[] => {
  const user = userBehind(actor);
  return user ? [{ user }] : [];
};

const isSettled = ({ actions }: Incident): boolean =>
  actions.some(({ action, status }) => action === 'disable-iam-user' && ['verified', 'rejected'].includes(status));

const askUser = (user: string): ManualStep => ({
  what: `Ask IAM user ${user} whether this was them, and have a device registered before the next sign-in.`,
  commands: [
    `aws iam list-mfa-devices --user-name ${quoted(user)}`,
    `aws cloudtrail lookup-events --lookup-attributes AttributeKey=Username,AttributeValue=${quoted(user)} --max-results 50`,
  ],
});

export default response({
  title: 'Answer a missing second factor',
  sparesDeployments: true,
  restore: [],
  investigate: ['actor', 'role-use'],
  contain: [
    { action: 'tag-iam-user', who: ['iam-user', 'federated-user'], mode: 'auto', attempts: true },
    // Most are people without a device yet, or with a new telephone: they must not be locked out by themselves.
    { action: 'disable-iam-user', who: ['iam-user', 'federated-user'], mode: 'approve', targets: caller },
    revokeSessions,
  ],
  unresolved: (incident) =>
    isSettled(incident) ? [] : usersOf(incident).map((user) => `IAM user ${user} may have no second factor`),
  byHand: (incident) => [...usersOf(incident).map(askUser), ...containByHand(incident)],
  report: (incident) => [
    {
      heading: 'What happened',
      lines: incident.events.map(({ record, actor, verdict, reason }) =>
        line(
          `${clock(record.eventTime)} ${record.eventName === 'ConsoleLogin' ? 'signed in WITHOUT MFA' : record.eventName}`,
          namedBy(record),
          `by ${actor.label}`,
          `from ${record.sourceIPAddress ?? 'unknown address'}`,
          verdict === 'attempt' ? `refused: ${record.errorCode}` : reason,
        ),
      ),
    },
  ],
  subject: (incident) => {
    const [user, ...others] = usersOf(incident);
    if (user === undefined) return 'MFA';
    return others.length === 0 ? `user ${user}` : `${others.length + 1} users`;
  },
});
