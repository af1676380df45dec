import * as z from 'zod';
import type { CloudTrailRecord } from './cloudtrail.ts';
import { all, is, like, type Match, missing } from './matching/match.ts';

/**
 * The canary: a harmless call that the deployment makes by itself, again and again, to show that a call still leads to a playbook. It
 * tags a log group that holds nothing with the time. The call is free, is a management event that writes, and no detection
 * looks for it.
 * https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_TagResource.html
 */
export const canaryUnit = 'send-canary';
/** The log group that it tags. */
export const canaryLogGroup = (prefix: string): string => `/${prefix}/canary`;
/** The tag whose value is the time of the call, ISO 8601. */
export const CANARY_TAG = 'cordon:canary';

/** Minutes between two canaries. */
export const CANARY_EVERY = 10;
/** Minutes after which one is late. CloudTrail delivers within five on average, and seldom takes longer than fifteen. */
export const CANARY_LATE = 20;
/** Minutes after which none having come through is an alarm. */
export const CANARY_MISSING = 30;

/** By which lanes a canary starts the playbook at the end: its alarm's, and that of its event. */
export const canaryLanes = ['alarm', 'event'] as const;
export type CanaryLane = (typeof canaryLanes)[number];

/** The metric of how long canaries took by a lane, in milliseconds. Only the playbook at the end writes it. */
export const canaryMetric = (lane: CanaryLane): string =>
  lane === 'alarm' ? 'canary-latency' : 'canary-event-latency';

/** What the playbook logs at the end, from which the metric comes. */
export const CAME_THROUGH = 'canary came through';

/** Exactly the canary's own call: by its role, in its account, on its log group. */
export const canaryMatch = (prefix: string, account: string): Match =>
  all(
    is('eventSource', 'logs.amazonaws.com'),
    is('eventName', 'TagResource'),
    like('requestParameters.resourceArn', `*:${account}:log-group:${canaryLogGroup(prefix)}`),
    is('userIdentity.accountId', account),
    is('userIdentity.sessionContext.sessionIssuer.userName', `${prefix}-${canaryUnit}`),
    missing('errorCode'),
  );

const sentParameters = z.looseObject({ tags: z.looseObject({ [CANARY_TAG]: z.iso.datetime() }) });

/** When a canary was sent: what it says itself, to the millisecond, or else the second of its record. */
export function sentAt({ requestParameters, eventTime }: CloudTrailRecord): Date {
  const { data } = sentParameters.safeParse(requestParameters);
  return new Date(data?.tags[CANARY_TAG] ?? eventTime);
}

/** One canary that came through. ISO times. */
export interface Arrival {
  eventID: string;
  sentAt: string;
  arrivedAt: string;
}

/** The last canary that came through, by lane. */
export type Arrivals = Partial<Record<CanaryLane, Arrival>>;

/** How long it took, in milliseconds. Clocks may differ a little. */
export const latencyOf = ({ sentAt: sent, arrivedAt }: Arrival): number =>
  Math.max(0, Date.parse(arrivedAt) - Date.parse(sent));

/** Whether a canary that came through so long ago, or took so long, leaves it open whether the pipeline is alive. */
export const isOverdue = (arrival: Arrival, now: Date): boolean =>
  now.getTime() - Date.parse(arrival.arrivedAt) > CANARY_MISSING * 60_000 || latencyOf(arrival) > CANARY_LATE * 60_000;
