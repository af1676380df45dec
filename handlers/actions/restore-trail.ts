import { DeleteTrailCommand, RemoveTagsCommand, StopLoggingCommand } from '@aws-sdk/client-cloudtrail';
import * as z from 'zod';
import { type TrailBaseline, trailLosses, trailState } from '../../playbooks/trail-baseline.ts';
import { trailName } from '../../playbooks/trails.ts';
import type { Context } from '../context.ts';
import { TargetUnfit } from '../errors.ts';
import { allow, passDeliveryRole, trails } from '../permissions.ts';
import { align, bringBack, bringBackPermissions } from '../trails/bring-back.ts';
import { home, readTrail, readTrailPermissions } from '../trails/read-trail.ts';
import { containHandler, defineAction, undoHandler } from './action.ts';

interface Target {
  trail: string;
}

const reading = z.object({
  /** Absent where the trail does not exist. */
  state: trailState.optional(),
  logging: z.boolean(),
  /** In what it is less than its baseline, in words. */
  losses: z.array(z.string()),
  /** The version of the baseline. */
  baseline: z.number(),
});
type Reading = z.infer<typeof reading>;

async function baselineOf(trail: string, context: Context): Promise<TrailBaseline> {
  const baseline = await context.ledger.baselines.of(trail);
  if (baseline) return baseline;
  throw new TargetUnfit(
    `There is no baseline of trail ${trail}, since it was never seen healthy: it must be put back by hand.`,
  );
}

async function read({ trail }: Target, context: Context): Promise<Reading> {
  const [{ state: wanted, version }, found] = await Promise.all([
    baselineOf(trail, context),
    readTrail(trail, context),
  ]);
  return {
    ...(found ? { state: found.state } : {}),
    logging: found?.logging ?? false,
    losses: found ? trailLosses(wanted, found.state).map(({ words }) => words) : ['deleted'],
    baseline: version,
  };
}

/**
 * Puts a trail back as its baseline has it: a deleted one is made again, a narrowed one gets back what was taken from it,
 * and either way it records. Tags of a deleted trail come back with it.
 * https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_CreateTrail.html
 */
const action = defineAction({
  title: 'put the trail back as it was',
  contains: true,
  target: z.object({ trail: z.string().startsWith('arn:') }),
  before: reading,
  label: ({ trail }: Target) => `trail ${trailName(trail)}`,
  words: ({ state, logging, losses, baseline }: Reading) =>
    state === undefined
      ? 'deleted'
      : [
          losses.length > 0 ? losses.join('; ') : `as in baseline ${baseline}, field by field`,
          logging ? 'logging on' : 'logging off',
        ].join('; '),
  blastRadius: 'one trail records again what it recorded before; nobody is held up',
  permissions: {
    contain: [...readTrailPermissions, ...bringBackPermissions],
    undo: [
      ...readTrailPermissions,
      allow(
        [
          'cloudtrail:DeleteTrail',
          'cloudtrail:UpdateTrail',
          'cloudtrail:PutEventSelectors',
          'cloudtrail:PutInsightSelectors',
          'cloudtrail:StopLogging',
        ],
        trails,
      ),
      allow(['cloudtrail:AddTags', 'cloudtrail:RemoveTags'], '*'),
      passDeliveryRole,
    ],
  },
  assess: async (target, context) => {
    const before = await read(target, context);
    return before.state === undefined || before.losses.length > 0 || !before.logging
      ? { needed: true, before }
      : { needed: false, reason: 'the trail is as in its baseline', benign: false };
  },
  capture: read,
  contain: async ({ trail }, _before, context) => {
    await bringBack(trail, (await baselineOf(trail, context)).state, context);
  },
  verify: async (target, context) => {
    const after = await read(target, context);
    return { verified: after.state !== undefined && after.losses.length === 0 && after.logging, after };
  },
  undo: async ({ trail }, before, context) => {
    const now = await readTrail(trail, context);
    if (!now) return;
    if (before.state === undefined) {
      await home(trail, context).send(new DeleteTrailCommand({ Name: trail }));
      return;
    }
    // What was lost then is what the restoring has changed.
    const { state } = before;
    await align(trail, state, trailLosses(now.state, state), context);
    const added = Object.keys(now.state.tags).filter((key) => !(key in state.tags));
    if (added.length > 0) {
      const TagsList = added.map((Key) => ({ Key }));
      await home(trail, context).send(new RemoveTagsCommand({ ResourceId: trail, TagsList }));
    }
    if (!before.logging) await home(trail, context).send(new StopLoggingCommand({ Name: trail }));
  },
});

export default action;
export const contain = containHandler(action);
export const undo = undoHandler(action);
