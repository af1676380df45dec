import * as z from 'zod';
import type { CloudTrailRecord } from './cloudtrail.ts';
import type { Match } from './matching/match.ts';
import { predicate } from './matching/predicate.ts';
import { matchSchema } from './matching/schema.ts';

/**
 * Records of a detection that are known to do no harm, for as long as somebody answers for it. They are never dropped:
 * each is part of its incident and its report, as benign, with owner, day and reason.
 */
export interface Suppression {
  /** Id of the detection. */
  detection: string;
  /** Which of its records. */
  match: Match;
  /** Who answers for it: a team or an address. */
  owner: string;
  reason: string;
  /** The last day on which it applies, `YYYY-MM-DD`, in UTC. */
  expires: string;
}

/** A suppression as a deployment's settings have it; owner, reason and last day are required. */
export const suppressionSchema: z.ZodType<Suppression> = z.strictObject({
  detection: z.string().min(1),
  match: matchSchema,
  owner: z.string().trim().min(1, 'says who answers for it').max(200),
  reason: z.string().trim().min(1, 'says why these records do no harm').max(500),
  expires: z.iso.date('must be the last day on which it applies, as YYYY-MM-DD'),
});

/** True once the last day of a suppression is over. */
export const isExpired = ({ expires }: Suppression, now: Date): boolean => now.toISOString().slice(0, 10) > expires;

/** The suppression that applies to a record of a detection now. */
export const suppressionOf = (
  record: CloudTrailRecord,
  detection: string,
  suppressions: readonly Suppression[],
  now: Date,
): Suppression | undefined =>
  suppressions.find((one) => one.detection === detection && !isExpired(one, now) && predicate(one.match)(record));

/** A suppression in the words that the report gives for each record that it covers. */
export const suppressionWords = ({ owner, expires, reason }: Suppression): string =>
  `suppressed by ${owner} until ${expires}: ${reason}`;
