import {
  CreateAccessKeyCommand,
  CreateLoginProfileCommand,
  CreateUserCommand,
  IAMClient,
  PutUserPolicyCommand,
} from '@aws-sdk/client-iam';
import { GetCallerIdentityCommand, GetSessionTokenCommand, STSClient } from '@aws-sdk/client-sts';
import type { Severity } from '../playbooks/detection.ts';
import type { Outcome } from '../playbooks/incident.ts';
import type { AccessKey } from '../local/account.ts';
import { LocalFailure } from '../local/failure.ts';

/** Credentials as a client takes them. */
export interface Credentials extends AccessKey {
  sessionToken?: string;
}

/** Where attacks are played: one running local AWS. */
export interface Stage {
  /** The recorder's address. */
  endpoint: string;
  account: string;
  region: string;
  /** Makes users and resources, so that root need not. */
  administrator: AccessKey;
  root: AccessKey;
  rootPassword: string;
  /** Part of every name, so that two plays do not meet. */
  mark: string;
  /** Name of the trail that is tampered with: cordon's own unless told. */
  trail?: string;
  now: () => Date;
}

/** One statement that containment holds, tried out. */
export interface Proof {
  what: string;
  holds: boolean;
  /** What was seen. */
  seen: string;
}

/** An attack that is ready to be carried out. */
export interface Prepared {
  /** Carries it out, by real calls; tells each step. */
  attack: (tell: (step: string) => void) => Promise<void>;
  /** Tries out that it is contained. */
  prove: () => Promise<Proof[]>;
  /** Names that its records can be told by. */
  actor: string;
}

/** A way to set a detection off, played by real calls. */
export interface Attack {
  /** The detection that it must set off. */
  detection: string;
  title: string;
  /** How its incident must stand in the end. */
  expected: { outcome: Outcome; severity: Severity };
  /** Makes what it takes: users, keys, buckets. */
  prepare: (stage: Stage) => Promise<Prepared>;
}

/** The configuration of a client that acts as somebody. */
export const as = ({ endpoint, region }: Stage, credentials: Credentials) => ({
  endpoint,
  region,
  credentials,
  // A refusal is the result that is looked for; trying again would only take time.
  maxAttempts: 1,
});

/** Makes a client's calls seem to come from an address of the internet: the recorder takes it from this header, locally only. */
export function from<C extends { middlewareStack: { add: (middleware: never, options: never) => void } }>(
  address: string,
  client: C,
): C {
  const middleware = (next: (args: unknown) => unknown) => (args: { request: { headers: Record<string, string> } }) => {
    args.request.headers['x-cordon-source-address'] = address;
    return next(args);
  };
  // After signing: the header is no part of what is signed, since the recorder takes it off.
  client.middlewareStack.add(
    middleware as never,
    { step: 'finalizeRequest', priority: 'low', name: 'sourceAddress' } as never,
  );
  return client;
}

/** Makes an IAM user who may do `actions`, with an access key and, where a password is given, a console sign-in. */
export async function makeAttacker(
  stage: Stage,
  name: string,
  actions: string[],
  password?: string,
): Promise<AccessKey> {
  const iam = new IAMClient(as(stage, stage.administrator));
  try {
    await iam.send(new CreateUserCommand({ UserName: name }));
    await iam.send(
      new PutUserPolicyCommand({
        UserName: name,
        PolicyName: 'work',
        PolicyDocument: JSON.stringify({
          Version: '2012-10-17',
          Statement: [{ Effect: 'Allow', Action: actions, Resource: '*' }],
        }),
      }),
    );
    if (password !== undefined) {
      await iam.send(new CreateLoginProfileCommand({ UserName: name, Password: password }));
    }
    const { AccessKey: key } = await iam.send(new CreateAccessKeyCommand({ UserName: name }));
    if (!key?.AccessKeyId || !key.SecretAccessKey) throw new LocalFailure('failed', `IAM gave ${name} no access key.`);
    return { accessKeyId: key.AccessKeyId, secretAccessKey: key.SecretAccessKey };
  } finally {
    iam.destroy();
  }
}

/** Session credentials of an IAM user: they outlive the access key that they were made with. */
export async function sessionOf(stage: Stage, key: AccessKey): Promise<Credentials> {
  const sts = new STSClient(as(stage, key));
  try {
    const { Credentials: made } = await sts.send(new GetSessionTokenCommand({}));
    if (!made?.AccessKeyId || !made.SecretAccessKey || !made.SessionToken) {
      throw new LocalFailure('failed', 'STS gave no session credentials.');
    }
    return {
      accessKeyId: made.AccessKeyId,
      secretAccessKey: made.SecretAccessKey,
      sessionToken: made.SessionToken,
    };
  } finally {
    sts.destroy();
  }
}

/** Proves that a call is refused by the service, and tells with which error. */
export async function refused(what: string, call: () => Promise<unknown>): Promise<Proof> {
  try {
    await call();
    return { what, holds: false, seen: 'the call was answered' };
  } catch (error) {
    const name = error instanceof Error ? error.name : String(error);
    const refusals = [
      'AccessDenied',
      'AccessDeniedException',
      'UnrecognizedClientException',
      'InvalidClientTokenId',
      'InvalidAccessKeyId',
    ];
    return { what, holds: refusals.includes(name), seen: name };
  }
}

/** A console sign-in through the local endpoint: console sign-ins have no public API. */
export async function signIn(
  { endpoint }: Stage,
  attempt: { userName?: string; root?: boolean; password: string; mfa?: boolean; sourceIPAddress?: string },
): Promise<boolean> {
  const answer = await fetch(new URL('/_cordon/console-sign-in', endpoint), {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(attempt),
  });
  if (answer.status !== 200 && answer.status !== 401) {
    throw new LocalFailure('failed', `The console sign-in was answered with ${answer.status}: ${await answer.text()}`);
  }
  return answer.status === 200;
}

/** The ARN of who a key signs for. */
export async function whoIs(stage: Stage, credentials: Credentials): Promise<string> {
  const sts = new STSClient(as(stage, credentials));
  try {
    return (await sts.send(new GetCallerIdentityCommand({}))).Arn ?? '';
  } finally {
    sts.destroy();
  }
}
