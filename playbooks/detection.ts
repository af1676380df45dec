import type { TechniqueId } from './attack-techniques.ts';
import type { Lanes } from './matching/forms.ts';
import type { Match } from './matching/match.ts';
import type { PackId } from './packs.ts';
import { bytes, plural } from './report/words.ts';
import type { SourceId } from './sources.ts';

/** How bad an incident of a detection is, worst last. */
export const severities = ['LOW', 'MEDIUM', 'HIGH', 'CRITICAL'] as const;
export type Severity = (typeof severities)[number];

/** What a deployment knows of the trail that its detections read, by name: the parts that it delivers through. */
export interface KnownTrail {
  /** Name of its log group. */
  logGroup: string;
  /** Name of its bucket. */
  bucket?: string | undefined;
  /** Name of the role that it writes to the log group with. */
  role?: string | undefined;
  /** ARN of the key that encrypts it. */
  key?: string | undefined;
  /** First part of the names of cordon's own things; `cordon` where it is not told. */
  prefix?: string | undefined;
}

/** What is known of the trail that cordon itself deploys, whatever CloudFormation calls its bucket. */
export const ownTrail = (prefix: string): KnownTrail & { role: string } => ({
  prefix,
  logGroup: `/${prefix}/trail`,
  role: `${prefix}-trail-delivery`,
});

/** A record in a detection's samples, with what it shows. Hand-written in the shape of real records of its source. */
export interface Sample {
  /** What the record is, in a few words: "denied StopLogging". */
  name: string;
  record: Record<string, unknown>;
}

/** A section of a benchmark, or a control, that a detection answers. */
export interface Reference {
  /** With what it says: "CIS AWS Foundations Benchmark v3.0.0, 4.5: CloudTrail configuration changes are monitored". */
  name: string;
  url?: string;
}

/** What a detection declares, whatever it looks at. */
interface Declared {
  /** Names the finding: "CloudTrail logging stopped, deleted or narrowed". */
  title: string;
  /** Why it matters and what it usually means, a sentence or two. */
  why: string;
  severity: Severity;
  /** The pack that it belongs to; without one it is always deployed. */
  pack?: PackId;
  /** The id of the response that it starts. */
  response: string;
  attack: TechniqueId[];
  /** What asks for it: sections of benchmarks, controls. */
  references: Reference[];
  /** What sets it off without harm, and what to do about that. */
  falsePositives: string[];
}

/**
 * One detection, declared once. From it come the metric filter, the alarm, the EventBridge rule to the playbook, the
 * predicate that the playbook filters with again, and the tests on its samples.
 */
export interface Detection extends Declared {
  /** Where its records come from; from the trail unless told. */
  source?: SourceId;
  /** Which records count. */
  when: Match;
  /**
   * The texts of its metric filters, where an auditor demands them to the letter: nothing is added, so cordon's own calls set
   * the alarm off as well, and the playbook leaves them out. `when` then says the same.
   */
  published?: readonly string[];
  /**
   * A record that another deployed detection takes as well, before it in the catalog and from one record on, is left to that
   * one: both alarms fire, but only the other's playbook tells of it.
   */
  yields?: true;
  /**
   * What counts in a deployment, where that is only a part of `when`: calls that are everyday work on other resources. The
   * metric filter, the rule and the playbook all take this.
   */
  within?: (trail: KnownTrail) => Match;
  /** It is about cordon's own things: calls by functions that may touch the trail's parts only are none of its. */
  ofOwn?: true;
  /**
   * In which further forms the match is there; synthesis refuses what an engine cannot say, or not as near as this says. The
   * lane of events starts the playbook of every detection of single events, unless it says here why not.
   */
  lanes?: Lanes;
  /**
   * The alarm fires when `atLeast` records match within `withinMinutes` minutes, or, with `sum`, when the numbers in that field of
   * the matching records come to so much.
   */
  alarm: { atLeast: number; withinMinutes: number; sum?: string };
  /**
   * Records that do not count for the alarm, but belong to the picture: they are collected when they share the value of
   * one of the paths with a record that counts, as a successful sign-in by the user whose sign-ins failed.
   */
  related?: { when: Match; sharing: string[] };
  samples: { matching: Sample[]; other: Sample[] };
}

/** A finding in a detection's samples, with what it shows, in the shape of real ones. */
export interface FindingSample {
  name: string;
  finding: Record<string, unknown>;
}

/**
 * A detection of what GuardDuty finds. It counts nothing and has no alarm: from it come the EventBridge rule to the playbook and
 * the predicate that the playbook filters with again.
 */
export interface FindingDetection extends Declared {
  source: 'guardduty';
  /**
   * The kinds of resource that the types of its findings are about, as they name them: `S3` of `Discovery:S3/MaliciousIPCaller`.
   * `others`: those that no other detection takes.
   */
  about: readonly [string, ...string[]] | 'others';
  /** What only a detection of a trail's records has. */
  yields?: never;
  alarm?: never;
  lanes?: never;
  related?: never;
  samples: { matching: FindingSample[]; other: FindingSample[] };
}

/** A detection of either source. */
export type AnyDetection = Detection | FindingDetection;
/** How much sets an alarm off, in words: `5 matching records`, `10.0 GB`. */
export const amountWords = ({ atLeast, sum }: Detection['alarm'], noun = 'record'): string => {
  if (sum === undefined) return plural(atLeast, noun);
  return sum === 'bytes' ? bytes(atLeast) : `${atLeast} ${sum}`;
};

/** Declares a detection; its id is its file's name and its key in the catalog. */
export const detection = (declared: Detection): Detection => declared;

/** Declares a detection of GuardDuty's findings; its id is its file's name and its key in the catalog. */
export const findingDetection = (
  declared: Omit<FindingDetection, 'source' | 'pack' | 'response'>,
): FindingDetection => ({
  ...declared,
  source: 'guardduty',
  pack: 'guardduty',
  response: 'answer-finding',
});

/** Which records count in a deployment. */
export const matchOf = ({ when, within }: Detection, trail: KnownTrail): Match => within?.(trail) ?? when;
