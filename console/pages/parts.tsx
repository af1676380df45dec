/** @jsxRuntime automatic @jsxImportSource hono/jsx */
import type { Child, FC } from 'hono/jsx';
import { detections } from '../../playbooks/catalog.ts';
import type { Severity } from '../../playbooks/detection.ts';
import type { ActionStatus, Incident, Outcome } from '../../playbooks/incident.ts';
import type { QuestionStatus } from '../../playbooks/question.ts';
import { outcomeWords } from '../../playbooks/report/report.ts';
import { dayAndClock, plain } from '../../playbooks/report/words.ts';
import type { Session } from '../sessions.ts';
import { ago } from '../words.ts';

/** To the runbook of the playbook that answers a detection. */
export const RunbookLink: FC<{ detection: string }> = ({ detection }) => {
  const playbook = detections[detection]?.response;
  return playbook ? <a href={`/runbooks/${playbook}`}>{playbook}</a> : <>none</>;
};

/** Each severity has a shape of its own: colour is never all that tells them apart. */
const SHAPES: Record<Severity, string> = {
  CRITICAL: 'M8 0 16 8 8 16 0 8Z',
  HIGH: 'M8 1 16 15 0 15Z',
  MEDIUM: 'M2 2h12v12H2Z',
  LOW: 'M8 2a6 6 0 1 1 0 12 6 6 0 1 1 0-12Z',
};

/** How bad it is, in a word and a shape. */
export const SeverityBadge: FC<{ severity: Severity }> = ({ severity }) => (
  <span class={`badge severity ${severity.toLowerCase()}`}>
    <svg viewBox="0 0 16 16" width="10" height="10" aria-hidden="true">
      <path d={SHAPES[severity]} />
    </svg>
    {severity}
  </span>
);

const STATUS_WORDS: Record<Incident['status'], string> = {
  open: 'Open',
  'handed-over': 'Handed over',
  closed: 'Closed',
};
const STATUS_SIGNS: Record<Incident['status'], string> = { open: '●', 'handed-over': '◐', closed: '✓' };

/** Who is at it: the playbook, an analyst, or nobody any more. */
export const StatusBadge: FC<{ status: Incident['status'] }> = ({ status }) => (
  <span class={`badge status ${status}`}>
    <span aria-hidden="true">{STATUS_SIGNS[status]}</span> {STATUS_WORDS[status]}
  </span>
);

const OUTCOME_TONES: Record<Outcome, string> = {
  contained: 'good',
  resolved: 'good',
  'needs-analyst': 'bad',
  undone: 'warn',
  declined: 'warn',
  monitored: 'warn',
  attempt: 'quiet',
  benign: 'quiet',
  duplicate: 'quiet',
};

/** How it ended, or stands. */
export const OutcomeText: FC<{ outcome: Outcome | undefined }> = ({ outcome }) =>
  outcome ? (
    <span class={`outcome ${OUTCOME_TONES[outcome]}`}>{outcomeWords[outcome].split(',')[0]}</span>
  ) : (
    <span class="outcome quiet">in progress</span>
  );

const ACTION_TONES: Record<ActionStatus, [tone: string, sign: string, words: string]> = {
  planned: ['quiet', '○', 'planned'],
  proposed: ['warn', '?', 'proposed'],
  rejected: ['quiet', '✕', 'rejected, not done'],
  withheld: ['warn', '!', 'withheld'],
  monitored: ['quiet', '○', 'held back by the mode'],
  captured: ['warn', '…', 'state before written down, not done yet'],
  contained: ['warn', '…', 'changed, but not read back'],
  verified: ['good', '✓', 'done, read back'],
  'not-needed': ['quiet', '–', 'not needed'],
  failed: ['bad', '✕', 'FAILED'],
  undone: ['quiet', '↶', 'undone'],
};

/** How far an action got. */
export const ActionBadge: FC<{ status: ActionStatus }> = ({ status }) => {
  const [tone, sign, words] = ACTION_TONES[status];
  return (
    <span class={`badge tone ${tone}`}>
      <span aria-hidden="true">{sign}</span> {words}
    </span>
  );
};

const QUESTION_TONES: Record<QuestionStatus, string> = {
  open: 'warn',
  approved: 'good',
  rejected: 'quiet',
  done: 'good',
  skipped: 'quiet',
  'timed-out': 'bad',
  withdrawn: 'quiet',
};

/** How a question stands. */
export const QuestionBadge: FC<{ status: QuestionStatus }> = ({ status }) => (
  <span class={`badge tone ${QUESTION_TONES[status]}`}>{status.replace('-', ' ')}</span>
);

/** A time in UTC, and how long ago that is. */
export const Time: FC<{ iso: string; now?: Date }> = ({ iso, now }) => (
  <>
    <time datetime={iso}>{dayAndClock(iso)}</time>
    {now ? <span class="ago"> {ago(iso, now)}</span> : null}
  </>
);

/** Text that somebody else wrote. Hidden characters are made visible; JSX escapes the rest. */
export const Text: FC<{ of: string | undefined | null }> = ({ of }) => <>{plain(of ?? '')}</>;

/** A command to be copied. */
export const Command: FC<{ of: string }> = ({ of }) => (
  <pre class="command">
    <code>{plain(of)}</code>
  </pre>
);

/** A section with a heading that a screen reader can jump to. `live`: it is put anew when something changes. */
export const Section: FC<{ id: string; title: string; live?: boolean; aside?: Child; children?: Child }> = ({
  id,
  title,
  live,
  aside,
  children,
}) => (
  <section id={id} aria-labelledby={`${id}-title`} {...(live === false ? {} : { 'data-live': '' })}>
    <div class="heading">
      <h2 id={`${id}-title`}>{title}</h2>
      {aside}
    </div>
    {children}
  </section>
);

/** What says once what came of a change. */
export const Banner: FC<{ said: Session['said'] }> = ({ said }) =>
  said ? (
    <p class={`banner ${said.kind}`} role={said.kind === 'refused' ? 'alert' : 'status'}>
      <strong>{said.kind === 'refused' ? 'Not done. ' : ''}</strong>
      {plain(said.text)}
    </p>
  ) : null;
