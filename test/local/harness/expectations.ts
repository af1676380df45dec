import { expect } from 'vitest';
import type { Mail } from '../../../local/mailbox.ts';
import type { ActionRecord, Incident, Verdict } from '../../../playbooks/incident.ts';
import { type Desk, isSummary, type Played } from './desk.ts';

/** The one incident of what was played. */
export function theIncident({ incidents }: Played): Played['incidents'][number] {
  expect(incidents.map(({ id }) => id)).toHaveLength(1);
  return incidents[0] as Played['incidents'][number];
}

/**
 * The one incident of what was played that has its records. The other lane may have come second: its incident is a duplicate,
 * has no record, and mails nothing.
 */
export function theTreated(played: Played): Played['incidents'][number] {
  const treated = played.incidents.filter(({ outcome }) => outcome !== 'duplicate');
  expect(treated.map(({ id, outcome, ownCalls }) => ({ id, outcome, ownCalls }))).toHaveLength(1);
  for (const other of played.incidents.filter((one) => one !== treated[0])) {
    expect(other).toMatchObject({
      outcome: 'duplicate',
      events: [],
      actions: [],
      claimedBy: expect.arrayContaining([treated[0]?.id]),
    });
    expect(summaries(played, other)).toEqual([]);
  }
  return treated[0] as Played['incidents'][number];
}

/** The last summary of that incident. */
export const theTreatedSummary = (played: Played): Mail => theSummary({ ...played, incidents: [theTreated(played)] });

/** The summaries of an incident, oldest first. */
export const summaries = ({ mails }: Played, { id }: Incident): Mail[] => mails.filter((mail) => isSummary(mail, id));

/** The last summary of an incident. */
export function theSummary(played: Played): Mail {
  const summary = summaries(played, theIncident(played)).at(-1);
  expect(summary, `the summary among ${played.mails.map(({ subject }) => subject).join('; ')}`).toBeDefined();
  return summary as Mail;
}

/** The alarm fired once and returned, its alert was mailed before the summary, and one execution was started and succeeded. */
export function expectOneAnsweredAlarm(played: Played, detection: string): void {
  expect(played.alarm).toEqual(['ALARM', 'OK']);
  expect(played.executions.map(({ status, cause }) => cause ?? status)).toEqual(['SUCCEEDED']);
  expect(theIncident(played).execution).toBe(played.executions[0]?.arn);
  expect(played.mails[0]?.subject).toContain(`ALARM: "cordon-${detection}"`);
  const alerts = played.mails.filter(({ subject }) => subject.startsWith('ALARM'));
  expect(alerts).toHaveLength(1);
}

/** The action of an incident on a target, by its label: `IAM user mallory`. */
export function actionOn({ actions }: Incident, action: string, label: string): ActionRecord {
  const found = actions.filter((one) => one.action === action && one.label === label);
  expect(found, `${action} on ${label}`).toHaveLength(1);
  return found[0] as ActionRecord;
}

/** Actions in words, `action, label: status`, in any order. */
export const actionsOf = ({ actions }: Incident): string[] =>
  actions.map(({ action, label, status }) => `${action}, ${label}: ${status}`).sort();

/** The calls of an incident, in order of their time. */
export const callsOf = ({ events }: Incident): { call: string | null | undefined; by: string; verdict: Verdict }[] =>
  events.map(({ record, actor, verdict }) => ({ call: record.eventName, by: actor.label, verdict }));

/** The text of a mail from a heading to the next one, a line each. */
export function section({ body }: Mail, heading: string): string[] {
  const [, after = ''] = body.split(`\n\n${heading}\n`);
  return after === '' ? [] : (after.split('\n\n')[0] ?? '').trimEnd().split('\n');
}

/** What was done is in the mail: that it was read back, what was before and after, and how it is undone. */
export function expectDoneInMail(mail: Mail, incident: Incident, action: ActionRecord): void {
  expect(action.status).toBe('verified');
  expect(action.before).toBeDefined();
  expect(action.after).toBeDefined();
  const lines = section(mail, 'WHAT CORDON DID');
  const at = lines.findIndex((line) => line.startsWith(`- DONE, read back: ${action.title}, ${action.label}`));
  expect(lines.slice(at + 1, at + 4)).toEqual([
    `    before: ${action.beforeWords}`,
    `    after: ${action.afterWords}`,
    `    undo: npx cordon undo ${incident.id} ${action.key}`,
  ]);
}

/** The evidence stands where the mail says: the report as it was mailed, and the records as the trail delivered them. */
export async function expectEvidence(desk: Desk, played: Played): Promise<void> {
  const incident = theIncident(played);
  const summary = theSummary(played);
  expect(section(summary, 'EVIDENCE')[0]).toBe(`- ${incident.evidence}`);
  const last = summaries(played, incident).length - 1;
  expect(await desk.evidence(incident, `report-${last}.txt`)).toBe(summary.body);
  const kept = JSON.parse(await desk.evidence(incident, `incident-${last}.json`)) as Incident;
  expect(kept).toMatchObject({ id: incident.id, outcome: incident.outcome, findings: incident.findings });

  const records = (await desk.evidence(incident, 'records.ndjson')).trimEnd().split('\n');
  const parsed = records.map((line) => JSON.parse(line) as { eventID: string });
  const ids = incident.events.map(({ record }) => record.eventID);
  expect(parsed.map(({ eventID }) => eventID)).toEqual(ids);
  const delivered = (await desk.delivered(({ eventID }) => ids.includes(eventID))) as { eventID: string }[];
  const byId = (left: { eventID: string }, right: { eventID: string }) => left.eventID.localeCompare(right.eventID);
  expect(parsed.sort(byId)).toEqual(delivered.sort(byId));
}

/** No call of the playbooks' own roles is part of any incident, and nothing came but what was expected. */
export async function expectNothingElse(desk: Desk, expected: { incidents: string[]; executions: number }) {
  const { incidents, executions, alarm } = await desk.everything();
  expect(incidents.map(({ id }) => id).sort()).toEqual([...expected.incidents].sort());
  expect(executions).toHaveLength(expected.executions);
  expect(alarm.filter((state) => state === 'ALARM')).toHaveLength(expected.incidents.length);
  const roles = incidents.flatMap(({ events }) => events.filter(({ actor }) => actor.kind === 'assumed-role'));
  expect(roles.map(({ actor }) => actor.label)).toEqual([]);
}
