import type { Actor } from './actor.ts';
import type { ActionRecord, Incident, ManualStep } from './incident.ts';
import { line, plural } from './report/words.ts';
import type { Contain } from './response.ts';

/** Roles that only AWS itself assumes, and whose policies nobody can change in the account. */
const isServiceLinked = (role: string | undefined): boolean => role?.startsWith('AWSServiceRoleFor') ?? false;

/**
 * Against those who act through a role: its sessions are revoked, by approval, since that hits everybody who uses the
 * role. The question says how many that are, as far as `role-use` found out.
 */
export const revokeSessions: Contain = {
  action: 'revoke-role-sessions',
  who: 'assumed-role',
  mode: 'approve',
  targets: (_incident, { name }) => (name === undefined || isServiceLinked(name) ? [] : [{ role: name }]),
  question: (incident, target) => roleUseWords(incident, (target as { role: string }).role),
};

function roleUseWords(incident: Incident, role: string): string | undefined {
  const use = incident.findings['role-use']?.find((found) => found.role === role);
  if (!use) return undefined;
  const least = use.atLeast ? 'at least ' : '';
  const assumed = use.assumedBy.length > 0 ? `assumed by ${some(use.assumedBy)}` : 'nobody was seen assuming it';
  return line(
    `in the last ${use.hours} hours ${least}${plural(use.sessions.length, 'session')} of it made calls (${some(use.sessions)})`,
    `${least}${plural(use.assumedBy.length, 'principal')} (${assumed})`,
    use.trusts ? `it trusts ${some(use.trusts)}` : 'whom it trusts could not be read',
  );
}

/** As many as a mail should name. */
const some = (names: string[]): string =>
  names.length === 0
    ? 'none'
    : names.length <= 5
      ? names.join(', ')
      : `${names.slice(0, 5).join(', ')} and ${names.length - 5} more`;

/** The IAM user who is behind an actor: the user, or who made a federated user's credentials. */
export const userBehind = (actor: Actor): string | undefined =>
  actor.kind === 'iam-user' ? actor.name : actor.kind === 'federated-user' ? actor.issuer?.name : undefined;

/** Those whose calls succeeded, each once. What an AWS service does by itself has nobody behind it. */
function offendersOf(incident: Incident): Actor[] {
  const byKey = new Map<string, Actor>();
  for (const { actor, verdict } of incident.events) {
    if (verdict === 'offence' && actor.kind !== 'aws-service') byKey.set(actor.key, actor);
  }
  return [...byKey.values()];
}

/** What was done, or is proposed, against a principal itself. */
function actionsAgainst(incident: Incident, actor: Actor): ActionRecord[] {
  const user = actor.kind === 'federated-user' ? actor.issuer?.name : actor.name;
  return incident.actions.filter(({ contains, target }) => {
    const aim = target as { user?: string; role?: string };
    return (
      contains && actor.name !== undefined && (actor.kind === 'assumed-role' ? aim.role === user : aim.user === user)
    );
  });
}

/** The offenders whom nothing holds yet, in words; failed and withheld actions speak for themselves. */
export const notContained = (incident: Incident): string[] =>
  offendersOf(incident)
    .filter((actor) => actionsAgainst(incident, actor).every(({ status }) => status === 'proposed'))
    .map((actor) => `${actor.label} is not contained`);

/** What a person must do about the offenders whom no action contains, by kind, with the exact commands. */
export const containByHand = (incident: Incident): ManualStep[] =>
  offendersOf(incident).flatMap((actor) => stepsFor(actor, incident));

function stepsFor(actor: Actor, incident: Incident): ManualStep[] {
  switch (actor.kind) {
    case 'iam-user':
      return [];
    case 'assumed-role':
      return [behindRole(actor, incident)];
    case 'identity-center-role':
      return identityCenter(actor, incident);
    case 'federated-user':
      return actor.issuer ? [] : [federatedWithoutMaker(actor, incident)];
    case 'root':
      return [
        {
          what: 'Root did it, and nothing inside the account holds root: sign in as root, change its password, replace its MFA device and delete its access keys.',
          commands: ['aws iam get-account-summary --query "SummaryMap.[AccountAccessKeysPresent,AccountMFAEnabled]"'],
        },
      ];
    case 'other-account':
      return [otherAccount(actor)];
    default:
      return [unknownPrincipal(actor, incident)];
  }
}

/** Revoking sessions does not keep anybody from assuming the role again: whoever does so must be found. */
function behindRole(actor: Actor, incident: Incident): ManualStep {
  const commands = [lookUp('ResourceName', actor.arn ?? actor.name ?? '', incident)];
  return isServiceLinked(actor.name)
    ? {
        what: `${actor.label} belongs to an AWS service, and its sessions cannot be revoked. Find out which of the service’s resources acted, and stop it.`,
        commands,
      }
    : {
        what: `Find out who assumed ${actor.label}, and contain them too: whoever may assume it gets a new session after the old ones are revoked.`,
        commands,
      };
}

/**
 * The role of a permission set cannot be changed in the account; the user is held by the permission set, or by taking the
 * assignment away, in the account that Identity Center is managed from.
 * https://docs.aws.amazon.com/singlesignon/latest/userguide/prereqs-revoking-user-permissions.html
 */
function identityCenter(actor: Actor, { account }: Incident): ManualStep[] {
  const user = actor.session ?? 'USER_NAME';
  const set = /^AWSReservedSSO_(.+)_[0-9a-f]{16}$/.exec(actor.name ?? '')?.[1];
  const where = '--instance-arn INSTANCE_ARN --permission-set-arn PERMISSION_SET_ARN';
  const deny = JSON.stringify({
    Version: '2012-10-17',
    Statement: [
      {
        Effect: 'Deny',
        Action: '*',
        Resource: '*',
        Condition: { StringEquals: { 'identitystore:userId': 'USER_ID' } },
      },
    ],
  });
  return [
    {
      what: `${actor.label} comes from Identity Center${set ? ` (permission set ${set})` : ''} and cannot be changed in this account. Where Identity Center is managed, find the user, end their sessions there and disable them.`,
      commands: [
        'aws sso-admin list-instances',
        `aws identitystore get-user-id --identity-store-id IDENTITY_STORE_ID --alternate-identifier ${quoted(JSON.stringify({ UniqueAttribute: { AttributePath: 'userName', AttributeValue: user } }))}`,
      ],
    },
    {
      what: 'Deny that user everything by the permission set, which holds for sessions that are open, and take the assignment away. Keep the statements that its inline policy has.',
      commands: [
        `aws sso-admin get-inline-policy-for-permission-set ${where}`,
        `aws sso-admin put-inline-policy-to-permission-set ${where} --inline-policy ${quoted(deny)}`,
        `aws sso-admin provision-permission-set ${where} --target-type AWS_ACCOUNT --target-id ${account}`,
        `aws sso-admin delete-account-assignment ${where} --target-type AWS_ACCOUNT --target-id ${account} --principal-type USER --principal-id USER_ID`,
      ],
    },
  ];
}

const federatedWithoutMaker = (actor: Actor, incident: Incident): ManualStep => ({
  what: `Find out who made the credentials of ${actor.label}, and contain that user: the credentials can do no more than their maker. Root’s end by themselves within an hour.`,
  commands: [lookUp('EventName', 'GetFederationToken', incident)],
});

const otherAccount = (actor: Actor): ManualStep => ({
  what: `${actor.label} can only be stopped where this account lets it in: take it out of the trust policies of roles and the policies of buckets, keys and queues, and tell the account’s owner.`,
  commands: [
    `aws iam list-roles --query ${quoted(`Roles[?contains(to_string(AssumeRolePolicyDocument), '${/^\d{12}$/.test(actor.accountId ?? '') ? actor.accountId : 'ACCOUNT'}')].Arn`)}`,
  ],
});

function unknownPrincipal(actor: Actor, incident: Incident): ManualStep {
  const event = incident.events.find((one) => one.actor.key === actor.key);
  const key = event?.record.userIdentity?.accessKeyId;
  return {
    what: `The records do not say who ${actor.label} is, so nobody could be contained. Look at the whole record and at its access key.`,
    commands: [
      ...(event ? [lookUp('EventId', event.record.eventID, incident)] : []),
      ...(key ? [`aws iam get-access-key-last-used --access-key-id ${quoted(key)}`] : []),
    ],
  };
}

/** Event history has it for 90 days, also while no trail records. */
const lookUp = (attribute: string, value: string, incident: Incident): string =>
  `aws cloudtrail lookup-events --region ${incident.region} --lookup-attributes AttributeKey=${attribute},AttributeValue=${quoted(value)}`;

/** A value from a record as a shell takes it for one word, whatever is in it. */
export const quoted = (text: string): string =>
  /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
