import { type CloudWatchClient, DescribeAlarmHistoryCommand } from '@aws-sdk/client-cloudwatch';

/** The states that an alarm changed to, oldest first. */
export async function statesOfAlarm(cloudWatch: CloudWatchClient, AlarmName: string): Promise<string[]> {
  const { AlarmHistoryItems = [] } = await cloudWatch.send(
    new DescribeAlarmHistoryCommand({
      AlarmName,
      HistoryItemType: 'StateUpdate',
      ScanBy: 'TimestampAscending',
      MaxRecords: 100,
    }),
  );
  return AlarmHistoryItems.flatMap(({ HistoryData = '{}' }) => {
    const { oldState, newState } = JSON.parse(HistoryData) as Record<string, { stateValue?: string } | undefined>;
    return newState?.stateValue && newState.stateValue !== oldState?.stateValue ? newState.stateValue : [];
  });
}
