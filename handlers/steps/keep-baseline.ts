import { CloudTrailClient, ListTrailsCommand } from '@aws-sdk/client-cloudtrail';
import * as z from 'zod';
import { failed } from '../../playbooks/parameters.ts';
import {
  canonical,
  type Difference,
  losses,
  type Part,
  type TrailBaseline,
  type TrailState,
} from '../../playbooks/trail-baseline.ts';
import { logGroupOf } from '../../playbooks/trail-pipeline.ts';
import { trailName } from '../../playbooks/trails.ts';
import { isFull } from '../buckets/exposure.ts';
import { readAccountBlock } from '../buckets/read.ts';
import type { Context } from '../context.ts';
import { errorText } from '../errors.ts';
import { allow, useLedger } from '../permissions.ts';
import { stepHandler } from '../step.ts';
import { isDeployment } from '../trails/deployment.ts';
import { type Found, lookUp, lookUpPermissions, type Sleep } from '../trails/event-history.ts';
import { readPipeline, readPipelinePermissions } from '../trails/read-pipeline.ts';
import { readTrail, readTrailPermissions } from '../trails/read-trail.ts';

const input = z.looseObject({
  /** An analyst takes a trail as it is for right. `by`: ARN. */
  accept: z
    .object({ trail: z.string().startsWith('arn:'), by: z.string().min(1), reason: z.string().min(1) })
    .optional(),
  /** An analyst takes the account's public access block for right as it is. */
  acceptBlock: z.object({ by: z.string().min(1), reason: z.string().min(1) }).optional(),
});

/** What became of a trail's baseline. `refused`: it is less than its baseline, and nothing explains that. */
export interface Kept {
  trail: string;
  kept: 'first' | 'changed' | 'unchanged' | 'unhealthy' | 'refused';
  version?: number;
  reason?: string;
}

/**
 * Keeps the baseline of every trail of the account up to date, while it is healthy. What takes nothing away is taken over; what
 * takes something away only where a deployment did it, and nobody else, or an analyst accepts it. So no attacker's change
 * becomes what the trail is restored to.
 */
export async function keepBaseline(
  { accept, acceptBlock }: z.infer<typeof input>,
  context: Context,
  sleep?: Sleep,
): Promise<{ trails: Kept[]; block: 'full' | 'not full' | 'unread' }> {
  const arns = accept ? [accept.trail] : await ownTrails(context);
  const kept: Kept[] = [];
  for (const trail of arns) {
    try {
      kept.push(await keep(trail, accept && `accepted by ${accept.by}: ${accept.reason}`, context, sleep));
    } catch (error) {
      // One trail that cannot be read must not cost the others their baseline.
      kept.push({ trail, kept: 'unhealthy', reason: errorText(error) });
    }
  }
  for (const one of kept) context.log[one.reason && one.kept !== 'changed' ? 'warn' : 'info']('baseline', { ...one });
  return { trails: kept, block: await keepBlock(acceptBlock, context) };
}

/**
 * Keeps that the account's public access block was seen with all of its settings on: the watchdog misses it from then on.
 * That it is not so any more is taken over only where an analyst accepts it.
 */
async function keepBlock(
  accepted: { by: string; reason: string } | undefined,
  context: Context,
): Promise<'full' | 'not full' | 'unread'> {
  try {
    const full = isFull(await readAccountBlock(context));
    const { block } = await context.ledger.looks.all();
    const because = accepted ? `accepted by ${accepted.by}: ${accepted.reason}` : 'seen with all settings on';
    if ((accepted || full) && block?.full !== full) {
      await context.ledger.looks.keepBlock({ full, because, takenAt: context.now().toISOString() });
    }
    return full ? 'full' : 'not full';
  } catch (error) {
    // It must not cost the trails their baselines.
    context.log.warn('the account’s public access block could not be read', { error: errorText(error) });
    return 'unread';
  }
}

/** Trails of this account, in whatever region; those of its organization belong to another. */
async function ownTrails(context: Context): Promise<string[]> {
  const client = context.client(CloudTrailClient);
  const arns: string[] = [];
  let NextToken: string | undefined;
  do {
    const page = await client.send(new ListTrailsCommand(NextToken ? { NextToken } : {}));
    arns.push(...(page.Trails ?? []).map(({ TrailARN = '' }) => TrailARN));
    NextToken = page.NextToken;
  } while (NextToken);
  return arns.filter((arn) => arn.split(':')[4] === context.environment.account);
}

async function keep(trail: string, accepted: string | undefined, context: Context, sleep?: Sleep): Promise<Kept> {
  const { baselines } = context.ledger;
  const current = await baselines.of(trail);
  const reading = await readTrail(trail, context);
  if (!reading) return { trail, kept: 'unhealthy', reason: 'the trail does not exist' };
  const { state, logging, deliveryErrors } = reading;
  if (!logging) return { trail, kept: 'unhealthy', reason: 'the trail is not logging' };
  if (deliveryErrors.length > 0) return { trail, kept: 'unhealthy', reason: deliveryErrors.join(', ') };
  const pipeline = await readPipeline(state, context);

  const next = async (because: string): Promise<Kept> => {
    const version = (current?.version ?? 0) + 1;
    await baselines.keep({ trail, version, takenAt: context.now().toISOString(), because, state, pipeline });
    return { trail, kept: current ? 'changed' : 'first', version, reason: because };
  };
  if (!current) return next(accepted ?? 'first seen healthy');
  if (canonical([current.state, current.pipeline]) === canonical([state, pipeline])) {
    return { trail, kept: 'unchanged', version: current.version };
  }
  if (accepted) return next(accepted);
  // Tags say nothing of what is recorded.
  const less = losses(current, state, pipeline).filter(({ part }) => part !== 'tags');
  if (less.length === 0) return next('changed without taking anything away');
  const explained = await explanation(current, state, less, context, sleep);
  if (explained.because) return next(explained.because);
  return { trail, kept: 'refused', version: current.version, reason: explained.refusal };
}

/** The calls that can make a difference of a part. */
const CALLS: Record<Exclude<Part, 'tags'>, readonly string[]> = {
  settings: ['UpdateTrail', 'CreateTrail'],
  'event selectors': ['PutEventSelectors', 'CreateTrail'],
  insights: ['PutInsightSelectors', 'StopLogging', 'CreateTrail'],
  'log group': [
    'CreateLogGroup',
    'PutRetentionPolicy',
    'DeleteRetentionPolicy',
    'AssociateKmsKey',
    'DisassociateKmsKey',
  ],
  'metric filters': ['PutMetricFilter', 'DeleteMetricFilter', 'DeleteLogGroup'],
  bucket: [
    'PutBucketPolicy',
    'DeleteBucketPolicy',
    'PutBucketLifecycle',
    'DeleteBucketLifecycle',
    'PutBucketVersioning',
  ],
  role: [
    'PutRolePolicy',
    'DeleteRolePolicy',
    'AttachRolePolicy',
    'DetachRolePolicy',
    'UpdateAssumeRolePolicy',
    'PutRolePermissionsBoundary',
    'DeleteRolePermissionsBoundary',
  ],
  key: ['DisableKey', 'ScheduleKeyDeletion'],
};

/** By when event history has everything. https://docs.aws.amazon.com/awscloudtrail/latest/userguide/view-cloudtrail-events.html */
const COMPLETE_AFTER_MS = 15 * 60_000;
const WATCHED = ['trail-tampering', 'trail-pipeline-tampering'];

/** Why a baseline may become less: every call that could have done it was a deployment's, and no incident of the trail is open. */
async function explanation(
  baseline: TrailBaseline,
  state: TrailState,
  less: Difference[],
  context: Context,
  sleep?: Sleep,
): Promise<{ because?: string; refusal: string }> {
  const words = less.map((one) => one.words).join('; ');
  const open = (await context.ledger.recent(50)).find(
    ({ detection, status }) => status === 'open' && WATCHED.includes(detection),
  );
  if (open) return { refusal: `${words}: incident ${open.id} is open` };
  const names = namesOf(baseline, state);
  const region = baseline.trail.split(':')[3] ?? context.environment.region;
  const now = context.now();
  const explained: string[] = [];
  for (const part of new Set(less.map((one) => one.part))) {
    const calls = part === 'tags' ? [] : CALLS[part];
    const found: Found[] = [];
    const from = new Date(baseline.takenAt);
    // One after the other: event history takes two calls a second.
    for (const value of calls) {
      found.push(await lookUp({ region, by: 'EventName', value, from, to: now, pages: 4 }, context, sleep));
    }
    const records = found
      .flatMap((one) => one.records)
      .filter((record) => !failed(record) && names.some((name) => mentions(record.requestParameters, name)));
    if (found.some(({ more }) => more)) return { refusal: `${words}: too many calls to tell whose it was` };
    if (records.length === 0) return { refusal: `${words}: no call of a deployment explains it` };
    const other = records.find((record) => !isDeployment(record, context));
    if (other) return { refusal: `${words}: ${other.eventName} ${other.eventID} was no deployment's` };
    const last = Math.max(...records.map(({ eventTime }) => Date.parse(eventTime)));
    if (now.getTime() - last < COMPLETE_AFTER_MS) return { refusal: `${words}: event history may not be complete yet` };
    explained.push(...records.map(({ eventName, eventID }) => `${eventName} ${eventID}`));
  }
  return { because: `deployed: ${words} (${explained.join(', ')})`, refusal: '' };
}

/** What calls on the trail and what it depends on can name, as it was and as it is. */
function namesOf(baseline: TrailBaseline, state: TrailState): string[] {
  const settings = [baseline.state.settings, state.settings];
  return [
    trailName(baseline.trail),
    ...settings.flatMap(({ bucket, logGroup, role, key }) => [
      bucket,
      logGroupOf(logGroup)?.name,
      role?.split('/').at(-1),
      key?.split('/').at(-1),
    ]),
  ].filter((name): name is string => name !== undefined && name !== '');
}

/** Some value in the parameters is the name, or an ARN that ends with it. */
const mentions = (parameters: unknown, name: string): boolean =>
  JSON.stringify(parameters ?? {})
    .split('"')
    .some((text) => text === name || text.endsWith(`/${name}`) || text.includes(`:${name}`));

export const permissions = [
  useLedger,
  allow(['dynamodb:Query'], '{table}/index/by-time'),
  allow(['cloudtrail:ListTrails', 's3:GetAccountPublicAccessBlock'], '*'),
  ...readTrailPermissions,
  ...readPipelinePermissions,
  lookUpPermissions,
];
export const handler = stepHandler(input, (event, context) => keepBaseline(event, context));
