import { ResourceNotFoundException } from '@aws-sdk/client-cloudwatch-logs';
import { beforeEach, describe, expect, it } from 'vitest';
import { MetricFilters } from '../../local/plane/metric-filters.ts';
import { Work } from '../../local/plane/work.ts';
import { FakeAws } from './fake-aws.ts';

const stopLogging = { eventName: 'StopLogging', eventSource: 'cloudtrail.amazonaws.com' };

describe('MetricFilters', () => {
  let aws: FakeAws;
  let said: string[];
  let changed: string[];

  beforeEach(() => {
    aws = new FakeAws();
    said = [];
    changed = [];
  });

  /** Puts records into the log group, `age` ms old, and waits for what is made of them. */
  async function put(records: object[], { age = 0, returnSpeed = 1 } = {}): Promise<void> {
    const work = new Work((message) => said.push(message));
    const onData = (region: string) => changed.push(region);
    const filters = new MetricFilters({ clients: aws, work, now: () => aws.now, returnSpeed, onData });
    const timestamp = aws.now.getTime() - age;
    const events = records.map((record) => ({ timestamp, message: JSON.stringify(record) }));
    filters.add({ region: 'eu-west-1', logGroupName: 'trail', events });
    await work.settled();
  }

  function filter(filterPattern: string, transformation: object = {}): void {
    const metric = { metricName: 'Stops', metricNamespace: 'Trail', metricValue: '1', ...transformation };
    aws.filters.push({ filterName: 'f', filterPattern, metricTransformations: [metric] });
  }

  it('put one datapoint for the events that match, in the log group’s region', async () => {
    filter('{ $.eventName = "StopLogging" }');

    await put([stopLogging, { eventName: 'StartLogging' }, stopLogging]);

    const [put1] = aws.calls.filter(({ operation }) => operation === 'PutMetricData');
    expect(put1).toMatchObject({ region: 'eu-west-1', input: { Namespace: 'Trail' } });
    expect(aws.data).toEqual([
      { MetricName: 'Stops', Dimensions: [], Timestamp: aws.now, Values: [1], Counts: [2], Unit: 'None' },
    ]);
    expect(changed).toEqual(['eu-west-1']);
  });

  it('take the value and the dimensions from the event, and leave out events without them', async () => {
    const dimensions = { Source: '$.eventSource' };
    filter('{ $.eventName = "*" }', { metricValue: '$.size', dimensions, unit: 'Bytes' });

    await put([
      { ...stopLogging, size: 7.5 },
      { ...stopLogging, size: 'much' },
      { eventName: 'x', size: 3 },
    ]);

    expect(aws.data).toMatchObject([
      {
        Values: [7.5],
        Counts: [1],
        Unit: 'Bytes',
        Dimensions: [{ Name: 'Source', Value: 'cloudtrail.amazonaws.com' }],
      },
    ]);
  });

  it('put the default value only where nothing matched', async () => {
    filter('{ $.eventName = "StopLogging" }', { defaultValue: 0 });

    await put([{ eventName: 'StartLogging' }]);
    await put([stopLogging, { eventName: 'StartLogging' }]);

    expect(aws.data.map(({ Values, Counts }) => ({ Values, Counts }))).toEqual([
      { Values: [0], Counts: [1] },
      { Values: [1], Counts: [1] },
    ]);
  });

  it('say once that a pattern cannot be read, and evaluate the others', async () => {
    filter('{ $.eventName EXISTS }');
    filter('{ $.eventName = "StopLogging" }');
    const work = new Work((message) => said.push(message));
    const filters = new MetricFilters({ clients: aws, work, now: () => aws.now, returnSpeed: 1, onData: () => {} });
    const written = {
      region: 'r',
      logGroupName: 'g',
      events: [{ timestamp: 1, message: JSON.stringify(stopLogging) }],
    };

    filters.add(written);
    await work.settled();
    filters.add(written);
    await work.settled();

    expect(said).toHaveLength(1);
    expect(said[0]).toMatch(/^metric filter f of g is not evaluated: .*CloudWatch has no "EXISTS"/);
    expect(aws.data).toHaveLength(2);
  });

  it.each([
    { what: 'keep the time of an event', age: 1_000, returnSpeed: 1, expected: 1_000 },
    { what: 'let a late event count as half a window old', age: 600_000, returnSpeed: 1, expected: 30_000 },
    { what: 'put points older for a faster return', age: 0, returnSpeed: 10, expected: 54_000 },
    { what: 'do both at once', age: 600_000, returnSpeed: 10, expected: 57_000 },
  ])('$what', async ({ age, returnSpeed, expected }) => {
    filter('');
    aws.addAlarm({ AlarmName: 'Stops' });

    await put([stopLogging], { age, returnSpeed });

    const [point] = aws.data;
    expect(aws.now.getTime() - (point?.Timestamp?.getTime() ?? 0)).toBe(expected);
  });

  it('say nothing when the log group is gone', async () => {
    aws.answers.DescribeMetricFilters = () => {
      throw new ResourceNotFoundException({ message: 'gone', $metadata: {} });
    };

    await put([stopLogging]);

    expect(said).toEqual([]);
    expect(aws.data).toEqual([]);
  });

  it('say once what fails while it fails', async () => {
    filter('');
    aws.answers.PutMetricData = () => {
      throw new Error('no answer');
    };
    const work = new Work((message) => said.push(message));
    const filters = new MetricFilters({ clients: aws, work, now: () => aws.now, returnSpeed: 1, onData: () => {} });
    const written = { region: 'r', logGroupName: 'g', events: [{ timestamp: 1, message: 'x' }] };

    filters.add(written);
    await work.settled();
    filters.add(written);
    await work.settled();

    expect(said).toEqual(['metric filters of g in r: Error: no answer']);
  });
});
