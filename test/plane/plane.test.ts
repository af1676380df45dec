import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Plane, startPlane } from '../../local/plane/plane.ts';
import { Signals } from '../../local/signals.ts';
import { FakeAws } from './fake-aws.ts';

const record = {
  eventID: '9d5b0a3e-6a0e-4d57-9c47-0a5d3f1f2a10',
  eventTime: '2026-03-01T10:00:00Z',
  eventSource: 'cloudtrail.amazonaws.com',
  eventName: 'StopLogging',
  awsRegion: 'us-east-1',
};
const machine = 'arn:aws:states:us-east-1:111122223333:stateMachine:playbook';

describe('startPlane', () => {
  let aws: FakeAws;
  let signals: Signals;
  let plane: Plane;
  let said: string[];

  beforeEach(async () => {
    aws = new FakeAws();
    signals = new Signals();
    said = [];
    aws.filters.push({
      filterName: 'stops',
      filterPattern: '{ $.eventName = "StopLogging" }',
      metricTransformations: [{ metricName: 'Stops', metricNamespace: 'Trail', metricValue: '1' }],
    });
    aws.addAlarm({ AlarmName: 'Stops' });
    aws.answers.PutMetricData = () => {
      aws.setState('Stops', 'ALARM', 'Threshold Crossed: Sum 1.0 GreaterThanOrEqualToThreshold 1.0');
      return {};
    };
    aws.addRule('to-playbook', { source: ['aws.cloudwatch'] }, [{ Id: '1', Arn: machine }]);
    aws.addRule('fast-lane', { source: ['aws.cloudtrail'] }, [{ Id: '1', Arn: machine }]);
    plane = await startPlane(
      {
        endpoint: 'http://127.0.0.1:1',
        credentials: { accessKeyId: 'root', secretAccessKey: 'secret' },
        account: '111122223333',
        region: 'us-east-1',
        signals,
        now: () => aws.now,
        log: (message) => said.push(message),
      },
      aws,
    );
  });

  afterEach(() => plane.close());

  const logs = () => ({
    region: 'us-east-1',
    logGroupName: 'trail',
    events: [{ timestamp: aws.now.getTime(), message: JSON.stringify(record) }],
  });
  const started = () => aws.inputs('StartExecution').map(({ input }) => JSON.parse(input as string));

  it('goes all the way from a log event to the playbook', async () => {
    signals.emit('logs', logs());
    await plane.settled();

    expect(started()).toMatchObject([{ detail: { alarmName: 'Stops', state: { value: 'ALARM' } } }]);
    expect(said).toEqual([]);
  });

  it('brings records to rules only while a trail takes them', async () => {
    signals.emit('record', record, []);
    await plane.settled();
    const withoutTrail = started();
    signals.emit('record', record, ['arn:aws:cloudtrail:us-east-1:111122223333:trail/t']);
    await plane.settled();

    expect(withoutTrail).toEqual([]);
    expect(started()).toMatchObject([{ source: 'aws.cloudtrail', detail: record }]);
  });

  it('sees what others change', async () => {
    aws.setState('Stops', 'ALARM', 'by hand');
    signals.emit('call', { service: 'cloudwatch', operation: 'SetAlarmState', region: 'us-east-1', status: 200 });
    await plane.settled();

    expect(started()).toMatchObject([{ detail: { state: { reason: 'by hand' } } }]);
  });

  it('neither rejects nor throws when nothing answers any more', async () => {
    for (const operation of ['DescribeMetricFilters', 'ListRules', 'DescribeAlarmHistory']) {
      aws.answers[operation] = () => Promise.reject(new Error('connect ECONNREFUSED'));
    }

    signals.emit('logs', logs());
    signals.emit('record', record, ['arn']);
    signals.emit('call', { service: 'cloudwatch', operation: 'PutMetricData', region: 'us-east-1', status: 200 });
    await plane.settled();

    expect(said).toHaveLength(3);
  });

  it('does nothing after it was closed', async () => {
    await plane.close();
    const before = aws.calls.length;

    signals.emit('logs', logs());
    await plane.settled();

    expect(aws.calls).toHaveLength(before);
    expect(aws.destroyed).toBe(true);
  });

  it('refuses a return speed that makes no sense', async () => {
    const options = {
      endpoint: '',
      credentials: { accessKeyId: '', secretAccessKey: '' },
      account: '',
      region: 'r',
      signals,
    };

    await expect(startPlane({ ...options, returnSpeed: 0 }, aws)).rejects.toThrow('returnSpeed');
  });
});
