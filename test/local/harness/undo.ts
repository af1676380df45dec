import type { ActionRecord, Incident } from '../../../playbooks/incident.ts';
import type { Desk } from './desk.ts';
import { type Execution, ended, start } from './executions.ts';

/** How an analyst asks for an undo. */
export interface Asked {
  reason: string;
  /** Undo what was changed since, too. */
  force?: boolean;
}

/** The ARN of who undoes. */
export const undoer = ({ aws }: Desk): string => `arn:aws:iam::${aws.account}:user/soc-admin`;

/** Undoes an action through the undo machine, as an analyst does. Resolves when that has ended, however it ended. */
export async function undo(
  desk: Desk,
  { id: incidentId }: Incident,
  { key, action }: ActionRecord,
  { reason, force = false }: Asked,
): Promise<Execution> {
  const { sfn } = desk.clients;
  const input = JSON.stringify({ incidentId, key, action, by: undoer(desk), reason, force });
  return ended(sfn, await start(sfn, desk.machineOf('undo'), input));
}
