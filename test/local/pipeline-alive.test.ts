import { CloudTrailClient, StartLoggingCommand, StopLoggingCommand } from '@aws-sdk/client-cloudtrail';
import { CloudWatchClient, DescribeAlarmsCommand, GetMetricStatisticsCommand } from '@aws-sdk/client-cloudwatch';
import {
  CloudWatchLogsClient,
  DescribeMetricFiltersCommand,
  type MetricFilter,
  PutMetricFilterCommand,
} from '@aws-sdk/client-cloudwatch-logs';
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Finding } from '../../handlers/installation/check.ts';
import type { Mail } from '../../local/mailbox.ts';
import { type Arrivals, type CanaryLane, canaryMetric, latencyOf } from '../../playbooks/canary.ts';
import { as, type Stage } from '../../simulate/attack.ts';
import { everythingSettled } from './harness/control.ts';
import { cordon } from './harness/cordon.ts';
import { Desk } from './harness/desk.ts';
import { switchRule } from './harness/event-lane.ts';
import { eventually } from './harness/eventually.ts';
import { executionsOf, failedOnes } from './harness/executions.ts';
import { startTestAws, type TestAws } from './harness/test-aws.ts';

const MISSING = 'cordon-canary-missing';
const SILENT = 'cordon-trail-silent';

let aws: TestAws;
let desk: Desk;
let stage: Stage;
let cloudWatch: CloudWatchClient;
/** The SOC administrator's mails, from before anything was tried. */
const mails: Mail[] = [];

// The trail is stopped and a metric filter broken: no other file could rely on them. Half an hour passes in 45 seconds.
beforeAll(async () => {
  aws = await startTestAws({ returnSpeed: 40 });
  aws.local.mailbox.events.on('mail', (mail: Mail) => mails.push(mail));
  desk = await Desk.open('trail-tampering', aws.shared);
  stage = desk.stage();
  cloudWatch = new CloudWatchClient(as(stage, stage.administrator));
  // What puts back what is broken here is shown elsewhere; here it stays broken.
  for (const detection of ['trail-tampering', 'trail-pipeline-tampering'])
    await switchRule(aws.shared, `cordon-${detection}`, 'off');
  // The deployment has sent one; all times come after this one.
  await cameThrough('0', 'alarm');
});
afterAll(async () => {
  await desk?.close();
  await aws?.close();
});

/** Sends a canary, as the schedule does, once the alarm has returned from the one before. Resolves to when. */
async function send(): Promise<string> {
  await isIn('cordon-canary', 'OK');
  const lambda = new LambdaClient(as(stage, stage.administrator));
  const { FunctionError, Payload } = await lambda.send(new InvokeCommand({ FunctionName: 'cordon-send-canary' }));
  const said = Payload?.transformToString() ?? '';
  expect(FunctionError, said).toBeUndefined();
  return (JSON.parse(said) as { sentAt: string }).sentAt;
}

/** Waits until a canary, or a later one, has come through by these lanes. */
const cameThrough = (sentAt: string, ...lanes: CanaryLane[]): Promise<Arrivals> =>
  eventually(
    `the canary of ${sentAt} by ${lanes}`,
    async () => {
      const last = await desk.ledger.canaries.last();
      return lanes.every((lane) => (last[lane]?.sentAt ?? '') >= sentAt) ? last : undefined;
    },
    async () => JSON.stringify(await desk.ledger.canaries.last()),
  );

const stateOf = async (name: string) => {
  const { MetricAlarms = [] } = await cloudWatch.send(new DescribeAlarmsCommand({ AlarmNames: [name] }));
  return MetricAlarms[0]?.StateValue;
};
const isIn = (name: string, state: string) =>
  eventually(
    `${name} is ${state}`,
    async () => ((await stateOf(name)) === state ? true : undefined),
    async () => `It is ${await stateOf(name)}.`,
    200_000,
  );
/** Waits until a metric's values, of the last two hours, reach as far as a value: it is put after the ledger knows it. */
const isInMetric = (MetricName: string, value: number) => {
  const values = async () => {
    const [StartTime, EndTime] = [new Date(Date.now() - 7_200_000), new Date(Date.now() + 60_000)];
    const { Datapoints = [] } = await cloudWatch.send(
      new GetMetricStatisticsCommand({
        ...{ Namespace: 'cordon', MetricName, Statistics: ['Maximum', 'Minimum'] },
        ...{ StartTime, EndTime, Period: 7_200 },
      }),
    );
    return Datapoints.flatMap(({ Minimum = 0, Maximum = 0 }) => [Minimum, Maximum]);
  };
  return eventually(
    `${value} in ${MetricName}`,
    async () => {
      const there = await values();
      return (Math.min(...there) <= value && Math.max(...there) >= value) || undefined;
    },
    async () => `Its values: ${await values()}.`,
  );
};
const mailOf = (name: string, state: string, from = 0) =>
  eventually(
    `the mail that ${name} is ${state}`,
    async () => mails.slice(from).find(({ subject }) => subject.startsWith(`${state}: "${name}"`)),
    async () => mails.map(({ subject }) => subject).join('; '),
  );

async function doctor(): Promise<Finding & { check: string }> {
  const { stdout } = await cordon({ ...aws.shared, credentials: aws.shared.soc }, 'doctor', '--json');
  const found = (JSON.parse(stdout) as (Finding & { check: string })[]).filter(({ check }) => check === 'canary');
  expect(found).toHaveLength(1);
  return found[0] as Finding & { check: string };
}

async function canaryFilter(): Promise<MetricFilter> {
  const logs = new CloudWatchLogsClient(as(stage, stage.administrator));
  const { metricFilters = [] } = await logs.send(
    new DescribeMetricFiltersCommand({ logGroupName: '/cordon/trail', filterNamePrefix: 'cordon-canary' }),
  );
  return metricFilters[0] as MetricFilter;
}

async function putFilter({ filterName, metricTransformations }: MetricFilter, filterPattern: string): Promise<void> {
  const logs = new CloudWatchLogsClient(as(stage, stage.administrator));
  const put = { logGroupName: '/cordon/trail', filterName, filterPattern, metricTransformations };
  await logs.send(new PutMetricFilterCommand(put));
}

describe('the canary', () => {
  it('row: pipeline: a canary is sent: comes through by alarm and by event, its latency is a metric, no incident and no mail', async () => {
    // Act
    const sentAt = await send();
    const { alarm, event } = await cameThrough(sentAt, 'alarm', 'event');
    await isIn(MISSING, 'OK');

    // Assess
    expect(alarm).toMatchObject({ sentAt, eventID: event?.eventID });
    for (const [lane, arrival] of Object.entries({ alarm, event })) {
      const latency = arrival ? latencyOf(arrival) : 0;
      expect(latency).toBeGreaterThan(0);
      expect(latency).toBeLessThan(60_000);
      await isInMetric(canaryMetric(lane as CanaryLane), latency);
    }
    expect(await desk.ledger.recent(10)).toEqual([]);
    expect(mails.filter(({ subject }) => subject.includes('"cordon-canary"'))).toEqual([]);
    const executions = await executionsOf(desk.clients.sfn, desk.machineOf('canary'));
    expect(executions.length).toBeGreaterThanOrEqual(2);
    expect(await failedOnes(desk.clients.sfn, desk.machineOf('canary'))).toEqual([]);
    expect(await doctor()).toMatchObject({
      state: 'ok',
      says: expect.stringMatching(
        /the last one, sent .*, took \d+ s to its playbook by the alarm; by its event it took/,
      ),
    });
  });

  it('row: pipeline: the metric filter is broken: no canary comes through, and the pipeline alarm mails what to do, until it is mended', async () => {
    // Prepare
    const filter = await canaryFilter();
    await putFilter(filter, '{ $.eventName = "nothing" }');

    // Act
    const sentAt = await send();
    await cameThrough(sentAt, 'event');
    await isIn(MISSING, 'ALARM');
    const mail = await mailOf(MISSING, 'ALARM');

    // Assess
    expect((await desk.ledger.canaries.last()).alarm?.sentAt).not.toBe(sentAt);
    expect(mail.body).toMatch(/canary of cordon is late or missing.*npx cordon doctor/s);
    const before = mails.length;
    await putFilter(filter, filter.filterPattern ?? '');
    await cameThrough(await send(), 'alarm');
    await isIn(MISSING, 'OK');
    await mailOf(MISSING, 'OK', before);
  });
});

describe('a log group that gets nothing', () => {
  it('row: pipeline: the trail is stopped and nothing puts it back: the silent log group is an alarm that mails what to do', async () => {
    // Prepare
    await isIn(SILENT, 'OK');
    const cloudTrail = new CloudTrailClient(as(stage, stage.administrator));
    const before = mails.length;

    // Act
    await cloudTrail.send(new StopLoggingCommand({ Name: 'cordon' }));
    await isIn(SILENT, 'ALARM');
    const mail = await mailOf(SILENT, 'ALARM', before);

    // Assess
    expect(mail.body).toMatch(/no record has come to the trail's log group \/cordon\/trail.*npx cordon doctor/s);
    await cloudTrail.send(new StartLoggingCommand({ Name: 'cordon' }));
    await send();
    await everythingSettled(aws.shared.control);
    await isIn(SILENT, 'OK');
    await mailOf(SILENT, 'OK', before);
  });
});
