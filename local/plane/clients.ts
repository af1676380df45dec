import { CloudWatchClient } from '@aws-sdk/client-cloudwatch';
import { CloudWatchLogsClient } from '@aws-sdk/client-cloudwatch-logs';
import { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { LambdaClient } from '@aws-sdk/client-lambda';
import { SFNClient } from '@aws-sdk/client-sfn';
import { SNSClient } from '@aws-sdk/client-sns';
import { SQSClient } from '@aws-sdk/client-sqs';

/** Where the emulator is and who calls it. */
export interface Endpoint {
  endpoint: string;
  credentials: { accessKeyId: string; secretAccessKey: string };
}

/** The clients of one region. */
export interface RegionalClients {
  cloudWatch: CloudWatchClient;
  logs: CloudWatchLogsClient;
  events: EventBridgeClient;
  lambda: LambdaClient;
  stepFunctions: SFNClient;
  sns: SNSClient;
  sqs: SQSClient;
}

/** Gives the clients of a region. */
export interface Clients {
  in(region: string): RegionalClients;
  /** Ends their connections. */
  destroy(): void;
}

/** Clients of the emulator by region, made once each. */
export class EmulatorClients implements Clients {
  readonly #options: Endpoint;
  readonly #regions = new Map<string, RegionalClients>();

  constructor(options: Endpoint) {
    this.#options = options;
  }

  in(region: string): RegionalClients {
    const known = this.#regions.get(region);
    if (known) return known;
    const clients = makeClients(region, this.#options);
    this.#regions.set(region, clients);
    return clients;
  }

  destroy(): void {
    for (const clients of this.#regions.values()) for (const client of Object.values(clients)) client.destroy();
    this.#regions.clear();
  }
}

function makeClients(region: string, { endpoint, credentials }: Endpoint): RegionalClients {
  const requestHandler = { connectionTimeout: 2_000, requestTimeout: 15_000 };
  const config = { region, endpoint, credentials, maxAttempts: 3, requestHandler };
  return {
    cloudWatch: new CloudWatchClient(config),
    logs: new CloudWatchLogsClient(config),
    events: new EventBridgeClient(config),
    lambda: new LambdaClient(config),
    stepFunctions: new SFNClient(config),
    sns: new SNSClient(config),
    // A queue's URL names the port that clients use, which is not the emulator's own.
    sqs: new SQSClient({ ...config, useQueueUrlAsEndpoint: false }),
  };
}
