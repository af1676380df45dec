import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { Ledger } from '../../../handlers/incidents/ledger.ts';
import type { ActionRecord, Incident } from '../../../playbooks/incident.ts';
import type { Desk } from './desk.ts';

/** Plans an action that was undone once more, and runs it by its deployed function, with the function's own rights. */
export async function runAgain(desk: Desk, { id }: Incident, { key }: ActionRecord): Promise<ActionRecord> {
  const { endpoint, region, accountAdministrator: credentials, deployment } = desk.aws;
  const documents = DynamoDBDocumentClient.from(new DynamoDBClient({ endpoint, region, credentials }));
  const lambda = new LambdaClient({ endpoint, region, credentials });
  try {
    const action = await desk.ledger.action(id, key);
    await new Ledger(documents, deployment.ledgerTable, () => new Date()).advance(id, action, 'planned');
    for (const phase of ['contain', 'verify']) {
      const { FunctionError, Payload } = await lambda.send(
        new InvokeCommand({
          FunctionName: `cordon-contain-${action.action}`,
          Payload: JSON.stringify({ incidentId: id, key, phase }),
        }),
      );
      if (FunctionError) throw new Error(`${key} failed: ${Payload?.transformToString()}`);
    }
    return await desk.ledger.action(id, key);
  } finally {
    documents.destroy();
    lambda.destroy();
  }
}
