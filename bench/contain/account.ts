import { randomBytes } from 'node:crypto';
import { CloudTrailClient, CreateTrailCommand, StartLoggingCommand } from '@aws-sdk/client-cloudtrail';
import { CloudWatchClient, DescribeAlarmsCommand } from '@aws-sdk/client-cloudwatch';
import {
  CloudWatchLogsClient,
  CreateLogStreamCommand,
  DeleteLogStreamCommand,
  DescribeLogStreamsCommand,
  PutLogEventsCommand,
  paginateFilterLogEvents,
} from '@aws-sdk/client-cloudwatch-logs';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DisableRuleCommand, EventBridgeClient, ListRulesCommand } from '@aws-sdk/client-eventbridge';
import { InvokeCommand, LambdaClient, paginateListFunctions } from '@aws-sdk/client-lambda';
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import {
  DescribeExecutionCommand,
  type HistoryEvent,
  SFNClient,
  StartExecutionCommand,
  StopExecutionCommand,
} from '@aws-sdk/client-sfn';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import type { Head } from '../../handlers/incidents/items.ts';
import { Ledger } from '../../handlers/incidents/ledger.ts';
import { historyOf, inWords } from '../../local/executions.ts';
import type { LocalAws } from '../../local/local-aws.ts';
import { executionKeyId } from '../../local/recorder/lambda-sessions.ts';
import { detectionOf } from '../../playbooks/catalog.ts';
import type { Incident } from '../../playbooks/incident.ts';
import { eventLaneOf } from '../../playbooks/matching/forms.ts';
import type { Stage } from '../../simulate/attack.ts';

/** The log group of the trail that is deployed. */
export const LOG_GROUP = '/cordon/trail';
const FUNCTIONS_LOG = '/cordon/playbooks';
const BUCKET = 'bench-trails';

/**
 * The local AWS as the bench works with it. What looks and arranges goes to the emulator itself, past the recorder: measuring
 * must make no records and take no part of what is measured.
 */
export class Account {
  readonly aws: LocalAws;
  readonly #sfn: SFNClient;
  readonly #logs: CloudWatchLogsClient;
  readonly #events: EventBridgeClient;
  readonly #alarms: CloudWatchClient;
  readonly #lambda: LambdaClient;
  readonly #documents: DynamoDBDocumentClient;
  readonly #ledger: Ledger;

  constructor(aws: LocalAws) {
    this.aws = aws;
    const config = { endpoint: aws.emulator.url.origin, region: aws.region, credentials: aws.root };
    this.#sfn = new SFNClient(config);
    this.#logs = new CloudWatchLogsClient(config);
    this.#events = new EventBridgeClient(config);
    this.#alarms = new CloudWatchClient(config);
    this.#lambda = new LambdaClient(config);
    this.#documents = DynamoDBDocumentClient.from(new DynamoDBClient(config));
    this.#ledger = new Ledger(this.#documents, aws.deployment?.ledgerTable ?? '', () => new Date());
  }

  destroy(): void {
    for (const client of [this.#sfn, this.#logs, this.#events, this.#alarms, this.#lambda, this.#documents]) {
      client.destroy();
    }
  }

  /** Where an attack is played, with names of its own. */
  stage(trail?: string): Stage {
    const { endpoint, account, region, accountAdministrator: administrator, root, rootPassword } = this.aws;
    return {
      ...{ endpoint, account, region, administrator, root, rootPassword, now: () => new Date() },
      mark: randomBytes(4).toString('hex'),
      ...(trail ? { trail } : {}),
    };
  }

  /** The names of the playbooks' functions by the key ids that they sign with. */
  async functionsByKey(): Promise<Map<string, string>> {
    const byKey = new Map<string, string>();
    for await (const { Functions = [] } of paginateListFunctions({ client: this.#lambda }, {})) {
      for (const { FunctionArn = '', FunctionName = '', Role = '' } of Functions) {
        byKey.set(executionKeyId(FunctionArn, Role), FunctionName);
      }
    }
    return byKey;
  }

  /** Empties the trail's log group: what was played before is no part of the next play's window. */
  async forgetRecords(): Promise<void> {
    const { logStreams = [] } = await this.#logs.send(new DescribeLogStreamsCommand({ logGroupName: LOG_GROUP }));
    for (const { logStreamName } of logStreams) {
      await this.#logs.send(new DeleteLogStreamCommand({ logGroupName: LOG_GROUP, logStreamName }));
    }
  }

  /** Puts records into the trail's log group, each under the time that is told, without setting off any alarm. */
  async putRecords(records: readonly { timestamp: number; message: string }[]): Promise<void> {
    const where = { logGroupName: LOG_GROUP, logStreamName: `bench-${randomBytes(4).toString('hex')}` };
    await this.#logs.send(new CreateLogStreamCommand(where));
    const logEvents = [...records].sort((a, b) => a.timestamp - b.timestamp);
    await this.#logs.send(new PutLogEventsCommand({ ...where, logEvents }));
  }

  /** From now on only the detection's alarm starts its playbook, and no event of a call. */
  async disableEventLane(detection: string): Promise<void> {
    if (!eventLaneOf(detectionOf(detection))) return;
    const { Rules = [] } = await this.#events.send(new ListRulesCommand({ NamePrefix: `cordon-${detection}-event` }));
    for (const { Name = '' } of Rules) await this.#disable(Name);
  }

  /** From now on the detection's alarm starts no playbook. */
  async disableRule(detection: string): Promise<void> {
    await this.#disable(`cordon-${detection}`);
  }

  async #disable(Name: string): Promise<void> {
    await this.#events.send(new DisableRuleCommand({ Name }));
  }

  /** Whether the detection's alarm is quiet. */
  async isQuiet(detection: string): Promise<boolean> {
    const { MetricAlarms = [] } = await this.#alarms.send(
      new DescribeAlarmsCommand({ AlarmNames: [`cordon-${detection}`] }),
    );
    return MetricAlarms.every(({ StateValue }) => StateValue !== 'ALARM');
  }

  /** Starts the detection's playbook with an event, as the rule's target does. Resolves to the execution's ARN. */
  async startPlaybook(detection: string, event: object): Promise<string> {
    const { region, account } = this.aws;
    const stateMachineArn = `arn:aws:states:${region}:${account}:stateMachine:cordon-${detectionOf(detection).response}`;
    const { executionArn = '' } = await this.#sfn.send(
      new StartExecutionCommand({ stateMachineArn, input: JSON.stringify(event) }),
    );
    return executionArn;
  }

  async history(executionArn: string): Promise<HistoryEvent[]> {
    return historyOf(this.#sfn, executionArn);
  }

  /** Where an execution is, and what has failed in it. */
  async inWords(executionArn: string): Promise<string> {
    return `${executionArn}: ${await inWords(this.#sfn, executionArn)}`;
  }

  /**
   * Ends an execution that waits: what it would do next is not measured, and would disturb the next measurement. One that has
   * ended by itself meanwhile is as good.
   */
  async stop(executionArn: string): Promise<void> {
    try {
      await this.#sfn.send(new StopExecutionCommand({ executionArn }));
    } catch (error) {
      const { status } = await this.#sfn.send(new DescribeExecutionCommand({ executionArn }));
      if (status === 'RUNNING') throw error;
    }
  }

  /** What the functions have logged since a time, in ms since the epoch. */
  async functionLog(since: number): Promise<string[]> {
    const messages: string[] = [];
    const request = { logGroupName: FUNCTIONS_LOG, startTime: since };
    for await (const { events = [] } of paginateFilterLogEvents({ client: this.#logs }, request)) {
      messages.push(...events.map(({ message = '' }) => message));
    }
    return messages;
  }

  incident(id: string): Promise<Incident & Head> {
    return this.#ledger.incident(id);
  }

  /** Whether all that an incident asks of analysts waits for their answers. */
  async isAsked(id: string): Promise<boolean> {
    const { questions } = await this.#ledger.incident(id);
    const asked = await Promise.all(questions.map(({ key }) => this.#ledger.questions.of(id, key)));
    return asked.every(({ status, token }) => status !== 'open' || token !== undefined);
  }

  /** Makes trails that can be attacked besides cordon's own, and takes their baselines, as the schedule does. */
  async makeTrails(count: number): Promise<string[]> {
    const { endpoint, region, accountAdministrator: credentials } = this.aws;
    const s3 = new S3Client({ endpoint, region, credentials });
    const cloudTrail = new CloudTrailClient({ endpoint, region, credentials });
    const names = Array.from({ length: count }, (_, at) => `bench-${at + 1}`);
    try {
      await s3.send(new CreateBucketCommand({ Bucket: BUCKET }));
      for (const Name of names) {
        await cloudTrail.send(new CreateTrailCommand({ Name, S3BucketName: BUCKET }));
        await cloudTrail.send(new StartLoggingCommand({ Name }));
      }
    } finally {
      s3.destroy();
      cloudTrail.destroy();
    }
    await this.#lambda.send(new InvokeCommand({ FunctionName: 'cordon-keep-baseline', Payload: '{}' }));
    return names;
  }
}
