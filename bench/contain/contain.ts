import { parseArgs } from 'node:util';
import { LocalFailure } from '../../local/failure.ts';
import { startLocalAws } from '../../local/local-aws.ts';
import type { Bench, BenchContext } from '../bench.ts';
import { Account } from './account.ts';
import { runBare } from './bare.ts';
import type { BareTimes } from './bare-calls.ts';
import { type Play, type Playing, playAlone, playAtOnce, recordsOf } from './play.ts';
import { reportOf } from './report.ts';
import { type Subject, subjects } from './subjects.ts';

/** What was measured of one playbook. */
export interface Measurement {
  detection: string;
  /** Id of the measured action. */
  action?: string;
  /** The first play of all: every function starts in a new process. */
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
  const incidents = options.only.length * (1 + options.alone + 2 * options.atOnce);
  const aws = await startLocalAws({
    signal,
    onStage: (stage) => progress(`${stage}`),
    // Alarms return faster, between the plays. Waits of state machines keep their length: none is part of what is measured.
    returnSpeed: 60,
    // The cap would propose what is beyond it, and there must be something to measure.
    settings: { cap: String(incidents) },
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
    // Those that attack trails come last to be played at once: their further trails would deliver during other plays.
    const alone = new Map<Subject, Play[]>();
    for (const subject of options.only) {
      progress(`${subject.detection}: alone, ${options.alone + 1} times`);
      const plays: Play[] = [];
      for (let play = 0; play <= options.alone; play += 1) plays.push(await playAlone(subject, playing));
      alone.set(subject, plays);
    }
    for (const subject of [...options.only].sort((a, b) => Number(a.trails ?? 0) - Number(b.trails ?? 0))) {
      measured.push(await measureAtOnce(subject, alone.get(subject) ?? [], options, playing, progress));
    }
    return options.only.flatMap((subject) => measured.filter(({ detection }) => detection === subject.detection));
  } finally {
    account.destroy();
    await aws.close();
  }
}

async function measureAtOnce(
  subject: Subject,
  [first, ...alone]: Play[],
  options: Options,
  playing: Playing,
  progress: (text: string) => void,
): Promise<Measurement> {
  const { account } = playing;
  const { detection, action } = subject;
  if (!first) throw new LocalFailure('failed', `${detection} was not played.`);
  await account.disableRule(detection);
  const trails = subject.trails ? await account.makeTrails(options.atOnce) : [];
  const stages = (count: number) => Array.from({ length: count }, (_, at) => account.stage(trails[at]));
  const many = async (): Promise<Play> => {
    const records = await recordsOf(subject, stages(options.atOnce), playing);
    return playAtOnce(subject, records, playing);
  };
  progress(`${detection}: ${options.atOnce} at once`);
  const atOnceFirst = await many();
  progress(`${detection}: ${options.atOnce} at once, again`);
  const atOnce = await many();
  const plays = { detection, first, alone, atOnceFirst, atOnce };
  if (!action) return { ...plays, byHand: [] };

  progress(`${detection}: the same calls by hand`);
  const attacked = async (): Promise<string[]> => {
    const victims = stages(options.atOnce);
    await recordsOf(subject, victims, playing);
    return victims.map(subject.target);
  };
  const { endpoint, region, account: id, accountAdministrator: credentials } = account.aws;
  const config = { endpoint, region, account: id, credentials };
  const byHand: Measurement['byHand'] = [];
  for (const calls of action.byHand) {
    const order = (targets: { alone: string[]; atOnce: string[] }) => ({ action: calls, config, targets });
    const one = await runBare(order({ alone: await attacked(), atOnce: [] }), playing.signal);
    const many = await runBare(order({ alone: [], atOnce: await attacked() }), playing.signal);
    byHand.push({ calls, times: { alone: one.alone, atOnce: many.atOnce } });
  }
  return { ...plays, action: action.id, byHand };
}
