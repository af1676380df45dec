import { setTimeout as delay } from 'node:timers/promises';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DescribeExecutionCommand, SFNClient } from '@aws-sdk/client-sfn';
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { Ledger } from '../handlers/incidents/ledger.ts';
import type { ActionRecord } from '../playbooks/incident.ts';
import { Answers } from './answers.ts';
import type { Connection } from './connection.ts';
import { CliFailure } from './failure.ts';

/** Which installation to work on, and as whom: what the AWS CLI's options and environment say. */
export interface DeskOptions extends Connection {
  prefix: string;
}

/** Milliseconds between two looks at what is under way, and how long it is looked at. */
const LOOK_MS = 500;
const PATIENCE_MS = 5 * 60_000;

/** The analyst's library: what the CLI does, without its words. Every call is made with the analyst's own credentials. */
export class Desk {
  readonly prefix: string;
  readonly region: string;
  readonly ledger: Ledger;
  readonly answers: Answers;
  readonly #connection: Connection;
  readonly #clients = new Map<unknown, unknown>();

  constructor({ prefix, ...connection }: DeskOptions) {
    this.prefix = prefix;
    this.region = connection.region;
    this.#connection = connection;
    const documents = DynamoDBDocumentClient.from(this.client(DynamoDBClient));
    this.ledger = new Ledger(documents, `${prefix}-ledger`, () => new Date());
    this.answers = new Answers(prefix, connection);
  }

  /** The client of a service, made when first asked for; in another region than the installation's, a new one. */
  client<C>(type: new (config: Connection) => C, region = this.region): C {
    if (region !== this.region) return new type({ ...this.#connection, region });
    const made = (this.#clients.get(type) ?? new type(this.#connection)) as C;
    this.#clients.set(type, made);
    return made;
  }

  /** Who calls, and in which account. */
  async identity(): Promise<{ account: string; arn: string }> {
    const { Account = '', Arn = '' } = await this.client(STSClient).send(new GetCallerIdentityCommand({}));
    return { account: Account, arn: Arn };
  }

  /**
   * Undoes an action and waits for it: the address for answers has AWS say who asks.
   * @returns how the action stands then
   * @throws {CliFailure} with the reason when it is refused
   */
  async undo(incidentId: string, key: string, reason: string, force: boolean): Promise<string> {
    const { execution } = await this.answers.send({ answer: 'undo', incidentId, key, note: reason, force });
    const sfn = this.client(SFNClient);
    const deadline = performance.now() + PATIENCE_MS;
    while (performance.now() < deadline) {
      const found = await sfn.send(new DescribeExecutionCommand({ executionArn: execution }));
      if (found.status === 'SUCCEEDED') return (await this.ledger.action(incidentId, key)).status;
      if (found.status !== 'RUNNING') {
        throw new CliFailure('failed', found.cause ?? `the undo ended as ${found.status}`);
      }
      await delay(LOOK_MS);
    }
    throw new CliFailure('failed', `The undo is still under way: ${execution}`);
  }

  /** Waits for what an approval set off. @returns how the action stands, or undefined where it is still under way */
  async carriedOut(incidentId: string, key: string, signal: AbortSignal): Promise<ActionRecord | undefined> {
    const underWay: ActionRecord['status'][] = ['proposed', 'planned', 'captured', 'contained'];
    const deadline = performance.now() + PATIENCE_MS;
    while (performance.now() < deadline) {
      const action = await this.ledger.action(incidentId, key);
      if (!underWay.includes(action.status)) return action;
      await delay(LOOK_MS, undefined, { signal });
    }
    return undefined;
  }
}
