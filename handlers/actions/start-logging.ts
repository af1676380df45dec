import {
  CloudTrailClient,
  GetTrailStatusCommand,
  StartLoggingCommand,
  StopLoggingCommand,
} from '@aws-sdk/client-cloudtrail';
import { z } from 'zod';
import { dayAndClock } from '../../playbooks/report/words.ts';
import { trailName } from '../../playbooks/trails.ts';
import type { Context } from '../context.ts';
import { errorName, TargetUnfit } from '../errors.ts';
import { allow, trails } from '../permissions.ts';
import { containHandler, defineAction, undoHandler } from './action.ts';

interface Target {
  trail: string;
}

// StartLogging works only in the home region, and the ARN names it.
const home = (trail: string, context: Context) => context.client(CloudTrailClient, trail.split(':')[3]);

async function status(trail: string, context: Context) {
  try {
    return await home(trail, context).send(new GetTrailStatusCommand({ Name: trail }));
  } catch (error) {
    if (errorName(error) !== 'TrailNotFoundException') throw error;
    throw new TargetUnfit(`Trail ${trail} is gone: it must be made again before it can record.`, { cause: error });
  }
}

/** Starts a stopped trail. https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_StartLogging.html */
const action = defineAction({
  title: 'start logging again',
  contains: true,
  target: z.object({ trail: z.string().startsWith('arn:') }),
  before: z.object({ logging: z.boolean(), stoppedAt: z.string().optional() }),
  label: ({ trail }: Target) => `trail ${trailName(trail)}`,
  words: (state: { logging: boolean; stoppedAt?: string | undefined; startedAt?: string | undefined }) =>
    state.logging
      ? `logging on${state.startedAt ? ` since ${dayAndClock(state.startedAt)}` : ''}`
      : `logging off${state.stoppedAt ? ` since ${dayAndClock(state.stoppedAt)}` : ''}`,
  blastRadius: 'one trail records again; nobody is held up',
  permissions: {
    contain: [allow(['cloudtrail:GetTrailStatus', 'cloudtrail:StartLogging'], trails)],
    undo: [allow(['cloudtrail:GetTrailStatus', 'cloudtrail:StopLogging'], trails)],
  },
  assess: async ({ trail }, context) =>
    (await status(trail, context)).IsLogging
      ? { needed: false, reason: 'the trail is logging already', benign: false }
      : { needed: true },
  capture: async ({ trail }, context) => {
    const { IsLogging, StopLoggingTime } = await status(trail, context);
    return { logging: IsLogging ?? false, ...(StopLoggingTime ? { stoppedAt: StopLoggingTime.toISOString() } : {}) };
  },
  contain: async ({ trail }, _before, context) => {
    await home(trail, context).send(new StartLoggingCommand({ Name: trail }));
  },
  verify: async ({ trail }, context) => {
    const { IsLogging, StartLoggingTime } = await status(trail, context);
    const after = {
      logging: IsLogging ?? false,
      ...(StartLoggingTime ? { startedAt: StartLoggingTime.toISOString() } : {}),
    };
    return { verified: after.logging, after };
  },
  undo: async ({ trail }, before, context) => {
    if (!before.logging) await home(trail, context).send(new StopLoggingCommand({ Name: trail }));
  },
});

export default action;
export const contain = containHandler(action);
export const undo = undoHandler(action);
