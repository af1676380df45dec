import { CloudWatchClient, DisableAlarmActionsCommand } from '@aws-sdk/client-cloudwatch';
import {
  DescribeRuleCommand,
  DisableRuleCommand,
  EventBridgeClient,
  ListRulesCommand,
  PutRuleCommand,
  type RuleState,
} from '@aws-sdk/client-eventbridge';
import type { AccessKey } from '../../../local/account.ts';
import { detections } from '../../../playbooks/catalog.ts';
import { eventLaneOf } from '../../../playbooks/matching/forms.ts';

interface Account {
  /** Past the recorder: whoever makes these calls so that anybody could see them is an offender. */
  unrecorded: string;
  region: string;
  accountAdministrator: AccessKey;
}

/** Switches a rule off or on. */
export const switchRule = (account: Account, Name: string, to: 'on' | 'off'): Promise<void> =>
  withEvents(account, (events) => switchOne(events, Name, to, 'ENABLED'));

/** Switches the rules that start playbooks on the events of calls off or on; those on alarms stay as they are. */
export const switchEventLane = (account: Account, to: 'on' | 'off'): Promise<void> =>
  withEvents(account, async (events) => {
    for (const [id, detection] of Object.entries(detections)) {
      const lane = eventLaneOf(detection);
      if (!lane) continue;
      const { Rules = [] } = await events.send(new ListRulesCommand({ NamePrefix: `cordon-${id}-event` }));
      // A pack is deployed where it is asked for.
      if (Rules.length === 0 && detection.pack === undefined)
        throw new Error(`There is no rule on the events of ${id}.`);
      const on = lane.reads ? 'ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS' : 'ENABLED';
      for (const { Name = '' } of Rules) await switchOne(events, Name, to, on);
    }
  });

async function switchOne(events: EventBridgeClient, Name: string, to: 'on' | 'off', on: RuleState): Promise<void> {
  if (to === 'off') return void (await events.send(new DisableRuleCommand({ Name })));
  const { EventPattern, ScheduleExpression, Description } = await events.send(new DescribeRuleCommand({ Name }));
  // EnableRule knows one state only.
  await events.send(new PutRuleCommand({ Name, EventPattern, ScheduleExpression, Description, State: on }));
}

async function withEvents(
  { unrecorded: endpoint, region, accountAdministrator: credentials }: Account,
  work: (events: EventBridgeClient) => Promise<void>,
): Promise<void> {
  const events = new EventBridgeClient({ endpoint, region, credentials });
  try {
    await work(events);
  } finally {
    events.destroy();
  }
}

/** Switches the watchdog's schedule and the alarm that misses it off. Its function can be called all the same. */
export async function switchWatchdogOff(account: Account): Promise<void> {
  await switchRule(account, 'cordon-watchdog', 'off');
  const { unrecorded: endpoint, region, accountAdministrator: credentials } = account;
  const cloudWatch = new CloudWatchClient({ endpoint, region, credentials });
  try {
    await cloudWatch.send(new DisableAlarmActionsCommand({ AlarmNames: ['cordon-watchdog-silent'] }));
  } finally {
    cloudWatch.destroy();
  }
}
