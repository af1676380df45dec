import { setTimeout as delay } from 'node:timers/promises';
import {
  CreateAccessKeyCommand,
  CreateLoginProfileCommand,
  CreateUserCommand,
  IAMClient,
  ListUserTagsCommand,
  PutUserPolicyCommand,
} from '@aws-sdk/client-iam';
import {
  GetCallerIdentityCommand,
  GetSessionTokenCommand,
  type Credentials as SessionCredentials,
  STSClient,
} from '@aws-sdk/client-sts';
import type { Severity } from '../playbooks/detection.ts';
import type { Outcome } from '../playbooks/incident.ts';
import { type AccessKey, type Credentials, type Scene, SceneFailure, tagsOf } from './scene.ts';

export type { AccessKey, Credentials };

/** A running local AWS, where everything can be played. */
export interface Stage extends Scene {
  /** The recorder's address. */
  endpoint: string;
  administrator: AccessKey;
  root: AccessKey;
  rootPassword: string;
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
  /** The name of the user whose records are the attack's; `root` for root's. */
  actor: string;
}

/** How an incident must stand in the end. */
export interface Expected {
  outcome: Outcome;
  severity: Severity;
}

/** A way to set a detection off, played by real calls. */
export interface Attack {
  /** The detection that it must set off. */
  detection: string;
  title: string;
  /** How its incident must stand in the end. */
  expected: Expected;
  /** Makes what it takes: users, keys, buckets. */
  prepare: (scene: Scene) => Promise<Prepared>;
  /** What a simulation makes and does on an account, for whoever must agree to it, a line each. */
  plan: readonly string[];
  /** Why it cannot be played on AWS itself, and what can be done instead, a line each; absent where it can. */
  notOnAws?: readonly string[];
  /** What it leaves out, since that would be no drill any more, and the commands that show it on a local AWS. */
  leavesOut?: { what: string; commands: readonly string[] };
}

/** The configuration of a client that acts as somebody. */
export const as = ({ endpoint, region }: Scene, credentials: Scene['administrator']) => ({
  ...(endpoint ? { endpoint } : {}),
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

/** The same on a local AWS only: on AWS, calls come from where they come from. */
export const seemsFrom = <C extends Parameters<typeof from>[1]>({ endpoint }: Scene, address: string, client: C): C =>
  endpoint ? from(address, client) : client;

/** Makes an IAM user who may do `actions`, with an access key and, where a password is given, a console sign-in. */
export async function makeAttacker(
  scene: Scene,
  name: string,
  actions: string[],
  password?: string,
  /** What he may do besides, on his own things only. */
  own?: { actions: string[]; on: string[] },
): Promise<AccessKey> {
  const iam = new IAMClient(as(scene, scene.administrator));
  const statements = [{ actions, on: ['*'] }, ...(own ? [own] : [])].filter((one) => one.actions.length > 0);
  try {
    scene.made?.users.add(name);
    await iam.send(new CreateUserCommand({ UserName: name, Tags: tagsOf(scene) }));
    await iam.send(
      new PutUserPolicyCommand({
        UserName: name,
        PolicyName: 'work',
        PolicyDocument: JSON.stringify({
          Version: '2012-10-17',
          Statement: statements.map((one) => ({ Effect: 'Allow', Action: one.actions, Resource: one.on })),
        }),
      }),
    );
    if (password !== undefined) {
      await iam.send(new CreateLoginProfileCommand({ UserName: name, Password: password }));
    }
    const { AccessKey: key } = await iam.send(new CreateAccessKeyCommand({ UserName: name }));
    if (!key?.AccessKeyId || !key.SecretAccessKey) throw new SceneFailure(`IAM gave ${name} no access key.`);
    const made = { accessKeyId: key.AccessKeyId, secretAccessKey: key.SecretAccessKey };
    await usable(scene, made);
    return made;
  } finally {
    iam.destroy();
  }
}

/** How long AWS may take until a new key works everywhere, and how long a new policy takes at most, as a rule, in ms. */
const KEY_SPREADS = 60_000;
const POLICY_SPREADS = 15_000;

/**
 * Waits until a new key works. IAM's changes take time to spread over AWS; a local AWS has them at once.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot.html#troubleshoot_general_eventual-consistency
 */
async function usable(scene: Scene, key: AccessKey): Promise<void> {
  if (scene.endpoint) return;
  const deadline = scene.now().getTime() + KEY_SPREADS;
  for (;;) {
    try {
      await whoIs(scene, key);
      break;
    } catch (error) {
      if (scene.now().getTime() > deadline) throw error;
      await delay(2_000);
    }
  }
  await delay(POLICY_SPREADS);
}

/** The session credentials in an answer of STS. @throws {SceneFailure} where there are none */
export function givenBy(made: SessionCredentials | undefined): Credentials {
  if (!made?.AccessKeyId || !made.SecretAccessKey || !made.SessionToken) {
    throw new SceneFailure('STS gave no session credentials.');
  }
  return { accessKeyId: made.AccessKeyId, secretAccessKey: made.SecretAccessKey, sessionToken: made.SessionToken };
}

/** Session credentials of an IAM user: they outlive the access key that they were made with. */
export async function sessionOf(stage: Scene, key: AccessKey): Promise<Credentials> {
  const sts = new STSClient(as(stage, key));
  try {
    const { Credentials: made } = await sts.send(new GetSessionTokenCommand({}));
    return givenBy(made);
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

/** Proves that a user carries the tag of the incident that is about him. */
export async function tagged(scene: Scene, name: string): Promise<Proof> {
  const iam = new IAMClient(as(scene, scene.administrator));
  try {
    const { Tags = [] } = await iam.send(new ListUserTagsCommand({ UserName: name }));
    const tag = Tags.find(({ Key }) => Key === 'cordon:incident')?.Value;
    return { what: `${name} is tagged with the incident`, holds: tag !== undefined, seen: `cordon:incident=${tag}` };
  } finally {
    iam.destroy();
  }
}

/** A console sign-in through the local endpoint: console sign-ins have no public API. */
export async function signIn(
  { endpoint }: Scene,
  attempt: { userName?: string; root?: boolean; password: string; mfa?: boolean; sourceIPAddress?: string },
): Promise<boolean> {
  if (!endpoint) throw new SceneFailure('AWS has no API to sign in to the console.');
  const answer = await fetch(new URL('/_cordon/console-sign-in', endpoint), {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(attempt),
  });
  if (answer.status !== 200 && answer.status !== 401) {
    throw new SceneFailure(`The console sign-in was answered with ${answer.status}: ${await answer.text()}`);
  }
  return answer.status === 200;
}

/** The ARN of who a key signs for. */
export async function whoIs(stage: Scene, credentials: Credentials): Promise<string> {
  const sts = new STSClient(as(stage, credentials));
  try {
    return (await sts.send(new GetCallerIdentityCommand({}))).Arn ?? '';
  } finally {
    sts.destroy();
  }
}
