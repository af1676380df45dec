import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DescribeExecutionCommand, SFNClient, StartExecutionCommand } from '@aws-sdk/client-sfn';
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { Ledger } from '../handlers/incidents/ledger.ts';
import { CliFailure } from './failure.ts';

/** Which installation to work on, and as whom: what the AWS CLI's options and environment say. */
export interface DeskOptions {
  prefix: string;
  region: string;
}

/** The analyst's library: what the CLI does, without its words. Every call is made with the analyst's own credentials. */
export class Desk {
  readonly ledger: Ledger;
  readonly #options: DeskOptions;

  constructor(options: DeskOptions) {
    this.#options = options;
    const documents = DynamoDBDocumentClient.from(new DynamoDBClient({ region: options.region }));
    this.ledger = new Ledger(documents, `${options.prefix}-ledger`, () => new Date());
  }

  /**
   * Undoes an action through the undo machine and waits for it.
   * @returns the mail's text
   * @throws {CliFailure} with the machine's reason when it refuses
   */
  async undo(incidentId: string, key: string, reason: string, force: boolean): Promise<string> {
    const { region, prefix } = this.#options;
    const { action } = await this.ledger.action(incidentId, key);
    const { Arn: by = 'unknown', Account } = await new STSClient({ region }).send(new GetCallerIdentityCommand({}));
    const sfn = new SFNClient({ region });
    const { executionArn } = await sfn.send(
      new StartExecutionCommand({
        stateMachineArn: `arn:aws:states:${region}:${Account}:stateMachine:${prefix}-undo`,
        input: JSON.stringify({ incidentId, key, action, by, reason, force }),
      }),
    );
    for (;;) {
      const execution = await sfn.send(new DescribeExecutionCommand({ executionArn }));
      if (execution.status === 'SUCCEEDED') return (await this.ledger.action(incidentId, key)).status;
      if (execution.status !== 'RUNNING') throw new CliFailure('failed', reasonOf(execution.cause, execution.status));
      await new Promise((resolve) => setTimeout(resolve, 500));
    }
  }
}

/** Lambda puts the error into the cause as JSON. */
function reasonOf(cause: string | undefined, status: string | undefined): string {
  try {
    return String((JSON.parse(cause ?? '') as { errorMessage?: unknown }).errorMessage);
  } catch {
    return cause ?? `the undo ended as ${status}`;
  }
}
