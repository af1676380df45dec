import type { CloudTrailRecord, UserIdentity } from './cloudtrail.ts';
import { partitionOf } from './partition.ts';

/** The kinds of principal that a record can name, as containment has to tell them apart. */
export const actorKinds = [
  'root',
  'iam-user',
  'assumed-role',
  'identity-center-role',
  'federated-user',
  'aws-service',
  'other-account',
  'network-address',
  'unknown',
] as const;
export type ActorKind = (typeof actorKinds)[number];

/** Who made a call. */
export interface Actor {
  kind: ActorKind;
  /** Equal for two records exactly when they have the same actor. */
  key: string;
  /** What to call the actor in a sentence: "IAM user mallory". */
  label: string;
  /** The principal's ARN where the record has or implies one: the user, the role (not the session), root. */
  arn?: string;
  /** IAM user or role name. */
  name?: string;
  /** Role session name. */
  session?: string;
  accountId?: string;
  /** The IAM user who made a federated user's credentials, which can do no more than that user. */
  issuer?: { name: string; arn: string };
}

/** What CloudTrail writes where the name typed at sign-in belongs to no user. */
const HIDDEN = 'HIDDEN_DUE_TO_SECURITY_REASONS';

/**
 * The actor of a record, whatever is missing in it, or odd.
 * @param account the account being watched; another account's principals are `other-account`
 * https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-user-identity.html
 */
export function actorOf(record: Attributed, account: string): Actor {
  const { principal, session } = principalOf(record, account);
  return inSession(principal, session);
}

/** What a record says of who is behind it. */
export type Attributed = Pick<CloudTrailRecord, 'userIdentity' | 'awsRegion' | 'sourceIPAddress'>;

/**
 * The same in two parts: the actor without the session of a role, of which there may be very many, and that session's name. What of a record
 * counts here, and for which kinds, the backtest relies on where it takes records for alike (backtest/noted-hits.ts).
 */
export function principalOf(record: Attributed, account: string): { principal: Actor; session?: string | undefined } {
  const identity = namesIn(record.userIdentity);
  const principal = principalNamed(identity, record, account);
  const isRole = principal.kind === 'assumed-role' || principal.kind === 'identity-center-role';
  return isRole ? { principal, session: sessionIn(identity.arn) } : { principal };
}

/** A principal in a session of a role. */
export const inSession = (principal: Actor, session: string | undefined): Actor =>
  session ? { ...principal, label: labelInSession(principal.label, session), session } : principal;

/** What to call it. */
export const labelInSession = (label: string, session: string | undefined): string =>
  session ? `${label} (session ${session})` : label;

function principalNamed(identity: Names, record: Attributed, account: string): Actor {
  const { arn, invokedBy } = identity;
  const accountId = identity.accountId ?? accountOfArn(arn);
  const owner = accountId === undefined ? {} : { accountId };
  // What a principal of this account is called where the record has no ARN.
  const iam: Naming = (principal) =>
    `arn:${arn?.split(':')[1] || partitionOf(record.awsRegion)}:iam::${accountId ?? account}:${principal}`;
  if (identity.type === 'AWSService' || (!arn && invokedBy && /\.amazonaws\.com(\.cn)?$/.test(invokedBy))) {
    const service = invokedBy ?? (record.sourceIPAddress || 'unknown service');
    return { kind: 'aws-service', key: `service:${service}`, label: `AWS service ${service}`, name: service, ...owner };
  }
  if (accountId !== undefined && accountId !== account && /^\d{12}$/.test(accountId)) {
    const who = arn ?? identity.principalId ?? accountId;
    return { kind: 'other-account', key: `other:${who}`, label: `${who} of account ${accountId}`, name: who, ...owner };
  }
  switch (identity.type) {
    case 'Root':
      return {
        kind: 'root',
        key: 'root',
        label: 'the root user',
        arn: arn ?? iam('root'),
        ...owner,
      };
    case 'IAMUser':
      return iamUser(identity.userName ?? lastOfArn(arn), arn, iam, owner);
    case 'AssumedRole':
      return assumedRole(identity, iam, owner);
    case 'FederatedUser':
      return federatedUser(identity, iam, owner);
    default:
      return unknown(arn ?? identity.principalId ?? identity.userName, owner);
  }
}

/** The ARN of a principal: of `user/NAME`, for one. */
type Naming = (principal: string) => string;

function iamUser(name: string | undefined, arn: string | undefined, iam: Naming, owner: { accountId?: string }): Actor {
  if (name === undefined || name === HIDDEN) {
    return unknown(name === HIDDEN ? 'a user name that does not exist' : undefined, owner);
  }
  return {
    kind: 'iam-user',
    key: `user:${name}`,
    label: `IAM user ${name}`,
    arn: arn ?? iam(`user/${name}`),
    name,
    ...owner,
  };
}

function assumedRole(identity: Names, iam: Naming, owner: { accountId?: string }): Actor {
  const { issuer } = identity;
  const name = issuer.userName ?? lastOfArn(issuer.arn) ?? SESSION.exec(identity.arn ?? '')?.[1];
  if (name === undefined) return unknown(identity.arn ?? identity.principalId, owner);
  const arn = issuer.arn ?? iam(`role/${name}`);
  if (!name.startsWith('AWSReservedSSO_')) {
    return { kind: 'assumed-role', key: `role:${name}:`, label: `role ${name}`, arn, name, ...owner };
  }
  // Its sessions are people.
  const key = `role:${name}:${sessionIn(identity.arn) ?? ''}`;
  return { kind: 'identity-center-role', key, label: `Identity Center role ${name}`, arn, name, ...owner };
}

/** The ARN of a role's session, with the names of both. */
const SESSION = /:assumed-role\/([^/]+)\/(.+)$/;

/** The name of a role's session, by the session's ARN. */
export const sessionIn = (arn: string | undefined): string | undefined => SESSION.exec(arn ?? '')?.[2];

function federatedUser(identity: Names, iam: Naming, owner: { accountId?: string }): Actor {
  const name = lastOfArn(identity.arn) ?? identity.principalId ?? 'unknown';
  const { issuer: maker } = identity;
  const user =
    maker.type === undefined || maker.type === 'IAMUser' ? (maker.userName ?? userOfArn(maker.arn)) : undefined;
  const issuer = user ? { name: user, arn: maker.arn ?? iam(`user/${user}`) } : undefined;
  return {
    kind: 'federated-user',
    key: `federated:${name}`,
    label: `federated user ${name}${issuer ? ` (made by IAM user ${issuer.name})` : ''}`,
    name,
    ...(identity.arn ? { arn: identity.arn } : {}),
    ...(issuer ? { issuer } : {}),
    ...owner,
  };
}

function unknown(what: string | undefined, owner: { accountId?: string }): Actor {
  return { kind: 'unknown', key: `unknown:${what ?? ''}`, label: what ?? 'an unknown principal', ...owner };
}

/** What an identity says of names; what is empty or no text counts as absent. */
interface Names extends IssuerNames {
  principalId: string | undefined;
  accountId: string | undefined;
  invokedBy: string | undefined;
  issuer: IssuerNames;
}
interface IssuerNames {
  type: string | undefined;
  arn: string | undefined;
  userName: string | undefined;
}

function namesIn(identity: UserIdentity | null | undefined): Names {
  const issuer = identity?.sessionContext?.sessionIssuer;
  return {
    type: text(identity?.type),
    principalId: text(identity?.principalId),
    arn: text(identity?.arn),
    accountId: text(identity?.accountId),
    userName: text(identity?.userName),
    invokedBy: text(identity?.invokedBy),
    issuer: { type: text(issuer?.type), arn: text(issuer?.arn), userName: text(issuer?.userName) },
  };
}

const text = (value: unknown): string | undefined => (typeof value === 'string' && value !== '' ? value : undefined);
const accountOfArn = (arn: string | undefined): string | undefined => arn?.split(':')[4] || undefined;
const userOfArn = (arn: string | undefined): string | undefined =>
  arn?.includes(':user/') ? lastOfArn(arn) : undefined;
const lastOfArn = (arn: string | undefined): string | undefined => arn?.split('/').at(-1) || undefined;
