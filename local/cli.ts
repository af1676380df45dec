import { parseArgs } from 'node:util';
import { packIds } from '../playbooks/packs.ts';
import { type AccessKey, makeUser } from './account.ts';
import { LocalFailure } from './failure.ts';
import { liveLog, takesColours } from './live-log.ts';
import { type LocalAws, STATE_FILE, startLocalAws } from './local-aws.ts';
import { packSettings } from './packs.ts';
import { findRunning, type RunningAccount, rememberUser, stopRunning } from './running.ts';

const DEFAULT_PORT = 4599;
const SIGNAL_NUMBERS = { SIGHUP: 1, SIGINT: 2, SIGTERM: 15 } as const;

const USAGE = `Usage: npm run local -- [--port PORT] [--packs cis,...]  start a local AWS and stay in the foreground (port ${DEFAULT_PORT}; 0: a free one)
                                               --packs: these packs of detections are on: ${packIds.join(', ')}
       npm run --silent local -- env --as WHO  print the shell lines for the running one; WHO: soc, root or a user's name
       npm run local -- stop                   end the running one`;

/** A stop that was asked for, by a signal or by the `stop` command, and how the process then ends. */
class Stopped extends Error {
  override readonly name = 'Stopped';
  readonly exitCode: number;
  constructor(exitCode: number) {
    super('Stopped.');
    this.exitCode = exitCode;
  }
}

async function main(args: string[]): Promise<void> {
  const { values, positionals } = parse(args);
  const [command = 'start', ...rest] = positionals;
  if (values.help) console.log(USAGE);
  else if (rest.length > 0)
    throw new LocalFailure('usage', `One command at a time: "${rest[0]}" is too much.\n${USAGE}`);
  else if (command === 'start') await start(portOf(values.port), packSettings(values.packs));
  else if (command === 'env') await printEnvironment(values.as ?? 'soc');
  else if (command === 'stop') await stop();
  else throw new LocalFailure('usage', `There is no command "${command}".\n${USAGE}`);
}

function parse(args: string[]) {
  try {
    const options = {
      port: { type: 'string' },
      packs: { type: 'string' },
      as: { type: 'string' },
      help: { type: 'boolean', short: 'h' },
    } as const;
    return parseArgs({ args, options, allowPositionals: true });
  } catch (error) {
    throw new LocalFailure('usage', `${error instanceof Error ? error.message : error}\n${USAGE}`, { cause: error });
  }
}

function portOf(text: string | undefined): number {
  const port = Number(text ?? DEFAULT_PORT);
  if (/^\d+$/.test(text ?? '0') && port <= 65_535) return port;
  throw new LocalFailure('usage', `--port takes a number from 0 to 65535, not "${text}".`);
}

async function start(port: number, settings: Record<string, string>): Promise<void> {
  const stopping = new AbortController();
  let isUp = false;
  const stopBy = (signalNumber?: number): void => {
    const exitCode = isUp || signalNumber === undefined ? 0 : 128 + signalNumber;
    stopping.abort(new Stopped(exitCode));
  };
  for (const [name, number] of Object.entries(SIGNAL_NUMBERS)) process.on(name, () => stopBy(number));
  process.stdout.on('error', () => stopBy()); // whoever read the log is gone

  const aws = await startLocalAws({
    port,
    settings,
    announce: { onStop: () => stopBy() },
    signal: stopping.signal,
    onStage: (stage) => console.log(`${stage} ...`),
  });
  isUp = true;
  liveLog(aws.signals, aws.mailbox, {
    write: (text) => process.stdout.write(text),
    colours: takesColours(process.stdout),
    now: () => new Date(),
  });
  console.log(welcome(aws));
  const stopped = new Promise<void>((resolve) => stopping.signal.addEventListener('abort', () => resolve()));
  if (!stopping.signal.aborted) await Promise.race([stopped, aws.ended]);
  await aws.close();
  const failure = await aws.ended;
  if (failure) throw failure;
}

function welcome({ endpoint, account, region }: LocalAws): string {
  return `The local AWS is up at ${endpoint} (account ${account}, ${region}). In another terminal:
  eval "$(npm run --silent local -- env --as mallory)"   a user to attack with, made with administrator rights
  npm run local -- stop                                  end it; so does Ctrl-C here
Console sign-ins: POST ${endpoint}/_cordon/console-sign-in
`;
}

async function printEnvironment(who: string): Promise<void> {
  const { account } = await findRunning(STATE_FILE);
  const key = await keyOf(who, account);
  const variables = {
    AWS_ENDPOINT_URL: account.endpoint,
    AWS_ACCESS_KEY_ID: key.accessKeyId,
    AWS_SECRET_ACCESS_KEY: key.secretAccessKey,
    AWS_REGION: account.region,
    AWS_DEFAULT_REGION: account.region,
    // An account id cannot be put before an IP address, which S3 Control's clients would do.
    AWS_DISABLE_HOST_PREFIX_INJECTION: 'true',
  };
  // A session or profile of the shell would win over the key.
  console.log('unset AWS_SESSION_TOKEN AWS_PROFILE');
  for (const [name, value] of Object.entries(variables)) console.log(`export ${name}=${value}`);
}

async function keyOf(who: string, account: RunningAccount): Promise<AccessKey> {
  if (who === 'root') return account.root;
  if (who === 'soc' || who === 'soc-admin') return account.soc;
  if (who === 'account-admin') return account.accountAdministrator;
  const known = Object.hasOwn(account.users, who) ? account.users[who] : undefined;
  if (known) return known;
  const key = await makeUser(account, account.accountAdministrator, who);
  rememberUser(STATE_FILE, who, key);
  return key;
}

async function stop(): Promise<void> {
  console.log((await stopRunning(STATE_FILE)) ? 'The local AWS has ended.' : 'No local AWS runs.');
}

try {
  await main(process.argv.slice(2));
} catch (error) {
  if (error instanceof Stopped) process.exitCode = error.exitCode;
  else throw error;
}
// Nothing may keep a command that is done from ending, such as a connection that is kept open.
if (process.exitCode !== undefined) process.exit();
