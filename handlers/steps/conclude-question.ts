import { PublishCommand, SNSClient } from '@aws-sdk/client-sns';
import * as z from 'zod';
import { detectionOf, responseOf } from '../../playbooks/catalog.ts';
import { momentsOf } from '../../playbooks/figures.ts';
import type { Incident } from '../../playbooks/incident.ts';
import { incidentChanged, incidentEnded } from '../../playbooks/messages/announcements.ts';
import { openReasons, outcomeOf } from '../../playbooks/outcome.ts';
import { isWaiting } from '../../playbooks/question.ts';
import { briefly } from '../../playbooks/report/brief.ts';
import { answerMail } from '../../playbooks/report/questions.ts';
import { subjectTarget } from '../../playbooks/report/report.ts';
import { announce } from '../announce.ts';
import type { Context } from '../context.ts';
import type { Head } from '../incidents/items.ts';
import { allow, useLedger } from '../permissions.ts';
import { stepHandler } from '../step.ts';
import { askAnalyst, permissions as askPermissions } from './ask-analyst.ts';

const input = z.object({ incidentId: z.string().min(1), key: z.string().min(1), number: z.number().int().min(1) });

/**
 * Says how the incident stands now that a question is settled, asks for what the answer left to do, and mails what came of
 * it. An incident that was handed over is closed when nothing waits for anybody any more.
 */
export async function concludeQuestion({ incidentId, key, number }: z.infer<typeof input>, context: Context) {
  const { ledger } = context;
  const question = await ledger.questions.of(incidentId, key);
  if (question.number !== number) return { incidentId, key, mailed: false };
  await askAnalyst({ incidentId }, context);
  const incident = await standing(incidentId, context);
  const action = incident.actions.find((one) => one.key === key && question.action !== undefined);
  const closes = incident.status === 'closed';
  // A step that is ticked off is no news, unless it was the last one; what was withdrawn is said where it was settled.
  const worthAMail = question.status !== 'withdrawn' && (action !== undefined || closes);
  if (worthAMail) {
    const detection = detectionOf(incident.detection);
    const response = responseOf(detection.response);
    const open = openReasons(incident, response);
    const mail = answerMail(incident, detection, question, action, open, context.environment.runbooks);
    await context
      .client(SNSClient)
      .send(
        new PublishCommand({ TopicArn: context.environment.topic, Subject: mail.subject, Message: briefly(mail.text) }),
      );
    const at = incident.closedAt && closes ? incident.closedAt : context.now().toISOString();
    const came = { cause: `answer/${key}/${number}`, round: incident.mailedRound ?? 0, at, open };
    await announce(
      context,
      incidentChanged(incident, { ...came, target: subjectTarget(incident, response) }),
      ...(closes ? [incidentEnded(incident, at)] : []),
    );
  }
  return { incidentId, key, mailed: worthAMail };
}

/** The incident with the outcome that it has now. While its playbook is at it, that says the outcome itself. */
async function standing(incidentId: string, { ledger, now }: Context): Promise<Incident & Head> {
  const incident = await ledger.incident(incidentId);
  if (incident.outcome === undefined || incident.outcome === 'duplicate') return incident;
  const outcome = outcomeOf(incident, responseOf(detectionOf(incident.detection).response));
  const over = incident.status === 'handed-over' && !incident.questions.some(isWaiting) && outcome !== 'needs-analyst';
  const { containedAt } = momentsOf(incident);
  const change = {
    ...(containedAt === undefined || containedAt === incident.containedAt ? {} : { containedAt }),
    ...(outcome === incident.outcome ? {} : { outcome }),
    ...(over ? { status: 'closed' as const, closedAt: now().toISOString() } : {}),
  };
  if (Object.keys(change).length > 0) await ledger.updateHead(incidentId, change);
  return { ...incident, ...change };
}

export const permissions = [useLedger, allow(['sns:Publish'], '{topic}'), ...askPermissions];
export const handler = stepHandler(input, concludeQuestion);
