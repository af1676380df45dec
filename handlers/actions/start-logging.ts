import {
  DeleteTrailCommand,
  GetTrailStatusCommand,
  StartLoggingCommand,
  StopLoggingCommand,
} from '@aws-sdk/client-cloudtrail';
import { z } from 'zod';
import { quoted } from '../../playbooks/principals.ts';
import { dayAndClock } from '../../playbooks/report/words.ts';
import type { TrailBaseline } from '../../playbooks/trail-baseline.ts';
import { trailName } from '../../playbooks/trails.ts';
import type { Context } from '../context.ts';
import { errorName, TargetUnfit } from '../errors.ts';
import { allow, trails } from '../permissions.ts';
import { bringBack, bringBackPermissions } from '../trails/bring-back.ts';
import { home, insightsOf, putInsights } from '../trails/read-trail.ts';
import { containHandler, defineAction, undoHandler } from './action.ts';

interface Target {
  trail: string;
}

interface State {
  logging: boolean;
  stoppedAt?: string | undefined;
  startedAt?: string | undefined;
  /** Insights types of the baseline that are off. */
  insightsOff?: string[];
  deleted?: true | undefined;
}

/**
 * The trail's status, or undefined where it is gone but can be made again: a deletion while it does not record is seen by nobody.
 * @throws {TargetUnfit} when it is gone and has no baseline
 */
async function status(trail: string, context: Context) {
  try {
    return await home(trail, context).send(new GetTrailStatusCommand({ Name: trail }));
  } catch (error) {
    if (errorName(error) !== 'TrailNotFoundException') throw error;
    if (await context.ledger.baselines.of(trail)) return undefined;
    throw gone(trail, error);
  }
}

const gone = (trail: string, cause: unknown): TargetUnfit =>
  new TargetUnfit(`Trail ${trail} is gone: it must be made again before it can record.`, { cause });

/** @throws {TargetUnfit} */
async function read(trail: string, context: Context) {
  const found = await status(trail, context);
  if (!found) return { logging: false, deleted: true as const };
  const { IsLogging, StopLoggingTime } = found;
  return { logging: IsLogging ?? false, ...(StopLoggingTime ? { stoppedAt: StopLoggingTime.toISOString() } : {}) };
}

/** Starts the trail. Resolves to the refusal where it is gone. */
async function start(trail: string, context: Context): Promise<Error | undefined> {
  try {
    await home(trail, context).send(new StartLoggingCommand({ Name: trail }));
    return undefined;
  } catch (error) {
    if (error instanceof Error && error.name === 'TrailNotFoundException') return error;
    throw error;
  }
}

/** The Insights types of the trail's baseline that are off: stopping a trail turns Insights off, and starting it leaves them so. */
async function insightsOff(
  trail: string,
  baseline: TrailBaseline | undefined,
  context: Context,
): Promise<{ wanted: string[]; off: string[] }> {
  const wanted = baseline?.state.insights ?? [];
  if (wanted.length === 0) return { wanted, off: [] };
  const on = await insightsOf(trail, home(trail, context));
  return { wanted: [...new Set([...wanted, ...on])], off: wanted.filter((type) => !on.includes(type)) };
}

/**
 * Starts a stopped trail, with the Insights that it had; one that was deleted after that is made again from its baseline.
 * https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_StartLogging.html
 */
const action = defineAction({
  title: 'start logging again',
  contains: true,
  target: z.object({ trail: z.string().startsWith('arn:') }),
  before: z.object({ logging: z.boolean(), stoppedAt: z.string().optional(), deleted: z.literal(true).optional() }),
  label: ({ trail }: Target) => `trail ${trailName(trail)}`,
  words: (state: State) =>
    state.deleted
      ? 'deleted'
      : state.logging
        ? `logging on${state.startedAt ? ` since ${dayAndClock(state.startedAt)}` : ''}${state.insightsOff ? `, but Insights off: ${state.insightsOff.join(', ')}` : ''}`
        : `logging off${state.stoppedAt ? ` since ${dayAndClock(state.stoppedAt)}` : ''}`,
  blastRadius: 'one trail records again; nobody is held up',
  byHand: ({ trail }) => [
    `aws cloudtrail start-logging --region ${quoted(trail.split(':')[3] ?? '')} --name ${quoted(trail)}`,
  ],
  permissions: {
    contain: bringBackPermissions,
    undo: [
      allow(
        [
          'cloudtrail:GetTrailStatus',
          'cloudtrail:StopLogging',
          'cloudtrail:DeleteTrail',
          'cloudtrail:GetInsightSelectors',
        ],
        trails,
      ),
    ],
  },
  assess: async ({ trail }, context) => {
    const before = await read(trail, context);
    return before.logging
      ? { needed: false, reason: 'the trail is logging already', benign: false }
      : { needed: true, before };
  },
  capture: ({ trail }, context) => read(trail, context),
  contain: async ({ trail }, _before, context) => {
    // Every call between the attack and this one is a moment without records: the start waits for nothing.
    const [refusal, baseline] = await Promise.all([start(trail, context), context.ledger.baselines.of(trail)]);
    if (refusal) {
      if (!baseline) throw gone(trail, refusal);
      return bringBack(trail, baseline.state, context);
    }
    const { wanted, off } = await insightsOff(trail, baseline, context);
    if (off.length > 0) await putInsights(trail, wanted, context);
  },
  verify: async ({ trail }, context): Promise<{ verified: boolean; after: State }> => {
    const [found, baseline] = await Promise.all([status(trail, context), context.ledger.baselines.of(trail)]);
    if (!found) return { verified: false, after: { logging: false, deleted: true } };
    const { IsLogging, StartLoggingTime } = found;
    const { off } = await insightsOff(trail, baseline, context);
    const after = {
      logging: IsLogging ?? false,
      ...(off.length > 0 ? { insightsOff: off } : {}),
      ...(StartLoggingTime ? { startedAt: StartLoggingTime.toISOString() } : {}),
    };
    return { verified: after.logging && off.length === 0, after };
  },
  undo: async ({ trail }, before, context) => {
    if (before.deleted) await home(trail, context).send(new DeleteTrailCommand({ Name: trail }));
    else if (!before.logging) await home(trail, context).send(new StopLoggingCommand({ Name: trail }));
  },
});

export default action;
export const contain = containHandler(action);
export const undo = undoHandler(action);
