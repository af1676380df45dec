import type { CloudTrailRecord } from './cloudtrail.ts';
import { selectorsLost } from './event-selectors.ts';
import { listOf, objectOf, parametersOf, textOf } from './parameters.ts';
import { partitionOf } from './partition.ts';
import type { TrailState } from './trail-baseline.ts';

/**
 * The ARN of the trail that a CloudTrail call names, by name or by ARN. On a refused call the parameters are null and
 * the ARN stands in the message only.
 */
export function trailArnOf(record: CloudTrailRecord, account: string): string | undefined {
  const parameters = parametersOf(record);
  // PutEventSelectors and PutInsightSelectors call it trailName.
  const named = textOf(parameters.name) ?? textOf(parameters.trailName);
  if (named === undefined)
    return /arn:[\w-]+:cloudtrail:[a-z0-9-]+:\d{12}:trail\/\w(?:[\w.-]*\w)?/.exec(record.errorMessage ?? '')?.[0];
  return named.startsWith('arn:')
    ? named
    : `arn:${partitionOf(record.awsRegion)}:cloudtrail:${record.awsRegion ?? 'us-east-1'}:${account}:trail/${named}`;
}

/** A trail's name, from its ARN. */
export const trailName = (arn: string): string => arn.slice(arn.indexOf('/') + 1);

/**
 * What a call does to a trail's view, in words, or undefined where it narrows nothing: measured by the trail's baseline, where
 * there is one, and by what the parameters say alone where there is none.
 */
export function narrowing(record: CloudTrailRecord, baseline?: TrailState): string | undefined {
  const parameters = parametersOf(record);
  switch (record.eventName) {
    case 'StopLogging':
      return 'logging stopped';
    case 'DeleteTrail':
      return 'trail deleted';
    case 'UpdateTrail':
      return updateNarrows(parameters, baseline?.settings);
    case 'PutEventSelectors':
      return baseline ? selectorsLose(parameters, baseline) : selectorsNarrow(parameters);
    case 'PutInsightSelectors':
      return insightsNarrow(parameters, baseline);
    default:
      return undefined;
  }
}

/** Parameters of UpdateTrail that take something away where they are false. */
const SWITCHES = [
  ['isMultiRegionTrail', 'multiRegion', 'other regions left out'],
  ['includeGlobalServiceEvents', 'globalEvents', 'global services left out'],
  ['enableLogFileValidation', 'validation', 'log file validation off'],
  ['isOrganizationTrail', 'organization', 'other accounts of the organization left out'],
] as const;

/** Parameters of UpdateTrail that may lead the records somewhere else; an empty text takes the log group or the key away. */
const WAYS = [
  ['cloudWatchLogsRoleArn', 'role', 'delivery role changed'],
  ['cloudWatchLogsLogGroupArn', 'logGroup', 'log group changed'],
  ['s3BucketName', 'bucket', 'bucket changed'],
  ['s3KeyPrefix', 'prefix', 'prefix changed'],
  ['kmsKeyId', 'key', 'key changed'],
] as const;

function updateNarrows(parameters: Record<string, unknown>, was?: TrailState['settings']): string | undefined {
  const found = [
    ...SWITCHES.filter(([parameter, field]) => parameters[parameter] === false && was?.[field] !== false),
    ...WAYS.filter(([parameter, field]) => {
      const value = parameters[parameter];
      return value !== undefined && !(was && value === (was[field] ?? ''));
    }),
  ].map(([, , words]) => words);
  return found.length > 0 ? found.join(', ') : undefined;
}

function selectorsLose(parameters: Record<string, unknown>, baseline: TrailState): string | undefined {
  const lost = [
    ...selectorsLost(baseline.eventSelectors, listOf(parameters.eventSelectors)),
    ...selectorsLost(baseline.advancedEventSelectors, listOf(parameters.advancedEventSelectors)),
  ];
  if (lost.length === 0) return undefined;
  return selectorsNarrow(parameters) ?? 'selected events left out';
}

function insightsNarrow(parameters: Record<string, unknown>, baseline?: TrailState): string | undefined {
  const kept = listOf(parameters.insightSelectors).map((one) => objectOf(one).insightType);
  const lost = baseline ? baseline.insights.some((type) => !kept.includes(type)) : kept.length === 0;
  return lost ? 'Insights turned off' : undefined;
}

function selectorsNarrow(parameters: Record<string, unknown>): string | undefined {
  const basic = listOf(parameters.eventSelectors).map(objectOf);
  const advanced = listOf(parameters.advancedEventSelectors).map(objectOf);
  const all =
    basic.some(
      (selector) =>
        selector.includeManagementEvents !== false &&
        (selector.readWriteType ?? 'All') === 'All' &&
        listOf(selector.excludeManagementEventSources).length === 0,
    ) || advanced.some(takesAllManagementEvents);
  return all ? undefined : 'management events left out';
}

function takesAllManagementEvents(selector: Record<string, unknown>): boolean {
  const fields = listOf(selector.fieldSelectors).map(objectOf);
  // Any further field, such as readOnly or eventSource, takes something away.
  return fields.length === 1 && fields[0]?.field === 'eventCategory' && listOf(fields[0].equals).includes('Management');
}
