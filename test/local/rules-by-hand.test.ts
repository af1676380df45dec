import {
  CloudWatchClient,
  DeleteAlarmsCommand,
  DescribeAlarmsCommand,
  PutMetricAlarmCommand,
} from '@aws-sdk/client-cloudwatch';
import {
  CloudWatchLogsClient,
  DeleteMetricFilterCommand,
  PutMetricFilterCommand,
} from '@aws-sdk/client-cloudwatch-logs';
import {
  DeleteRuleCommand,
  EventBridgeClient,
  PutRuleCommand,
  PutTargetsCommand,
  RemoveTargetsCommand,
} from '@aws-sdk/client-eventbridge';
import { CreateUserCommand, IAMClient } from '@aws-sdk/client-iam';
import {
  CreateQueueCommand,
  DeleteQueueCommand,
  GetQueueAttributesCommand,
  ReceiveMessageCommand,
  SetQueueAttributesCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { everythingSettled, withRecording } from './harness/control.ts';
import { eventually } from './harness/eventually.ts';

const aws = inject('localAws');
const config = { endpoint: aws.endpoint, region: aws.region, credentials: aws.accountAdministrator };
const clients = {
  logs: new CloudWatchLogsClient(config),
  cloudWatch: new CloudWatchClient(config),
  events: new EventBridgeClient(config),
  iam: new IAMClient(config),
  sqs: new SQSClient(config),
};
afterAll(() => {
  for (const client of Object.values(clients)) client.destroy();
});

const NAME = 'canary-made';
const FILTER = { logGroupName: '/cordon/trail', filterName: NAME };
const PATTERNS = {
  [`${NAME}-alarm`]: {
    source: ['aws.cloudwatch'],
    'detail-type': ['CloudWatch Alarm State Change'],
    detail: { alarmName: [NAME], state: { value: ['ALARM'] } },
  },
  [`${NAME}-call`]: {
    'detail-type': ['AWS API Call via CloudTrail'],
    detail: { eventName: ['CreateUser'], requestParameters: { userName: [{ prefix: 'canary-' }] } },
  },
};

/** What the queue holds, once it holds `count` messages. */
async function receive(QueueUrl: string, count: number): Promise<Record<string, unknown>[]> {
  const received: Record<string, unknown>[] = [];
  return eventually(
    `${count} messages in ${QueueUrl}`,
    async () => {
      const { Messages = [] } = await clients.sqs.send(
        new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10, VisibilityTimeout: 300 }),
      );
      received.push(...Messages.map(({ Body = '{}' }) => JSON.parse(Body) as Record<string, unknown>));
      return received.length >= count ? received : undefined;
    },
    async () => `It held: ${JSON.stringify(received)}`,
    20_000,
  );
}

describe('a filter, an alarm and rules that somebody puts by hand', () => {
  let queue: string;
  let queueArn: string;
  beforeAll(async () => {
    const { QueueUrl = '' } = await clients.sqs.send(new CreateQueueCommand({ QueueName: NAME }));
    queue = QueueUrl;
    const { Attributes } = await clients.sqs.send(
      new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['QueueArn'] }),
    );
    queueArn = Attributes?.QueueArn ?? '';
    const Policy = JSON.stringify({
      Version: '2012-10-17',
      Statement: [
        {
          Effect: 'Allow',
          Principal: { Service: 'events.amazonaws.com' },
          Action: 'sqs:SendMessage',
          Resource: queueArn,
        },
      ],
    });
    await clients.sqs.send(new SetQueueAttributesCommand({ QueueUrl, Attributes: { Policy } }));
  });
  afterAll(async () => {
    for (const Rule of Object.keys(PATTERNS)) {
      await clients.events.send(new RemoveTargetsCommand({ Rule, Ids: ['queue'] }));
      await clients.events.send(new DeleteRuleCommand({ Name: Rule }));
    }
    await clients.cloudWatch.send(new DeleteAlarmsCommand({ AlarmNames: [NAME] }));
    await clients.logs.send(new DeleteMetricFilterCommand(FILTER));
    await clients.sqs.send(new DeleteQueueCommand({ QueueUrl: queue }));
  });

  it('work as the deployed ones do', async () => {
    // Prepare
    const metric = { metricNamespace: 'by-hand', metricName: NAME, metricValue: '1' };
    const filterPattern = '{ ($.eventName = "CreateUser") && ($.requestParameters.userName = "canary-*") }';
    await clients.logs.send(new PutMetricFilterCommand({ ...FILTER, filterPattern, metricTransformations: [metric] }));
    await clients.cloudWatch.send(
      new PutMetricAlarmCommand({
        AlarmName: NAME,
        Namespace: metric.metricNamespace,
        MetricName: metric.metricName,
        Statistic: 'Sum',
        Period: 60,
        EvaluationPeriods: 1,
        Threshold: 2,
        ComparisonOperator: 'GreaterThanOrEqualToThreshold',
        TreatMissingData: 'notBreaching',
      }),
    );
    for (const [Name, pattern] of Object.entries(PATTERNS)) {
      await clients.events.send(new PutRuleCommand({ Name, EventPattern: JSON.stringify(pattern) }));
      await clients.events.send(new PutTargetsCommand({ Rule: Name, Targets: [{ Id: 'queue', Arn: queueArn }] }));
    }

    // Act
    await withRecording(aws.control, false, async () => {
      for (const UserName of ['canary-1', 'other', 'canary-2']) {
        await clients.iam.send(new CreateUserCommand({ UserName }));
      }
      await everythingSettled(aws.control);
    });

    // Assess
    const received = await receive(queue, 3);
    const calls = received.filter((event) => event['detail-type'] === 'AWS API Call via CloudTrail');
    expect(
      calls.map(({ detail }) => (detail as { requestParameters: unknown }).requestParameters).sort(),
    ).toMatchObject([{ userName: 'canary-1' }, { userName: 'canary-2' }]);
    const alarms = received.filter((event) => event.source === 'aws.cloudwatch');
    expect(alarms).toMatchObject([
      { account: aws.account, region: aws.region, detail: { alarmName: NAME, state: { value: 'ALARM' } } },
    ]);
    await eventually(
      `the alarm ${NAME} is OK again`,
      async () => {
        const { MetricAlarms } = await clients.cloudWatch.send(new DescribeAlarmsCommand({ AlarmNames: [NAME] }));
        return MetricAlarms?.[0]?.StateValue === 'OK' || undefined;
      },
      async () => 'It stays in ALARM without data.',
    );
  });
});
