import { randomUUID } from 'node:crypto';
import type { CloudTrailRecord } from '../../playbooks/cloudtrail.ts';

/**
 * An event as EventBridge hands it to targets.
 * https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-events-structure.html
 */
export interface BusEvent {
  version: '0';
  id: string;
  'detail-type': string;
  source: string;
  account: string;
  /** ISO 8601 in UTC, whole seconds. */
  time: string;
  region: string;
  resources: string[];
  detail: Record<string, unknown>;
}

/** An event with a fresh id. */
export function busEvent(event: Omit<BusEvent, 'version' | 'id' | 'time'> & { time: Date }): BusEvent {
  const { 'detail-type': detailType, source, account, time, region, resources, detail } = event;
  return {
    version: '0',
    id: randomUUID(),
    'detail-type': detailType,
    source,
    account,
    time: `${time.toISOString().slice(0, 19)}Z`,
    region,
    resources,
    detail,
  };
}

const detailTypes: Record<string, string> = {
  AwsConsoleSignIn: 'AWS Console Sign In via CloudTrail',
  AwsConsoleAction: 'AWS Console Action via CloudTrail',
  AwsServiceEvent: 'AWS Service Event via CloudTrail',
  AwsCloudTrailInsight: 'AWS Insight via CloudTrail',
};

/**
 * A CloudTrail record as the event that EventBridge makes of it: the source is `aws.` and the name in front of `.amazonaws.com`.
 * https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-service-event-cloudtrail.html
 */
export function cloudTrailEvent(record: CloudTrailRecord, account: string, region: string): BusEvent {
  return busEvent({
    'detail-type': detailTypes[record.eventType ?? ''] ?? 'AWS API Call via CloudTrail',
    source: `aws.${(record.eventSource ?? 'cloudtrail').replace(/\.amazonaws\.com(\.cn)?$/, '')}`,
    account: record.recipientAccountId ?? account,
    time: new Date(record.eventTime),
    region: record.awsRegion ?? region,
    resources: [],
    detail: record,
  });
}

/**
 * Whether only rules in state `ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS` get the record: a management event that only reads.
 * https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-service-event-cloudtrail.html#eb-service-event-cloudtrail-management
 */
export function isReadOnlyManagement(record: CloudTrailRecord): boolean {
  return record.readOnly === true && record.managementEvent !== false;
}
