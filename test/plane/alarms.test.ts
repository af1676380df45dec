import { beforeEach, describe, expect, it } from 'vitest';
import { Alarms } from '../../local/plane/alarms.ts';
import type { BusEvent } from '../../local/plane/event.ts';
import { Work } from '../../local/plane/work.ts';
import { Signals } from '../../local/signals.ts';
import { FakeAws } from './fake-aws.ts';

type Changed = { name: string; from: string; to: string; reason: string };
type Detail = {
  alarmName: string;
  state: { value: string; reason: string; reasonData?: string; timestamp: string };
  previousState: { value: string };
  configuration: unknown;
};

describe('Alarms', () => {
  let aws: FakeAws;
  let work: Work;
  let changes: Changed[];
  let events: BusEvent[];
  let said: string[];

  beforeEach(() => {
    aws = new FakeAws();
    said = [];
    work = new Work((message) => said.push(message));
    changes = [];
    events = [];
  });

  async function watch(returnSpeed = 1): Promise<Alarms> {
    const signals = new Signals();
    signals.on('alarm', ({ name, from, to, reason }) => changes.push({ name, from, to, reason }));
    const onEvent = (_region: string, event: BusEvent) => events.push(event);
    const alarms = new Alarms({
      ...{ clients: aws, work, signals, account: '111122223333', now: () => aws.now, returnSpeed, onEvent },
    });
    await alarms.watch('us-east-1');
    return alarms;
  }

  async function evaluate(alarms: Alarms, later = 0): Promise<void> {
    aws.now = new Date(aws.now.getTime() + later);
    alarms.evaluate();
    await work.settled();
  }

  it('make the event that CloudWatch makes of a change', async () => {
    aws.addAlarm({ AlarmName: 'Stops', AlarmDescription: 'https://runbook', Dimensions: [{ Name: 'A', Value: 'b' }] });
    const alarms = await watch();
    aws.setState('Stops', 'ALARM', 'Threshold Crossed: Sum 1.0 GreaterThanOrEqualToThreshold 1.0');

    alarms.look('us-east-1');
    await work.settled();

    const [event] = events;
    const detail = event?.detail as unknown as Detail;
    expect(event).toMatchObject({
      version: '0',
      source: 'aws.cloudwatch',
      'detail-type': 'CloudWatch Alarm State Change',
      account: '111122223333',
      region: 'us-east-1',
      time: '2026-03-01T10:00:00Z',
      resources: ['arn:aws:cloudwatch:us-east-1:111122223333:alarm:Stops'],
    });
    expect(detail).toMatchObject({
      alarmName: 'Stops',
      state: {
        value: 'ALARM',
        reason:
          'Threshold Crossed: 1 out of the last 1 datapoints [1.0 (01/03/26 10:00:00)] was greater than or equal to ' +
          'the threshold (1.0) (minimum 1 datapoint for OK -> ALARM transition).',
        timestamp: '2026-03-01T10:00:00.250+0000',
      },
      previousState: { value: 'OK' },
      configuration: {
        description: 'https://runbook',
        metrics: [
          {
            metricStat: {
              metric: { namespace: 'Trail', name: 'Stops', dimensions: { A: 'b' } },
              period: 60,
              stat: 'Sum',
            },
            returnData: true,
          },
        ],
      },
    });
    expect(JSON.parse(detail.state.reasonData ?? '')).toMatchObject({
      version: '1.0',
      statistic: 'Sum',
      period: 60,
      recentDatapoints: [1],
      threshold: 1,
    });
  });

  it('lose no change, however quickly states follow each other and whenever they are looked for', async () => {
    aws.addAlarm({ AlarmName: 'Stops' });
    const alarms = await watch();
    aws.setState('Stops', 'ALARM', 'one');
    alarms.look('us-east-1');
    await work.settled();
    for (const [state, reason] of [
      ['OK', 'two'],
      ['ALARM', 'three'],
      ['OK', 'four'],
    ] as const) {
      aws.setState('Stops', state, reason);
    }

    alarms.look('us-east-1');
    alarms.look('us-east-1');
    await work.settled();
    aws.now = new Date(aws.now.getTime() + 5_000);
    aws.setState('Stops', 'ALARM', 'five', '{"by":"hand"}');
    await evaluate(alarms);
    await evaluate(alarms);

    expect(changes.map(({ reason }) => reason)).toEqual(['one', 'two', 'three', 'four', 'five']);
    expect(events.map((event) => (event.detail as unknown as Detail).previousState.value)).toEqual([
      ...['OK', 'ALARM', 'OK', 'ALARM', 'OK'],
    ]);
    expect((events.at(-1)?.detail as unknown as Detail | undefined)?.state.reasonData).toBe('{"by":"hand"}');
    expect(new Set(events.map(({ id }) => id)).size).toBe(5);
  });

  it('leave behind what happened before the start', async () => {
    aws.addAlarm({ AlarmName: 'Stops' });
    aws.setState('Stops', 'ALARM', 'before');
    const alarms = await watch();

    await evaluate(alarms);

    expect(changes).toEqual([]);
  });

  it.each([
    { treat: 'notBreaching', from: 'ALARM', to: 'OK', words: 'treated as [NonBreaching]' },
    { treat: 'breaching', from: 'OK', to: 'ALARM', words: 'treated as [Breaching]' },
    { treat: 'missing', from: 'ALARM', to: 'INSUFFICIENT_DATA', words: '1 datapoint was unknown' },
    { treat: 'notBreaching', from: 'INSUFFICIENT_DATA', to: 'OK', words: 'treated as [NonBreaching]' },
  ])('without data go from $from to $to when missing data are $treat', async ({ treat, from, to, words }) => {
    aws.addAlarm({ AlarmName: 'Stops', TreatMissingData: treat, StateValue: from as 'OK' });
    const alarms = await watch();

    await evaluate(alarms, 61_000);

    expect(changes).toEqual([{ name: 'Stops', from, to, reason: expect.stringContaining(words) }]);
    expect(events).toHaveLength(1);
  });

  it('are looked at no more than now and then while all are OK and nobody has called', async () => {
    const unsettled = async (): Promise<number> => {
      const before = aws.inputs('DescribeAlarms').length;
      alarms.evaluateUnsettled();
      await work.settled();
      return aws.inputs('DescribeAlarms').length - before;
    };
    aws.addAlarm({ AlarmName: 'Stops', TreatMissingData: 'notBreaching', StateValue: 'INSUFFICIENT_DATA' });
    const alarms = await watch();

    expect(await unsettled()).toBeGreaterThan(0);
    expect(changes).toMatchObject([{ from: 'INSUFFICIENT_DATA', to: 'OK' }]);
    expect(await unsettled()).toBe(0);

    aws.addAlarm({ AlarmName: 'Fails', TreatMissingData: 'notBreaching', StateValue: 'INSUFFICIENT_DATA' });
    expect(await unsettled()).toBe(0);
    alarms.called('us-east-1');
    expect(await unsettled()).toBeGreaterThan(0);
    expect(changes).toMatchObject([{ name: 'Stops' }, { name: 'Fails', to: 'OK' }]);
    expect(await unsettled()).toBe(0);
  });

  it('stay as they are without data when missing data are ignored', async () => {
    aws.addAlarm({ AlarmName: 'Stops', TreatMissingData: 'ignore', StateValue: 'ALARM' });
    const alarms = await watch();

    await evaluate(alarms, 61_000);

    expect(aws.inputs('SetAlarmState')).toEqual([]);
  });

  it('return when what is left in the window is below the threshold', async () => {
    aws.addAlarm({ AlarmName: 'Fails', Threshold: 5, Period: 300, StateValue: 'ALARM' });
    const alarms = await watch();
    aws.datapoints = [
      { Sum: 3, SampleCount: 3, Minimum: 1, Maximum: 1 },
      { Sum: 2, SampleCount: 2 },
    ];
    await evaluate(alarms, 61_000);
    const before = changes.length;

    aws.datapoints = [
      { Sum: 3, SampleCount: 3, Minimum: 1, Maximum: 1 },
      { Sum: 1, SampleCount: 1 },
    ];
    await evaluate(alarms, 1_000);

    expect(before).toBe(0);
    expect(changes).toMatchObject([{ from: 'ALARM', to: 'OK', reason: expect.stringContaining('[4.0 (') }]);
  });

  it.each([
    { returnSpeed: 1, waits: 60_000 },
    { returnSpeed: 10, waits: 6_000 },
  ])(
    'let a state that was set by hand stand for a while: $waits ms at speed $returnSpeed',
    async ({ returnSpeed, waits }) => {
      aws.addAlarm({ AlarmName: 'Stops' });
      const alarms = await watch(returnSpeed);
      aws.setState('Stops', 'ALARM', 'by hand');

      await evaluate(alarms, waits - 1_000);
      const early = changes.map(({ to }) => to);
      await evaluate(alarms, 1_000);

      expect(early).toEqual(['ALARM']);
      expect(changes.map(({ to }) => to)).toEqual(['ALARM', 'OK']);
    },
  );

  it('do not reject when the service fails, and go on when it is back', async () => {
    aws.addAlarm({ AlarmName: 'Stops', StateValue: 'ALARM' });
    const alarms = await watch();
    aws.answers.DescribeAlarms = () => {
      throw new Error('no answer');
    };
    await evaluate(alarms, 61_000);
    await evaluate(alarms, 1_000);
    delete aws.answers.DescribeAlarms;

    await evaluate(alarms, 1_000);

    expect(said).toEqual(['alarms in us-east-1: Error: no answer']);
    expect(changes).toMatchObject([{ to: 'OK' }]);
  });
});
