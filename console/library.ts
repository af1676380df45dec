import type { Head } from '../handlers/incidents/items.ts';
import type { Page, PageBounds, PageFilter } from '../handlers/incidents/pages.ts';
import type { StoredQuestion } from '../handlers/incidents/questions.ts';
import type { Finding } from '../handlers/installation/check.ts';
import type { Arrivals } from '../playbooks/canary.ts';
import type { Incident } from '../playbooks/incident.ts';
import type { PackId } from '../playbooks/packs.ts';
import type { Mode } from '../playbooks/response.ts';

/** As who the console works, and where. */
export interface Identity {
  arn: string;
  account: string;
  region: string;
  prefix: string;
  /** Whether AWS lets this user or role answer and undo; undefined where it could not be found out. */
  mayAnswer: boolean | undefined;
}

/** One state that an execution went through. ISO times; without `exitedAt` it is in it. */
export interface Step {
  state: string;
  /** As Amazon States Language has it: `Task`, `Wait`, `Choice`. */
  type: string;
  enteredAt: string;
  exitedAt?: string;
}

/** What Step Functions tells of the execution that handles an incident. */
export interface Run {
  status: string;
  steps: Step[];
  /** True where it has more history than was read. */
  cut: boolean;
}

/** What a check of the installation found, as `doctor` has it. */
export interface Check extends Finding {
  /** The check's id: `alarms`. */
  check: string;
}

/** How far detections may go, as deployed. */
export interface Modes {
  mode: Mode;
  byDetection: Readonly<Record<string, Mode>>;
  /** The packs that are on. */
  packs: readonly PackId[];
}

/** Something that could not be had, with the reason. */
export interface Missing {
  missing: string;
}

/** Whether it is the reason why something could not be had. */
export const isMissing = (value: unknown): value is Missing =>
  typeof value === 'object' && value !== null && 'missing' in value;

/** A change that an analyst asks for, as the address for answers takes it. */
export type Change = { incidentId: string; note: string } & (
  | { answer: 'approve' | 'reject' | 'done' | 'skip'; key: string }
  | { answer: 'undo'; key: string; force: boolean }
  | { answer: 'mark'; mark: 'false-positive' | 'true-positive' }
);

/** What came of a change, in words. @see Library.change */
export interface Changed {
  text: string;
}

/** A change was refused, or failed: the message is for the analyst. */
export class ChangeRefused extends Error {
  override readonly name = 'ChangeRefused';
}

/**
 * Everything the console shows and does, so that it knows no AWS client. All calls are made with the analyst's credentials.
 * What a policy keeps away is said as {@link Missing}, where the rest is worth showing without it.
 */
export interface Library {
  identity(): Promise<Identity>;
  /** A page of incidents, newest first. */
  page(filter: PageFilter, bounds: PageBounds): Promise<Page>;
  /** One incident; undefined where there is none of that id. */
  incident(id: string): Promise<(Incident & Head) | undefined>;
  /** What waits for an answer, newest first. */
  waiting(): Promise<StoredQuestion[]>;
  /** What the execution (ARN) went through. */
  run(execution: string): Promise<Run | Missing>;
  /** The state machine of an execution (ARN), in Amazon States Language. */
  definition(execution: string): Promise<string | Missing>;
  modes(): Promise<Modes | Missing>;
  /** The last canaries that came through, by lane. */
  canaries(): Promise<Arrivals>;
  /** How the installation is, from the trail to the mails: what `doctor` finds. */
  health(): Promise<Check[]>;
  /** Asks for a change, and waits for what comes of it as far as that takes seconds. @throws {ChangeRefused} */
  change(change: Change): Promise<Changed>;
}
