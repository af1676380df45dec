import { Answers, type Sent, type Taken } from '../../../cli/answers.ts';
import type { AccessKey } from '../../../local/account.ts';
import type { ActionRecord, Incident } from '../../../playbooks/incident.ts';
import type { Desk } from './desk.ts';
import { eventually } from './eventually.ts';

/** Sends an answer with somebody's own credentials, as `npx cordon` does; the SOC administrator's unless told. */
export async function answerAs(
  { aws }: Desk,
  sent: Sent,
  credentials: AccessKey & { sessionToken?: string } = aws.soc,
): Promise<Taken> {
  return new Answers('cordon', { region: aws.region, endpoint: aws.endpoint, credentials }).send(sent);
}

/** Approves a proposed action as the SOC administrator. Resolves when it is done with, however that ended. */
export async function releaseAndRun(desk: Desk, { id }: Incident, { key }: ActionRecord): Promise<ActionRecord> {
  await answerAs(desk, { answer: 'approve', incidentId: id, key, note: 'not one of ours' });
  return eventually(
    `${key} of ${id} done with`,
    async () => {
      const action = await desk.ledger.action(id, key);
      return ['proposed', 'planned', 'captured', 'contained'].includes(action.status) ? undefined : action;
    },
    async () => JSON.stringify(await desk.ledger.action(id, key)),
  );
}
