import type { Actor } from './actor.ts';
import type { CloudTrailRecord } from './cloudtrail.ts';
import type { Severity } from './detection.ts';
import type { Difference } from './difference.ts';
import type { Mark } from './figures.ts';
import type { Findings } from './findings.ts';
import type { Question } from './question.ts';

/**
 * What a collected record turned out to be. `offence`: it did what the detection looks for; `attempt`: the call was
 * refused or failed, nothing changed; `benign`: it matched, but opened or weakened nothing; `related`: context only.
 */
export type Verdict = 'offence' | 'attempt' | 'benign' | 'related';

/** A record that belongs to an incident. */
export interface IncidentEvent {
  record: CloudTrailRecord;
  actor: Actor;
  verdict: Verdict;
  /** Why it is benign. */
  reason?: string;
  /** It is benign because a suppression says so. */
  suppressed?: true;
  /** When the trail delivered it to the log group, ISO time. */
  deliveredAt?: string;
}

/** It took effect, and did harm. */
export const isOffence = ({ verdict }: IncidentEvent): boolean => verdict === 'offence';

/**
 * How far an action got. `planned`; `proposed` (an analyst must decide); `rejected` (an analyst decided against it); `withheld` (the principal is
 * protected); `monitored` (would have been done); `contained` (the change was made); `verified` (read back from the service); `not-needed`; `failed`; `undone`.
 */
export const actionStatuses = [
  'planned',
  'proposed',
  'rejected',
  'withheld',
  'monitored',
  'captured',
  'contained',
  'verified',
  'not-needed',
  'failed',
  'undone',
] as const;
export type ActionStatus = (typeof actionStatuses)[number];

/** One containment of one target, as the ledger has it. */
export interface ActionRecord {
  /** Unique in the incident and short enough to type: `start-logging-3f9a1c`. */
  key: string;
  action: string;
  /** What it does, in words: "start logging again". */
  title: string;
  /** False for actions that only mark, such as a tag. */
  contains: boolean;
  /** What is acted on, in the action's own shape. */
  target: unknown;
  /** The target in words: "trail cordon". */
  label: string;
  status: ActionStatus;
  /** eventIDs of the records that called for it; of very many the first and the last. */
  because: string[];
  /** How many called for it, where that is more than are named. */
  records?: number | undefined;
  /** The target's state before, as captured, and after, as read back. */
  before?: unknown;
  after?: unknown;
  /** Commands that do the same by hand. */
  commands?: string[];
  /** The same in words. */
  beforeWords?: string;
  afterWords?: string;
  /** Why it was not needed, withheld or failed. */
  reason?: string;
  /** True when `not-needed` means that the records behind it did no harm. */
  benign?: boolean;
  /** Where it is proposed, though the response would have done it at once: what turned it down. */
  held?: 'mode' | 'cap';
  /** Why it cannot be undone. */
  irreversible?: string;
  /** Its approval takes two different people. */
  twoPersons?: boolean;
  /** What becomes of it when nobody answers; nothing unless told. */
  onTimeout?: 'nothing' | 'contain';
  /** ARNs of those who approved it. */
  approvedBy?: string[];
  /** ISO times of each change of status. */
  at: Partial<Record<ActionStatus, string>>;
  /** ARN of who has undone it; `reason` then is theirs. */
  undoneBy?: string;
  /** Who began to undo it last, and when. */
  undoBegan?: { by: string; at: string };
}

/** Something only a person can do. */
export interface ManualStep {
  /** Tells it from the incident's other steps where its text can change from one round to the next. */
  id?: string;
  /** What to do, a sentence. */
  what: string;
  /** Exact commands, if any. */
  commands?: string[];
}

/**
 * How an incident ended, or stands. `undone`: somebody has taken containment back; `monitored`: a mode held back all that
 * would have been done; `declined`: an analyst decided against containment; `resolved`: analysts have answered and done all
 * that the playbook could not. None of them is contained by cordon.
 */
export const outcomes = [
  'contained',
  'resolved',
  'needs-analyst',
  'undone',
  'declined',
  'monitored',
  'attempt',
  'benign',
  'duplicate',
] as const;
export type Outcome = (typeof outcomes)[number];

/** What may open an incident besides an alarm. */
export const lanes = ['event', 'watchdog', 'finding'] as const;

/** What can be said of an incident when its report is written: everything the playbook knows. */
export interface Incident {
  id: string;
  detection: string;
  account: string;
  region: string;
  severity: Severity;
  /** `open`: the playbook is at it; `handed-over`: it has done its part and an analyst must go on; `closed`. */
  status: 'open' | 'handed-over' | 'closed';
  outcome?: Outcome;
  /** ISO times. */
  openedAt: string;
  /** When the playbook ended its part. */
  closedAt?: string;
  /** When the alarm fired. */
  alarmAt: string;
  alarmName: string;
  alarmReason?: string;
  /**
   * `event`: the event of a call opened it, before any alarm; `alarmAt` is then the time of the call. `watchdog`: nobody
   * reported it, the watchdog found it by the state; `alarmAt` is then when it looked. `finding`: GuardDuty found it; `alarmAt` is then when it did.
   */
  lane?: (typeof lanes)[number];
  /** What the watchdog found. */
  differences?: Difference[];
  /** When the watchdog had begun its look before this one: what made the differences came later. ISO time. */
  since?: string;
  /** Why what the watchdog found is no reason to do anything. */
  explained?: string;
  /** In order of their time. */
  events: IncidentEvent[];
  /** Where it has no records: how many matched, but were cordon's own calls, and the incidents that have the others. */
  ownCalls?: number;
  claimedBy?: string[];
  /** Detections whose incidents tell of records of its window, as it yields to them. */
  leftTo?: string[];
  /** How many log events of its window matched, but were no usable records. */
  odd?: number;
  /** There are more records than were taken into it. */
  unread?: boolean;
  actions: ActionRecord[];
  /** What waits, or waited, for an analyst, in order of its time. */
  questions: Question[];
  findings: Findings;
  /** Steps that failed after their retries. */
  failures: { step: string; error: string; at: string }[];
  /** Where the report and the raw records are: s3://bucket/prefix. */
  evidence: string;
  /** Changes that could not be put onto the event bus. */
  unannounced?: { what: string; error: string; at: string }[] | undefined;
  /** What an analyst says of it when all is known: ARN of who, ISO time. */
  marked?: { as: Mark; by: string; at: string; note: string };
}
