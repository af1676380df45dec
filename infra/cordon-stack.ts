import { fileURLToPath } from 'node:url';
import { ArnFormat, Aws, CfnOutput, RemovalPolicy, Stack, type StackProps } from 'aws-cdk-lib';
import type { Alarm } from 'aws-cdk-lib/aws-cloudwatch';
import { AttributeType, BillingMode, Table } from 'aws-cdk-lib/aws-dynamodb';
import { PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import { BlockPublicAccess, Bucket, BucketEncryption, ObjectOwnership } from 'aws-cdk-lib/aws-s3';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { EmailSubscription } from 'aws-cdk-lib/aws-sns-subscriptions';
import { Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs';
import type { Construct } from 'constructs';
import { actions } from '../handlers/actions/catalog.ts';
import { deployedDetections, deployedFindingDetections, deployedResponses } from '../playbooks/catalog.ts';
import type { KnownTrail } from '../playbooks/detection.ts';
import { defaultOptions, type Options } from '../playbooks/options.ts';
import { Answers } from './answers.ts';
import { Canary } from './canary.ts';
import { Overview } from './dashboard.ts';
import { DetectionRule } from './detection-rule.ts';
import { FindingRules, guardDutyDetector } from './finding-rules.ts';
import { FlowLogs, flowLogGroupOf } from './flow-logs.ts';
import { Functions } from './functions.ts';
import { refuseAutomaticIrreversible } from './irreversible.ts';
import { Machine } from './machine.ts';
import { Messages } from './messages.ts';
import { playbookDefinition } from './playbook-definition.ts';
import { questionDefinition } from './question-definition.ts';
import { Schedule } from './schedule.ts';
import type { Settings } from './settings.ts';
import { silentTrailAlarm } from './silent-trail.ts';
import { undoDefinition } from './undo-definition.ts';
import { deployedUnits, undoable } from './units.ts';
import { Watchdog } from './watchdog.ts';

/** How the stack is made. */
export interface CordonStackProps extends StackProps {
  /** The folder of the functions' bundle; the sources stand for it where nothing is deployed. */
  code?: string;
}

const SOURCES = fileURLToPath(new URL('../handlers', import.meta.url));

/** Detections, playbooks, ledger, evidence and mails: everything but the trail and the saved queries. */
export class CordonStack extends Stack {
  constructor(scope: Construct, id: string, settings: Settings, trail: KnownTrail, props: CordonStackProps) {
    super(scope, id, props);
    const { prefix, packs, flowLogs } = settings;
    const flowLogGroup = flowLogs && flowLogGroupOf(prefix, flowLogs);
    const ownFlowLogs =
      flowLogs && 'vpcs' in flowLogs ? new FlowLogs(this, 'FlowLogs', { prefix, vpcs: flowLogs.vpcs }) : undefined;
    const groupArn = (resourceName: string) =>
      this.formatArn({
        service: 'logs',
        resource: 'log-group',
        resourceName,
        arnFormat: ArnFormat.COLON_RESOURCE_NAME,
      });
    const units = deployedUnits(packs);
    const table = this.#ledger(prefix);
    const evidence = this.#evidence();
    const topic = this.#topic(settings);
    const escalationTopic = settings.escalation.length > 0 ? this.#escalation(settings) : topic;
    const logGroup = new LogGroup(this, 'Logs', {
      logGroupName: `/${prefix}/playbooks`,
      retention: RetentionDays.ONE_YEAR,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    const { bus } = new Messages(this, 'Messages', { settings, logGroup, topic });
    const resources = {
      ...(settings.options.organizationRole ? { organizationRole: settings.options.organizationRole } : {}),
      table: table.tableArn,
      topic: topic.topicArn,
      bus: bus.eventBusArn,
      escalationTopic: escalationTopic.topicArn,
      evidence: evidence.bucketArn,
      logGroup: groupArn(trail.logGroup),
      ...(flowLogGroup ? { flowLogGroup: groupArn(flowLogGroup) } : {}),
      ...(trail.bucket ? { trailBucket: `arn:${Aws.PARTITION}:s3:::${trail.bucket}` } : {}),
      ...(trail.role ? { deliveryRole: `arn:${Aws.PARTITION}:iam::${Aws.ACCOUNT_ID}:role/${trail.role}` } : {}),
      ...(trail.key ? { trailKey: trail.key } : {}),
    };
    refuseAutomaticIrreversible();
    const functions = new Functions(this, 'Functions', {
      prefix,
      units,
      code: props.code ?? SOURCES,
      logGroup,
      suppressions: settings.guard.suppressions,
      resources,
      environment: {
        CORDON_ACCOUNT: Aws.ACCOUNT_ID,
        CORDON_PREFIX: prefix,
        CORDON_TABLE: table.tableName,
        CORDON_TOPIC: topic.topicArn,
        CORDON_ESCALATION_TOPIC: escalationTopic.topicArn,
        CORDON_BUS: bus.eventBusName,
        CORDON_EVIDENCE: evidence.bucketName,
        CORDON_LOG_GROUP: trail.logGroup,
        ...(flowLogGroup ? { CORDON_FLOW_LOG_GROUP: flowLogGroup } : {}),
        CORDON_TRAIL_PARTS: this.toJsonString({ bucket: trail.bucket, role: trail.role, key: trail.key }),
        CORDON_PACKS: JSON.stringify(packs),
        CORDON_PROTECTED: JSON.stringify(settings.protectedPrincipals),
        CORDON_MODE: settings.guard.mode,
        CORDON_MODES: JSON.stringify(settings.guard.detectionModes),
        CORDON_CAP: String(settings.guard.cap),
        CORDON_OPTIONS: JSON.stringify(withoutDefaultModes(settings.options)),
        CORDON_QUESTIONS: JSON.stringify(settings.questions),
        ...(settings.runbooks ? { CORDON_RUNBOOKS: settings.runbooks } : {}),
      },
    });
    const arn = (unit: string) => functions.of(unit).functionArn;
    const playbooks = new Map(
      deployedResponses(packs).map(([name, response]) => [
        name,
        new Machine(this, `Playbook-${name}`, {
          name: `${prefix}-${name}`,
          definition: playbookDefinition(name, response, arn, {
            ...{ topic: topic.topicArn, bus: bus.eventBusName, prefix },
            ...(settings.runbooks ? { runbooks: settings.runbooks } : {}),
          }),
          functions: `arn:${Aws.PARTITION}:lambda:${Aws.REGION}:${Aws.ACCOUNT_ID}:function:${prefix}-*`,
          topic,
          bus,
        }),
      ]),
    );
    new Machine(this, 'Question', {
      name: `${prefix}-question`,
      definition: questionDefinition(Object.keys(actions), settings.questions, arn, topic.topicArn),
      functions: `arn:${Aws.PARTITION}:lambda:${Aws.REGION}:${Aws.ACCOUNT_ID}:function:${prefix}-*`,
      topic,
    });
    const answers = new Answers(this, 'Answers', { prefix, function: functions.of('answer'), resources });
    new Machine(this, 'Undo', {
      name: `${prefix}-undo`,
      definition: undoDefinition(undoable(), arn, topic.topicArn),
      functions: `arn:${Aws.PARTITION}:lambda:${Aws.REGION}:${Aws.ACCOUNT_ID}:function:${prefix}-undo-*`,
      topic,
    });
    new Schedule(this, 'KeepBaseline', {
      name: `${prefix}-keep-baseline`,
      every: '15 minutes',
      target: functions.of('keep-baseline'),
    });
    new Watchdog(this, 'Watchdog', { prefix, function: functions.of('watchdog'), logGroup, topic });
    // Events that could not start a playbook: nothing may be lost.
    const undelivered = new Queue(this, 'Undelivered', {
      queueName: `${prefix}-undelivered`,
      encryption: QueueEncryption.SQS_MANAGED,
      enforceSSL: true,
    });
    new Canary(this, 'Canary', {
      ...{ prefix, logGroup, topic, undelivered, trailLogGroup: trail.logGroup },
      function: (unit) => functions.of(unit),
    });
    silentTrailAlarm(this, prefix, trail.logGroup, topic);
    const deployed = deployedDetections(packs);
    const auditTopic =
      settings.auditMail.length > 0 && deployed.some(([, { yields }]) => yields) ? this.#audit(settings) : topic;
    const alarms = deployed.flatMap(([name, detection]): [string, Alarm][] => {
      const playbook = playbooks.get(detection.response);
      if (!playbook) return [];
      const logGroupName = detection.source === 'flow-logs' ? flowLogGroup : trail.logGroup;
      if (logGroupName === undefined) return [];
      const rule = new DetectionRule(this, name, {
        ...{ prefix, detection, trail, logGroupName, playbook, undelivered },
        topic: detection.yields ? auditTopic : topic,
        runbooks: settings.runbooks,
      });
      if (detection.source === 'flow-logs' && ownFlowLogs) rule.node.addDependency(ownFlowLogs);
      return [[name, rule.alarm]];
    });
    const findings = deployedFindingDetections(packs);
    const answering = playbooks.get(findings[0]?.[1].response ?? '');
    if (answering) {
      new FindingRules(this, 'Findings', { prefix, detections: findings, playbook: answering, undelivered });
    }
    if (settings.guarddutyDetector) guardDutyDetector(this);
    new Overview(this, 'Overview', { prefix, alarms, playbooks: [...playbooks.values()], undelivered });
    new CfnOutput(this, 'LedgerTable', { value: table.tableName });
    new CfnOutput(this, 'EvidenceBucket', { value: evidence.bucketName });
    new CfnOutput(this, 'TopicArn', { value: topic.topicArn });
    new CfnOutput(this, 'AnswersUrl', { value: answers.url });
    new CfnOutput(this, 'EventBus', { value: bus.eventBusName });
  }

  #ledger(prefix: string): Table {
    const table = new Table(this, 'Ledger', {
      tableName: `${prefix}-ledger`,
      partitionKey: { name: 'pk', type: AttributeType.STRING },
      sortKey: { name: 'sk', type: AttributeType.STRING },
      billingMode: BillingMode.PAY_PER_REQUEST,
      pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
      deletionProtection: true,
      removalPolicy: RemovalPolicy.RETAIN,
    });
    table.addGlobalSecondaryIndex({
      indexName: 'by-time',
      partitionKey: { name: 'kind', type: AttributeType.STRING },
      sortKey: { name: 'openedAt', type: AttributeType.STRING },
    });
    return table;
  }

  #evidence(): Bucket {
    return new Bucket(this, 'Evidence', {
      encryption: BucketEncryption.S3_MANAGED,
      blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
      objectOwnership: ObjectOwnership.BUCKET_OWNER_ENFORCED,
      enforceSSL: true,
      versioned: true,
      removalPolicy: RemovalPolicy.RETAIN,
    });
  }

  #topic({ prefix, mail }: Settings): Topic {
    const topic = new Topic(this, 'Mails', { topicName: `${prefix}-mails`, displayName: 'cordon' });
    this.#takeAlarms(topic);
    for (const address of mail) topic.addSubscription(new EmailSubscription(address));
    return topic;
  }

  /** Alerts of alarms that only an audit asks for: their playbooks' summaries are mailed as all others are. */
  #audit({ prefix, auditMail }: Settings): Topic {
    const topic = new Topic(this, 'AuditAlerts', { topicName: `${prefix}-audit-alerts`, displayName: 'cordon' });
    this.#takeAlarms(topic);
    for (const address of auditMail) topic.addSubscription(new EmailSubscription(address));
    return topic;
  }

  /** An alarm whose topic refuses it tells nobody. */
  #takeAlarms(topic: Topic): void {
    topic.addToResourcePolicy(
      new PolicyStatement({
        principals: [new ServicePrincipal('cloudwatch.amazonaws.com')],
        actions: ['sns:Publish'],
        resources: [topic.topicArn],
        conditions: { StringEquals: { 'aws:SourceAccount': Aws.ACCOUNT_ID } },
      }),
    );
  }

  #escalation({ prefix, escalation }: Settings): Topic {
    const topic = new Topic(this, 'Escalations', { topicName: `${prefix}-escalations`, displayName: 'cordon' });
    for (const address of escalation) topic.addSubscription(new EmailSubscription(address));
    return topic;
  }
}

/** The functions know the default of what GuardDuty's findings let them do: each of their templates is spared it. */
const withoutDefaultModes = ({ findingModes, ...options }: Options): Partial<Options> =>
  JSON.stringify(findingModes) === JSON.stringify(defaultOptions.findingModes) ? options : { ...options, findingModes };
