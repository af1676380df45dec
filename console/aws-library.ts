import { setTimeout as delay } from 'node:timers/promises';
import {
  DescribeExecutionCommand,
  DescribeStateMachineCommand,
  GetExecutionHistoryCommand,
  type HistoryEvent,
  SFNClient,
} from '@aws-sdk/client-sfn';
import type { Sent } from '../cli/answers.ts';
import { carryOut } from '../cli/carry-out.ts';
import type { Desk } from '../cli/desk.ts';
import { CliFailure } from '../cli/failure.ts';
import { errorName, errorText, NotInLedger } from '../handlers/errors.ts';
import type { PageBounds, PageFilter } from '../handlers/incidents/pages.ts';
import { todo } from '../handlers/installation/check.ts';
import { checks } from '../handlers/installation/checks.ts';
import { installedSettings, readInstallation } from '../handlers/installation/installation.ts';
import {
  type Change,
  type Changed,
  ChangeRefused,
  type Check,
  type Identity,
  type Library,
  type Missing,
  type Modes,
  type Run,
  type Step,
} from './library.ts';

/** As much of an execution's history as is read: ten pages of the service. An execution has at most 25,000 events. */
const MOST_EVENTS = 10_000;
/** How long a change is waited for before the page says that it is under way, and the pause between two looks, in ms. */
const PATIENCE_MS = 20_000;
const LOOK_MS = 400;

/** The library over AWS, with the analyst's own credentials. */
export class AwsLibrary implements Library {
  readonly #desk: Desk;
  #identity: Promise<Identity> | undefined;

  constructor(desk: Desk) {
    this.#desk = desk;
  }

  identity(): Promise<Identity> {
    this.#identity ??= this.#whoAmI().catch((error) => {
      this.#identity = undefined;
      throw error;
    });
    return this.#identity;
  }

  async #whoAmI(): Promise<Identity> {
    const { prefix, region } = this.#desk;
    return { ...(await this.#desk.identity()), region, prefix, mayAnswer: await this.#mayAnswer() };
  }

  /** An answer about nothing: AWS refuses whoever may not answer before anything reads it, and it is of no use to others. */
  async #mayAnswer(): Promise<boolean | undefined> {
    try {
      await this.#desk.answers.send({ answer: 'done', incidentId: '', key: '', note: '' });
      return undefined;
    } catch (error) {
      if (!(error instanceof CliFailure)) return undefined;
      return error.kind !== 'setup';
    }
  }

  page(filter: PageFilter, bounds: PageBounds) {
    return this.#desk.ledger.page(filter, bounds);
  }

  async incident(id: string) {
    try {
      return await this.#desk.ledger.incident(id);
    } catch (error) {
      if (error instanceof NotInLedger) return undefined;
      throw error;
    }
  }

  waiting() {
    return this.#desk.ledger.questions.waiting(200);
  }

  run(execution: string): Promise<Run | Missing> {
    return orMissing(async () => {
      const [{ status = 'UNKNOWN' }, { events, cut }] = await Promise.all([
        this.#desk.client(SFNClient).send(new DescribeExecutionCommand({ executionArn: execution })),
        this.#history(execution),
      ]);
      return { status, steps: stepsOf(events), cut };
    });
  }

  async #history(executionArn: string): Promise<{ events: HistoryEvent[]; cut: boolean }> {
    const events: HistoryEvent[] = [];
    let nextToken: string | undefined;
    do {
      const page = await this.#desk.client(SFNClient).send(
        new GetExecutionHistoryCommand({
          executionArn,
          includeExecutionData: false,
          maxResults: 1000,
          ...(nextToken ? { nextToken } : {}),
        }),
      );
      events.push(...(page.events ?? []));
      nextToken = page.nextToken;
    } while (nextToken && events.length < MOST_EVENTS);
    return { events, cut: nextToken !== undefined };
  }

  definition(execution: string): Promise<string | Missing> {
    return orMissing(async () => {
      // arn:aws:states:REGION:ACCOUNT:execution:MACHINE:NAME
      const stateMachineArn = execution.replace(':execution:', ':stateMachine:').split(':').slice(0, 7).join(':');
      const { definition = '' } = await this.#desk
        .client(SFNClient)
        .send(new DescribeStateMachineCommand({ stateMachineArn }));
      return definition;
    });
  }

  modes(): Promise<Modes | Missing> {
    return orMissing(async () => {
      const { mode, modes, packs } = await installedSettings(this.#desk);
      return { mode, byDetection: modes, packs };
    });
  }

  canaries() {
    return this.#desk.ledger.canaries.last();
  }

  async health(): Promise<Check[]> {
    const now = new Date();
    try {
      const installation = await readInstallation(this.#desk);
      const found = await Promise.all(
        checks.map(async (check) =>
          (await carryOut(check, installation, now)).map((finding) => ({ check: check.id, ...finding })),
        ),
      );
      return found.flat();
    } catch (error) {
      // Without its stacks nothing of it can be checked; the page's other figures are worth showing all the same.
      return [{ check: 'stacks', ...todo(`could not be looked at: ${errorText(error)}`) }];
    }
  }

  async change(change: Change): Promise<Changed> {
    try {
      const { execution, status, what } = await this.#desk.answers.send(change satisfies Sent);
      if (change.answer === 'undo' && execution) return await this.#undone(change, execution);
      return { text: `${what}: ${status}.` };
    } catch (error) {
      if (error instanceof CliFailure) throw new ChangeRefused(error.message, { cause: error });
      throw error;
    }
  }

  async #undone({ incidentId, key }: { incidentId: string; key: string }, executionArn: string): Promise<Changed> {
    const deadline = performance.now() + PATIENCE_MS;
    while (performance.now() < deadline) {
      const { status, cause } = await this.#desk.client(SFNClient).send(new DescribeExecutionCommand({ executionArn }));
      if (status === 'SUCCEEDED') {
        const action = await this.#desk.ledger.action(incidentId, key);
        return { text: `${action.title}, ${action.label}: ${action.status}.` };
      }
      if (status !== 'RUNNING') throw new ChangeRefused(cause ?? `The undo ended as ${status}.`);
      await delay(LOOK_MS);
    }
    return { text: `The undo of ${key} is under way; this page will show how it ends.` };
  }
}

/** What cannot be had is no reason to show nothing: the reason stands in its place. */
async function orMissing<T>(work: () => Promise<T>): Promise<T | Missing> {
  try {
    return await work();
  } catch (error) {
    // Old executions are gone after 90 days.
    if (errorName(error) === 'ExecutionDoesNotExist') return { missing: 'Step Functions has forgotten the execution.' };
    return { missing: errorText(error) };
  }
}

const STATE_EVENT = /^(\w+)State(Entered|Exited)$/;

/**
 * The states that a history went through, each with when it was entered and left. Within a loop several are in the same
 * state at once; which of them leaves it first makes no difference here.
 */
export function stepsOf(
  events: readonly Pick<HistoryEvent, 'type' | 'timestamp' | 'stateEnteredEventDetails' | 'stateExitedEventDetails'>[],
): Step[] {
  const steps: Step[] = [];
  for (const { type = '', timestamp, ...event } of events) {
    const [, kind = '', way] = STATE_EVENT.exec(type) ?? [];
    const at = timestamp?.toISOString() ?? '';
    if (way === 'Entered') {
      steps.push({ state: event.stateEnteredEventDetails?.name ?? '', type: kind, enteredAt: at });
    } else if (way === 'Exited') {
      const name = event.stateExitedEventDetails?.name;
      const step = steps.find(({ state, exitedAt }) => state === name && exitedAt === undefined);
      if (step) step.exitedAt = at;
    }
  }
  const ended = events.find(({ type = '' }) => ENDED.test(type))?.timestamp?.toISOString();
  const loop =
    isLooping(events) && !ended ? steps.findLastIndex(({ type, exitedAt }) => type === 'Map' && !exitedAt) : -1;
  return steps.map((step, index) => {
    const inside = loop >= 0 ? index >= loop : index === steps.length - 1;
    if (step.exitedAt || (inside && !ended)) return step;
    // A state that failed is never exited: it was over when the next one was entered, or the execution ended.
    return { ...step, exitedAt: steps[index + 1]?.enteredAt ?? ended ?? step.enteredAt };
  });
}

const ENDED = /^Execution(Succeeded|Failed|Aborted|TimedOut)$/;

/** Whether a loop is being gone through: several of its states can be open at once then. */
const isLooping = (events: readonly Pick<HistoryEvent, 'type'>[]): boolean =>
  events.findLastIndex(({ type }) => type === 'MapStateEntered') >
  events.findLastIndex(({ type }) => type === 'MapStateFailed' || type === 'MapStateExited');
