import {
  DescribeExecutionCommand,
  GetExecutionHistoryCommand,
  type HistoryEvent,
  type SFNClient,
} from '@aws-sdk/client-sfn';

/** What an execution has gone through so far, oldest first: a thousand events, which are one page. */
export async function historyOf(sfn: SFNClient, executionArn: string): Promise<HistoryEvent[]> {
  const { events = [] } = await sfn.send(new GetExecutionHistoryCommand({ executionArn, maxResults: 1000 }));
  return events;
}

/** An execution in a sentence: its status, the state that it is in, the last failure in it. */
export async function inWords(sfn: SFNClient, executionArn: string): Promise<string> {
  const { status, error, cause } = await sfn.send(new DescribeExecutionCommand({ executionArn }));
  const events = await historyOf(sfn, executionArn);
  const state = events.findLast(({ stateEnteredEventDetails }) => stateEnteredEventDetails)?.stateEnteredEventDetails;
  const failed = events.findLast(({ taskFailedEventDetails }) => taskFailedEventDetails)?.taskFailedEventDetails;
  const failure = failed ? `${failed.error}: ${failed.cause}` : error || cause ? `${error}: ${cause}` : undefined;
  return `${status} at "${state?.name}"${failure ? `, last failure: ${failure.slice(0, 1000)}` : ''}`;
}
