import {
  CloudWatchClient,
  DeleteAlarmsCommand,
  DescribeAlarmsCommand,
  type MetricAlarm,
  PutMetricAlarmCommand,
  type PutMetricAlarmCommandInput,
} from '@aws-sdk/client-cloudwatch';
import * as z from 'zod';
import type { Context } from '../context.ts';
import { declaredAs, notDeployed, readDeployedPermissions } from '../installation/declared.ts';
import { inspectAlarm } from '../installation/filters-and-alarms.ts';
import { allow } from '../permissions.ts';
import { containHandler, defineAction, undoHandler } from './action.ts';

interface Target {
  alarm: string;
  seen?: { harmless: boolean } | undefined;
}

const reading = z.object({
  /** As PutMetricAlarm takes it; absent where the alarm does not exist. */
  alarm: z.record(z.string(), z.unknown()).optional(),
  /** In what it is not as it was deployed, in words. */
  losses: z.array(z.string()),
});
type Reading = z.infer<typeof reading>;

const ALARMS = 'arn:{partition}:cloudwatch:{region}:{account}:alarm:{prefix}-*';

/** What PutMetricAlarm takes, by the names that the templates and DescribeAlarms have for it too. */
const FIELDS = [
  ...['AlarmName', 'AlarmDescription', 'ActionsEnabled', 'AlarmActions', 'OKActions', 'InsufficientDataActions'],
  ...['MetricName', 'Namespace', 'Statistic', 'ExtendedStatistic', 'Dimensions', 'Period', 'Unit', 'Metrics'],
  ...['EvaluationPeriods', 'DatapointsToAlarm', 'Threshold', 'ComparisonOperator', 'TreatMissingData'],
];
const asInput = (of: Record<string, unknown>): Record<string, unknown> =>
  Object.fromEntries(
    FIELDS.flatMap((field) => (of[field] === undefined || of[field] === null ? [] : [[field, of[field]]])),
  );

const declared = ({ alarm }: Target, context: Context) =>
  declaredAs('AWS::CloudWatch::Alarm', ({ physical }) => physical === alarm, context);

/** @throws {TargetUnfit} where cordon was deployed with no such alarm */
async function read(target: Target, context: Context): Promise<Reading> {
  const found = (await declared(target, context)) ?? notDeployed(`Alarm ${target.alarm}`);
  const { MetricAlarms = [] } = await context
    .client(CloudWatchClient)
    .send(new DescribeAlarmsCommand({ AlarmNames: [target.alarm] }));
  const [live] = MetricAlarms as (MetricAlarm & Record<string, unknown>)[];
  const findings = inspectAlarm(found.resource, MetricAlarms, found.installation, context.now());
  return {
    ...(live ? { alarm: asInput(live) } : {}),
    losses: findings.flatMap(({ part, says }) => (part ? [says] : [])),
  };
}

const put = (alarm: Record<string, unknown>, context: Context) =>
  context.client(CloudWatchClient).send(new PutMetricAlarmCommand(alarm as unknown as PutMetricAlarmCommandInput));

/**
 * Puts one of cordon's alarms back as it was deployed: made again, with its actions on, its threshold and its topics.
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html
 */
const action = defineAction({
  title: 'put the alarm back as it was deployed',
  contains: true,
  target: z.object({ alarm: z.string().min(1), seen: z.object({ harmless: z.boolean() }).optional() }),
  before: reading,
  label: ({ alarm }: Target) => `alarm ${alarm}`,
  words: ({ losses }: Reading) => losses.join('; ') || 'as it was deployed',
  blastRadius: 'one alarm of cordon’s own tells again what it told before',
  byHand: ({ alarm }) => [
    `aws cloudwatch describe-alarms --alarm-names ${alarm}`,
    `aws cloudwatch enable-alarm-actions --alarm-names ${alarm}`,
    'npx cordon doctor',
  ],
  permissions: {
    contain: [
      ...readDeployedPermissions,
      allow(['cloudwatch:DescribeAlarms'], '*'),
      allow(['cloudwatch:PutMetricAlarm'], ALARMS),
    ],
    undo: [
      ...readDeployedPermissions,
      allow(['cloudwatch:DescribeAlarms'], '*'),
      allow(['cloudwatch:PutMetricAlarm', 'cloudwatch:DeleteAlarms'], ALARMS),
    ],
  },
  assess: async (target, context) => {
    const before = await read(target, context);
    return before.losses.length > 0
      ? { needed: true, before }
      : { needed: false, reason: 'the alarm is as it was deployed', benign: target.seen?.harmless ?? false };
  },
  capture: read,
  contain: async (target, _before, context) => {
    const found = (await declared(target, context)) ?? notDeployed(`Alarm ${target.alarm}`);
    await put({ ...asInput(found.properties), AlarmName: target.alarm }, context);
  },
  verify: async (target, context) => {
    const after = await read(target, context);
    return { verified: after.losses.length === 0, after };
  },
  undo: async ({ alarm }, before, context) => {
    if (before.alarm) await put(before.alarm, context);
    else await context.client(CloudWatchClient).send(new DeleteAlarmsCommand({ AlarmNames: [alarm] }));
  },
});

export default action;
export const contain = containHandler(action);
export const undo = undoHandler(action);
