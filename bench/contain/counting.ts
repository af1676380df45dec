import * as z from 'zod';
import type { ActionRecord } from '../../playbooks/incident.ts';

/** What a function logs when it is done with a step of an incident. */
export interface StepLine {
  incidentId: string;
  /** Name of the function. */
  function: string;
  /** When it was done, in ms since the epoch. */
  at: number;
  /** How long the handler took, in ms. */
  ms: number;
  /** The first call of its runtime environment. */
  cold: boolean;
  /** Of an action: which one, and whether it was contained or read back. */
  key?: string | undefined;
  phase?: string | undefined;
}

const stepLine = z.object({
  message: z.literal('step done'),
  timestamp: z.string(),
  incidentId: z.string(),
  function: z.string(),
  ms: z.number(),
  cold: z.boolean(),
  key: z.string().optional(),
  phase: z.string().optional(),
});

/** The lines among a log's messages that tell of a step that is done, oldest first. */
export function stepLines(messages: readonly string[]): StepLine[] {
  return messages
    .filter((message) => message.includes('"step done"'))
    .flatMap((message) => {
      const { data } = stepLine.safeParse(parsed(message));
      if (!data) return [];
      const { incidentId, function: name, timestamp, ms, cold, key, phase } = data;
      return [{ incidentId, function: name, at: Date.parse(timestamp), ms, cold, key, phase }];
    })
    .sort((a, b) => a.at - b.at);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text.slice(text.indexOf('{')));
  } catch {
    return undefined;
  }
}

/** How much of the time between `from` and `to` at least one of the intervals covers, all in ms. */
export function covered(intervals: readonly (readonly [number, number])[], from: number, to: number): number {
  let total = 0;
  let reached = from;
  for (const [start, end] of [...intervals].sort((a, b) => a[0] - b[0])) {
    const begin = Math.max(start, reached);
    const finish = Math.min(end, to);
    if (finish <= begin) continue;
    total += finish - begin;
    reached = finish;
  }
  return total;
}

/** What an action took. */
export interface ActionTime {
  /** By the clock: from the start of the step that contains until the ledger has it as read back. In ms. */
  wall: number;
  /** In its functions alone, from their start to their end. In ms. */
  functions: number;
  /** One of them ran in a new process. */
  cold: boolean;
}

/**
 * The time of an action of an incident, or undefined where its steps are not in the log.
 * @param verifiedAt when it was read back, in ms since the epoch
 */
export function actionTime(lines: readonly StepLine[], key: string, verifiedAt: number): ActionTime | undefined {
  const own = lines.filter((line) => line.key === key);
  const contain = own.find(({ phase }) => phase === 'contain');
  if (!contain) return undefined;
  return {
    wall: verifiedAt - (contain.at - contain.ms),
    functions: own.reduce((sum, { ms }) => sum + ms, 0),
    cold: own.some(({ cold }) => cold),
  };
}

/** An event of an execution's history, as far as it is counted. */
export interface HistoryEvent {
  type?: string | undefined;
  stateEnteredEventDetails?: { name?: string | undefined } | undefined;
}

/** States that an action goes through: the choice of its kind, to contain, the choice whether anything is left to do, settled. */
const STATES_OF_ACTION = 4;

/**
 * State transitions of a playbook up to its first wait: the states that its history says it entered, and those inside its loops
 * of actions, which the local history leaves out. An action that was read back in a step of its own has one more.
 */
export function transitions(
  history: readonly HistoryEvent[],
  actions: readonly Pick<ActionRecord, 'status'>[],
  lines: readonly Pick<StepLine, 'key' | 'phase'>[],
): number {
  const entered = history.filter(({ type }) => type?.endsWith('StateEntered') && type !== 'WaitStateEntered');
  const readBack = new Set(lines.filter(({ phase }) => phase === 'verify').map(({ key }) => key));
  return entered.length + actions.filter(isRun).length * STATES_OF_ACTION + readBack.size;
}

/** Actions that nobody may carry out do not come to the states: they are only written down. */
const isRun = ({ status }: Pick<ActionRecord, 'status'>): boolean => !['proposed', 'withheld'].includes(status);

/** Calls by operation (`dynamodb:GetItem`), the most frequent first. */
export function byOperation(calls: readonly { service: string; operation: string }[]): Record<string, number> {
  const counts = new Map<string, number>();
  for (const { service, operation } of calls) {
    const name = `${service}:${operation}`;
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  return Object.fromEntries([...counts].sort(([a, n], [b, m]) => m - n || a.localeCompare(b)));
}

/** How much more an incident may cost among many for its work to count as the same, as a factor. */
const TOLERANCE = 1.05;

/** Whether an incident among many takes no more work than one alone. */
export const isFlat = (alone: number, amongMany: number): boolean => amongMany <= alone * TOLERANCE;
