import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DescribeExecutionCommand, SFNClient } from '@aws-sdk/client-sfn';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { Ledger } from '../handlers/incidents/ledger.ts';
import { Answers } from './answers.ts';
import { CliFailure } from './failure.ts';

/** Which installation to work on, and as whom: what the AWS CLI's options and environment say. */
export interface DeskOptions {
  prefix: string;
  region: string;
}

/** The analyst's library: what the CLI does, without its words. Every call is made with the analyst's own credentials. */
export class Desk {
  readonly ledger: Ledger;
  readonly answers: Answers;
  readonly #options: DeskOptions;

  constructor(options: DeskOptions) {
    this.#options = options;
    const documents = DynamoDBDocumentClient.from(new DynamoDBClient({ region: options.region }));
    this.ledger = new Ledger(documents, `${options.prefix}-ledger`, () => new Date());
    this.answers = new Answers(options.prefix, { region: options.region });
  }

  /**
   * Undoes an action and waits for it: the address for answers has AWS say who asks.
   * @returns how the action stands then
   * @throws {CliFailure} with the reason when it is refused
   */
  async undo(incidentId: string, key: string, reason: string, force: boolean): Promise<string> {
    const { execution } = await this.answers.send({ answer: 'undo', incidentId, key, note: reason, force });
    const sfn = new SFNClient({ region: this.#options.region });
    for (;;) {
      const found = await sfn.send(new DescribeExecutionCommand({ executionArn: execution }));
      if (found.status === 'SUCCEEDED') return (await this.ledger.action(incidentId, key)).status;
      if (found.status !== 'RUNNING') {
        throw new CliFailure('failed', found.cause ?? `the undo ended as ${found.status}`);
      }
      await new Promise((resolve) => setTimeout(resolve, 500));
    }
  }
}
