import {
  DeleteRuleCommand,
  DescribeRuleCommand,
  EventBridgeClient,
  ListTargetsByRuleCommand,
  PutRuleCommand,
  PutTargetsCommand,
  RemoveTargetsCommand,
} from '@aws-sdk/client-eventbridge';
import type { Desk } from './desk.ts';

/**
 * Makes EventBridge deliver each event of a rule twice while `work` runs, as it may do at any time: a second rule with the
 * pattern and the target of the first. `Name`: the rule of the detection's alarm, unless told.
 */
export async function deliveredTwice<T>(
  desk: Desk,
  work: () => Promise<T>,
  Name = `cordon-${desk.detection}`,
): Promise<T> {
  const { endpoint, region, accountAdministrator: credentials } = desk.aws;
  const events = new EventBridgeClient({ endpoint, region, credentials });
  const second = `second-delivery-of-${Name}`;
  const { EventPattern } = await events.send(new DescribeRuleCommand({ Name }));
  const { Targets = [] } = await events.send(new ListTargetsByRuleCommand({ Rule: Name }));
  await events.send(new PutRuleCommand({ Name: second, EventPattern }));
  await events.send(new PutTargetsCommand({ Rule: second, Targets }));
  try {
    return await work();
  } finally {
    await events.send(new RemoveTargetsCommand({ Rule: second, Ids: Targets.map(({ Id = '' }) => Id) }));
    await events.send(new DeleteRuleCommand({ Name: second }));
    events.destroy();
  }
}
