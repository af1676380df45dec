import {
  AddTagsCommand,
  type AdvancedEventSelector,
  CreateTrailCommand,
  type EventSelector,
  PutEventSelectorsCommand,
  StartLoggingCommand,
  UpdateTrailCommand,
} from '@aws-sdk/client-cloudtrail';
import { type TrailState, trailLosses } from '../../playbooks/trail-baseline.ts';
import { trailName } from '../../playbooks/trails.ts';
import type { Context } from '../context.ts';
import { allow, passDeliveryRole, trails } from '../permissions.ts';
import { home, putInsights, readTrail, readTrailPermissions } from './read-trail.ts';

/** What {@link bringBack} may do. */
export const bringBackPermissions = [
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
];

/**
 * Makes a trail as it should be: made again where it is gone, given back what was taken from it, and recording.
 * https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_CreateTrail.html
 */
export async function bringBack(trail: string, wanted: TrailState, context: Context): Promise<void> {
  if (!(await readTrail(trail, context))) await create(trail, wanted, context);
  // A trail that was just made has the service's own selectors.
  const made = await readTrail(trail, context);
  await align(trail, wanted, made ? trailLosses(wanted, made.state) : [], context);
  await home(trail, context).send(new StartLoggingCommand({ Name: trail }));
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
export async function align(
  trail: string,
  wanted: TrailState,
  lost: { part: string; field: string }[],
  context: Context,
) {
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
