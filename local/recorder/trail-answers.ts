import { isStructure, type Structure } from './protocols/values.ts';
import type { Exchange } from './record.ts';
import { wholeSeconds } from './record.ts';
import type { Trail, Trails } from './trails.ts';

/** An answer of CloudTrail's JSON protocol in place of the emulator's. */
export interface Replacement {
  status: number;
  body: Structure | { __type: string; message: string };
}

/** What the emulator says of an operation it lacks: by then it has authenticated and authorized the call. */
const LACKING = /^Unknown CloudTrail action/;

/**
 * What the emulator's CloudTrail leaves out of its answers, put in: log group and role, Insights, true times. Called after the trails
 * have followed the call.
 * @returns undefined when the emulator's answer stands
 */
export function trailAnswer(exchange: Exchange, body: Structure, trails: Trails): Replacement | undefined {
  const { call, input, refusal } = exchange;
  const { name } = call.operation;
  if (name === 'PutInsightSelectors' || name === 'GetInsightSelectors') return insightsAnswer(exchange, trails);
  if (refusal) return undefined;
  if (name === 'CreateTrail' || name === 'UpdateTrail') {
    const trail = trails.find(body.TrailARN, call.region);
    return trail && { status: 200, body: withKept(body, trail) };
  }
  if (name === 'GetTrail' && isStructure(body.Trail)) {
    const trail = trails.find(body.Trail.TrailARN, call.region);
    return trail && { status: 200, body: { Trail: whole(body.Trail as Structure, trail) } };
  }
  if (name === 'DescribeTrails' && Array.isArray(body.trailList)) {
    const trailList = body.trailList.map((view) => {
      const trail = isStructure(view) ? trails.find(view.TrailARN, call.region) : undefined;
      return trail ? whole(view as Structure, trail) : view;
    });
    return { status: 200, body: { trailList } };
  }
  if (name === 'GetTrailStatus') {
    const trail = trails.find(input.Name, call.region);
    return trail && { status: 200, body: statusAnswer(trail, trails) };
  }
  return undefined;
}

/** Whether a refusal is only the emulator's lack of an operation that the recorder itself provides. */
export function isLacking({ call, code, refusal }: Exchange): boolean {
  return (
    call.model.name === 'cloudtrail' &&
    code === 'InvalidParameterException' &&
    /InsightSelectors$/.test(call.operation.name) &&
    LACKING.test(refusal?.errorMessage ?? '')
  );
}

function insightsAnswer({ call, input, refusal }: Exchange, trails: Trails): Replacement | undefined {
  if (refusal) return undefined;
  const trail = trails.find(input.TrailName, call.region);
  if (!trail) return undefined;
  return {
    status: 200,
    body: {
      TrailARN: trail.arn,
      InsightSelectors: trail.insights,
      ...(trail.insightsDestination !== undefined && { InsightsDestination: trail.insightsDestination }),
    },
  };
}

/** Why an Insights call cannot be done, which the emulator cannot know; undefined when it can. */
export function insightsError({ call, input }: Exchange, trails: Trails): Replacement | undefined {
  const error = (type: string, message: string) => ({ status: 400, body: { __type: type, message } });
  const wanted = String(input.TrailName ?? '');
  const trail = trails.find(wanted, call.region);
  if (!trail)
    return error('TrailNotFoundException', `Unknown trail: ${wanted} for the user: ${call.request.sourceAddress}`);
  if (call.operation.name === 'GetInsightSelectors') {
    return trail.insights.length > 0
      ? undefined
      : error('InsightNotEnabledException', `Insights is not enabled for the trail ${trail.arn}.`);
  }
  if (trail.homeRegion !== call.region) {
    return error(
      'InvalidHomeRegionException',
      `The trail ${trail.arn} can be changed only in its home region ${trail.homeRegion}.`,
    );
  }
  const types = Array.isArray(input.InsightSelectors)
    ? input.InsightSelectors.map((item) => isStructure(item) && item.InsightType)
    : [];
  if (!types.every((type) => type === 'ApiCallRateInsight' || type === 'ApiErrorRateInsight')) {
    return error('InvalidInsightSelectorsException', 'An Insights selector names a type that does not exist.');
  }
  return undefined;
}

function withKept(body: Structure, trail: Trail): Structure {
  const answer = Object.fromEntries(Object.entries(body).filter(([, value]) => value !== ''));
  return { ...answer, ...kept(trail) };
}

function kept(trail: Trail): Structure {
  return {
    ...(trail.logGroupArn !== undefined && { CloudWatchLogsLogGroupArn: trail.logGroupArn }),
    ...(trail.roleArn !== undefined && { CloudWatchLogsRoleArn: trail.roleArn }),
    ...(trail.snsTopicArn !== undefined && {
      SnsTopicName: trail.snsTopicArn.split(':').at(-1) ?? '',
      SnsTopicARN: topicArn(trail),
    }),
    ...(trail.kmsKeyId !== undefined && { KmsKeyId: trail.kmsKeyId }),
  };
}

function topicArn({ arn, snsTopicArn = '' }: Trail): string {
  if (snsTopicArn.startsWith('arn:')) return snsTopicArn;
  const [, partition, , region, account] = arn.split(':');
  return ['arn', partition, 'sns', region, account, snsTopicArn].join(':');
}

function whole(view: Structure, trail: Trail): Structure {
  return { ...withKept(view, trail), HasInsightSelectors: trail.insights.length > 0 };
}

/** https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_GetTrailStatus.html */
function statusAnswer(trail: Trail, trails: Trails): Structure {
  const status = trails.status(trail.arn);
  const time = (name: string, date: Date | undefined) => (date ? { [name]: Math.floor(date.getTime() / 1000) } : {});
  const text = (date: Date | undefined) => (date ? wholeSeconds(date) : '');
  return {
    IsLogging: trail.logging,
    ...time('LatestDeliveryTime', status.toBucket),
    ...(status.toBucketError !== undefined && { LatestDeliveryError: status.toBucketError }),
    ...time('LatestCloudWatchLogsDeliveryTime', status.toLogs),
    ...(status.toLogsError !== undefined && { LatestCloudWatchLogsDeliveryError: status.toLogsError }),
    ...time('StartLoggingTime', trail.started),
    ...time('StopLoggingTime', trail.stopped),
    LatestDeliveryAttemptTime: text(status.toBucketAttempt),
    LatestDeliveryAttemptSucceeded: text(status.toBucket),
    LatestNotificationAttemptTime: '',
    LatestNotificationAttemptSucceeded: '',
    TimeLoggingStarted: text(trail.started),
    TimeLoggingStopped: text(trail.stopped),
  };
}
