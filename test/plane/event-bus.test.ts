import { beforeEach, describe, expect, it } from 'vitest';
import { couldMatch } from '../../local/plane/could-match.ts';
import { cloudTrailEvent } from '../../local/plane/event.ts';
import { EventBuses } from '../../local/plane/event-bus.ts';
import { targetInput } from '../../local/plane/target-input.ts';
import { Work } from '../../local/plane/work.ts';
import { type LocalSignals, Signals } from '../../local/signals.ts';
import { FakeAws } from './fake-aws.ts';

const stopLogging = {
  eventID: '9d5b0a3e-6a0e-4d57-9c47-0a5d3f1f2a10',
  eventTime: '2026-03-01T10:00:00Z',
  eventSource: 'cloudtrail.amazonaws.com',
  eventName: 'StopLogging',
  eventType: 'AwsApiCall',
  awsRegion: 'eu-west-1',
  recipientAccountId: '111122223333',
  readOnly: false,
  managementEvent: true,
  requestParameters: { name: 'a "quoted" trail', list: [{ arn: 'one' }, { arn: 'two' }] },
};
const machine = 'arn:aws:states:us-east-1:111122223333:stateMachine:playbook';
const queue = 'arn:aws:sqs:us-east-1:111122223333:dead';

describe('cloudTrailEvent', () => {
  it('wraps the record as EventBridge does', () => {
    const event = cloudTrailEvent(stopLogging, '999999999999', 'us-east-1');

    expect(event).toMatchObject({
      version: '0',
      source: 'aws.cloudtrail',
      'detail-type': 'AWS API Call via CloudTrail',
      account: '111122223333',
      time: '2026-03-01T10:00:00Z',
      region: 'eu-west-1',
      resources: [],
      detail: stopLogging,
    });
  });

  it.each([
    [
      { eventSource: 'signin.amazonaws.com', eventType: 'AwsConsoleSignIn' },
      'aws.signin',
      'AWS Console Sign In via CloudTrail',
    ],
    [{ eventSource: 'monitoring.amazonaws.com' }, 'aws.monitoring', 'AWS API Call via CloudTrail'],
    [{ eventSource: 's3.amazonaws.com', eventType: 'AwsServiceEvent' }, 'aws.s3', 'AWS Service Event via CloudTrail'],
  ])('names source and detail type of %j', (fields, source, detailType) => {
    const event = cloudTrailEvent({ ...stopLogging, ...fields }, '111122223333', 'us-east-1');
    expect(event).toMatchObject({ source, 'detail-type': detailType });
  });
});

describe('couldMatch', () => {
  const event = { source: 'aws.s3', detail: { eventName: 'PutBucketAcl', list: ['a', 'b'] } };

  it.each([
    [{ source: ['aws.s3'] }, true],
    [{ source: ['aws.ec2', 'aws.s3'] }, true],
    [{ source: ['aws.ec2'] }, false],
    [{ detail: { eventName: ['PutBucketAcl'] } }, true],
    [{ detail: { eventName: ['GetBucketAcl'] } }, false],
    [{ detail: { list: ['b'] } }, true],
    [{ detail: { list: ['c'] } }, false],
    [{ detail: { absent: ['c'] } }, false],
    [{ detail: { absent: [{ exists: false }] } }, true],
    [{ detail: { eventName: [{ prefix: 'x' }, 'y'] } }, true],
    [{ detail: { $or: [{ eventName: ['x'] }] } }, true],
    [{ other: { deep: ['x'] } }, false],
  ])('%j gives %s', (pattern, expected) => {
    const result = couldMatch(pattern, event);
    expect(result).toBe(expected);
  });
});

describe('targetInput', () => {
  const event = { ...cloudTrailEvent(stopLogging, '111122223333', 'us-east-1'), id: 'e-1' };
  const rule = { Name: 'r', Arn: 'arn:r' };
  const input = (target: object) => targetInput({ Id: '1', Arn: machine, ...target }, event, rule, new Date(0));
  const template = (InputTemplate: string, InputPathsMap = {}) =>
    input({ InputTransformer: { InputTemplate, InputPathsMap } });

  it('is the event, a constant or a part', () => {
    expect(JSON.parse(input({}))).toEqual(event);
    expect(input({ Input: '{"a":1}' })).toBe('{"a":1}');
    expect(JSON.parse(input({ InputPath: '$.detail' }))).toEqual(stopLogging);
    expect(input({ InputPath: "$['detail-type']" })).toBe('"AWS API Call via CloudTrail"');
  });

  it('fills a template', () => {
    const paths = {
      name: '$.detail.requestParameters.name',
      none: '$.detail.none',
      type: '$.detail-type',
      second: '$.detail.requestParameters.list[1].arn',
      all: '$.detail.requestParameters.list',
    };
    const made = template(
      '{"name": <name>, "text": "<type>: <name> \\"<none>\\"", "none": <none>, "all": <all>, "flat": "<all>", "x": <unknown>0}'.replace(
        '<unknown>0',
        '<second>',
      ),
      paths,
    );

    expect(JSON.parse(made)).toEqual({
      name: 'a "quoted" trail',
      text: 'AWS API Call via CloudTrail: a "quoted" trail ""',
      none: '',
      all: [{ arn: 'one' }, { arn: 'two' }],
      flat: '[{arn:one},{arn:two}]',
      x: 'two',
    });
  });

  it('knows the reserved variables', () => {
    const made = JSON.parse(
      template(
        '{"rule":<aws.events.rule-name>,"arn":"<aws.events.rule-arn>","event":<aws.events.event.json>,"at":<aws.events.event.ingestion-time>}',
      ),
    );

    expect(made).toEqual({ rule: 'r', arn: 'arn:r', event, at: '1970-01-01T00:00:00Z' });
  });

  it('takes a template that is plain text', () => {
    const made = template('Trail <name> was stopped', { name: '$.detail.requestParameters.name' });
    expect(made).toBe('Trail a "quoted" trail was stopped');
  });

  it('refuses a path that cannot be read', () => {
    expect(() => input({ InputPath: '$.detail[' })).toThrow('cannot be read');
  });
});

describe('EventBuses', () => {
  let aws: FakeAws;
  let said: string[];
  let deliveries: LocalSignals['delivery'][0][];

  beforeEach(() => {
    aws = new FakeAws();
    said = [];
    deliveries = [];
  });

  async function publish(record: object = {}, readOnly = false): Promise<void> {
    const work = new Work((message) => said.push(message));
    const signals = new Signals();
    signals.on('delivery', (delivery) => deliveries.push(delivery));
    const buses = new EventBuses({ clients: aws, work, signals, now: () => aws.now });
    buses.publish('us-east-1', cloudTrailEvent({ ...stopLogging, ...record }, '111122223333', 'us-east-1'), readOnly);
    await work.settled();
  }

  it('starts the targets of the rules that match, each once', async () => {
    aws.addRule('match', { source: ['aws.cloudtrail'] }, [
      { Id: '1', Arn: machine },
      { Id: '2', Arn: 'arn:aws:sns:us-east-1:111122223333:alerts', InputPath: '$.detail.eventName' },
      { Id: '3', Arn: 'arn:aws:lambda:us-east-1:111122223333:function:f' },
      { Id: '4', Arn: queue },
    ]);
    aws.addRule('other', { source: ['aws.s3'] }, [{ Id: '1', Arn: machine }]);
    aws.addRule('off', { source: ['aws.cloudtrail'] }, [{ Id: '1', Arn: machine }], { State: 'DISABLED' });

    await publish();

    expect(aws.inputs('StartExecution')).toHaveLength(1);
    expect(JSON.parse(aws.inputs('StartExecution')[0]?.input as string)).toMatchObject({ detail: stopLogging });
    expect(aws.inputs('Publish')).toMatchObject([{ Message: '"StopLogging"' }]);
    expect(aws.inputs('Invoke')).toMatchObject([{ InvocationType: 'Event' }]);
    expect(aws.inputs('SendMessage')).toMatchObject([{ QueueUrl: 'http://queue/dead' }]);
    expect(deliveries).toContainEqual({
      rule: 'match',
      bus: 'default',
      target: machine,
      detailType: 'AWS API Call via CloudTrail',
      started: `${machine}:run`,
    });
    expect(deliveries).toHaveLength(4);
  });

  it('lets the service judge what plain values cannot', async () => {
    aws.addRule('judged', { detail: { errorCode: [{ exists: true }] } }, [{ Id: '1', Arn: machine }]);
    aws.answers.TestEventPattern = () => ({ Result: false });

    await publish();

    expect(aws.inputs('TestEventPattern')).toHaveLength(1);
    expect(aws.inputs('StartExecution')).toEqual([]);
  });

  it('gives reading calls only to rules that ask for all management events', async () => {
    aws.addRule('plain', { source: ['aws.cloudtrail'] }, [{ Id: '1', Arn: machine }]);
    const State = 'ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS';
    aws.addRule('all', { source: ['aws.cloudtrail'] }, [{ Id: '1', Arn: machine }], { State });

    await publish({ readOnly: true }, true);

    expect(deliveries.map(({ rule }) => rule)).toEqual(['all']);
  });

  it('tries again what may pass, and then buries it', async () => {
    aws.addRule('r', { source: ['aws.cloudtrail'] }, [
      { Id: '1', Arn: machine, RetryPolicy: { MaximumRetryAttempts: 1 }, DeadLetterConfig: { Arn: queue } },
    ]);
    aws.answers.StartExecution = () => {
      throw Object.assign(new Error('slow down'), { name: 'ThrottlingException', $metadata: { httpStatusCode: 400 } });
    };

    await publish();

    expect(aws.inputs('StartExecution')).toHaveLength(2);
    expect(deliveries).toMatchObject([{ error: 'ThrottlingException: slow down' }]);
    expect(aws.inputs('SendMessage')).toMatchObject([
      {
        MessageBody: expect.stringContaining('StopLogging'),
        MessageAttributes: {
          ERROR_CODE: { StringValue: 'ThrottlingException' },
          RETRY_ATTEMPTS: { StringValue: '1' },
          EXHAUSTED_RETRY_CONDITION: { StringValue: 'MaximumRetryAttempts' },
        },
      },
    ]);
  });

  it.each([
    [
      'a refusal',
      machine,
      Object.assign(new Error('no'), { name: 'AccessDenied', $metadata: { httpStatusCode: 403 } }),
    ],
    ['another region', machine.replace('us-east-1', 'eu-west-1'), undefined],
    ['an unknown kind', 'arn:aws:batch:us-east-1:111122223333:job-queue/q', undefined],
  ])('does not try %s again', async (_what, Arn, failure) => {
    aws.addRule('r', { source: ['aws.cloudtrail'] }, [{ Id: '1', Arn, DeadLetterConfig: { Arn: queue } }]);
    aws.answers.StartExecution = () => {
      throw failure;
    };

    await publish();

    expect(deliveries).toMatchObject([{ error: expect.any(String) }]);
    expect(aws.inputs('SendMessage')).toHaveLength(1);
    expect(aws.inputs('StartExecution').length).toBeLessThanOrEqual(1);
  });

  it('hands events on to another bus, and ends when they go in circles', async () => {
    const bus = (name: string) => [{ Id: '1', Arn: `arn:aws:events:us-east-1:111122223333:event-bus/${name}` }];
    aws.addRule('out', { source: ['aws.cloudtrail'] }, bus('security'));
    aws.addRule('in', { source: ['aws.cloudtrail'] }, [{ Id: '1', Arn: machine }], { EventBusName: 'security' });
    aws.addRule('back', { source: ['aws.cloudtrail'] }, bus('default'), { EventBusName: 'security' });

    await publish();

    expect(aws.inputs('StartExecution').length).toBeGreaterThan(0);
    expect(aws.inputs('StartExecution').length).toBeLessThan(5);
    expect(said).toEqual([expect.stringContaining('went in circles')]);
  });

  it('does not let a rule that fails keep the event from the others', async () => {
    aws.addRule('broken', {}, [{ Id: '1', Arn: machine }], { EventPattern: '{' });
    aws.addRule('fine', { source: ['aws.cloudtrail'] }, [{ Id: '1', Arn: machine }]);

    await publish();

    expect(deliveries.map(({ rule }) => rule)).toEqual(['fine']);
    expect(said).toEqual([expect.stringContaining('pattern of rule broken')]);
  });
});
