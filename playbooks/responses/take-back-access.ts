import type { Actor } from '../actor.ts';
import type { CloudTrailRecord } from '../cloudtrail.ts';
import { keysGiven, madeKey, policiesGiven, rolesOpened, usersGivenPassword } from '../given-access.ts';
import type { ActionRecord, Incident, IncidentEvent, ManualStep } from '../incident.ts';
import { namedBy, objectOf, parametersOf, textOf } from '../parameters.ts';
import { givesAdministrator, isAdministratorPolicy, strangersOf } from '../policy-documents.ts';
import { containByHand, quoted, revokeSessions, userBehind } from '../principals.ts';
import { clock, line, listed } from '../report/words.ts';
import { type Known, type Mode, response } from '../response.ts';
import { SIMULATION_PREFIX } from '../simulation.ts';

const same = (actor: Actor) => (other: Actor) => other.key === actor.key;

/** Why a call gave nobody anything. */
function harmless(record: CloudTrailRecord, known: Known): string | undefined {
  const parameters = parametersOf(record);
  switch (record.eventName) {
    case 'CreateAccessKey':
    case 'CreateLoginProfile':
    case 'UpdateLoginProfile':
      if (isForOneself(record)) return 'the user made it for himself';
      // A simulation needs a user who can sign. The name alone would be a way in.
      return known.protected && textOf(parameters.userName)?.startsWith(SIMULATION_PREFIX)
        ? 'a protected principal made it for the user of a simulation'
        : undefined;
    case 'CreateRole':
    case 'UpdateAssumeRolePolicy': {
      const trust = parameters.assumeRolePolicyDocument ?? parameters.policyDocument;
      const strangers = strangersOf(trust, record.recipientAccountId ?? record.userIdentity?.accountId ?? '');
      return strangers?.length === 0 ? 'the trust policy lets in nobody of another account' : undefined;
    }
    default:
      return givesAll(record) ? undefined : 'the policy gives no administrator rights';
  }
}

/** A call that names no user is for whoever makes it. */
function isForOneself({ requestParameters, userIdentity }: CloudTrailRecord): boolean {
  const user = textOf(objectOf(requestParameters).userName);
  return userIdentity?.type === 'IAMUser' && (user === undefined || user === userIdentity.userName);
}

function givesAll(record: CloudTrailRecord): boolean {
  const { policyArn, policyDocument } = parametersOf(record);
  return policyDocument === undefined ? isAdministratorPolicy(String(policyArn)) : givesAdministrator(policyDocument);
}

/** The user behind an actor, and those who were given a password, who are a way in for whoever set it. */
function disabled(incident: Incident, actor: Actor): { user: string }[] {
  const giver = userBehind(actor);
  const given = usersGivenPassword(incident, same(actor)).filter(({ user }) => user !== giver);
  return [...(giver ? [{ user: giver }] : []), ...given];
}

/** A role that was made for strangers had nobody before; one that was changed may have partners who are meant to be let in. */
const closing = (incident: Incident, actorKey: string): Mode | undefined => {
  const calls = incident.events.filter(
    ({ actor, verdict, record }) =>
      actor.key === actorKey &&
      verdict === 'offence' &&
      (record.eventName === 'CreateRole' || record.eventName === 'UpdateAssumeRolePolicy'),
  );
  if (calls.length === 0) return undefined;
  return calls.every(({ record }) => record.eventName === 'CreateRole') ? 'auto' : 'approve';
};

const GIVERS = [
  'iam-user',
  'federated-user',
  'assumed-role',
  'identity-center-role',
  'other-account',
  'unknown',
] as const;

const settled = ({ status }: ActionRecord): boolean =>
  ['verified', 'not-needed', 'rejected', 'undone'].includes(status);
const isDone = (incident: Incident, action: string, holds: (target: Record<string, unknown>) => boolean): boolean =>
  incident.actions.some((one) => one.action === action && holds(objectOf(one.target)) && settled(one));

/** What was given that nothing has taken back, and that no action is planned for by itself. */
function stillGiven(incident: Incident): string[] {
  const anybody = () => true;
  return [
    ...usersGivenPassword(incident, anybody)
      .filter(({ user }) => !isDone(incident, 'disable-iam-user', (target) => target.user === user))
      .map(({ user }) => `IAM user ${user} has a console password that somebody else knows`),
    ...rolesOpened(incident, anybody)
      .filter(({ role }) => !isDone(incident, 'close-role-trust', (target) => target.role === role))
      .map(({ role }) => `role ${role} trusts another account`),
    ...policiesMade(incident).map((policy) => `policy ${policy} gives administrator rights to whoever has it`),
  ];
}

/** Managed policies that were made or changed, which no action takes back, by ARN where that is known. */
const policiesMade = ({ events }: Incident): string[] => [
  ...new Set(
    events
      .filter(({ verdict, record }) => verdict === 'offence' && /^CreatePolicy/.test(record.eventName ?? ''))
      .map(({ record }) => {
        const { policyArn, policyName } = parametersOf(record);
        const made = textOf(objectOf(objectOf(record.responseElements).policy).arn);
        return textOf(policyArn) ?? made ?? textOf(policyName) ?? 'unknown';
      }),
  ),
];

const policySteps = (incident: Incident): ManualStep[] =>
  policiesMade(incident).map((policy) => ({
    what: `See who has the policy ${policy}, take it away from them, and delete it or its new version.`,
    commands: [
      `aws iam list-entities-for-policy --policy-arn ${quoted(policy)}`,
      `aws iam list-policy-versions --policy-arn ${quoted(policy)}`,
    ],
  }));

const passwordSteps = (incident: Incident): ManualStep[] =>
  usersGivenPassword(incident, () => true).map(({ user }) => ({
    what: `Ask who IAM user ${user} belongs to whether the password was asked for. If not, delete it: disabling the user denies everything, but keeps it.`,
    commands: [`aws iam delete-login-profile --user-name ${quoted(user)}`],
  }));

function givenLine({ record, actor, verdict, reason }: IncidentEvent, account: string): string {
  const strangers = strangersOf(
    parametersOf(record).assumeRolePolicyDocument ?? parametersOf(record).policyDocument,
    account,
  );
  const key = record.eventName === 'CreateAccessKey' ? madeKey(record) : undefined;
  return line(
    `${clock(record.eventTime)} ${record.eventName ?? 'unknown call'}`,
    namedBy(record).replace(/,? ?(policyDocument|assumeRolePolicyDocument) \{.*$/, ''),
    key && `access key ${key}`,
    strangers?.length
      ? `lets in ${listed(strangers.map((one) => (one === '*' ? 'EVERYBODY' : `account ${one}`)))}`
      : undefined,
    `by ${actor.label}`,
    `from ${record.sourceIPAddress ?? 'unknown address'}`,
    verdict === 'attempt' ? `refused: ${record.errorCode}` : reason,
  );
}

export default response({
  title: 'Take back access that somebody gave, and ask about who gave it',
  sparesDeployments: true,
  harmless,
  restore: [],
  investigate: ['actor', 'role-use'],
  contain: [
    { action: 'tag-iam-user', who: ['iam-user', 'federated-user'], mode: 'auto', attempts: true },
    // A new key or policy has done nobody's work yet: taking it back at once harms nobody who was there before.
    {
      action: 'deactivate-access-key',
      who: GIVERS,
      mode: 'auto',
      targets: (incident, actor) => keysGiven(incident, same(actor)),
    },
    {
      action: 'take-back-policy',
      who: GIVERS,
      mode: 'auto',
      targets: (incident, actor) => policiesGiven(incident, same(actor)),
    },
    {
      action: 'close-role-trust',
      who: GIVERS,
      mode: closing,
      decided: { words: 'at once where the role was made with that trust, proposed where its trust was changed' },
      targets: (incident, actor) => rolesOpened(incident, same(actor)),
    },
    {
      action: 'disable-iam-user',
      who: GIVERS,
      mode: (_incident, _actor, { disableGiver }) => (disableGiver === 'off' ? undefined : disableGiver),
      decided: { words: 'who gave the access, and who was given a password', setting: 'disableGiver' },
      targets: disabled,
    },
    revokeSessions,
  ],
  unresolved: stillGiven,
  byHand: (incident) => [
    {
      id: 'ask',
      what: 'Ask who gave the access, by another way than this account, whether it was meant. If it was, undo what was taken back; if not, approve what is proposed against them.',
      commands: [`npx cordon incidents show ${incident.id}`],
    },
    ...passwordSteps(incident),
    ...policySteps(incident),
    ...containByHand(incident),
  ],
  report: (incident) => [
    { heading: 'What was given', lines: incident.events.map((event) => givenLine(event, incident.account)) },
  ],
  subject: ({ events }) => {
    const [first] = events;
    const { userName, roleName, groupName, policyName, policyArn } = first ? parametersOf(first.record) : {};
    const to = textOf(userName) ?? textOf(roleName) ?? textOf(groupName) ?? textOf(policyName) ?? textOf(policyArn);
    return to ?? first?.actor.label ?? 'IAM';
  },
});
