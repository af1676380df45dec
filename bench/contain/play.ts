import { setTimeout as delay } from 'node:timers/promises';
import { LocalFailure } from '../../local/failure.ts';
import { alarmEvent } from '../../local/plane/alarm-event.ts';
import { eventTime } from '../../local/plane/alarm-verdict.ts';
import type { CloudTrailRecord } from '../../playbooks/cloudtrail.ts';
import type { Attack, Stage } from '../../simulate/attack.ts';
import { attacks } from '../../simulate/catalog.ts';
import type { Account } from './account.ts';
import { byOperation, stepLines } from './counting.ts';
import { type Sample, sampleOf } from './sample.ts';
import type { Subject } from './subjects.ts';
import { Watch } from './watch.ts';

/** What incidents took that were played together, one or many. */
export interface Play {
  samples: Sample[];
  /** API calls of the playbooks' functions, all incidents together. */
  calls: number;
  callsByOperation: Record<string, number>;
}

/** What plays are made with. */
export interface Playing {
  account: Account;
  functionsByKey: ReadonlyMap<string, string>;
  signal: AbortSignal;
}

/** How long incidents may take to their summaries, in ms, and an alarm to return. */
const DEADLINES = { one: 60_000, many: 180_000, quiet: 60_000, waiting: 60_000 };
const MOST_ATTEMPTS = 5;
/** How often it is asked whether something is over that nobody tells of, in ms. Nothing is measured meanwhile. */
const PAUSE_MS = 100;
/** How far apart incidents at once are, in ms: a first round looks 20 minutes back from its alarm, and 6 ahead. */
const APART_MS = 40 * 60_000;

/** The attack that sets a detection off. @throws LocalFailure of kind `failed` when there is none */
export function attackOn(detection: string): Attack {
  const found = attacks.find((attack) => attack.detection === detection);
  if (!found) throw new LocalFailure('failed', `No attack sets off ${detection}: add it to simulate/catalog.ts.`);
  return found;
}

/**
 * Plays one attack through everything: call, record, log group, metric filter, alarm, rule, playbook. A play whose playbook read
 * the log before the attack's last record stood in it measures the attacker's pace, and is played again.
 * @throws LocalFailure of kind `failed` when that happens each time, or the incident does not come out as it must
 */
export async function playAlone(subject: Subject, playing: Playing): Promise<Play> {
  for (let attempt = 1; attempt <= MOST_ATTEMPTS; attempt += 1) {
    const play = await playOnce(subject, playing);
    if (play) return play;
  }
  throw new LocalFailure('failed', `${subject.detection}: the machine is too busy to carry the attack out in one go.`);
}

async function playOnce(subject: Subject, { account, functionsByKey, signal }: Playing): Promise<Play | undefined> {
  const { detection } = subject;
  await until(`the alarm of ${detection} is quiet`, () => account.isQuiet(detection), DEADLINES.quiet, signal);
  const { attack, actor } = await attackOn(detection).prepare(account.stage());
  await account.aws.settled();
  await account.forgetRecords();
  const since = Date.now();
  const watch = new Watch(account.aws, detection, functionsByKey, isBy(actor));
  try {
    await attack(() => {});
    await watch.summaries(1, DEADLINES.one, signal);
    const [incident = ''] = watch.mailed.keys();
    const { events } = await account.incident(incident);
    if (events.length < watch.records.length) {
      await Promise.all(watch.started.map((execution) => account.stop(execution)));
      return undefined;
    }
    const play = await playOf(subject, watch, watch.started, since, () => watch.deliveredAt ?? Number.NaN, {
      ...{ account, signal },
    });
    return play;
  } finally {
    watch.end();
  }
}

/**
 * Carries out an attack for each stage by real calls, and takes the records that the recorder wrote of it. The detection's rule
 * must be disabled: all of them together would be one incident.
 */
export async function recordsOf(
  { detection }: Subject,
  stages: readonly Stage[],
  { account, functionsByKey, signal }: Playing,
): Promise<CloudTrailRecord[][]> {
  const recorded: CloudTrailRecord[][] = [];
  for (const stage of stages) {
    signal.throwIfAborted();
    const { attack, actor } = await attackOn(detection).prepare(stage);
    await account.aws.settled();
    const watch = new Watch(account.aws, detection, functionsByKey, isBy(actor));
    try {
      await attack(() => {});
      await account.aws.settled();
    } finally {
      watch.end();
    }
    recorded.push(watch.records);
  }
  return recorded;
}

/**
 * Plays as many incidents at once as there are groups of records. An alarm acts on a transition only, and records of one window
 * are one incident. So each group is put into the log group under a time of its own, and its playbook is started with
 * the event of an alarm at that time, as the rule would start it.
 */
export async function playAtOnce(
  subject: Subject,
  groups: readonly CloudTrailRecord[][],
  { account, functionsByKey, signal }: Playing,
): Promise<Play> {
  const { detection } = subject;
  await account.forgetRecords();
  const now = Date.now();
  const times = groups.map((_, at) => now - (at + 1) * APART_MS);
  const watch = new Watch(account.aws, detection, functionsByKey, () => false);
  const ending: Promise<void>[] = [];
  watch.onReported((id) => {
    const ended = endWaiting(id, account, signal);
    // It is waited for below; until then nobody looks at it.
    ended.catch(() => {});
    ending.push(ended);
  });
  try {
    await account.putRecords(
      groups.flatMap((records, group) =>
        records.map((record, at) => ({ timestamp: (times[group] ?? now) + at, message: JSON.stringify(record) })),
      ),
    );
    const deliveredAt = Date.now();
    const executions = await Promise.all(
      times.map((time) => account.startPlaybook(detection, alarmAt(detection, time + 1_000, account))),
    );
    await watch.summaries(groups.length, DEADLINES.many, signal).catch(async (error: unknown) => {
      signal.throwIfAborted();
      const reported = await Promise.all([...watch.mailed.keys()].map((id) => account.incident(id)));
      const others = executions.filter((one) => !reported.some(({ execution }) => execution === one));
      const words = await Promise.all(others.map((one) => account.inWords(one)));
      throw new LocalFailure('failed', [error instanceof Error ? error.message : String(error), ...words].join('\n'));
    });
    await Promise.all(ending);
    return await playOf(subject, watch, executions, now, () => deliveredAt, { account, signal });
  } finally {
    await Promise.allSettled(ending);
    watch.end();
  }
}

/**
 * Ends an incident's playbook as soon as it waits. What it would do then is no longer told apart from the others': it looks at all
 * records up to now, and takes those that another playbook has not come to yet.
 */
async function endWaiting(incidentId: string, account: Account, signal: AbortSignal): Promise<void> {
  const { execution } = await account.incident(incidentId);
  await until('the playbook waits', async () => hasWaited(await account.history(execution)), DEADLINES.waiting, signal);
  await account.stop(execution);
}

const hasWaited = (history: Awaited<ReturnType<Account['history']>>): boolean =>
  history.some(({ type }) => type === 'WaitStateEntered' || type === 'ExecutionFailed');

/** Waits until the playbooks and their questions wait, ends the playbooks, and gathers what they have left: history, ledger, log. */
async function playOf(
  { detection, action: measured }: Subject,
  watch: Watch,
  executions: readonly string[],
  since: number,
  deliveredAt: () => number,
  { account, signal }: Pick<Playing, 'account' | 'signal'>,
): Promise<Play> {
  const histories = new Map<string, Awaited<ReturnType<Account['history']>>>();
  for (const execution of executions) {
    const isWaiting = async (): Promise<boolean> => {
      const history = await account.history(execution);
      histories.set(execution, history);
      return hasWaited(history);
    };
    await until('the playbook waits', isWaiting, DEADLINES.waiting, signal);
    await account.stop(execution);
  }
  // The machines of the questions are started without waiting: their first calls are an incident's work wherever they fall.
  for (const incidentId of watch.mailed.keys()) {
    await until('the questions wait', () => account.isAsked(incidentId), DEADLINES.waiting, signal);
  }
  const calls = [...watch.calls];
  const { expected } = attackOn(detection);
  const lines = stepLines(await account.functionLog(since));
  const samples: Sample[] = [];
  for (const [incidentId, mailedAt] of watch.mailed) {
    const { actions, execution, outcome } = await account.incident(incidentId);
    if (outcome !== expected.outcome) {
      throw new LocalFailure(
        'failed',
        `Incident ${incidentId} is ${outcome}, not ${expected.outcome}: what does not contain is not measured. Play it by \`npm run demo -- --only ${detection}\` to see why.`,
      );
    }
    const seen = {
      ...{ incidentId, mailedAt, actions, deliveredAt: deliveredAt(), history: histories.get(execution) ?? [] },
      lines: lines.filter((line) => line.incidentId === incidentId),
    };
    samples.push(sampleOf(seen, measured?.id));
  }
  return { samples, calls: calls.length, callsByOperation: byOperation(calls) };
}

const isBy =
  (actor: string) =>
  ({ userIdentity: who, readOnly }: CloudTrailRecord): boolean =>
    readOnly !== true && (who?.type === 'Root' ? 'root' : (who?.userName ?? '')) === actor;

/** The event of the detection's alarm as it changes to ALARM at a time. */
function alarmAt(detection: string, time: number, { aws: { account, region } }: Account): object {
  const name = `cordon-${detection}`;
  const at = new Date(time);
  const state = (value: string) => ({ value, reason: 'Threshold Crossed', timestamp: eventTime(at) });
  const arn = `arn:aws:cloudwatch:${region}:${account}:alarm:${name}`;
  const change = { name, arn, at, state: state('ALARM'), previousState: state('OK') };
  return alarmEvent(change, undefined, { account, region });
}

async function until(
  what: string,
  look: () => Promise<boolean>,
  deadlineMs: number,
  signal: AbortSignal,
): Promise<void> {
  const deadline = performance.now() + deadlineMs;
  while (!(await look())) {
    if (performance.now() > deadline) {
      throw new LocalFailure('failed', `Not within ${deadlineMs / 1000} s: ${what}. Run the bench again.`);
    }
    await delay(PAUSE_MS, undefined, { signal });
  }
}
