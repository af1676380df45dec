import { randomUUID } from 'node:crypto';
import type { ActionRecord, Incident } from '../../../playbooks/incident.ts';
import type { Desk } from './desk.ts';
import { type Execution, ended, start } from './executions.ts';

/** Undoes an action through the undo machine, as an analyst does. Resolves when that has ended, however it ended. */
export async function undo(desk: Desk, { id }: Incident, action: ActionRecord, force = false): Promise<Execution> {
  const by = `arn:aws:iam::${desk.aws.account}:user/soc-admin`;
  const input = { incidentId: id, key: action.key, action: action.action, by, reason: `reason ${randomUUID()}`, force };
  const { sfn } = desk.clients;
  return ended(sfn, await start(sfn, desk.machineOf('undo'), JSON.stringify(input)));
}
