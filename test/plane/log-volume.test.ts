import { beforeEach, describe, expect, it } from 'vitest';
import { LogVolume } from '../../local/plane/log-volume.ts';
import { Work } from '../../local/plane/work.ts';
import { FakeAws } from './fake-aws.ts';

describe('LogVolume', () => {
  let aws: FakeAws;
  let changed: string[];
  beforeEach(() => {
    aws = new FakeAws();
    changed = [];
  });

  function counting(returnSpeed = 1) {
    const work = new Work((message) => expect.unreachable(message));
    const onData = (region: string) => changed.push(region);
    const volume = new LogVolume({ clients: aws, work, now: () => aws.now, returnSpeed, onData });
    const flush = async () => {
      volume.flush();
      await work.settled();
    };
    return { volume, flush };
  }
  const written = (logGroupName: string, count: number) => ({
    ...{ region: 'us-east-1', logGroupName },
    events: Array.from({ length: count }, () => ({ timestamp: aws.now.getTime(), message: '{}' })),
  });
  const watched = (logGroup: string) =>
    aws.addAlarm({
      ...{ AlarmName: 'silent', Namespace: 'AWS/Logs', MetricName: 'IncomingLogEvents', Period: 1_800 },
      Dimensions: [{ Name: 'LogGroupName', Value: logGroup }],
    });

  it('puts how many log events came into each log group, and nothing where none came', async () => {
    const { volume, flush } = counting();
    volume.add(written('/cordon/trail', 2));
    volume.add(written('/cordon/trail', 3));
    volume.add(written('/other', 1));

    await flush();
    await flush();

    expect(aws.inputs('PutMetricData')).toMatchObject([{ Namespace: 'AWS/Logs' }]);
    expect(aws.data).toEqual(
      [
        ['/cordon/trail', 5],
        ['/other', 1],
      ].map(([Value, count]) => ({
        MetricName: 'IncomingLogEvents',
        Dimensions: [{ Name: 'LogGroupName', Value }],
        Timestamp: aws.now,
        Value: count,
        Unit: 'Count',
      })),
    );
    expect(changed).toEqual(['us-east-1']);
  });

  it('puts points older for a faster return, of the log group that an alarm watches', async () => {
    watched('/cordon/trail');
    const { volume, flush } = counting(10);
    volume.add(written('/cordon/trail', 1));
    volume.add(written('/other', 1));

    await flush();

    const ages = aws.data.map(({ Timestamp }) => aws.now.getTime() - (Timestamp?.getTime() ?? 0));
    expect(ages).toEqual([1_800_000 - 180_000, 0]);
  });
});
