import type { CloudTrailRecord } from './cloudtrail.ts';
import { listOf, objectOf, parametersOf, textOf } from './parameters.ts';

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
    : `arn:aws:cloudtrail:${record.awsRegion ?? 'us-east-1'}:${account}:trail/${named}`;
}

/** A trail's name, from its ARN. */
export const trailName = (arn: string): string => arn.slice(arn.indexOf('/') + 1);

/** What a call does to a trail's view, in words, or undefined where it narrows nothing. */
export function narrowing(record: CloudTrailRecord): string | undefined {
  const parameters = parametersOf(record);
  switch (record.eventName) {
    case 'StopLogging':
      return 'logging stopped';
    case 'DeleteTrail':
      return 'trail deleted';
    case 'UpdateTrail':
      return updateNarrows(parameters);
    case 'PutEventSelectors':
      return selectorsNarrow(parameters);
    case 'PutInsightSelectors':
      return listOf(parameters.insightSelectors).length === 0 ? 'Insights turned off' : undefined;
    default:
      return undefined;
  }
}

function updateNarrows(parameters: Record<string, unknown>): string | undefined {
  const found: string[] = [];
  if (parameters.isMultiRegionTrail === false) found.push('other regions left out');
  if (parameters.includeGlobalServiceEvents === false) found.push('global services left out');
  if (parameters.enableLogFileValidation === false) found.push('log file validation off');
  if (parameters.isOrganizationTrail === false) found.push('other accounts of the organization left out');
  if (parameters.cloudWatchLogsRoleArn !== undefined) found.push('delivery role changed');
  // An empty string takes the log group away; any other value may lead the records somewhere else.
  if (parameters.cloudWatchLogsLogGroupArn !== undefined) found.push('log group changed');
  if (parameters.s3BucketName !== undefined) found.push('bucket changed');
  if (parameters.s3KeyPrefix !== undefined) found.push('prefix changed');
  if (parameters.kmsKeyId !== undefined) found.push('key changed');
  return found.length > 0 ? found.join(', ') : undefined;
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
