import { randomUUID } from 'node:crypto';
import { CloudWatchLogsClient, CreateLogStreamCommand, PutLogEventsCommand } from '@aws-sdk/client-cloudwatch-logs';
import { as, type Stage } from '../../../simulate/attack.ts';

/** Puts messages into the trail's log group, as CloudTrail delivers records: for such as no call can be made to give. */
export async function deliverByHand(stage: Stage, ...messages: (object | string)[]): Promise<void> {
  const logs = new CloudWatchLogsClient(as(stage, stage.administrator));
  const stream = { logGroupName: '/cordon/trail', logStreamName: `by-hand-${randomUUID()}` };
  await logs.send(new CreateLogStreamCommand(stream));
  const logEvents = messages.map((message) => ({
    timestamp: Date.now(),
    message: typeof message === 'string' ? message : JSON.stringify(message),
  }));
  await logs.send(new PutLogEventsCommand({ ...stream, logEvents }));
  logs.destroy();
}

/** A record of a call that was made now; `rest` says what is odd about it. */
export const recordOf = (stage: Stage, eventSource: string, eventName: string, rest: object = {}): object => ({
  ...{ eventVersion: '1.08', eventID: randomUUID(), eventTime: `${new Date().toISOString().slice(0, 19)}Z` },
  ...{ eventSource, eventName, eventType: 'AwsApiCall', awsRegion: stage.region, readOnly: false },
  ...{ sourceIPAddress: '198.51.100.23', userAgent: 'aws-cli/2.15.0', recipientAccountId: stage.account },
  ...rest,
});
