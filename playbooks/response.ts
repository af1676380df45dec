import type { Actor, ActorKind } from './actor.ts';
import type { CloudTrailRecord } from './cloudtrail.ts';
import type { Severity } from './detection.ts';
import type { Findings } from './findings.ts';
import type { Incident, ManualStep } from './incident.ts';
import type { Options } from './options.ts';
import type { TrailBaseline } from './trail-baseline.ts';

/**
 * How far an action goes by itself, least first. `monitor`: nothing is changed, the report says what would have been done.
 * `approve`: an analyst decides. `auto`: done at once. A deployment can turn every action, or those of one detection, down.
 */
export const modes = ['monitor', 'approve', 'auto'] as const;
export type Mode = (typeof modes)[number];

/** A target that records call for, with the records' eventIDs. */
export interface Target {
  /** In the action's own shape. All of it but `seen`, what the records say of it, tells it from other targets. */
  target: unknown;
  because: string[];
}

/** An action that puts protection back and harms nobody: it runs before the investigation. */
export interface Restore {
  action: string;
  /** The targets that the incident's successful calls name. */
  targets: (records: CloudTrailRecord[], account: string) => Target[];
  /** How far it goes by itself, as the records that call for it say; at once unless told. */
  mode?: (records: CloudTrailRecord[], options: Options) => Mode;
}

/** An action against the offenders of some kinds. */
export interface Contain {
  action: string;
  who: ActorKind | readonly ActorKind[];
  /** Fixed, or decided by the incident as far as it is known; `undefined` leaves the action out. */
  mode: Mode | ((incident: Incident, actorKey: string, options: Options) => Mode | undefined);
  /** The mode in words, where it is decided by the incident, and the setting that bears on it. */
  decided?: { words: string; setting?: keyof Options };
  /** What to act on, in the action's own shape; unless told, the user or role that the actor is. */
  targets?: (incident: Incident, actor: Actor) => unknown[];
  /** What an analyst must know to decide about a target, besides the action's blast radius. */
  question?: (incident: Incident, target: unknown) => string | undefined;
  /** An approval takes two different people. */
  twoPersons?: boolean;
  /** What becomes of a proposed action when nobody answers in time; nothing unless told, and never where it is irreversible. */
  onTimeout?: (options: Options) => 'nothing' | 'contain';
  /** Also against those whose calls were all refused. */
  attempts?: boolean;
  /** Also against those who only appear in related records. */
  related?: boolean;
}

/** A heading and its lines in the report. */
export interface Section {
  heading: string;
  lines: string[];
}

/**
 * One playbook, declared once: what is restored, investigated and contained in which order, what is left to a person,
 * and what the report says. From it come the state machine, its functions and their permissions.
 */
export interface Response {
  title: string;
  /** What a deployment by a protected principal calls does no harm. */
  sparesDeployments?: true;
  /** Judges any other record by what is known when it is collected: a reason why it did no harm, or undefined. */
  harmless?: (record: CloudTrailRecord, known: Known) => string | undefined;
  restore: Restore[];
  /** Ids of investigations, in order. */
  investigate: (keyof Findings)[];
  contain: Contain[];
  /** Raises or lowers the detection's severity by what was found. */
  severity?: (incident: Incident, declared: Severity) => Severity;
  byHand: (incident: Incident) => ManualStep[];
  /** What is still not as it should be, in words; an incident with such reasons needs an analyst. */
  unresolved?: (incident: Incident) => string[];
  report: (incident: Incident) => Section[];
  /** What the subject of the mail names as the target: a bucket, a trail, a user. */
  subject: (incident: Incident) => string;
}

/** What is known of the account when a record is judged. */
export interface Known {
  /** CloudFormation made the call for a protected principal. */
  deployment: boolean;
  /** A principal made the call whom the deployment protects by name. */
  protected: boolean;
  /** The current baseline of each trail. */
  baselines: readonly TrailBaseline[];
}

/** Why a record did no harm, by what is known when it is collected; undefined where it may have. */
export function whyHarmless(
  { sparesDeployments, harmless }: Response,
  record: CloudTrailRecord,
  known: Known,
): string | undefined {
  if (sparesDeployments && known.deployment) return 'a deployment by a protected principal made the call';
  return harmless?.(record, known);
}

/** Declares a response; its id is its file's name and its key in the catalog. */
export const response = (declared: Response): Response => declared;
