import { DisableRuleCommand, EnableRuleCommand, EventBridgeClient } from '@aws-sdk/client-eventbridge';
import type { AccessKey } from '../../../local/account.ts';
import { detections } from '../../../playbooks/catalog.ts';

interface Account {
  endpoint: string;
  region: string;
  accountAdministrator: AccessKey;
}

/** Switches a rule off or on. */
export async function switchRule(
  { endpoint, region, accountAdministrator: credentials }: Account,
  Name: string,
  to: 'on' | 'off',
): Promise<void> {
  const events = new EventBridgeClient({ endpoint, region, credentials });
  try {
    await events.send(to === 'on' ? new EnableRuleCommand({ Name }) : new DisableRuleCommand({ Name }));
  } finally {
    events.destroy();
  }
}

/** Switches the rules that start playbooks on the events of calls off or on; those on alarms stay as they are. */
export async function switchEventLane(account: Account, to: 'on' | 'off'): Promise<void> {
  for (const [id, { eventLane }] of Object.entries(detections)) {
    if (eventLane) await switchRule(account, `cordon-${id}-event`, to);
  }
}
