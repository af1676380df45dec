import { createHash } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import * as z from 'zod';
import { detectionOf, responseOf } from '../../playbooks/catalog.ts';
import type { ActionRecord } from '../../playbooks/incident.ts';
import { actionChanged, type IncidentHead } from '../../playbooks/messages/announcements.ts';
import { outcomeOf } from '../../playbooks/outcome.ts';
import { type Mail, mailOf, subjectOf } from '../../playbooks/report/mail.ts';
import { clock } from '../../playbooks/report/words.ts';
import { runbookLines } from '../../playbooks/runbook.ts';
import { announce } from '../announce.ts';
import type { Context } from '../context.ts';
import { errorText, InvalidInput, UndoRefused } from '../errors.ts';
import { heldBy, refuseIfHeldByOthers } from '../guard/holding.ts';
import { isSameState } from '../guard/same-state.ts';
import type { Tagged } from '../guard/tag.ts';
import type { Permission } from '../permissions.ts';
import { type StepHandler, stepHandler } from '../step.ts';

/**
 * Whether the action is called for, judged from the target's state. `before`: that state, where it is all that `capture` would
 * read once more. `benign`: the records behind it did no harm.
 */
export type Assessment<Before = never> =
  | { needed: true; before?: Before }
  | { needed: false; reason: string; benign: boolean };

/**
 * One containment, declared once. From it come two functions (one that contains and verifies, one that undoes), a role
 * for each with just their permissions, the states of the playbooks and the branch of the undo machine.
 *
 * `Before` is what `capture` read and the ledger keeps before anything is changed; `undo` puts exactly that back.
 */
export type Action<Target, Before, After> = Containment<Target, Before, After> &
  (Undoable<Target, Before> | Irreversible);

/** What every action declares. */
interface Containment<Target, Before, After> {
  /** What it does, verb first: "start logging again". */
  title: string;
  /** False for actions that only mark. */
  contains: boolean;
  target: z.ZodType<Target>;
  before: z.ZodType<Before>;
  /** The target in words: "trail cordon". */
  label: (target: Target) => string;
  /** A captured or read-back state in words, for reports: "logging off since 03:05:12Z". */
  words: (state: Before | After) => string;
  /** What else it touches, in words. */
  blastRadius: string;
  /**
   * What it holds, where that is more than its target: `access/user/mallory`. Of actions that hold the same thing, in
   * whatever incident, the last must be undone first.
   */
  holds?: (target: Target) => string;
  /** Where the target is a resource that a tag of its own may protect, as that of a principal does. */
  tagged?: {
    of: (target: Target, context: Context) => Tagged;
    /** What reading its tags takes, for whoever plans the action. */
    permissions: Permission[];
  };
  /** Commands that do the same by hand, for when it is proposed, withheld or failed. */
  byHand?: (target: Target) => string[];
  /** None to undo where it is irreversible. */
  permissions: { contain: Permission[]; undo: Permission[] };
  /** Default: always needed. @throws {TargetUnfit} when the target is gone */
  assess?: (target: Target, context: Context) => Promise<Assessment<Before>>;
  capture: (target: Target, context: Context, incident: IncidentRef) => Promise<Before>;
  /** Must do no harm when it is done twice. */
  contain: (target: Target, before: Before, context: Context, incident: IncidentRef) => Promise<void>;
  /** Reads back. `after` goes into the report. */
  verify: (
    target: Target,
    context: Context,
    incident: IncidentRef,
    before: Before,
  ) => Promise<{ verified: boolean; after: After }>;
}

/** An action that can be taken back. */
interface Undoable<Target, Before> {
  /** Puts `before` back. */
  undo: (target: Target, before: Before, context: Context, incident: IncidentRef) => Promise<void>;
  irreversible?: undefined;
}

/** An action that cannot be taken back, and so is never done without a person's approval. */
interface Irreversible {
  /** Why not, a sentence without its full stop: it stands in the question and in the report. */
  irreversible: string;
  undo?: undefined;
}

/** The incident that an action belongs to, for tags and names. */
export interface IncidentRef {
  id: string;
  detection: string;
}

/** Declares an action; its id is its file's name and its key in the catalog. */
export const defineAction = <Target, Before, After, Way extends Undoable<Target, Before> | Irreversible>(
  declared: Containment<Target, Before, After> & Way,
): Containment<Target, Before, After> & Way => declared;

/**
 * The key of an action on a target: the action's id and six hexadecimal digits of the target. Its field `seen`, what the
 * records say of it, is left out: a later round sees more, and must find the same action.
 */
export function actionKeyOf(action: string, target: unknown): string {
  const identity = JSON.stringify(target, (name, value: unknown) => (name === 'seen' ? undefined : value));
  return `${action}-${createHash('sha256').update(identity).digest('hex').slice(0, 6)}`;
}

const input = z.object({
  incidentId: z.string().min(1),
  key: z.string().min(1),
  phase: z.enum(['contain', 'verify']),
});

/** What the function answers the playbook. */
export interface ActionResult {
  key: string;
  status: ActionRecord['status'];
  /** True when nothing more is to be done for it. */
  settled: boolean;
}

/** How often and how long reading back is tried within one call: IAM and S3 changes take a moment to spread. */
const READ_BACK = { tries: 4, pauseMs: 400 };

/** The function that contains and verifies. */
export function containHandler<Target, Before, After>(
  action: Action<Target, Before, After>,
): StepHandler<ActionResult> {
  return stepHandler(input, async ({ incidentId, key, phase }, context) => {
    context.log.appendKeys({ key, phase });
    const [record, head] = await Promise.all([context.ledger.action(incidentId, key), context.ledger.head(incidentId)]);
    const incident = { id: incidentId, detection: head.detection };
    const target = checked(action.target, record.target, `target of action ${key}`);
    const act = phase === 'contain' ? contain : verify;
    const now = await act(action, record, target, incident, context);
    // Also where a repeated call has changed nothing: the first one may have been cut short before it told.
    await announce(context, actionChanged(head, now));
    return result(now);
  });
}

async function contain<Target, Before, After>(
  action: Action<Target, Before, After>,
  record: ActionRecord,
  target: Target,
  incident: IncidentRef,
  context: Context,
): Promise<ActionRecord> {
  const { ledger, log } = context;
  if (record.status === 'monitored' || record.status === 'proposed') {
    return await lookAhead(action, record, target, incident, context);
  }
  // A repeated delivery of the same step, or an action that nobody has released: what is done is done.
  if (record.status !== 'planned' && record.status !== 'captured') return record;
  let current = record;
  if (record.status === 'planned') {
    const done = isCaptured(record);
    const assessment: Assessment<Before> = (await action.assess?.(target, context)) ?? { needed: true };
    if (!assessment.needed) {
      // Not needed a second time because it was done the first time: that makes no record harmless.
      if (done) return await stillDone(record, incident, context);
      const { reason, benign } = assessment;
      return await ledger.advance(incident.id, record, 'not-needed', { reason, benign });
    }
    // An offence repeated after containment captures nothing new: undo must put back what was there at first.
    const before = done ? record.before : (assessment.before ?? (await action.capture(target, context, incident)));
    const beforeWords = action.words(checked(action.before, before, `captured state of action ${record.key}`));
    const change = { before, beforeWords };
    current = await ledger.capture(incident.id, record, change, done ? record.at.captured : undefined);
  }
  const before = checked(action.before, current.before, `captured state of action ${current.key}`);
  await action.contain(target, before, context, incident);
  log.info('contained', { action: current.action, target: current.label });
  return readBackAtOnce(action, current, target, incident, context);
}

/**
 * Reads back where the change shows already, which spares the playbook its next step: then one write says both. Where it does
 * not, or cannot be read, nothing is lost: the step that verifies tries for longer, and is tried again itself. Until the write,
 * the action is `captured`: cut short here, it is contained again, which does no harm.
 */
async function readBackAtOnce<Target, Before, After>(
  action: Action<Target, Before, After>,
  captured: ActionRecord,
  target: Target,
  incident: IncidentRef,
  context: Context,
): Promise<ActionRecord> {
  const { ledger, log, now } = context;
  const at = now().toISOString();
  const contained: ActionRecord = { ...captured, status: 'contained', at: { ...captured.at, contained: at } };
  try {
    const { record } = await readBack(action, contained, target, incident, context);
    if (record.status === 'verified') return record;
  } catch (error) {
    log.warn('what was contained could not be read back yet', { key: captured.key, error: errorText(error) });
  }
  return ledger.advance(incident.id, captured, 'contained', {}, at);
}

/** Reads back once. The action is `verified` where it is so; otherwise it stays as it is. */
async function readBack<Target, Before, After>(
  action: Action<Target, Before, After>,
  record: ActionRecord,
  target: Target,
  incident: IncidentRef,
  context: Context,
): Promise<{ record: ActionRecord; after: After; afterWords: string }> {
  const before = checked(action.before, record.before, `captured state of action ${record.key}`);
  const { verified, after } = await action.verify(target, context, incident, before);
  const afterWords = action.words(after);
  if (!verified) return { record, after, afterWords };
  return {
    record: await context.ledger.advance(incident.id, record, 'verified', { after, afterWords }),
    ...{ after, afterWords },
  };
}

/**
 * Finds out, by reading only, whether an action that is not to be done is called for, and what it would change. That the
 * state cannot be read is said, and is no failure: nothing was to be done.
 */
async function lookAhead<Target, Before, After>(
  action: Action<Target, Before, After>,
  record: ActionRecord,
  target: Target,
  incident: IncidentRef,
  context: Context,
): Promise<ActionRecord> {
  const { ledger, log } = context;
  if (isCaptured(record)) return record;
  const stay = (change: Partial<ActionRecord>) =>
    ledger.advance(incident.id, record, record.status, change, record.at[record.status]);
  try {
    const assessment: Assessment<Before> = (await action.assess?.(target, context)) ?? { needed: true };
    if (!assessment.needed) {
      const { reason, benign } = assessment;
      return await ledger.advance(incident.id, record, 'not-needed', { reason, benign });
    }
    const before = assessment.before ?? (await action.capture(target, context, incident));
    return await stay({ beforeWords: action.words(checked(action.before, before, `state of action ${record.key}`)) });
  } catch (error) {
    log.warn('the state of what is not to be changed could not be read', { key: record.key, error: errorText(error) });
    return stay({ beforeWords: `could not be read: ${errorText(error)}` });
  }
}

/** Its target was captured in this incident, and the change was not undone since. */
const isCaptured = ({ before, at }: ActionRecord): boolean =>
  before !== undefined && (at.undone ?? '') <= (at.captured ?? '');

/** Verified as before and at that time, or to be read back now. */
const stillDone = (record: ActionRecord, { id }: IncidentRef, { ledger }: Context): Promise<ActionRecord> =>
  record.at.verified === undefined
    ? ledger.advance(id, record, 'contained')
    : ledger.advance(id, record, 'verified', {}, record.at.verified);

async function verify<Target, Before, After>(
  action: Action<Target, Before, After>,
  record: ActionRecord,
  target: Target,
  incident: IncidentRef,
  context: Context,
): Promise<ActionRecord> {
  if (record.status !== 'contained') return record;
  for (let attempt = 1; ; attempt += 1) {
    const { record: read, after, afterWords } = await readBack(action, record, target, incident, context);
    if (read.status === 'verified') return read;
    if (attempt >= READ_BACK.tries) {
      const reason = wasVerifiedSince(record)
        ? `it was done and read back at ${clock(record.at.verified ?? '')}, but somebody has undone it since: ${afterWords}`
        : `read back ${attempt} times, and it is not so: ${afterWords}`;
      return await context.ledger.advance(incident.id, record, 'failed', { after, afterWords, reason });
    }
    await wait(READ_BACK.pauseMs * attempt);
  }
}

/** It was read back after the last change: this look only follows a further record. */
const wasVerifiedSince = ({ at }: ActionRecord): boolean =>
  at.verified !== undefined && at.verified >= (at.contained ?? '');

const result = ({ key, status }: ActionRecord): ActionResult => ({ key, status, settled: status !== 'contained' });

const undoInput = z.object({
  incidentId: z.string().min(1),
  key: z.string().min(1),
  /** ARN of who asks for it, for the ledger and the mail. */
  by: z.string().min(1),
  reason: z.string().min(1),
  force: z.boolean().default(false),
});

/** What the undo function answers. */
export interface UndoResult {
  incidentId: string;
  key: string;
  /** For the mail's subject, ASCII and at most 100 characters. */
  subject: string;
  text: string;
}

/**
 * The function that undoes. Refuses, unless forced, where the target is not as it was read back after containment, or was
 * never read back, since somebody else's work would be undone with it; and where a later action holds the same thing.
 * @throws {UndoRefused}
 */
export function undoHandler<Target, Before, After>(
  action: Containment<Target, Before, After> & Undoable<Target, Before>,
): StepHandler<UndoResult> {
  return stepHandler(undoInput, async ({ incidentId, key, by, reason, force }, context) => {
    const record = await context.ledger.action(incidentId, key);
    const incident = await context.ledger.head(incidentId);
    if (record.status === 'undone') throw new UndoRefused(`${key} of incident ${incidentId} is undone already.`);
    if (record.before === undefined) {
      throw new UndoRefused(`${key} of incident ${incidentId} changed nothing (${record.status}): nothing to undo.`);
    }
    const target = checked(action.target, record.target, `target of action ${key}`);
    const before = checked(action.before, record.before, `captured state of action ${key}`);
    // A retry finds what its first try changed: that is nobody else's work.
    if (!force && !hasBegun(record, by, context.now())) {
      await refuseIfHeldByOthers(heldBy(action, key, target), incidentId, record, context);
      const { verified, after } = await action.verify(target, context, incident, before);
      const unchanged = record.after === undefined ? verified : isSameState(after, record.after);
      if (!unchanged) throw new UndoRefused(changedWords(record, action.words(after)));
    }
    await context.ledger.beginUndo(incidentId, key, by);
    await action.undo(target, before, context, incident);
    const undone = await context.ledger.advance(incidentId, record, 'undone', { reason, undoneBy: by });
    const now = await sayUndone(incident, context);
    await announce(context, actionChanged(now, undone));
    return {
      incidentId,
      key,
      ...undoneMail(
        now,
        undone,
        `${by}${force ? ', by force' : ''}`,
        action.words(before),
        context.environment.runbooks,
      ),
    };
  });
}

/** The mail of an undo: what, by whom and why come first. */
const undoneMail = (
  head: IncidentHead,
  undone: ActionRecord,
  by: string,
  putBack: string,
  runbooks: string | undefined,
): Mail =>
  mailOf({
    subject: subjectOf({ ...head, outcome: 'UNDONE', target: undone.label }),
    head: [
      `UNDONE: ${undone.title}, ${undone.label}`,
      `By ${by}, at ${undone.at.undone}`,
      `Reason: ${undone.reason}`,
      `Put back: ${putBack}`,
      '',
      `Action ${undone.key} of incident ${head.id}`,
      `npx cordon incidents show ${head.id}`,
      ...runbookLines(detectionOf(head.detection).response, runbooks),
    ],
    sections: [],
  });

/** What was taken back is not contained any more: the incident says so from now on. Resolves to how it stands. */
async function sayUndone(head: IncidentHead, { ledger, log }: Context): Promise<IncidentHead> {
  try {
    const incident = await ledger.incident(head.id);
    // While its playbook has not come to a summary, that will say it.
    if (incident.outcome === undefined) return incident;
    const outcome = outcomeOf(incident, responseOf(detectionOf(incident.detection).response));
    if (outcome !== incident.outcome) await ledger.updateHead(head.id, { outcome });
    return { ...incident, outcome };
  } catch (error) {
    // The undo is done and written down: a second try would be refused, and its mail would never be sent.
    log.error('the outcome of the incident could not be updated', { error: errorText(error) });
    return head;
  }
}

const changedWords = ({ label, key, afterWords }: ActionRecord, now: string): string =>
  `${label} was changed since it was contained, so undoing ${key} might undo somebody else's work. After containment: ${afterWords ?? 'not read back'}. Now: ${now}. Look at it, and use --force to undo all the same.`;

/** How long retries of one undo go on, in milliseconds, with room to spare. */
const UNDO_RETRIES_MS = 15 * 60_000;

const hasBegun = ({ undoBegan }: ActionRecord, by: string, now: Date): boolean =>
  undoBegan?.by === by && now.getTime() - Date.parse(undoBegan.at) < UNDO_RETRIES_MS;

function checked<T>(schema: z.ZodType<T>, value: unknown, what: string): T {
  const { data, error } = schema.safeParse(value);
  if (error) throw new InvalidInput(`The ${what} is not usable. ${z.prettifyError(error)}`);
  return data;
}
