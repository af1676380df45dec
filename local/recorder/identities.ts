import type { UserIdentity } from '../../playbooks/cloudtrail.ts';
import type { SessionPolicies } from './authorization/principal-policies.ts';
import type { LambdaSession } from './lambda-sessions.ts';
import { isStructure, type Structure, structures } from './protocols/values.ts';
import type { Exchange } from './record.ts';
import { wholeSeconds } from './record.ts';

/** An IAM user or role, as the account itself describes it. */
export interface Principal {
  arn: string;
  /** `AIDA...` or `AROA...`. */
  id: string;
}

/** What {@link Identities} asks the account for keys and names it has not seen; undefined: the account does not know either. */
export interface Directory {
  user(name: string): Promise<Principal | undefined>;
  role(name: string): Promise<Principal | undefined>;
  /** The user who owns a long-term access key. */
  keyOwner(accessKeyId: string): Promise<string | undefined>;
  /** The function whose execution role's session uses a temporary key. */
  lambdaSession(accessKeyId: string, region: string): Promise<LambdaSession | undefined>;
}

interface Session {
  created: Date;
  mfa: boolean;
  /** The session policies that were passed when it was made. */
  policies?: SessionPolicies;
}

type Credential =
  | { kind: 'root'; session?: Session }
  | { kind: 'user'; name: string; session?: Session }
  | { kind: 'role'; arn: string; sessionName: string; session: Session; functionArn?: string }
  | { kind: 'federated'; name: string; arn: string; issuer: string; session: Session };

/** How long an unknown key is taken for unknown before the account is asked again, in milliseconds. */
const UNKNOWN_FOR = 2_000;
/** Sessions are forgotten oldest first beyond this many: each assumed role adds one. */
const MOST_CREDENTIALS = 50_000;

/**
 * Tells who made a call by the key that signed it. Keys are learned from the answers that hand them out; what was not seen is asked of
 * the account.
 * https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-user-identity.html
 */
export class Identities {
  readonly #account: string;
  readonly #directory: Directory;
  readonly #credentials = new Map<string, Credential>();
  readonly #unknown = new Map<string, number>();
  readonly #users = new Map<string, Promise<Principal | undefined>>();
  readonly #roles = new Map<string, Promise<Principal | undefined>>();

  constructor(account: string, rootKeyId: string, directory: Directory) {
    this.#account = account;
    this.#directory = directory;
    this.#credentials.set(rootKeyId, { kind: 'root' });
  }

  /** Takes note of what a successful call says about keys, sessions, users and roles. */
  learn({ call, input, output, refusal }: Exchange): void {
    if (refusal) return;
    if (call.model.name === 'iam') {
      this.#forget(call.operation.name, input);
      const key = output.AccessKey;
      if (call.operation.name === 'CreateAccessKey' && isStructure(key)) {
        this.#remember(key.AccessKeyId, { kind: 'user', name: String(key.UserName) });
      }
    }
    if (call.model.name === 'sts') this.#learnSession({ call, input, output });
  }

  #learnSession({ call, input, output }: Pick<Exchange, 'call' | 'input' | 'output'>): void {
    const keyId = isStructure(output.Credentials) ? output.Credentials.AccessKeyId : undefined;
    const policies = passedPolicies(input);
    const mfa = typeof input.SerialNumber === 'string';
    const session: Session = { created: call.request.at, mfa, ...(policies && { policies }) };
    const assumed = isStructure(output.AssumedRoleUser) ? String(output.AssumedRoleUser.Arn) : undefined;
    if (assumed !== undefined && typeof input.RoleArn === 'string') {
      const sessionName = assumed.split('/').at(-1) ?? '';
      this.#remember(keyId, { kind: 'role', arn: input.RoleArn, sessionName, session });
    }
    const caller = this.#credentials.get(call.signature?.accessKeyId ?? '');
    if (call.operation.name === 'GetSessionToken' && (caller?.kind === 'user' || caller?.kind === 'root')) {
      this.#remember(keyId, { ...caller, session });
    }
    const federated = isStructure(output.FederatedUser) ? String(output.FederatedUser.Arn) : undefined;
    if (federated !== undefined && typeof input.Name === 'string') {
      const issuer = caller?.kind === 'user' ? caller.name : '';
      this.#remember(keyId, { kind: 'federated', name: input.Name, arn: federated, issuer, session });
    }
  }

  #remember(keyId: unknown, credential: Credential): void {
    if (typeof keyId !== 'string') return;
    this.#credentials.set(keyId, credential);
    this.#unknown.delete(keyId);
    const oldest = this.#credentials.keys().next().value;
    if (this.#credentials.size > MOST_CREDENTIALS && oldest !== undefined) this.#credentials.delete(oldest);
  }

  /** A name made anew has another id; a user or role renamed or moved has another ARN. */
  #forget(operation: string, input: Structure): void {
    if (!/^(Create|Delete|Update)(User|Role|ServiceLinkedRole)$/.test(operation)) return;
    if (typeof input.UserName === 'string') this.#users.delete(input.UserName);
    if (typeof input.RoleName === 'string') this.#roles.delete(input.RoleName);
    if (operation !== 'UpdateUser' || typeof input.UserName !== 'string' || typeof input.NewUserName !== 'string')
      return;
    for (const [keyId, credential] of this.#credentials) {
      if (credential.kind === 'user' && credential.name === input.UserName) {
        this.#credentials.set(keyId, { ...credential, name: input.NewUserName });
      }
    }
  }

  /** The `userIdentity` of a call. Never fails: what nobody knows is an `Unknown`, with its key. */
  async of({ call, output, refusal }: Exchange): Promise<UserIdentity> {
    const keyId = call.signature?.accessKeyId;
    if (keyId === undefined) return unsigned(output);
    const credential = this.#credentials.get(keyId) ?? (await this.#find(keyId, call.region));
    if (credential) return this.#describe(credential, keyId);
    const arn = /User: (arn:\S+) is not authorized/.exec(refusal?.errorMessage ?? '')?.[1];
    return {
      type: arn === undefined ? 'Unknown' : typeOf(arn),
      ...(arn !== undefined && { arn }),
      accountId: this.#account,
      accessKeyId: keyId,
    };
  }

  /** The identity of a console sign-in's user, who has no key; undefined when there is no such user. */
  async ofUser(name: string): Promise<UserIdentity | undefined> {
    const user = await this.#user(name);
    return user && { type: 'IAMUser', principalId: user.id, arn: user.arn, accountId: this.#account, userName: name };
  }

  /** The session policies of a temporary key; undefined where none were passed. */
  sessionPolicies(keyId: string): SessionPolicies | undefined {
    return this.#credentials.get(keyId)?.session?.policies;
  }

  async #find(keyId: string, region: string): Promise<Credential | undefined> {
    const asked = this.#unknown.get(keyId);
    if (asked !== undefined && Date.now() - asked < UNKNOWN_FOR) return undefined;
    const credential = keyId.startsWith('ASIA') ? await this.#findSession(keyId, region) : await this.#findOwner(keyId);
    if (credential) this.#remember(keyId, credential);
    else this.#unknown.set(keyId, Date.now());
    return credential;
  }

  async #findOwner(keyId: string): Promise<Credential | undefined> {
    const name = await this.#directory.keyOwner(keyId);
    return name === undefined ? undefined : { kind: 'user', name };
  }

  async #findSession(keyId: string, region: string): Promise<Credential | undefined> {
    const found = await this.#directory.lambdaSession(keyId, region);
    if (!found) return undefined;
    const session = { created: new Date(), mfa: false };
    return {
      kind: 'role',
      arn: found.roleArn,
      sessionName: found.functionName,
      session,
      functionArn: found.functionArn,
    };
  }

  async #describe(credential: Credential, accessKeyId: string): Promise<UserIdentity> {
    const accountId = this.#account;
    switch (credential.kind) {
      case 'root':
        return {
          type: 'Root',
          principalId: accountId,
          arn: `arn:aws:iam::${accountId}:root`,
          accountId,
          accessKeyId,
          ...(credential.session && { sessionContext: { attributes: attributes(credential.session) } }),
        };
      case 'user': {
        const user = await this.#user(credential.name);
        return {
          type: 'IAMUser',
          ...(user && { principalId: user.id }),
          arn: user?.arn ?? `arn:aws:iam::${accountId}:user/${credential.name}`,
          accountId,
          accessKeyId,
          userName: credential.name,
          ...(credential.session && { sessionContext: { attributes: attributes(credential.session) } }),
        };
      }
      case 'role':
        return this.#describeRole(credential, accessKeyId);
      case 'federated': {
        const user = await this.#user(credential.issuer);
        const issuer = user && {
          type: 'IAMUser',
          principalId: user.id,
          arn: user.arn,
          accountId,
          userName: credential.issuer,
        };
        return {
          type: 'FederatedUser',
          principalId: `${accountId}:${credential.name}`,
          arn: credential.arn,
          accountId,
          accessKeyId,
          sessionContext: { ...(issuer && { sessionIssuer: issuer }), attributes: attributes(credential.session) },
        };
      }
    }
  }

  async #describeRole(credential: Extract<Credential, { kind: 'role' }>, accessKeyId: string): Promise<UserIdentity> {
    const name = credential.arn.split('/').at(-1) ?? '';
    const accountId = credential.arn.split(':')[4] || this.#account;
    const role = accountId === this.#account ? await this.#role(name) : undefined;
    return {
      type: 'AssumedRole',
      ...(role && { principalId: `${role.id}:${credential.sessionName}` }),
      arn: `arn:aws:sts::${accountId}:assumed-role/${name}/${credential.sessionName}`,
      accountId,
      accessKeyId,
      sessionContext: {
        sessionIssuer: {
          type: 'Role',
          ...(role && { principalId: role.id }),
          arn: role?.arn ?? credential.arn,
          accountId,
          userName: name,
        },
        attributes: attributes(credential.session),
      },
      ...(credential.functionArn !== undefined && {
        inScopeOf: { issuerType: 'AWS::Lambda::Function', credentialsIssuedTo: credential.functionArn },
      }),
    };
  }

  #user(name: string): Promise<Principal | undefined> {
    return cached(this.#users, name, () => this.#directory.user(name));
  }

  #role(name: string): Promise<Principal | undefined> {
    return cached(this.#roles, name, () => this.#directory.role(name));
  }
}

/** Remembers found principals; one that was not found, or could not be asked for, is asked for again. */
function cached(
  cache: Map<string, Promise<Principal | undefined>>,
  name: string,
  ask: () => Promise<Principal | undefined>,
): Promise<Principal | undefined> {
  let answer = cache.get(name);
  if (!answer) {
    const asked = ask().then((principal) => {
      if (!principal && cache.get(name) === asked) cache.delete(name);
      return principal;
    });
    cache.set(name, asked);
    answer = asked;
  }
  return answer;
}

/** The session policies among the parameters of AssumeRole and its like, and of GetFederationToken. */
function passedPolicies({ Policy, PolicyArns }: Structure): SessionPolicies | undefined {
  const documents = typeof Policy === 'string' && Policy !== '' ? [Policy] : [];
  const arns = structures(PolicyArns).flatMap(({ arn }) => (typeof arn === 'string' ? [arn] : []));
  return documents.length + arns.length > 0 ? { documents, arns } : undefined;
}

function attributes({ created, mfa }: Session): { creationDate: string; mfaAuthenticated: string } {
  return { creationDate: wholeSeconds(created), mfaAuthenticated: String(mfa) };
}

function typeOf(arn: string): string {
  if (arn.includes(':assumed-role/')) return 'AssumedRole';
  if (arn.includes(':federated-user/')) return 'FederatedUser';
  return arn.endsWith(':root') ? 'Root' : 'IAMUser';
}

/** A call without a signature: federation by a token, or an anonymous request to S3. */
function unsigned(output: Structure): UserIdentity {
  const subject = output.SubjectFromWebIdentityToken;
  if (typeof subject === 'string') {
    const principalId = [output.Provider, output.Audience, subject].join(':');
    return { type: 'WebIdentityUser', principalId, userName: subject, identityProvider: String(output.Provider ?? '') };
  }
  if (typeof output.NameQualifier === 'string') {
    const principalId = `${output.NameQualifier}:${String(output.Subject ?? '')}`;
    return {
      type: 'SAMLUser',
      principalId,
      userName: String(output.Subject ?? ''),
      identityProvider: output.NameQualifier,
    };
  }
  return { type: 'AWSAccount', principalId: '', accountId: 'ANONYMOUS_PRINCIPAL' };
}
