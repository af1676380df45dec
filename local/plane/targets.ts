import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { CreateLogStreamCommand, PutLogEventsCommand } from '@aws-sdk/client-cloudwatch-logs';
import type { Rule, Target } from '@aws-sdk/client-eventbridge';
import { InvokeCommand } from '@aws-sdk/client-lambda';
import { StartExecutionCommand } from '@aws-sdk/client-sfn';
import { PublishCommand } from '@aws-sdk/client-sns';
import { GetQueueUrlCommand, SendMessageCommand, type SQSClient } from '@aws-sdk/client-sqs';
import type { Signals } from '../signals.ts';
import { DestinationFailure, sendToApiDestination } from './api-destination.ts';
import type { Clients } from './clients.ts';
import type { BusEvent } from './event.ts';
import { InputFailure, targetInput } from './target-input.ts';

/** A target that the plane cannot start: the message says which and why. */
export class UnsupportedTarget extends Error {
  override readonly name = 'UnsupportedTarget';
}

/** AWS retries for a day; here a failure shall show while somebody looks. */
const mostRetries = 4;
const firstPause = 200;
/** The most that a receiver's `Retry-After` is heeded, for the same reason. */
const longestPause = 2_000;

export interface TargetsOptions {
  clients: Clients;
  signals: Signals;
  now: () => Date;
  /** Ends the waits between attempts. */
  ended: AbortSignal;
}

/** One target of a rule that matched an event. */
export interface Delivery {
  event: BusEvent;
  rule: Rule;
  target: Target;
  /** The rule's region. */
  region: string;
  /** Puts the event on another bus, for a target that is one. */
  forward: (bus: string, region: string) => void;
}

/** Starts the targets of rules that matched, again where they fail, and puts what could not be delivered in their dead-letter queue. */
export class Targets {
  readonly #options: TargetsOptions;

  constructor(options: TargetsOptions) {
    this.#options = options;
  }

  /** Delivers an event to one target, and signals what became of it. Rejects only when the dead-letter queue fails too. */
  async deliver(delivery: Delivery): Promise<void> {
    const { event, rule, target } = delivery;
    const name = { rule: rule.Name ?? '', bus: rule.EventBusName ?? 'default', target: target.Arn ?? '' };
    const told = { ...name, detailType: event['detail-type'] };
    let retries = 0;
    for (;;) {
      try {
        const started = await this.#start(delivery);
        this.#options.signals.emit('delivery', { ...told, started });
        return;
      } catch (error) {
        const most = Math.min(target.RetryPolicy?.MaximumRetryAttempts ?? mostRetries, mostRetries);
        if (retries < most && isPassing(error) && !this.#options.ended.aborted) {
          const asked = error instanceof DestinationFailure ? (error.retryAfter ?? 0) : 0;
          const pause = Math.max(firstPause * 2 ** retries, Math.min(asked, longestPause));
          await delay(pause, undefined, { signal: this.#options.ended }).catch(() => undefined);
          retries += 1;
          continue;
        }
        this.#options.signals.emit('delivery', { ...told, error: textOf(error) });
        if (target.DeadLetterConfig?.Arn) await this.#bury(delivery, error, retries);
        return;
      }
    }
  }

  async #start({ event, rule, target, region, forward }: Delivery): Promise<string | undefined> {
    const { arn, service, region: targetRegion, resource } = arnParts(target.Arn ?? '');
    if (service === 'events' && resource.startsWith('api-destination/')) {
      const { clients, now } = this.#options;
      const [, destination = ''] = resource.split('/');
      return sendToApiDestination(clients.in(region).events, destination, targetInput(target, event, rule, now()));
    }
    if (service === 'events') {
      const bus = busOf(resource);
      forward(bus, targetRegion || region);
      return bus;
    }
    if (targetRegion && targetRegion !== region) {
      throw new UnsupportedTarget(`${arn} is in another region than its rule: only an event bus may be`);
    }
    const clients = this.#options.clients.in(region);
    const input = targetInput(target, event, rule, this.#options.now());
    switch (service) {
      case 'states':
        return (await clients.stepFunctions.send(new StartExecutionCommand({ stateMachineArn: arn, input })))
          .executionArn;
      case 'lambda': {
        const request = new InvokeCommand({ FunctionName: arn, InvocationType: 'Event', Payload: Buffer.from(input) });
        return (await clients.lambda.send(request)).$metadata.requestId;
      }
      case 'sns':
        return (await clients.sns.send(new PublishCommand({ TopicArn: arn, Message: input }))).MessageId;
      case 'sqs':
        return sendTo(clients.sqs, resource, {
          MessageBody: input,
          MessageGroupId: target.SqsParameters?.MessageGroupId,
        });
      case 'logs':
        return this.#log(resource, input, region);
      default:
        throw new UnsupportedTarget(`${arn || 'A target without ARN'} is of a kind that the local AWS cannot start`);
    }
  }

  async #log(resource: string, message: string, region: string): Promise<string> {
    const { clients, signals, now } = this.#options;
    const logGroupName = resource.replace(/^log-group:/, '').replace(/:\*$/, '');
    const logStreamName = randomUUID();
    const events = [{ timestamp: now().getTime(), message }];
    const { logs } = clients.in(region);
    await logs.send(new CreateLogStreamCommand({ logGroupName, logStreamName }));
    await logs.send(new PutLogEventsCommand({ logGroupName, logStreamName, logEvents: events }));
    signals.emit('logs', { region, logGroupName, events });
    return logStreamName;
  }

  /** https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-dlq.html */
  async #bury({ event, rule, target }: Delivery, error: unknown, retries: number): Promise<void> {
    const { region, resource } = arnParts(target.DeadLetterConfig?.Arn ?? '');
    const attribute = (StringValue: string) => ({ DataType: 'String', StringValue });
    await sendTo(this.#options.clients.in(region).sqs, resource, {
      MessageBody: JSON.stringify(event),
      MessageAttributes: {
        RULE_ARN: attribute(rule.Arn ?? ''),
        TARGET_ARN: attribute(target.Arn ?? ''),
        ERROR_CODE: attribute(error instanceof Error ? error.name : 'Unknown'),
        ERROR_MESSAGE: attribute(textOf(error)),
        RETRY_ATTEMPTS: attribute(String(retries)),
        ...(retries > 0 ? { EXHAUSTED_RETRY_CONDITION: attribute('MaximumRetryAttempts') } : {}),
      },
    });
  }
}

type Message = Omit<ConstructorParameters<typeof SendMessageCommand>[0], 'QueueUrl'>;

async function sendTo(client: SQSClient, QueueName: string, message: Message): Promise<string | undefined> {
  const { QueueUrl } = await client.send(new GetQueueUrlCommand({ QueueName }));
  return (await client.send(new SendMessageCommand({ QueueUrl, ...message }))).MessageId;
}

function busOf(resource: string): string {
  const [kind, bus] = resource.split('/');
  if (kind === 'event-bus' && bus) return bus;
  throw new UnsupportedTarget(`${resource} is no event bus`);
}

function arnParts(arn: string): { arn: string; service: string; region: string; resource: string } {
  const [, , service = '', region = '', , ...resource] = arn.split(':');
  return { arn, service, region, resource: resource.join(':') };
}

/** Whether another attempt may succeed: throttling, a fault of the service, or no answer. */
function isPassing(error: unknown): boolean {
  if (error instanceof UnsupportedTarget || error instanceof InputFailure) return false;
  if (error instanceof DestinationFailure) return error.passing;
  const status = (error as { $metadata?: { httpStatusCode?: number } }).$metadata?.httpStatusCode;
  return status === undefined || status === 429 || status >= 500 || /Throttl|TooMany/.test((error as Error).name);
}

function textOf(error: unknown): string {
  return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
}
