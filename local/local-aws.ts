import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { CreateSecretCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { SNSClient } from '@aws-sdk/client-sns';
import { SOC_ADMINISTRATOR } from '../infra/soc-administrator.ts';
import { ACCOUNT_ADMINISTRATOR, type AccessKey, type AccountAddress, makeUser, setUpAccount } from './account.ts';
import { type Assemble, type Deployment, deploy } from './deploy.ts';
import { botocoreModels, type Emulator, startEmulator } from './emulator.ts';
import { LocalFailure } from './failure.ts';
import { type Mailbox, startMailbox } from './mailbox.ts';
import { type Plane, startPlane } from './plane/plane.ts';
import { reservePort } from './ports.ts';
import { type Recorder, startRecorder } from './recorder/recorder.ts';
import { type Claim, claim, removeOldRuns } from './running.ts';
import { Signals } from './signals.ts';

/** How a local AWS is started. */
export interface LocalAwsOptions {
  /** Port of its address on 127.0.0.1; 0 or absent takes a free one. */
  port?: number;
  /** Whether the product is deployed once the account is set up; unless told, it is. */
  deployed?: boolean;
  /** ARN patterns of further principals that are never contained automatically, besides the two administrators. */
  protectedPrincipals?: string[];
  /** Further settings of the deployment, as `-c` takes them: `{ mode: 'monitor' }`. */
  settings?: Record<string, string>;
  /** Gives the app that is deployed, by its settings; unless told, it is synthesized here. */
  assemble?: Assemble | undefined;
  /** Secrets that there are before the product is deployed, by their names. */
  secrets?: Record<string, string>;
  /** Makes it the one that `npm run local -- env` and `-- stop` speak to. `onStop` is called when it is asked to end. */
  announce?: { onStop: () => void };
  /** Ends the start. What was started by then is closed. */
  signal?: AbortSignal;
  /** Told what begins now, in a few words: `Starting the emulator`. */
  onStage?: (stage: string) => void;
  /** Factor on Step Functions' waits; 1 unless told. */
  waitScale?: number;
  /** How many times faster alarms return; 1 unless told. */
  returnSpeed?: number;
  /** Account id, 12 digits. */
  account?: string;
  region?: string;
}

/** A running local AWS. */
export interface LocalAws extends AccountAddress {
  /** Its address as Lambdas have it, by name: `http://localhost:PORT`. A Node process needs local/loopback.mjs for it. */
  endpointByName: string;
  /** Root's key and console password. Any use from here on is an incident. */
  root: AccessKey;
  rootPassword: string;
  /** The SOC administrator's key. */
  soc: AccessKey;
  /** The key of the IAM user who makes other users. */
  accountAdministrator: AccessKey;
  /** A new key of the user, who is made with administrator rights where he does not exist. */
  makeUser(name: string): Promise<AccessKey>;
  /** What was deployed; nothing where the product was not. */
  deployment?: Deployment;
  signals: Signals;
  mailbox: Mailbox;
  emulator: Emulator;
  /** Deploys the product again, with these settings in the place of those that it was started with. */
  redeploy(settings: Record<string, string>): Promise<void>;
  /** Resolves when all calls so far are recorded, delivered, evaluated, and what they set off was started. */
  settled(): Promise<void>;
  /** Resolves when it is over: with the failure when the emulator died, with nothing when it was closed. */
  ended: Promise<LocalFailure | undefined>;
  /** Ends everything and removes the run's folder. May be called again. */
  close(): Promise<void>;
}

const STATE_FOLDER = join(dirname(dirname(fileURLToPath(import.meta.url))), '.local');
/** Where the local AWS that was announced is described. */
export const STATE_FILE: string = join(STATE_FOLDER, 'running.json');
/** The address that the product is deployed with; its mails come to the mailbox, which the topic is subscribed to as well. */
const MAIL_ADDRESS = 'soc@example.com';
const LAST_LOG = join(STATE_FOLDER, 'emulator.log');
/** No part may hold up the end for longer, in ms. */
const CLOSING_MS = 5_000;

type Closer = () => unknown;

/**
 * Starts a local AWS: the emulator, the recorder in front of it, the account, the detection plane, the product's
 * deployment and a mailbox that its mails come to.
 * @throws LocalFailure when a part does not start; nothing is left running then.
 */
export async function startLocalAws(options: LocalAwsOptions = {}): Promise<LocalAws> {
  const closers: Closer[] = [];
  const over = new AbortController();
  let closing: Promise<void> | undefined;
  const close = (): Promise<void> => {
    over.abort();
    closing ??= closeAll(closers);
    return closing;
  };
  try {
    const started = await start(options, closers, over);
    const ended = new Promise<LocalFailure | undefined>((resolve) => {
      const tell = (): void => resolve(over.signal.reason instanceof LocalFailure ? over.signal.reason : undefined);
      over.signal.addEventListener('abort', tell);
      if (over.signal.aborted) tell();
    });
    return { ...started, ended, close };
  } catch (error) {
    // Whatever failed after it, the cause is the emulator's death, or that the start was called off.
    const died = over.signal.reason instanceof LocalFailure ? over.signal.reason : undefined;
    const cause = died ?? (options.signal?.aborted ? options.signal.reason : error);
    await close();
    throw cause;
  }
}

async function start(
  options: LocalAwsOptions,
  closers: Closer[],
  over: AbortController,
): Promise<Omit<LocalAws, 'ended' | 'close'>> {
  const { account = '111122223333', region = 'us-east-1', onStage = () => {} } = options;
  const stage = (text: string): void => {
    options.signal?.throwIfAborted();
    over.signal.throwIfAborted();
    onStage(text);
  };
  const root: AccessKey = {
    accessKeyId: `AKIA${randomId(16)}`,
    secretAccessKey: randomBytes(30).toString('base64url'),
  };
  const rootPassword = randomBytes(15).toString('base64url');
  const signals = new Signals();

  const announced = options.announce && (await announce(options.announce.onStop, closers));
  const reserved = await reservePort(options.port ?? 0);
  closers.push(() => reserved.release());
  stage('Starting the emulator');
  const dir = makeRunFolder(closers);
  const endpoint = `http://127.0.0.1:${reserved.port}`;
  const endpointByName = `http://localhost:${reserved.port}`;
  const emulator = await startEmulator({
    ...{ root, account, region, dir, waitScale: options.waitScale },
    endpointForLambdas: new URL(endpointByName),
    onExit: ({ summary }) => over.abort(new LocalFailure('emulator', `${keepLog(emulator.logFile, summary)}`)),
  });
  closers.push(() => emulator.close());

  stage('Starting the recorder and the detection plane');
  await reserved.release();
  const recorder = await startRecorder({
    ...{ port: reserved.port, account, region, root, rootPassword, signals },
    upstream: emulator.url,
    models: await botocoreModels(),
  });
  closers.push(() => recorder.close());
  const plane = await startPlane({
    ...{ account, region, signals, returnSpeed: options.returnSpeed },
    endpoint: emulator.url.origin,
    credentials: root,
  });
  closers.push(() => plane.close());

  stage('Setting the account up');
  const address: AccountAddress = { endpoint, account, region };
  const { soc, accountAdministrator } = await setUpAccount(address, root);
  const mailbox = await startMailbox({ endpoint: new URL(endpoint) });
  closers.push(() => mailbox.close());

  await makeSecrets(options.secrets ?? {}, address, accountAdministrator);
  const administrators = [SOC_ADMINISTRATOR, ACCOUNT_ADMINISTRATOR].map(
    (name) => `arn:aws:iam::${account}:user/${name}`,
  );
  const deployWith = (settings: Record<string, string> = {}, again = false) =>
    deploy({
      ...{ ...address, credentials: soc, dir: join(dir, 'deployment'), mail: MAIL_ADDRESS, settings, again },
      assemble: options.assemble,
      protectedPrincipals: [...administrators, ...(options.protectedPrincipals ?? [])],
      signal: options.signal ? AbortSignal.any([options.signal, over.signal]) : over.signal,
    });
  let deployment: Deployment | undefined;
  if (options.deployed !== false) {
    stage('Deploying the product');
    deployment = await deployWith(options.settings);
    await subscribe(mailbox, address, soc, deployment.topicArn);
  }
  options.signal?.throwIfAborted();
  over.signal.throwIfAborted();
  announced?.publish({ ...address, root, rootPassword, soc, accountAdministrator, users: {} });
  return {
    ...address,
    ...{ endpointByName, root, rootPassword, soc, accountAdministrator, deployment, signals, mailbox, emulator },
    makeUser: (name) => makeUser(address, accountAdministrator, name),
    redeploy: async (settings) => {
      await deployWith(settings, true);
    },
    settled: () => settled(recorder, plane),
  };
}

async function makeSecrets(
  secrets: Record<string, string>,
  { endpoint, region }: AccountAddress,
  credentials: AccessKey,
): Promise<void> {
  const client = new SecretsManagerClient({ endpoint, region, credentials });
  try {
    for (const [Name, SecretString] of Object.entries(secrets)) {
      await client.send(new CreateSecretCommand({ Name, SecretString }));
    }
  } finally {
    client.destroy();
  }
}

async function announce(onStop: () => void, closers: Closer[]): Promise<Claim> {
  const claimed = await claim(STATE_FILE, onStop);
  closers.push(() => claimed.release());
  return claimed;
}

/** A folder of this run, readable by its user only; what earlier runs left behind when they were killed goes. */
function makeRunFolder(closers: Closer[]): string {
  mkdirSync(STATE_FOLDER, { recursive: true });
  removeOldRuns(STATE_FOLDER);
  const dir = mkdtempSync(join(STATE_FOLDER, `run-${process.pid}-`));
  closers.push(() => rmSync(dir, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 }));
  return dir;
}

/** Takes the dead emulator's log out of the run's folder, which goes. */
function keepLog(logFile: string, summary: string): string {
  try {
    renameSync(logFile, LAST_LOG);
    return `${summary} (its log: ${LAST_LOG}). Start it again.`;
  } catch {
    return `${summary} Start it again.`;
  }
}

async function subscribe(
  mailbox: Mailbox,
  address: AccountAddress,
  credentials: AccessKey,
  topic: string,
): Promise<void> {
  const sns = new SNSClient({ endpoint: address.endpoint, region: address.region, credentials });
  try {
    await mailbox.subscribe(sns, topic);
  } finally {
    sns.destroy();
  }
}

async function settled(recorder: Recorder, plane: Plane): Promise<void> {
  await recorder.flush();
  await plane.settled();
}

/** Closes in the opposite order of the start. What does not end in time, or fails to, must not keep the rest open. */
async function closeAll(closers: Closer[]): Promise<void> {
  for (let closer = closers.pop(); closer; closer = closers.pop()) {
    const waiting = new AbortController();
    const timeout = delay(CLOSING_MS, undefined, { signal: waiting.signal }).catch(() => {});
    await Promise.race([
      Promise.resolve()
        .then(closer)
        .catch(() => {}),
      timeout,
    ]);
    waiting.abort();
  }
}

/** Characters as AWS's access key ids have them. */
function randomId(length: number): string {
  const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
  return Array.from(randomBytes(length), (byte) => letters[byte % 32]).join('');
}
