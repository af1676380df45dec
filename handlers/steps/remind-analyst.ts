import { PublishCommand, SNSClient } from '@aws-sdk/client-sns';
import * as z from 'zod';
import { detectionOf } from '../../playbooks/catalog.ts';
import { decisionChanged } from '../../playbooks/messages/announcements.ts';
import { isWaiting } from '../../playbooks/question.ts';
import { briefly } from '../../playbooks/report/brief.ts';
import { reminderMail } from '../../playbooks/report/questions.ts';
import { announce, announcePermission } from '../announce.ts';
import type { Context } from '../context.ts';
import { allow, useLedger } from '../permissions.ts';
import { stepHandler } from '../step.ts';

const input = z.object({
  incidentId: z.string().min(1),
  key: z.string().min(1),
  number: z.number().int().min(1),
  stage: z.enum(['reminded', 'escalated', 'timed-out']),
});

/** Questions that were asked together are reminded of in one mail: within so long, in milliseconds, no further one is sent. */
const TOGETHER_MS = 10 * 60_000;

/**
 * Reminds of a question that nobody has answered, escalates it to another topic, or says that its time is up. One mail
 * names all that the incident still waits for.
 */
export async function remindAnalyst({ incidentId, key, number, stage }: z.infer<typeof input>, context: Context) {
  const { environment, ledger, now } = context;
  const { question } = await ledger.questions.change(incidentId, key, (found) => {
    if (found.number !== number || found.status !== 'open') return undefined;
    return stage === 'timed-out' ? { status: 'timed-out', settledAt: now().toISOString() } : { stage };
  });
  const unanswered = question.number === number && (question.status === 'open' || question.status === 'timed-out');
  if (!unanswered) return { unanswered };
  const limit = { name: `${stage} ${incidentId}`, most: 1, withinMs: TOGETHER_MS };
  const tell = await ledger.places.take(limit, `${key} ${number}`);
  const incident = await ledger.incident(incidentId);
  if (tell) {
    const waiting = incident.questions.filter(isWaiting);
    const mail = reminderMail(incident, detectionOf(incident.detection), stage, waiting, environment.runbooks);
    const TopicArn = stage === 'reminded' ? environment.topic : environment.escalationTopic;
    await context
      .client(SNSClient)
      .send(new PublishCommand({ TopicArn, Subject: mail.subject, Message: briefly(mail.text) }));
  }
  const at = question.settledAt ?? now().toISOString();
  await announce(context, decisionChanged(incident, { step: steps[stage], question, at, tell }));
  return { unanswered };
}

const steps = { reminded: 'Reminded', escalated: 'Escalated', 'timed-out': 'Timed Out' } as const;

export const permissions = [useLedger, announcePermission, allow(['sns:Publish'], '{topic}', '{escalationTopic}')];
export const handler = stepHandler(input, remindAnalyst);
