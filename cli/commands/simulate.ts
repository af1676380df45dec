import { createInterface } from 'node:readline/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { STSClient } from '@aws-sdk/client-sts';
import { installedSettings } from '../../handlers/installation/installation.ts';
import { isAsking } from '../../handlers/steps/ask-analyst.ts';
import { detectionOf, detections } from '../../playbooks/catalog.ts';
import type { IncidentEvent } from '../../playbooks/incident.ts';
import { isWaiting, type Question } from '../../playbooks/question.ts';
import { plain } from '../../playbooks/report/words.ts';
import type { Attack } from '../../simulate/attack.ts';
import { scenarios } from '../../simulate/catalog.ts';
import { type Cleaned, clean, leftovers } from '../../simulate/clean.ts';
import { play, type Simulated } from '../../simulate/play.ts';
import { newMark, nothingMade, type Scene } from '../../simulate/scene.ts';
import { command } from '../command.ts';
import type { Desk } from '../desk.ts';
import { CliFailure } from '../failure.ts';
import { count } from '../options.ts';
import type { Out } from '../output/out.ts';
import { table } from '../output/table.ts';

/** Minutes that a simulation waits for its incident: CloudTrail delivers within minutes, a local AWS at once. */
const PATIENCE = { aws: 25, local: 3 };
/** ms between two looks. */
const EVERY = { aws: 10_000, local: 500 };
/** Minutes that its playbook may take afterwards until the alarm is quiet. */
const SETTLING = { aws: 20, local: 6 };
/** An answer that is refused, or does not get through, is given again so often. */
const ANSWER_TRIES = 5;

/** What making the user of a simulation is, where the pack is on that looks at it. */
const ALSO_DETECTED =
  'an access key that you make for that user, which the pack credentials takes back unless you are a protected principal';

/** `simulate SCENARIO` */
export default command({
  name: 'simulate',
  summary: 'play an attack with real calls, and check that it is detected and contained',
  about: [
    'It makes an IAM user of its own, and what else it takes, and attacks nothing but that: every name begins with cordon-sim- and everything has the tag cordon:simulation. The playbook cannot tell it from a real attack: whoever gets the mails should know of it. At the end, also when it is interrupted, it takes everything away again, and answers the questions that the incident left. --clean takes away what a run that was killed has left behind.',
    'On AWS it asks for the account’s id first, and it takes some minutes, since CloudTrail does. It needs credentials that may make IAM users; the approver policy is not enough. Where the pack credentials is on, they must be a protected principal’s: the key of the user is taken back otherwise.',
  ],
  arguments: [{ name: 'SCENARIO', about: 'what to play; without it, the scenarios are listed', optional: true }],
  options: {
    confirm: { type: 'string', value: 'ACCOUNT_ID', about: 'the account’s id, where nobody is there to type it' },
    timeout: {
      type: 'string',
      value: 'MINUTES',
      about: `how long to wait; ${PATIENCE.aws} unless told`,
      is: count(600),
    },
    clean: { type: 'boolean', about: 'take away what earlier runs have left behind' },
  },
  examples: [
    { command: 'npx cordon simulate', about: 'what can be played' },
    { command: 'npx cordon simulate trail-tampering', about: 'stop a trail of its own' },
    { command: 'npx cordon simulate s3-public-exposure --confirm 111122223333 --json', about: 'in a pipeline' },
    { command: 'npx cordon simulate --clean', about: 'after a run was killed' },
  ],
  interruptible: true,
  run: async ({ args, options, desk, out, signal }) => {
    if (options.clean) {
      if (args.SCENARIO) throw new CliFailure('usage', 'simulate takes a scenario or --clean, not both.');
      return cleanUp(await desk(), options.confirm, out);
    }
    if (!args.SCENARIO) {
      list(out);
      return undefined;
    }
    const attack = scenarios.find(({ detection }) => detection === args.SCENARIO);
    if (!attack && Object.hasOwn(detections, args.SCENARIO)) {
      throw new CliFailure(
        'failed',
        `There is no scenario for ${args.SCENARIO}. Its runbook says how to exercise it: npx cordon runbook ${args.SCENARIO}`,
      );
    }
    if (!attack) {
      const known = scenarios.map(({ detection }) => detection).join(', ');
      throw new CliFailure('usage', `There is no scenario "${plain(args.SCENARIO)}". There are: ${known}.`);
    }
    const office = await desk();
    const endpoint = localEndpoint();
    if (!endpoint && attack.notOnAws) {
      throw new CliFailure('failed', [`${attack.detection} cannot be played on AWS.`, ...attack.notOnAws].join('\n'));
    }
    const { account } = await office.identity();
    // Without an installation there would be nothing to see, and a bucket left open for nobody.
    await office.ledger.recent(1);
    const { packs, trail } = await installedSettings(office);
    const { pack } = detectionOf(attack.detection);
    if (pack && !packs.includes(pack)) {
      throw new CliFailure(
        'setup',
        `${attack.detection} is not deployed here: its pack is switched on with -c packs=${[...packs, pack].join(',')}.`,
      );
    }
    const plan = [...attack.plan, ...(packs.includes('credentials') ? [ALSO_DETECTED] : [])];
    await agree(account, endpoint, options.confirm, plan, out);
    const scene = { ...sceneOf(office, account, endpoint), logGroup: trail.logGroup };
    return simulate(attack, scene, office, { out, signal, minutes: options.timeout });
  },
});

function list(out: Out): void {
  const rows = scenarios.map(({ detection, title, expected, notOnAws }) => ({
    ...{ scenario: detection, title, expected },
    pack: detectionOf(detection).pack ?? null,
    onAws: notOnAws === undefined,
  }));
  if (out.json) {
    out.value(rows);
    return;
  }
  out.say(
    table(
      [
        { heading: 'SCENARIO', text: ({ scenario }) => scenario },
        { heading: 'PACK', text: ({ pack }) => pack ?? '' },
        { heading: 'ON AWS', text: ({ onAws }) => (onAws ? 'yes' : 'local only') },
        { heading: 'WHAT HAPPENS', text: ({ title }) => title, wraps: true },
      ],
      rows,
      out,
    ),
  );
}

/** The address of the local AWS, where that is what the environment names. */
function localEndpoint(): string | undefined {
  const { AWS_ENDPOINT_URL: endpoint } = process.env;
  if (!endpoint || !URL.canParse(endpoint)) return undefined;
  return /^(127\.\d+\.\d+\.\d+|localhost|\[::1\])$/.test(new URL(endpoint).hostname) ? endpoint : undefined;
}

const sceneOf = (desk: Desk, account: string, endpoint: string | undefined): Scene => ({
  ...(endpoint ? { endpoint } : {}),
  account,
  region: desk.region,
  prefix: desk.prefix,
  administrator: () => desk.client(STSClient).config.credentials(),
  mark: newMark(),
  now: () => new Date(),
  made: nothingMade(),
});

/** Has a person agree, who knows which account it is. On a local AWS there is nothing to agree to. */
async function agree(
  account: string,
  endpoint: string | undefined,
  confirmed: string | undefined,
  plan: readonly string[],
  out: Out,
): Promise<void> {
  if (endpoint) return;
  let typed = confirmed;
  if (typed === undefined) {
    if (!process.stdin.isTTY || !process.stderr.isTTY) {
      throw new CliFailure(
        'usage',
        `This is an account on AWS: say so with --confirm ${account}, or run it in a terminal.`,
      );
    }
    out.note(`This is account ${account} on AWS. There will be:`);
    for (const line of plan) out.note(`  - ${line}`);
    const lines = createInterface({ input: process.stdin, output: process.stderr });
    try {
      typed = (await lines.question('Type the account’s id to go on: ')).trim();
    } finally {
      lines.close();
    }
  }
  if (typed !== account) {
    throw new CliFailure('failed', `Nothing was done: "${plain(typed)}" is not the account, which is ${account}.`);
  }
}

async function simulate(
  attack: Attack,
  scene: Scene,
  desk: Desk,
  { out, signal, minutes }: { out: Out; signal: AbortSignal; minutes: number | undefined },
): Promise<'failed' | undefined> {
  const where = scene.endpoint ? 'local' : 'aws';
  const start = Date.now();
  const tell = (step: string): void => {
    if (out.json) return;
    const seconds = ((Date.now() - start) / 1000).toFixed(1).padStart(7);
    out.say(`${out.paint('quiet', `${seconds} s`)}  ${plain(step)}`);
  };
  tell(`simulation ${scene.mark}: ${attack.title}`);
  let simulated: Simulated | undefined;
  let cleaned: Cleaned[] = [];
  try {
    simulated = await play(attack, scene, {
      ...{ ledger: desk.ledger, tell, signal },
      patience: (minutes ?? PATIENCE[where]) * 60_000,
      every: EVERY[where],
    });
  } finally {
    if (signal.aborted) out.note('Interrupted: what was made is taken away. Once more ends it at once.');
    cleaned = await clean(scene, scene.made ?? nothingMade());
    for (const one of cleaned) tell(cleanedWords(one));
    const still = cleaned.filter(({ error }) => error);
    if (still.length > 0) {
      out.note(`Still there: ${still.map(({ name }) => name).join(', ')}. Take it away: npx cordon simulate --clean`);
    }
  }
  report(attack, scene, simulated, cleaned, out);
  await settle(simulated, scene, desk, { out, signal, every: EVERY[where], patience: SETTLING[where] * 60_000 });
  return simulated.ok && cleaned.every(({ error }) => !error) ? undefined : 'failed';
}

const cleanedWords = ({ kind, name, error }: Cleaned): string =>
  error ? `the ${kind} ${name} is STILL THERE: ${error}` : `the ${kind} ${name} is gone`;

/**
 * Nobody should be reminded in the night of what a drill has left to decide: an incident of nothing but the simulation is
 * answered, until its playbook is done and asks no more.
 */
async function settle(
  { incident }: Simulated,
  scene: Scene,
  desk: Desk,
  { out, signal, every, patience }: { out: Out; signal: AbortSignal; every: number; patience: number },
): Promise<void> {
  if (!incident) return;
  const users = scene.made?.users ?? new Set();
  const isOurs = ({ actor: { name }, verdict }: IncidentEvent): boolean =>
    verdict === 'benign' || (name !== undefined && users.has(name));
  if (!incident.events.every(isOurs)) return;
  /** What an answer was refused with, by the question's key, and how often. */
  const refused = new Map<string, { times: number; message: string }>();
  const isTried = ({ key }: Question): boolean => (refused.get(key)?.times ?? 0) < ANSWER_TRIES;
  const deadline = Date.now() + patience;
  let open: Question[] = [];
  for (let looks = 0; ; looks++) {
    const now = await desk.ledger.incident(incident.id);
    open = now.questions.filter(isWaiting);
    for (const { key, kind } of open.filter(isTried)) {
      const note = `simulation ${scene.mark} is over, and what it was about is gone`;
      const answer = kind === 'approval' ? 'reject' : 'skip';
      try {
        await desk.answers.send({ answer, incidentId: incident.id, key, note });
        refused.delete(key);
        out.note(`${key} is ${kind === 'approval' ? 'rejected' : 'skipped'}, as the simulation is over.`);
      } catch (error) {
        const times = (refused.get(key)?.times ?? 0) + 1;
        refused.set(key, { times, message: error instanceof Error ? error.message : String(error) });
      }
    }
    const again = open.some((one) => refused.has(one.key) && isTried(one));
    // An answer may lead to a further question.
    const isOver = now.status !== 'open' && !again && !isAsking(now);
    if (isOver || Date.now() > deadline || signal.aborted) break;
    if (looks === 0) out.note('Its playbook is still at work; what it asks is answered. Ctrl-C leaves that to you.');
    await delay(every, undefined, { signal }).catch(() => {});
  }
  for (const { key } of open) {
    const { message } = refused.get(key) ?? {};
    if (message) out.note(`${key} is left to you: ${plain(message)}`);
  }
}

function report(attack: Attack, scene: Scene, simulated: Simulated, cleaned: Cleaned[], out: Out): void {
  const { expected, incident, proofs, detected, decided, ok } = simulated;
  if (out.json) {
    out.value({
      ...{ scenario: attack.detection, simulation: scene.mark, ok, expected, proofs, cleaned },
      incident: incident ? { id: incident.id, severity: incident.severity, outcome: incident.outcome ?? null } : null,
      seconds: { detected: detected ?? null, decided: decided ?? null },
    });
    return;
  }
  const mark = (holds: boolean) => (holds ? out.paint('good', 'ok    ') : out.paint('bad', 'NOT SO'));
  const after = detected === undefined ? '' : `, after ${detected} s`;
  const stands = incident?.outcome === expected.outcome && incident.severity === expected.severity;
  const is = incident ? `it is ${incident.severity} ${incident.outcome ?? 'in progress'}` : 'there is none';
  out.say('');
  out.say(`${mark(incident !== undefined)} detected${after}${incident ? `: ${incident.id}` : ''}`);
  out.say(`${mark(stands)} ${expected.severity} ${expected.outcome}, ${stands ? 'as it must be' : `but ${is}`}`);
  for (const { what, holds, seen: how } of proofs) out.say(`${mark(holds)} ${plain(`${what} (${how})`)}`);
  if (!incident) out.note('Nothing came of it within the time. See what is wrong: npx cordon doctor');
  else out.note(`\nThe report: npx cordon incidents show ${incident.id}`);
}

async function cleanUp(desk: Desk, confirmed: string | undefined, out: Out): Promise<'failed' | undefined> {
  const { account } = await desk.identity();
  const scene = sceneOf(desk, account, localEndpoint());
  const found = await leftovers(scene);
  const names = Object.values(found).flatMap((some) => [...some]);
  if (names.length > 0) {
    await agree(
      account,
      scene.endpoint,
      confirmed,
      names.map((name) => `the end of ${name}`),
      out,
    );
  }
  const cleaned = await clean(scene, found);
  if (out.json) out.value(cleaned);
  else if (cleaned.length === 0) out.say('No simulation has left anything behind.');
  else for (const one of cleaned) out.say(plain(cleanedWords(one)));
  return cleaned.some(({ error }) => error) ? 'failed' : undefined;
}
