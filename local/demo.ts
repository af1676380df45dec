import { randomBytes } from 'node:crypto';
import { parseArgs } from 'node:util';
import { packIds } from '../playbooks/packs.ts';
import { plain } from '../playbooks/report/words.ts';
import type { Attack, Proof, Stage } from '../simulate/attack.ts';
import { attacks } from '../simulate/catalog.ts';
import { LocalFailure } from './failure.ts';
import { takesColours } from './live-log.ts';
import { type LocalAws, startLocalAws } from './local-aws.ts';
import { packSettings } from './packs.ts';
import { type Happening, Timeline } from './timeline.ts';

const USAGE = `Usage: npm run demo -- [--only ID] [--packs PACKS] [--keep]

  --only ID   play one attack: ${attacks.map((attack) => attack.detection).join(', ')}
  --packs P   with these packs of detections on, separated by commas: ${packIds.join(', ')}
  --keep      leave the local AWS up afterwards, and say what to try next`;

/** Waits and alarms run faster than on AWS here, so that an incident is closed within seconds, not minutes. */
const FASTER = { waitScale: 0.05, returnSpeed: 20 };
/** How long an attack may take from the first call to its mail, and an incident to its close, in ms. */
const DEADLINES = { mail: 60_000, close: 60_000 };
const SIGNAL_NUMBERS = { SIGHUP: 1, SIGINT: 2, SIGTERM: 15 } as const;

/** What one attack came to. */
interface Result {
  attack: Attack;
  ok: boolean;
  /** Seconds from the attack to the alarm, to the last containment, to the mail. */
  detected?: number;
  contained?: number;
  mailed?: number;
  outcome: string;
  missing: string[];
  proofs: Proof[];
  timeline: Timeline;
}

const colours = takesColours(process.stdout);
const paint = (code: number, text: string): string => (colours ? `\x1b[${code}m${text}\x1b[0m` : text);
const bold = (text: string): string => paint(1, text);
const say = (text = ''): void => {
  process.stdout.write(`${text}\n`);
};
const kindColours: Partial<Record<Happening['kind'], number>> = {
  attack: 31,
  alarm: 33,
  done: 32,
  mail: 36,
  alert: 36,
};

class Interrupted extends Error {
  override readonly name = 'Interrupted';
  readonly exitCode: number;
  constructor(signalNumber: number) {
    super('Interrupted; nothing is left running.');
    this.exitCode = 128 + signalNumber;
  }
}

async function main(): Promise<void> {
  const { only, keep, settings } = options();
  const interrupt = new AbortController();
  for (const [name, number] of Object.entries(SIGNAL_NUMBERS)) {
    process.on(name, () => interrupt.abort(new Interrupted(number)));
  }
  process.stdout.on('error', () => interrupt.abort(new Interrupted(SIGNAL_NUMBERS.SIGHUP)));
  const started = performance.now();
  say(bold('cordon: four attacks on a local AWS, detected, contained and reported'));
  say();
  const aws = await startLocalAws({
    ...FASTER,
    settings,
    signal: interrupt.signal,
    onStage: stages(),
    ...(keep ? { announce: { onStop: () => interrupt.abort() } } : {}),
  });
  try {
    say(`   up at ${aws.endpoint}, account ${aws.account}, in ${secondsSince(started)} s`);
    const over = AbortSignal.any([interrupt.signal, signalOf(aws.ended)]);
    const results = await playAll(aws, only, over);
    say();
    summary(results, secondsSince(started));
    if (keep) await keepUp(aws, interrupt.signal);
    if (results.some((result) => !result.ok)) {
      throw new LocalFailure('failed', 'The demo did not show all that it must; the lines marked "missing" say what.');
    }
  } finally {
    await aws.close();
  }
}

function options(): { only: Attack[]; keep: boolean; settings: Record<string, string> } {
  const { values } = parse();
  if (values.help) {
    say(USAGE);
    process.exit(0);
  }
  const only = values.only === undefined ? [...attacks] : attacks.filter((attack) => attack.detection === values.only);
  if (only.length === 0) throw new LocalFailure('usage', `There is no attack "${values.only}".\n${USAGE}`);
  return { only, keep: values.keep, settings: packSettings(values.packs) };
}

function parse() {
  try {
    return parseArgs({
      options: {
        only: { type: 'string' },
        packs: { type: 'string' },
        keep: { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h', default: false },
      },
    });
  } catch (error) {
    throw new LocalFailure('usage', `${error instanceof Error ? error.message : error}\n${USAGE}`, { cause: error });
  }
}

/** Shows what begins, with the time that the stage before it took. */
function stages(): (stage: string) => void {
  let last = performance.now();
  let first = true;
  return (stage) => {
    if (!first) say(`   ... ${secondsSince(last)} s`);
    first = false;
    last = performance.now();
    say(`   ${stage}`);
  };
}

const secondsSince = (start: number): string => ((performance.now() - start) / 1000).toFixed(1);

/** Aborts when the local AWS ends by itself. */
function signalOf(ended: Promise<LocalFailure | undefined>): AbortSignal {
  const controller = new AbortController();
  void ended.then((failure) => controller.abort(failure ?? new LocalFailure('failed', 'The local AWS has ended.')));
  return controller.signal;
}

async function playAll(aws: LocalAws, only: Attack[], signal: AbortSignal): Promise<Result[]> {
  const stage: Stage = {
    ...{ endpoint: aws.endpoint, account: aws.account, region: aws.region },
    administrator: aws.accountAdministrator,
    ...{ root: aws.root, rootPassword: aws.rootPassword },
    mark: randomBytes(3).toString('hex'),
    now: () => new Date(),
  };
  const results: Result[] = [];
  for (const [index, attack] of only.entries()) {
    say();
    say(bold(`${index + 1} of ${only.length}  ${attack.detection}: ${attack.title}`));
    results.push(await play(attack, stage, aws, signal));
  }
  say();
  say(bold('Settling: each playbook looks again until its alarm is quiet'));
  for (const result of results) {
    const closed = await result.timeline.until(
      ({ incident }) => incident?.closedAt !== undefined,
      DEADLINES.close,
      signal,
    );
    const id = result.timeline.followed.incident?.id ?? result.attack.detection;
    const status = result.timeline.followed.incident?.status ?? 'unknown';
    say(`   ${id}: ${closed ? status : paint(31, `still ${status}`)}`);
    result.ok &&= closed;
    result.timeline.end();
  }
  return results;
}

async function play(attack: Attack, stage: Stage, aws: LocalAws, signal: AbortSignal): Promise<Result> {
  const { attack: carryOut, prove, actor } = await attack.prepare(stage);
  const start = Date.now();
  const since = (at: Date | number): number => Math.max(0, (Number(at) - start) / 1000);
  const show = ({ at, kind, text }: Happening): void => {
    const label = paint(kindColours[kind] ?? 2, kind.padEnd(9));
    say(`   ${since(at).toFixed(2).padStart(6)} s  ${label} ${plain(text)}`);
  };
  const times: Partial<Record<Happening['kind'], number>> = {};
  const timeline = new Timeline(aws, attack.detection, actor, (happening) => {
    // Contained is what was read back, the last of it: what is only proposed contains nothing.
    const isLater =
      happening.kind === 'done' ? happening.text.endsWith('read back') : times[happening.kind] === undefined;
    if (isLater) times[happening.kind] = since(happening.at);
    show(happening);
  });
  await carryOut((text) => show({ at: new Date(), kind: 'attack', text }));
  const { outcome, severity } = attack.expected;
  const reached = await timeline.until(
    ({ incident, mails }) =>
      incident?.outcome === outcome &&
      incident.severity === severity &&
      mails.some((mail) => mail.subject.includes(severity)),
    DEADLINES.mail,
    signal,
  );
  const proofs = await prove().catch((error: unknown): Proof[] => [
    {
      what: 'the containment can be tried out',
      holds: false,
      seen: error instanceof Error ? error.message : String(error),
    },
  ]);
  for (const { what, holds, seen } of proofs) {
    say(`             ${holds ? paint(32, 'proved   ') : paint(31, 'NOT SO   ')} ${plain(`${what} (${seen})`)}`);
  }
  showMail(timeline);
  const { incident } = timeline.followed;
  const missing = [
    ...(reached ? [] : [`an incident that is ${severity} and ${outcome}, with its mail`]),
    ...proofs.filter((proof) => !proof.holds).map((proof) => proof.what),
  ];
  for (const one of missing) say(paint(31, `   missing: ${one}`));
  return {
    ...{ attack, proofs, missing, timeline, ok: missing.length === 0 },
    ...{ detected: times.alarm, contained: times.done, mailed: times.mail },
    outcome: `${incident?.severity ?? '-'} ${incident?.outcome ?? 'no incident'}`,
  };
}

function showMail({ followed }: Timeline): void {
  const mail = followed.mails.at(-1);
  if (!mail) return;
  say();
  say(`   ${paint(36, '|')} ${bold(mail.subject)}`);
  for (const line of mail.body.trimEnd().split('\n')) say(`   ${paint(36, '|')} ${plain(line)}`);
}

function summary(results: Result[], seconds: string): void {
  const cell = (value: number | undefined): string => (value === undefined ? '-' : `${value.toFixed(2)} s`).padStart(9);
  say(
    bold(`${'attack'.padEnd(24)}${'detected'.padStart(9)}${'contained'.padStart(11)}${'mailed'.padStart(9)}  outcome`),
  );
  for (const { attack, detected, contained, mailed, outcome, ok } of results) {
    const mark = ok ? paint(32, outcome) : paint(31, `${outcome}, AND SOMETHING IS MISSING`);
    say(`${attack.detection.padEnd(24)}${cell(detected)}  ${cell(contained)}${cell(mailed)}  ${mark}`);
  }
  const good = results.filter((result) => result.ok).length;
  say();
  say(
    `${good} of ${results.length} attacks shown as they must be, in ${seconds} s. Times are since each attack's first call.`,
  );
}

async function keepUp(aws: LocalAws, signal: AbortSignal): Promise<void> {
  say();
  say(bold('The local AWS stays up. In another terminal, try:'));
  say('   eval "$(npm run --silent local -- env --as mallory)"      be an IAM user with administrator rights');
  say('   aws cloudtrail stop-logging --name cordon                 and see the trail start again');
  say('   eval "$(npm run --silent local -- env --as soc)"          be the SOC administrator');
  say('   npx cordon incidents list                                 and look at what happened');
  say('   npm run local -- stop                                     end it; so does Ctrl-C here');
  const interrupted = new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()));
  if (!signal.aborted) await Promise.race([interrupted, aws.ended]);
}

try {
  await main();
} catch (error) {
  if (!(error instanceof Interrupted)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = error.exitCode;
}
// Kept-alive connections must not hold the process once it is done.
if (process.exitCode !== undefined) process.exit();
