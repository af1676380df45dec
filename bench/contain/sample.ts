import type { HistoryEvent } from '@aws-sdk/client-sfn';
import type { ActionRecord } from '../../playbooks/incident.ts';
import { type ActionTime, actionTime, covered, type StepLine, transitions } from './counting.ts';

/** What one incident took. All times are in ms since its first record stood in the log group. */
export interface Sample {
  incidentId: string;
  /** A function ran in a new process before the incident was contained. */
  cold: boolean;
  /** The playbook was started. */
  started: number;
  /** Everything that was contained read back as contained; none where nothing inside the account contains. */
  contained?: number;
  /** The summary was mailed. */
  reported: number;
  /** Until contained, or else reported: how long a function was at work on it. The rest is the local AWS's. */
  inFunctions: number;
  /** The measured action. */
  action?: ActionTime;
  /** What each step took, in their order: by its start and length in ms. */
  steps: { step: string; start: number; ms: number; cold: boolean }[];
  /** State transitions up to the first wait. */
  transitions: number;
}

/** What a sample is made of. Times in ms since the epoch. */
export interface Seen {
  incidentId: string;
  deliveredAt: number;
  mailedAt: number;
  history: readonly HistoryEvent[];
  actions: readonly ActionRecord[];
  lines: readonly StepLine[];
}

/** The sample of an incident. @param measured id of the action that is measured */
export function sampleOf(
  { incidentId, deliveredAt, mailedAt, history, actions, lines }: Seen,
  measured?: string,
): Sample {
  const startedAt = Number(history.find(({ type }) => type === 'ExecutionStarted')?.timestamp);
  const done = actions.flatMap(({ contains, at }) => (contains && at.verified ? [Date.parse(at.verified)] : []));
  const containedAt = done.length > 0 ? Math.max(...done) : undefined;
  const until = containedAt ?? mailedAt;
  const before = lines.filter((line) => line.at - line.ms < until);
  const verified = actions.find(({ action, status }) => action === measured && status === 'verified');
  const action = verified && actionTime(lines, verified.key, Date.parse(verified.at.verified ?? ''));
  return {
    incidentId,
    cold: before.some(({ cold }) => cold),
    started: startedAt - deliveredAt,
    ...(containedAt === undefined ? {} : { contained: containedAt - deliveredAt }),
    reported: mailedAt - deliveredAt,
    inFunctions: covered(
      before.map(({ at, ms }) => [at - ms, at] as const),
      startedAt,
      until,
    ),
    ...(action ? { action } : {}),
    steps: lines.map(({ function: name, phase, at, ms, cold }) => ({
      step: [name.replace(/^cordon-/, ''), phase].filter(Boolean).join(': '),
      ...{ start: at - ms - deliveredAt, ms, cold },
    })),
    transitions: transitions(history, actions, lines),
  };
}
