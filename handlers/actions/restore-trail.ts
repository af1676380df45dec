import {
  AddTagsCommand,
  type AdvancedEventSelector,
  CreateTrailCommand,
  DeleteTrailCommand,
  type EventSelector,
  PutEventSelectorsCommand,
  RemoveTagsCommand,
  StartLoggingCommand,
  StopLoggingCommand,
  UpdateTrailCommand,
} from '@aws-sdk/client-cloudtrail';
import { z } from 'zod';
import { type TrailBaseline, type TrailState, trailLosses, trailState } from '../../playbooks/trail-baseline.ts';
import { trailName } from '../../playbooks/trails.ts';
import type { Context } from '../context.ts';
import { TargetUnfit } from '../errors.ts';
import { allow, passDeliveryRole, trails } from '../permissions.ts';
import { home, putInsights, readTrail, readTrailPermissions } from '../trails/read-trail.ts';
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
 * A setting that is to be none is given as an empty text: one that is left out stays as it is.
 * https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_UpdateTrail.html
 */
function settingsInput({ settings }: TrailState, only: (field: keyof TrailState['settings']) => boolean) {
  const text = (field: 'prefix' | 'topic' | 'logGroup' | 'role' | 'key') => settings[field] ?? '';
  return {
    ...(only('bucket') ? { S3BucketName: settings.bucket } : {}),
    ...(only('prefix') ? { S3KeyPrefix: text('prefix') } : {}),
    ...(only('topic') ? { SnsTopicName: text('topic') } : {}),
    ...(only('globalEvents') ? { IncludeGlobalServiceEvents: settings.globalEvents } : {}),
    ...(only('multiRegion') ? { IsMultiRegionTrail: settings.multiRegion } : {}),
    ...(only('organization') ? { IsOrganizationTrail: settings.organization } : {}),
    ...(only('validation') ? { EnableLogFileValidation: settings.validation } : {}),
    // The service takes these two only together.
    ...(only('logGroup') || only('role')
      ? { CloudWatchLogsLogGroupArn: text('logGroup'), CloudWatchLogsRoleArn: text('role') }
      : {}),
    ...(only('key') ? { KmsKeyId: text('key') } : {}),
  };
}

async function putSelectors(trail: string, state: TrailState, context: Context): Promise<void> {
  const { eventSelectors, advancedEventSelectors } = state;
  await home(trail, context).send(
    new PutEventSelectorsCommand({
      TrailName: trail,
      ...(advancedEventSelectors.length > 0
        ? { AdvancedEventSelectors: advancedEventSelectors as unknown as AdvancedEventSelector[] }
        : { EventSelectors: eventSelectors as EventSelector[] }),
    }),
  );
}

async function create(trail: string, wanted: TrailState, context: Context): Promise<void> {
  const given = Object.fromEntries(
    Object.entries(settingsInput(wanted, () => true)).filter(([, value]) => value !== ''),
  );
  await home(trail, context).send(
    new CreateTrailCommand({
      ...given,
      Name: trailName(trail),
      S3BucketName: wanted.settings.bucket,
    }),
  );
}

/** Makes what differs from `wanted`, in the trail as it is, like `wanted`; nothing else is touched. */
async function align(trail: string, wanted: TrailState, lost: { part: string; field: string }[], context: Context) {
  const fields = new Set(lost.filter(({ part }) => part === 'settings').map(({ field }) => field));
  if (fields.size > 0) {
    const input = settingsInput(wanted, (field) => fields.has(field));
    await home(trail, context).send(new UpdateTrailCommand({ Name: trail, ...input }));
  }
  if (lost.some(({ part }) => part === 'event selectors')) await putSelectors(trail, wanted, context);
  if (lost.some(({ part }) => part === 'insights')) await putInsights(trail, wanted.insights, context);
  if (lost.some(({ part }) => part === 'tags')) {
    const TagsList = Object.entries(wanted.tags).map(([Key, Value]) => ({ Key, Value }));
    await home(trail, context).send(new AddTagsCommand({ ResourceId: trail, TagsList }));
  }
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
    contain: [
      ...readTrailPermissions,
      allow(
        [
          'cloudtrail:CreateTrail',
          'cloudtrail:UpdateTrail',
          'cloudtrail:PutEventSelectors',
          'cloudtrail:PutInsightSelectors',
          'cloudtrail:StartLogging',
        ],
        trails,
      ),
      allow(['cloudtrail:AddTags'], '*'),
      passDeliveryRole,
    ],
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
    const { state, losses, logging } = await read(target, context);
    return state === undefined || losses.length > 0 || !logging
      ? { needed: true }
      : { needed: false, reason: 'the trail is as in its baseline', benign: false };
  },
  capture: read,
  contain: async ({ trail }, _before, context) => {
    const { state: wanted } = await baselineOf(trail, context);
    if (!(await readTrail(trail, context))) await create(trail, wanted, context);
    // A trail that was just made has the service's own selectors.
    const made = await readTrail(trail, context);
    await align(trail, wanted, made ? trailLosses(wanted, made.state) : [], context);
    await home(trail, context).send(new StartLoggingCommand({ Name: trail }));
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
