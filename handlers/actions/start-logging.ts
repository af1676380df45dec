import {
  DeleteTrailCommand,
  GetTrailStatusCommand,
  StartLoggingCommand,
  StopLoggingCommand,
} from '@aws-sdk/client-cloudtrail';
import * as z from 'zod';
import { quoted } from '../../playbooks/principals.ts';
import { dayAndClock } from '../../playbooks/report/words.ts';
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

/** The trail's status, or the error that says that it is gone: a deletion while it does not record is seen by nobody. */
async function status(trail: string, context: Context) {
  try {
    return await home(trail, context).send(new GetTrailStatusCommand({ Name: trail }));
  } catch (error) {
    if (isGone(error)) return error;
    throw error;
  }
}

const isGone = (error: unknown): error is Error =>
  error instanceof Error && errorName(error) === 'TrailNotFoundException';

const gone = (trail: string, cause: unknown): TargetUnfit =>
  new TargetUnfit(`Trail ${trail} is gone: it must be made again before it can record.`, { cause });

/**
 * How the trail is before it is started, with the Insights that it had: stopping a trail turns Insights off, and starting it leaves
 * them so.
 * @throws {TargetUnfit} when it is gone and has no baseline
 */
async function read(trail: string, context: Context) {
  const [found, baseline] = await Promise.all([status(trail, context), context.ledger.baselines.of(trail)]);
  const { insights = [] } = baseline?.state ?? {};
  const had = insights.length > 0 ? { insights } : {};
  if (found instanceof Error) {
    if (!baseline) throw gone(trail, found);
    return { logging: false, deleted: true as const, ...had };
  }
  const { IsLogging = false, StopLoggingTime } = found;
  return { logging: IsLogging, ...(StopLoggingTime ? { stoppedAt: StopLoggingTime.toISOString() } : {}), ...had };
}

/** Starts the trail. Resolves to the refusal where it is gone. */
async function start(trail: string, context: Context): Promise<Error | undefined> {
  try {
    await home(trail, context).send(new StartLoggingCommand({ Name: trail }));
    return undefined;
  } catch (error) {
    if (isGone(error)) return error;
    throw error;
  }
}

/** The Insights types that the trail had and that are off, and all that should be on. */
async function insightsOff(
  trail: string,
  had: readonly string[],
  context: Context,
): Promise<{ wanted: string[]; off: string[] }> {
  if (had.length === 0) return { wanted: [], off: [] };
  const on = await insightsOf(trail, home(trail, context));
  return { wanted: [...new Set([...had, ...on])], off: had.filter((type) => !on.includes(type)) };
}

/**
 * Starts a stopped trail, with the Insights that it had; one that was deleted after that is made again from its baseline.
 * https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_StartLogging.html
 */
const action = defineAction({
  title: 'start logging again',
  contains: true,
  target: z.object({ trail: z.string().startsWith('arn:') }),
  before: z.object({
    logging: z.boolean(),
    stoppedAt: z.string().optional(),
    deleted: z.literal(true).optional(),
    insights: z.array(z.string()).optional(),
  }),
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
  contain: async ({ trail }, { insights = [] }, context) => {
    const refusal = await start(trail, context);
    if (refusal) {
      const baseline = await context.ledger.baselines.of(trail);
      if (!baseline) throw gone(trail, refusal);
      return bringBack(trail, baseline.state, context);
    }
    const { wanted, off } = await insightsOff(trail, insights, context);
    if (off.length > 0) await putInsights(trail, wanted, context);
  },
  verify: async ({ trail }, context, _incident, { insights = [] }): Promise<{ verified: boolean; after: State }> => {
    const [found, { off }] = await Promise.all([status(trail, context), insightsOff(trail, insights, context)]);
    if (found instanceof Error) return { verified: false, after: { logging: false, deleted: true } };
    const { IsLogging = false, StartLoggingTime } = found;
    const after = {
      logging: IsLogging,
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
