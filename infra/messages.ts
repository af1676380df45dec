import { Aws, Duration, SecretValue } from 'aws-cdk-lib';
import { Metric, Stats } from 'aws-cdk-lib/aws-cloudwatch';
import { CfnApiDestination, CfnConnection, CfnRule, EventBus } from 'aws-cdk-lib/aws-events';
import { PolicyDocument, PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { FilterPattern, type ILogGroup, MetricFilter } from 'aws-cdk-lib/aws-logs';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import { Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { NOT_ANNOUNCED } from '../handlers/announce.ts';
import { busName, sourceOf } from '../playbooks/messages/events.ts';
import type { Settings } from './settings.ts';
import { upkeepAlarm } from './upkeep-alarm.ts';

/** What the messages are deployed with. */
export interface MessagesProps {
  settings: Pick<Settings, 'prefix' | 'messages'>;
  /** Where the functions log that an event was not published. */
  logGroup: ILogGroup;
  /** Who is told that messages are lost. */
  topic: ITopic;
}

/** One receiver of messages: how it is reached, and which field of an event is its message. */
interface Receiver {
  name: 'slack' | 'pagerduty';
  endpoint: string;
  /** Parts of every request's body that only the connection knows. */
  secrets: Record<string, string>;
}

/**
 * How long a message is tried: an hour, since an older page says what is no more, and one that came after the incident was
 * closed would open it again.
 */
const RETRIES = { maximumEventAgeInSeconds: 3_600, maximumRetryAttempts: 185 };

/**
 * The event bus that every change of an incident goes onto, and the receivers that the settings name. Each gets its message
 * as it stands in the event, by EventBridge itself: no function of cordon waits for it.
 * https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-api-destinations.html
 */
export class Messages extends Construct {
  readonly bus: EventBus;

  constructor(scope: Construct, id: string, { settings, logGroup, topic }: MessagesProps) {
    super(scope, id);
    const { prefix, messages } = settings;
    this.bus = new EventBus(this, 'Bus', { eventBusName: busName(prefix), description: 'Every change of an incident' });
    const alarm = { topic, minutes: 5, atLeast: 1 };
    upkeepAlarm(this, {
      ...alarm,
      alarmName: `${prefix}-changes-not-announced`,
      metric: notAnnounced(this, prefix, logGroup),
      words: [
        'Changes of incidents could not be put onto the event bus: who follows it, Slack and PagerDuty do not know of them.',
        `The log group ${logGroup.logGroupName} says which: search for "${NOT_ANNOUNCED}".`,
      ],
    });
    const receivers = receiversOf(messages);
    if (receivers.length === 0) return;
    const undelivered = new Queue(this, 'Undelivered', {
      queueName: `${prefix}-undelivered-messages`,
      encryption: QueueEncryption.SQS_MANAGED,
      enforceSSL: true,
      retentionPeriod: Duration.days(14),
    });
    for (const receiver of receivers) this.#deliver(receiver, prefix, undelivered);
    upkeepAlarm(this, {
      ...alarm,
      alarmName: `${prefix}-messages-undelivered`,
      metric: undelivered.metricApproximateNumberOfMessagesVisible(),
      words: [
        `Messages to ${receivers.map(({ name }) => name).join(' or ')} could not be delivered.`,
        `The queue ${prefix}-undelivered-messages keeps them for 14 days, each with the reason in its attributes.`,
      ],
    });
  }

  #deliver({ name, endpoint, secrets }: Receiver, prefix: string, undelivered: Queue): void {
    const fullName = `${prefix}-${name}`;
    const connection = new CfnConnection(this, `${name}-connection`, {
      name: fullName,
      authorizationType: 'API_KEY',
      authParameters: {
        // A connection must have one. Neither receiver asks for it: what they trust stands in address or body.
        apiKeyAuthParameters: { apiKeyName: 'X-Sent-By', apiKeyValue: prefix },
        ...(Object.keys(secrets).length > 0
          ? {
              invocationHttpParameters: {
                bodyParameters: Object.entries(secrets).map(([key, value]) => ({ key, value, isValueSecret: true })),
              },
            }
          : {}),
      },
    });
    const destination = new CfnApiDestination(this, `${name}-destination`, {
      name: fullName,
      connectionArn: connection.attrArn,
      httpMethod: 'POST',
      invocationEndpoint: endpoint,
      // Slack takes about one message a second from a webhook.
      invocationRateLimitPerSecond: name === 'slack' ? 1 : 10,
    });
    const role = new Role(this, `${name}-role`, {
      roleName: `${fullName}-deliver`,
      assumedBy: new ServicePrincipal('events.amazonaws.com'),
      inlinePolicies: {
        deliver: new PolicyDocument({
          statements: [
            new PolicyStatement({ actions: ['events:InvokeApiDestination'], resources: [destination.attrArn] }),
          ],
        }),
      },
    });
    const rule = new CfnRule(this, `${name}-rule`, {
      name: fullName,
      description: `Delivers what concerns ${name}`,
      eventBusName: this.bus.eventBusName,
      eventPattern: { source: [sourceOf(prefix)], detail: patternOf(name) },
      targets: [
        {
          id: name,
          arn: destination.attrArn,
          roleArn: role.roleArn,
          // No template: EventBridge does not escape what it fills into one, and offenders choose names.
          inputPath: `$.detail.${name}`,
          retryPolicy: RETRIES,
          deadLetterConfig: { arn: undelivered.queueArn },
        },
      ],
    });
    rule.node.addDependency(role);
    const busRule = `rule/${this.bus.eventBusName}/${fullName}`;
    undelivered.addToResourcePolicy(
      new PolicyStatement({
        principals: [new ServicePrincipal('events.amazonaws.com')],
        actions: ['sqs:SendMessage'],
        resources: [undelivered.queueArn],
        conditions: {
          ArnEquals: { 'aws:SourceArn': `arn:${Aws.PARTITION}:events:${Aws.REGION}:${Aws.ACCOUNT_ID}:${busRule}` },
        },
      }),
    );
  }
}

/** A field that is there in every message of a receiver: events without one do not concern it. */
const patternOf = (name: Receiver['name']): object =>
  name === 'slack' ? { slack: { text: [{ exists: true }] } } : { pagerduty: { event_action: [{ exists: true }] } };

/** Values that CloudFormation takes out of Secrets Manager when it makes the resource: no template ever holds them. */
function receiversOf({ slack, pagerduty, pagerdutyUrl }: Settings['messages']): Receiver[] {
  const value = (secret: string) => SecretValue.secretsManager(secret).unsafeUnwrap();
  return [
    // A webhook's secret is its address.
    ...(slack ? [{ name: 'slack' as const, endpoint: value(slack), secrets: {} }] : []),
    ...(pagerduty
      ? [{ name: 'pagerduty' as const, endpoint: pagerdutyUrl, secrets: { routing_key: value(pagerduty) } }]
      : []),
  ];
}

function notAnnounced(scope: Construct, prefix: string, logGroup: ILogGroup): Metric {
  const metricName = 'changes-not-announced';
  new MetricFilter(scope, 'NotAnnounced', {
    filterName: `${prefix}-${metricName}`,
    logGroup,
    filterPattern: FilterPattern.stringValue('$.message', '=', NOT_ANNOUNCED),
    metricNamespace: prefix,
    metricName,
    metricValue: '1',
  });
  return new Metric({ namespace: prefix, metricName, statistic: Stats.SUM });
}
