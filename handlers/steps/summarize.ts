import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { PublishCommand, SNSClient } from '@aws-sdk/client-sns';
import * as z from 'zod';
import { detectionOf, responseOf } from '../../playbooks/catalog.ts';
import type { AnyDetection } from '../../playbooks/detection.ts';
import { isUnexplained } from '../../playbooks/difference.ts';
import { momentsOf } from '../../playbooks/figures.ts';
import type { Incident } from '../../playbooks/incident.ts';
import { incidentChanged } from '../../playbooks/messages/announcements.ts';
import { openReasons, outcomeOf } from '../../playbooks/outcome.ts';
import { briefly } from '../../playbooks/report/brief.ts';
import { subjectTarget, summaryMail } from '../../playbooks/report/report.ts';
import { announce, announcePermission } from '../announce.ts';
import type { Context } from '../context.ts';
import type { Head } from '../incidents/items.ts';
import { allow, useLedger } from '../permissions.ts';
import { stepHandler } from '../step.ts';

const input = z.object({ incidentId: z.string().min(1), round: z.number().int().min(0) });

/** What the round came to. */
export interface Summarized {
  outcome: NonNullable<Head['outcome']>;
}

/**
 * Says how the incident stands, keeps the report and the raw records as evidence, and mails the summary. A repeated call
 * of the same round mails nothing again; a crash between the mail and its mark mails twice rather than never.
 */
export async function summarize({ incidentId, round }: z.infer<typeof input>, context: Context): Promise<Summarized> {
  const { ledger, log } = context;
  const stored = await ledger.incident(incidentId);
  if (stored.mailedRound !== undefined && stored.mailedRound >= round && stored.outcome) {
    return { outcome: stored.outcome };
  }
  const incident = settled(stored);
  const detection = detectionOf(incident.detection);
  const response = responseOf(detection.response);
  const outcome = isDuplicate(stored, detection) ? 'duplicate' : outcomeOf(incident, response);
  const severity = response.severity?.(incident, detection.severity) ?? detection.severity;
  const complete: Incident = { ...incident, outcome, severity };
  await ledger.updateHead(incidentId, { outcome, severity, ...momentsOf(incident) });

  const mail = summaryMail(complete, detection, response, context.environment.runbooks);
  await keepEvidence(complete, mail.text, round, context);
  // Other incidents have all its records and mail about them.
  if (outcome !== 'duplicate') {
    const { MessageId } = await context
      .client(SNSClient)
      .send(
        new PublishCommand({ TopicArn: context.environment.topic, Subject: mail.subject, Message: briefly(mail.text) }),
      );
    log.info('mailed', { outcome, round, messageId: MessageId });
  }
  // Before the mark: a call that is cut short here is repeated, and publishes again under the same id.
  const at = context.now().toISOString();
  const [target, open] = [subjectTarget(complete, response), openReasons(complete, response)];
  await announce(context, incidentChanged(complete, { round, at, target, open }));
  await ledger.updateHead(incidentId, { mailedRound: round });
  return { outcome };
}

/**
 * Every record of the window belongs to other incidents. Where some are cordon's own calls, those set off the alarm, and
 * that is told, but for a pattern that cannot leave them out: what made them has told of them.
 */
const isDuplicate = (incident: Incident, { yields }: AnyDetection): boolean => {
  const { events, claimedBy, leftTo, ownCalls } = incident;
  const elsewhere = ownCalls ? yields === true : (claimedBy?.length ?? 0) > 0 || (leftTo?.length ?? 0) > 0;
  return events.length === 0 && elsewhere && !isUnexplained(incident);
};

/** An alarm without a record behind it is no reason for calm: that is a failure, and said so. */
function settled(incident: Incident & Pick<Head, 'claimedBy' | 'ownCalls' | 'leftTo'>): Incident {
  const { events, claimedBy, ownCalls, leftTo } = incident;
  if (events.length > 0 || claimedBy?.length || ownCalls || leftTo?.length) return incident;
  if (incident.lane === 'watchdog') return incident;
  if (incident.failures.some((failure) => failure.step === 'collect')) return incident;
  const error = 'the alarm fired, but no record of its window could be found in the log group';
  return { ...incident, failures: [...incident.failures, { step: 'collect', error, at: incident.alarmAt }] };
}

async function keepEvidence(incident: Incident, report: string, round: number, context: Context): Promise<void> {
  const put = (name: string, body: string, type: string) =>
    context.client(S3Client).send(
      new PutObjectCommand({
        Bucket: context.environment.evidence,
        Key: `incidents/${incident.id}/${name}`,
        Body: body,
        ContentType: type,
      }),
    );
  const records = incident.events.map((event) => `${JSON.stringify(event.record)}\n`).join('');
  await Promise.all([
    put(`report-${round}.txt`, report, 'text/plain; charset=utf-8'),
    put(`incident-${round}.json`, JSON.stringify(incident, null, 2), 'application/json'),
    put('records.ndjson', records, 'application/x-ndjson'),
  ]);
}

export const permissions = [
  useLedger,
  announcePermission,
  allow(['sns:Publish'], '{topic}'),
  allow(['s3:PutObject'], '{evidence}/incidents/*'),
];
export const handler = stepHandler(input, summarize);
