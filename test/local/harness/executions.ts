import {
  DescribeExecutionCommand,
  type ExecutionListItem,
  ListExecutionsCommand,
  type SFNClient,
  StartExecutionCommand,
} from '@aws-sdk/client-sfn';
import { historyOf } from '../../../local/executions.ts';
import { eventually } from './eventually.ts';

/** An execution of a state machine, as Step Functions tells it. */
export interface Execution {
  arn: string;
  status: string;
  input: string;
  /** What failed it, if something did. */
  cause?: string;
}

/** The ARNs of a machine's executions. */
export const executionsOf = async (sfn: SFNClient, machine: string): Promise<string[]> =>
  (await listed(sfn, machine)).map(({ executionArn = '' }) => executionArn);

async function listed(sfn: SFNClient, stateMachineArn: string): Promise<ExecutionListItem[]> {
  const executions: ExecutionListItem[] = [];
  let nextToken: string | undefined;
  do {
    const page = await sfn.send(new ListExecutionsCommand({ stateMachineArn, nextToken }));
    executions.push(...(page.executions ?? []));
    nextToken = page.nextToken;
  } while (nextToken);
  return executions;
}

/** Starts an execution. Resolves to its ARN. */
export async function start(sfn: SFNClient, machine: string, input: string): Promise<string> {
  const { executionArn = '' } = await sfn.send(new StartExecutionCommand({ stateMachineArn: machine, input }));
  return executionArn;
}

/** How an execution ended; waits until it has. */
export async function ended(sfn: SFNClient, arn: string): Promise<Execution> {
  return eventually(
    `the end of ${arn}`,
    async () => {
      const execution = await describe(sfn, arn);
      return execution.status === 'RUNNING' ? undefined : execution;
    },
    async () => `It went through: ${(await statesOf(sfn, arn)).join(', ')}.`,
  );
}

async function describe(sfn: SFNClient, executionArn: string): Promise<Execution> {
  const { status = '', input = '', error, cause } = await sfn.send(new DescribeExecutionCommand({ executionArn }));
  return { arn: executionArn, status, input, ...(error || cause ? { cause: `${error}: ${cause}` } : {}) };
}

/** The names of the states that an execution entered, in order. */
export async function statesOf(sfn: SFNClient, executionArn: string): Promise<string[]> {
  const events = await historyOf(sfn, executionArn);
  return events.flatMap(({ stateEnteredEventDetails }) => stateEnteredEventDetails?.name ?? []);
}

/** The ARNs of a machine's executions that failed. */
export async function failedOnes(sfn: SFNClient, machine: string): Promise<string[]> {
  const all = await listed(sfn, machine);
  return all
    .filter(({ status }) => status !== 'RUNNING' && status !== 'SUCCEEDED')
    .map(({ executionArn = '' }) => executionArn);
}
