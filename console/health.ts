import { CloudTrailClient, DescribeTrailsCommand, GetTrailStatusCommand } from '@aws-sdk/client-cloudtrail';
import { CloudWatchClient, DescribeAlarmsCommand } from '@aws-sdk/client-cloudwatch';
import { CloudWatchLogsClient, DescribeMetricFiltersCommand } from '@aws-sdk/client-cloudwatch-logs';
import { DescribeRuleCommand, EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { GetFunctionConfigurationCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { ListSubscriptionsByTopicCommand, SNSClient } from '@aws-sdk/client-sns';
import { GetQueueAttributesCommand, GetQueueUrlCommand, SQSClient } from '@aws-sdk/client-sqs';
import { z } from 'zod';
import { errorName, errorText } from '../handlers/errors.ts';
import { detections } from '../playbooks/catalog.ts';
import { dayAndClock } from '../playbooks/report/words.ts';
import { modes } from '../playbooks/response.ts';
import type { TrailBaseline } from '../playbooks/trail-baseline.ts';
import type { Check } from './library.ts';
import { ago, count } from './words.ts';

/** The installation that is looked at. */
export interface Installation {
  prefix: string;
  region: string;
  endpoint?: string;
  credentials?: { accessKeyId: string; secretAccessKey: string; sessionToken?: string };
  account: string;
}

const variables = z.object({
  CORDON_MODE: z.enum(modes),
  CORDON_MODES: z.string().transform((text) => z.record(z.string(), z.enum(modes)).parse(JSON.parse(text))),
  CORDON_LOG_GROUP: z.string(),
  CORDON_TOPIC: z.string(),
});

/** What the deployment told its functions, as far as the console shows it. */
export async function deployedEnvironment({ prefix, ...config }: Omit<Installation, 'account'>) {
  const lambda = new LambdaClient(config);
  const { Environment } = await lambda.send(new GetFunctionConfigurationCommand({ FunctionName: `${prefix}-collect` }));
  const read = variables.parse(Environment?.Variables ?? {});
  return {
    mode: read.CORDON_MODE,
    modes: read.CORDON_MODES,
    logGroup: read.CORDON_LOG_GROUP,
    topic: read.CORDON_TOPIC,
  };
}

type Found = Omit<Check, 'name'>;
const ok = (says: string): Found => ({ state: 'ok', says });
const bad = (says: string): Found => ({ state: 'bad', says });
const unknown = (says: string): Found => ({ state: 'unknown', says });

/** How each part of the pipeline is, from the trail to the mails. What cannot be read is said, and hides nothing else. */
export async function pipelineHealth(
  installation: Installation,
  baselines: readonly TrailBaseline[],
  now: Date,
): Promise<Check[]> {
  const deployed = once(() => deployedEnvironment(installation));
  const checks: [string, () => Promise<Found>][] = [
    ['Trail', () => trail(installation, deployed)],
    ['Metric filters', () => filters(installation, deployed)],
    ['Alarms', () => alarms(installation)],
    ['Rules', () => rules(installation)],
    ['Undelivered events', () => undelivered(installation)],
    ['Mails', () => mails(installation, deployed)],
    ['Baselines', async () => baseline(baselines, now)],
  ];
  return Promise.all(checks.map(async ([name, look]) => ({ name, ...(await look().catch(notRead)) })));
}

type Deployed = () => ReturnType<typeof deployedEnvironment>;

function once<T>(work: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () => {
    made ??= work();
    return made;
  };
}

function notRead(error: unknown): Found {
  const name = errorName(error);
  if (/AccessDenied|NotAuthorized|AuthorizationError/.test(name)) {
    const [, action] = /not authorized to perform: (\S+)/.exec(errorText(error)) ?? [];
    return unknown(action ? `your policies do not allow ${action}` : errorText(error));
  }
  return unknown(errorText(error));
}

const names = (prefix: string): string[] => Object.keys(detections).map((id) => `${prefix}-${id}`);
const all = (what: string, missing: string[], total: number): Found =>
  missing.length === 0 ? ok(`all ${total} ${what}`) : bad(missing.join('; '));

async function trail({ prefix, ...config }: Installation, deployed: Deployed): Promise<Found> {
  const { logGroup } = await deployed();
  const { trailList = [] } = await new CloudTrailClient(config).send(new DescribeTrailsCommand({}));
  const ours = trailList.filter(({ CloudWatchLogsLogGroupArn = '' }) =>
    CloudWatchLogsLogGroupArn.includes(`:log-group:${logGroup}:`),
  );
  if (ours.length === 0) return bad(`no trail delivers to the log group ${logGroup}: nothing is detected`);
  const found = await Promise.all(
    ours.map(async ({ Name = '', TrailARN, HomeRegion }) => {
      const client = new CloudTrailClient({ ...config, ...(HomeRegion ? { region: HomeRegion } : {}) });
      const status = await client.send(new GetTrailStatusCommand({ Name: TrailARN ?? Name }));
      if (!status.IsLogging) return bad(`${Name} is not logging`);
      const error = status.LatestCloudWatchLogsDeliveryError;
      if (error) return bad(`${Name} cannot deliver to the log group: ${error}`);
      const at = status.LatestCloudWatchLogsDeliveryTime;
      return ok(`${Name} is logging${at ? `, last delivery ${dayAndClock(at.toISOString())}` : ''}`);
    }),
  );
  const states = found.some(({ state }) => state === 'ok') ? 'ok' : 'bad';
  return { state: states, says: found.map(({ says }) => says).join('; ') };
}

async function filters({ prefix, ...config }: Installation, deployed: Deployed): Promise<Found> {
  const { logGroup } = await deployed();
  const logs = new CloudWatchLogsClient(config);
  const there = new Set<string>();
  let nextToken: string | undefined;
  do {
    const page = await logs.send(new DescribeMetricFiltersCommand({ logGroupName: logGroup, nextToken }));
    for (const { filterName = '' } of page.metricFilters ?? []) there.add(filterName);
    nextToken = page.nextToken;
  } while (nextToken);
  const wanted = names(prefix);
  const missing = wanted.filter((name) => !there.has(name)).map((name) => `${name} is missing`);
  return all('are on the log group', missing, wanted.length);
}

async function alarms({ prefix, ...config }: Installation): Promise<Found> {
  const wanted = names(prefix);
  const { MetricAlarms = [] } = await new CloudWatchClient(config).send(
    new DescribeAlarmsCommand({ AlarmNames: wanted }),
  );
  const missing = wanted.flatMap((name) => {
    const alarm = MetricAlarms.find(({ AlarmName }) => AlarmName === name);
    if (!alarm) return [`${name} is missing`];
    if (!alarm.ActionsEnabled) return [`${name} has its actions off: it mails nobody`];
    return alarm.AlarmActions?.length ? [] : [`${name} has no action: it mails nobody`];
  });
  const firing = MetricAlarms.filter(({ StateValue }) => StateValue === 'ALARM').map(({ AlarmName }) => AlarmName);
  const found = all('are there, with their actions on', missing, wanted.length);
  return firing.length === 0 ? found : { ...found, says: `${found.says}; in ALARM: ${firing.join(', ')}` };
}

async function rules({ prefix, ...config }: Installation): Promise<Found> {
  const wanted = names(prefix);
  const events = new EventBridgeClient(config);
  const missing = await Promise.all(
    wanted.map(async (Name) => {
      try {
        const { State } = await events.send(new DescribeRuleCommand({ Name }));
        return State === 'DISABLED' ? [`${Name} is disabled: its alarm starts no playbook`] : [];
      } catch (error) {
        if (errorName(error) === 'ResourceNotFoundException') return [`${Name} is missing`];
        throw error;
      }
    }),
  );
  return all('are enabled', missing.flat(), wanted.length);
}

async function undelivered({ prefix, ...config }: Installation): Promise<Found> {
  const sqs = new SQSClient(config);
  const QueueName = `${prefix}-undelivered`;
  const { QueueUrl } = await sqs.send(new GetQueueUrlCommand({ QueueName }));
  const { Attributes = {} } = await sqs.send(
    new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['ApproximateNumberOfMessages'] }),
  );
  const waiting = Number(Attributes.ApproximateNumberOfMessages ?? 0);
  return waiting === 0
    ? ok(`none in ${QueueName}`)
    : bad(`${count(waiting, 'event')} in ${QueueName}: their alarms have started no playbook`);
}

async function mails({ prefix: _, ...config }: Installation, deployed: Deployed): Promise<Found> {
  const { topic } = await deployed();
  const { Subscriptions = [] } = await new SNSClient(config).send(
    new ListSubscriptionsByTopicCommand({ TopicArn: topic }),
  );
  // AWS puts this word where a confirmed subscription has its ARN.
  const pending = Subscriptions.filter(({ SubscriptionArn }) => SubscriptionArn === 'PendingConfirmation');
  const confirmed = Subscriptions.length - pending.length;
  if (confirmed === 0) return bad('nobody is told: no subscription of the topic is confirmed');
  const waits = pending.length > 0 ? `, ${pending.length} not yet confirmed` : '';
  return ok(`${count(confirmed, 'subscription')} confirmed${waits}`);
}

function baseline(baselines: readonly TrailBaseline[], now: Date): Found {
  if (baselines.length === 0) return bad('no trail has a baseline: a deleted trail could not be put back');
  return ok(
    baselines.map(({ trail: arn, takenAt }) => `${arn.split('/').at(-1)}, taken ${ago(takenAt, now)}`).join('; '),
  );
}
