import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import {
  DescribeExecutionCommand,
  DescribeStateMachineCommand,
  GetExecutionHistoryCommand,
  type HistoryEvent,
  SFNClient,
} from '@aws-sdk/client-sfn';
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { Answers, type AnswersConfig, type Sent } from '../cli/answers.ts';
import { CliFailure } from '../cli/failure.ts';
import { errorName, errorText, NotInLedger } from '../handlers/errors.ts';
import { Ledger } from '../handlers/incidents/ledger.ts';
import type { PageBounds, PageFilter } from '../handlers/incidents/pages.ts';
import { deployedEnvironment, pipelineHealth } from './health.ts';
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

/** Which installation to show, as whom, and where AWS is. */
export interface AwsLibraryOptions extends AnswersConfig {
  prefix: string;
}

/** As much of an execution's history as is read: ten pages of the service. An execution has at most 25,000 events. */
const MOST_EVENTS = 10_000;
/** How long a change is waited for before the page says that it is under way, and the pause between two looks, in ms. */
const PATIENCE_MS = 20_000;
const LOOK_MS = 400;
/** Exit code of the command line's failures for want of a permission: AWS itself did not let the caller through. */
const NO_PERMISSION = 3;

/** The library over AWS, with the analyst's own credentials. */
export class AwsLibrary implements Library {
  readonly #options: AwsLibraryOptions;
  readonly #ledger: Ledger;
  readonly #sfn: SFNClient;
  readonly #answers: Answers;
  #identity: Promise<Identity> | undefined;

  constructor(options: AwsLibraryOptions) {
    const { prefix, ...config } = options;
    this.#options = options;
    this.#ledger = new Ledger(
      DynamoDBDocumentClient.from(new DynamoDBClient(config)),
      `${prefix}-ledger`,
      () => new Date(),
    );
    this.#sfn = new SFNClient(config);
    this.#answers = new Answers(prefix, config);
  }

  identity(): Promise<Identity> {
    this.#identity ??= this.#whoAmI().catch((error) => {
      this.#identity = undefined;
      throw error;
    });
    return this.#identity;
  }

  async #whoAmI(): Promise<Identity> {
    const { prefix, ...config } = this.#options;
    const { Arn = '', Account = '' } = await new STSClient(config).send(new GetCallerIdentityCommand({}));
    return { arn: Arn, account: Account, region: config.region, prefix, mayAnswer: await this.#mayAnswer() };
  }

  /** An answer about nothing: AWS refuses whoever may not answer before anything reads it, and it is of no use to others. */
  async #mayAnswer(): Promise<boolean | undefined> {
    try {
      await this.#answers.send({ answer: 'done', incidentId: '', key: '', note: '' });
      return undefined;
    } catch (error) {
      if (!(error instanceof CliFailure)) return undefined;
      return error.exitCode !== NO_PERMISSION;
    }
  }

  page(filter: PageFilter, bounds: PageBounds) {
    return this.#ledger.page(filter, bounds);
  }

  async incident(id: string) {
    try {
      return await this.#ledger.incident(id);
    } catch (error) {
      if (error instanceof NotInLedger) return undefined;
      throw error;
    }
  }

  waiting() {
    return this.#ledger.questions.waiting(200);
  }

  baselines() {
    return this.#ledger.baselines.all();
  }

  run(execution: string): Promise<Run | Missing> {
    return orMissing(async () => {
      const [{ status = 'UNKNOWN' }, { events, cut }] = await Promise.all([
        this.#sfn.send(new DescribeExecutionCommand({ executionArn: execution })),
        this.#history(execution),
      ]);
      return { status, steps: stepsOf(events), cut };
    });
  }

  async #history(executionArn: string): Promise<{ events: HistoryEvent[]; cut: boolean }> {
    const events: HistoryEvent[] = [];
    let nextToken: string | undefined;
    do {
      const page = await this.#sfn.send(
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
      const { definition = '' } = await this.#sfn.send(new DescribeStateMachineCommand({ stateMachineArn }));
      return definition;
    });
  }

  modes(): Promise<Modes | Missing> {
    return orMissing(async () => {
      const { mode, modes } = await deployedEnvironment(this.#options);
      return { mode, byDetection: modes };
    });
  }

  async health(): Promise<Check[]> {
    const { account } = await this.identity();
    return pipelineHealth({ ...this.#options, account }, await this.#ledger.baselines.all(), new Date());
  }

  async change(change: Change): Promise<Changed> {
    try {
      const { execution, status, what } = await this.#answers.send(change satisfies Sent);
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
      const { status, cause } = await this.#sfn.send(new DescribeExecutionCommand({ executionArn }));
      if (status === 'SUCCEEDED') {
        const action = await this.#ledger.action(incidentId, key);
        return { text: `${action.title}, ${action.label}: ${action.status}.` };
      }
      if (status !== 'RUNNING') throw new ChangeRefused(reasonOf(cause) ?? `The undo ended as ${status}.`);
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    }
    return { text: `The undo of ${key} is under way; this page will show how it ends.` };
  }
}

/** What a function threw, which Lambda puts into the cause as JSON. */
function reasonOf(cause: string | undefined): string | undefined {
  try {
    return String((JSON.parse(cause ?? '') as { errorMessage?: unknown }).errorMessage);
  } catch {
    return cause;
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
  // A state that failed is never exited: it was over when the next one was entered, or the execution.
  return steps.map((step, index) =>
    step.exitedAt || isOpen(events, steps, index) ? step : { ...step, exitedAt: overAt(events, steps, index) },
  );
}

const ENDED = /^Execution(Succeeded|Failed|Aborted|TimedOut)$/;

function isOpen(events: readonly Pick<HistoryEvent, 'type'>[], steps: Step[], index: number): boolean {
  if (events.some(({ type = '' }) => ENDED.test(type))) return false;
  return steps[index]?.type === 'Map' || index === steps.length - 1 || steps[index + 1]?.exitedAt === undefined;
}

function overAt(events: readonly Pick<HistoryEvent, 'type' | 'timestamp'>[], steps: Step[], index: number): string {
  const end = events.find(({ type = '' }) => ENDED.test(type))?.timestamp?.toISOString();
  return steps[index + 1]?.enteredAt ?? end ?? steps[index]?.enteredAt ?? '';
}
