import { CloudWatchClient, DescribeAlarmHistoryCommand } from '@aws-sdk/client-cloudwatch';
import { expect } from 'vitest';
import { cloudTrailEvent } from '../../../local/plane/event.ts';
import type { CloudTrailRecord } from '../../../playbooks/cloudtrail.ts';
import { as, type Stage } from '../../../simulate/attack.ts';
import type { Desk } from './desk.ts';
import { ended, start, statesOf } from './executions.ts';

/** The input that the rule on a detection's alarm hands the playbook: the event of its last change to ALARM. */
export async function alarmInput(stage: Stage, alarmName: string): Promise<string> {
  const cloudWatch = new CloudWatchClient(as(stage, stage.administrator));
  const { AlarmHistoryItems = [] } = await cloudWatch.send(
    new DescribeAlarmHistoryCommand({ AlarmName: alarmName, HistoryItemType: 'StateUpdate', MaxRecords: 100 }),
  );
  const [change] = AlarmHistoryItems.filter(({ HistoryData = '{}' }) => {
    const { newState } = JSON.parse(HistoryData) as { newState?: { stateValue?: string } };
    return newState?.stateValue === 'ALARM';
  }).sort((a, b) => Number(b.Timestamp) - Number(a.Timestamp));
  const timestamp = change?.Timestamp?.toISOString().replace('Z', '+0000');
  return JSON.stringify({
    'detail-type': 'CloudWatch Alarm State Change',
    ...{ source: 'aws.cloudwatch', account: stage.account, region: stage.region },
    detail: { alarmName, state: { value: 'ALARM', timestamp } },
  });
}

/** What EventBridge hands a detection's playbook of a call's event, as the deployed rule transforms it. */
export const callInput = ({ account, region }: Stage, detection: string, record: CloudTrailRecord): string =>
  JSON.stringify({ lane: 'event', detection, event: cloudTrailEvent(record, account, region) });

/** Starts the playbook for what comes second. Resolves to the incidents and the mails that came of it, and its states. */
export async function second(desk: Desk, input: string) {
  const known = (await desk.everything()).incidents.map(({ id }) => id);
  let arn = '';
  const { mails } = await desk.playHarmless(async () => {
    arn = await start(desk.clients.sfn, desk.machine, input);
    const { status, cause } = await ended(desk.clients.sfn, arn);
    expect(status, cause).toBe('SUCCEEDED');
  });
  const incidents = (await desk.everything()).incidents.filter(({ id }) => !known.includes(id));
  return { incidents, mails, states: await statesOf(desk.clients.sfn, arn) };
}
