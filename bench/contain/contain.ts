import { parseArgs } from 'node:util';
import { LocalFailure } from '../../local/failure.ts';
import { startLocalAws } from '../../local/local-aws.ts';
import type { Bench, BenchContext } from '../bench.ts';
import { Account } from './account.ts';
import { runBare } from './bare.ts';
import type { BareConfig, BareTimes } from './bare-calls.ts';
import { type Play, type Playing, playAlone, playAtOnce, recordsOf } from './play.ts';
import { reportOf } from './report.ts';
import { type Subject, subjects } from './subjects.ts';

/** What was measured of one playbook. */
export interface Measurement {
  detection: string;
  /** Id of the measured action. */
  action?: string;
  /** The first play: every function that only this playbook has starts in a new process. */
  first: Play;
  /** The plays after it, one at a time. */
  alone: Play[];
  /** Many at once, where most functions start in new processes, and once more, where processes are there. */
  atOnceFirst: Play;
  atOnce: Play;
  /** Times of the calls by hand. */
  byHand: { calls: string; times: BareTimes }[];
}

interface Options {
  only: readonly Subject[];
  /** Plays alone, after the first. */
  alone: number;
  /** Incidents at once. */
  atOnce: number;
}

/** Nothing takes longer, in ms: what hangs is ended and said. */
const BOUND_MS = 15 * 60_000;
/** What the setting takes at most. */
const LARGEST_CAP = '1000';
/** One window ends hours after the next begins; PutLogEvents takes what spans less than a day. */
const MOST_AT_ONCE = 30;

/** The bench of the playbooks, from a record's delivery to contained and verified. */
const contain: Bench = {
  title: 'from the delivery of a record to contained and verified, beside the same calls by hand',
  usage: `--only ID        one playbook, by its detection: ${subjects.map(({ detection }) => detection).join(', ')}
--alone N        incidents one after the other, after a first one that is told apart (10)
--at-once N      incidents at once (20)`,
  run: async (args, { signal: interrupt, progress }) => {
    const options = parse(args);
    const bound = AbortSignal.timeout(BOUND_MS);
    const signal = AbortSignal.any([interrupt, bound]);
    try {
      const began = performance.now();
      const told = (text: string): void =>
        progress(`${((performance.now() - began) / 1000).toFixed(0).padStart(5)} s  ${text}`);
      const measured = await measureAll(options, { signal, progress: told });
      return reportOf(measured, options);
    } catch (error) {
      if (interrupt.aborted) throw interrupt.reason;
      if (bound.aborted) throw new LocalFailure('failed', `The bench did not end within ${BOUND_MS / 60_000} minutes.`);
      throw error;
    }
  },
};
export default contain;

function parse(args: string[]): Options {
  const { values } = (() => {
    try {
      return parseArgs({
        args,
        options: { only: { type: 'string' }, alone: { type: 'string' }, 'at-once': { type: 'string' } },
      });
    } catch (error) {
      throw new LocalFailure('usage', `contain: ${error instanceof Error ? error.message : error}`, { cause: error });
    }
  })();
  const only = subjects.filter(({ detection }) => values.only === undefined || values.only === detection);
  if (only.length === 0) throw new LocalFailure('usage', `contain: no playbook answers "${values.only}".`);
  return {
    only,
    alone: wholeNumber('--alone', values.alone ?? '10', 100),
    atOnce: wholeNumber('--at-once', values['at-once'] ?? '20', MOST_AT_ONCE),
  };
}

function wholeNumber(option: string, text: string, most: number): number {
  const number = Number(text);
  if (/^\d+$/.test(text) && number >= 1 && number <= most) return number;
  throw new LocalFailure('usage', `contain: ${option} takes a number from 1 to ${most}, not "${text}".`);
}

async function measureAll(options: Options, { signal, progress }: BenchContext): Promise<Measurement[]> {
  const aws = await startLocalAws({
    signal,
    onStage: progress,
    // Alarms return faster, between the plays. Waits of state machines keep their length: none is part of what is measured.
    returnSpeed: 60,
    // The cap would propose what is beyond it, and there must be something to measure, also of plays that are played again.
    settings: { cap: LARGEST_CAP },
  });
  const account = new Account(aws);
  const died = new AbortController();
  void aws.ended.then((failure) => failure && died.abort(failure));
  try {
    const playing = {
      ...{ account, signal: AbortSignal.any([signal, died.signal]) },
      functionsByKey: await account.functionsByKey(),
    };
    const measured: Measurement[] = [];
    // Those that attack trails come last: their further trails would deliver during the other plays.
    for (const subject of [...options.only].sort((a, b) => Number(a.trails ?? 0) - Number(b.trails ?? 0))) {
      measured.push(await measure(subject, options, playing, progress));
    }
    return options.only.flatMap((subject) => measured.filter(({ detection }) => detection === subject.detection));
  } finally {
    account.destroy();
    await aws.close();
  }
}

/** One playbook: alone, by hand right after it, so that the machine is the same to both, and the two at once. */
async function measure(
  subject: Subject,
  options: Options,
  playing: Playing,
  progress: (text: string) => void,
): Promise<Measurement> {
  const { account } = playing;
  const { detection, action } = subject;
  progress(`${detection}: alone, ${options.alone + 1} times`);
  await account.disableEventLane(detection);
  const first = await playAlone(subject, playing);
  const alone: Play[] = [];
  while (alone.length < options.alone) alone.push(await playAlone(subject, playing));

  await account.disableRule(detection);
  const trails = subject.trails ? await account.makeTrails(options.atOnce) : [];
  const stages = () => Array.from({ length: options.atOnce }, (_, at) => account.stage(trails[at]));
  const byHand = (action?.byHand ?? []).map((calls) => ({ calls, times: { alone: [], atOnce: [] } as BareTimes }));
  const timeByHand = async (which: 'alone' | 'atOnce'): Promise<void> => {
    for (const { calls, times } of byHand) {
      progress(`${detection}: ${calls} by hand, ${which === 'alone' ? 'alone' : `${options.atOnce} at once`}`);
      const victims = stages();
      await recordsOf(subject, victims, playing);
      const targets = { alone: [], atOnce: [], [which]: victims.map(subject.target) };
      times[which] = (await runBare({ action: calls, config: bareConfig(account), targets }, playing.signal))[which];
    }
  };
  const many = async (): Promise<Play> => playAtOnce(subject, await recordsOf(subject, stages(), playing), playing);

  await timeByHand('alone');
  progress(`${detection}: ${options.atOnce} at once`);
  const atOnceFirst = await many();
  progress(`${detection}: ${options.atOnce} at once, again`);
  const atOnce = await many();
  await timeByHand('atOnce');
  return { detection, ...(action ? { action: action.id } : {}), first, alone, atOnceFirst, atOnce, byHand };
}

function bareConfig({ aws: { endpoint, region, accountAdministrator: credentials } }: Account): BareConfig {
  return { endpoint, region, credentials };
}
