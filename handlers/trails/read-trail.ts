import {
  CloudTrailClient,
  GetEventSelectorsCommand,
  GetInsightSelectorsCommand,
  GetTrailCommand,
  GetTrailStatusCommand,
  type InsightType,
  ListTagsCommand,
  PutInsightSelectorsCommand,
} from '@aws-sdk/client-cloudtrail';
import type { TrailState } from '../../playbooks/trail-baseline.ts';
import type { Context } from '../context.ts';
import { errorName } from '../errors.ts';
import { allow, trails } from '../permissions.ts';

/** A trail and how it goes. */
export interface TrailReading {
  state: TrailState;
  logging: boolean;
  /** Why its last deliveries failed, if they did. */
  deliveryErrors: string[];
}

/** What {@link readTrail} may do. The tags are asked of a list of trails, which not every judge of policies takes for a resource. */
export const readTrailPermissions = [
  allow(
    [
      'cloudtrail:GetTrail',
      'cloudtrail:GetTrailStatus',
      'cloudtrail:GetEventSelectors',
      'cloudtrail:GetInsightSelectors',
    ],
    trails,
  ),
  allow(['cloudtrail:ListTags'], '*'),
];

/** The client of the trail's home region, which its ARN names: elsewhere a trail can be read, but not changed. */
export const home = (trail: string, context: Context): CloudTrailClient =>
  context.client(CloudTrailClient, trail.split(':')[3]);

/** How CloudTrail says that there is no such trail. https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_ListTags.html */
const ABSENT = new Set(['TrailNotFoundException', 'ResourceNotFoundException']);

/** Everything that CloudTrail says of a trail, or undefined where it does not exist. */
export async function readTrail(arn: string, context: Context): Promise<TrailReading | undefined> {
  const client = home(arn, context);
  try {
    const [{ Trail }, status, selectors, insights, { ResourceTagList = [] }] = await Promise.all([
      client.send(new GetTrailCommand({ Name: arn })),
      client.send(new GetTrailStatusCommand({ Name: arn })),
      client.send(new GetEventSelectorsCommand({ TrailName: arn })),
      insightsOf(arn, client),
      client.send(new ListTagsCommand({ ResourceIdList: [arn] })),
    ]);
    const tags = ResourceTagList.flatMap(({ TagsList = [] }) => TagsList);
    return {
      state: {
        settings: {
          bucket: Trail?.S3BucketName ?? '',
          ...present('prefix', Trail?.S3KeyPrefix),
          ...present('topic', Trail?.SnsTopicARN ?? Trail?.SnsTopicName),
          globalEvents: Trail?.IncludeGlobalServiceEvents ?? false,
          multiRegion: Trail?.IsMultiRegionTrail ?? false,
          organization: Trail?.IsOrganizationTrail ?? false,
          validation: Trail?.LogFileValidationEnabled ?? false,
          ...present('logGroup', Trail?.CloudWatchLogsLogGroupArn),
          ...present('role', Trail?.CloudWatchLogsRoleArn),
          ...present('key', Trail?.KmsKeyId),
        },
        eventSelectors: plain(selectors.EventSelectors),
        advancedEventSelectors: plain(selectors.AdvancedEventSelectors),
        insights,
        tags: Object.fromEntries(tags.map(({ Key = '', Value = '' }) => [Key, Value])),
      },
      logging: status.IsLogging ?? false,
      deliveryErrors: [status.LatestDeliveryError, status.LatestCloudWatchLogsDeliveryError].filter(
        (error): error is string => error !== undefined && error !== '',
      ),
    };
  } catch (error) {
    // The calls run at once, and the one for the tags has a name of its own for it.
    if (ABSENT.has(errorName(error))) return undefined;
    throw error;
  }
}

/** The Insights types that are on. https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_GetInsightSelectors.html */
export async function insightsOf(arn: string, client: CloudTrailClient): Promise<string[]> {
  try {
    const { InsightSelectors = [] } = await client.send(new GetInsightSelectorsCommand({ TrailName: arn }));
    return InsightSelectors.flatMap(({ InsightType }) => InsightType ?? []).sort();
  } catch (error) {
    if (errorName(error) === 'InsightNotEnabledException') return [];
    throw error;
  }
}

/** Turns just these Insights types on. https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_PutInsightSelectors.html */
export async function putInsights(trail: string, insights: string[], context: Context): Promise<void> {
  const InsightSelectors = insights.map((type) => ({ InsightType: type as InsightType }));
  await home(trail, context).send(new PutInsightSelectorsCommand({ TrailName: trail, InsightSelectors }));
}

const present = <K extends string>(key: K, value: string | undefined): Partial<Record<K, string>> =>
  value ? ({ [key]: value } as Record<K, string>) : {};

/** Selectors without absent and empty fields, so that equal ones read equal. */
const plain = (selectors: object[] | undefined): Record<string, unknown>[] =>
  (selectors ?? []).map((selector) =>
    Object.fromEntries(
      Object.entries(selector).filter(([, value]) => value !== undefined && !(Array.isArray(value) && !value.length)),
    ),
  );
