import { Logger } from '@aws-lambda-powertools/logger';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { type Environment, readEnvironment } from './environment.ts';
import { Ledger } from './incidents/ledger.ts';

/** Temporary credentials of another role than the function's own. */
export interface SessionCredentials {
  accessKeyId: string;
  secretAccessKey: string;
  sessionToken: string;
}

/** What a client is made with. Only S3 knows `followRegionRedirects`. */
export interface ClientConfig {
  region: string;
  followRegionRedirects?: boolean;
  credentials?: SessionCredentials;
}

/** Everything that a step works with, so that a test can pass other things in. */
export interface Context {
  environment: Environment;
  ledger: Ledger;
  now: () => Date;
  log: Logger;
  /**
   * The client of a service, one for each region, made when first asked for; with other credentials than the function's
   * own, a new one each time.
   */
  client: <C>(type: new (config: ClientConfig) => C, region?: string, credentials?: SessionCredentials) => C;
}

/** A source of clients for `region` unless another is asked for. */
export function clientSource(region: string): Context['client'] {
  const made = new Map<unknown, Map<string, unknown>>();
  return <C>(type: new (config: ClientConfig) => C, other = region, credentials?: SessionCredentials): C => {
    if (credentials) return new type({ region: other, credentials });
    const byRegion = made.get(type) ?? new Map<string, unknown>();
    made.set(type, byRegion);
    // Only S3 knows followRegionRedirects: a bucket may be in another region than the playbook.
    const client = byRegion.get(other) ?? new type({ region: other, followRegionRedirects: true });
    byRegion.set(other, client);
    return client as C;
  };
}

let cached: Context | undefined;

/** The context of this function, made once for each runtime environment. @throws {InvalidInput} */
export function lambdaContext(): Context {
  if (!cached) {
    const environment = readEnvironment();
    const documents = DynamoDBDocumentClient.from(new DynamoDBClient({}), {
      marshallOptions: { removeUndefinedValues: true },
    });
    const now = () => new Date();
    cached = {
      environment,
      ledger: new Ledger(documents, environment.table, now),
      now,
      log: new Logger({ serviceName: environment.prefix }),
      client: clientSource(environment.region),
    };
  }
  return cached;
}
