import * as z from 'zod';
import { isoTime } from '../playbooks/iso-time.ts';

const UNITS = { m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/**
 * A span such as `90m`, `24h` or `7d`, or a time such as `2026-05-01` or `2026-05-01T03:00:00Z`, in UTC where it says nothing
 * else; the ISO time that it means.
 */
export const sinceTime = z.string().transform((text, context) => {
  const [, count, unit] = /^(\d{1,5})([mhd])$/.exec(text) ?? [];
  if (count && unit) return new Date(Date.now() - Number(count) * UNITS[unit as keyof typeof UNITS]).toISOString();
  const time = isoTime(text.includes('T') ? text : `${text}T00:00`);
  if (!Number.isNaN(time)) return new Date(time).toISOString();
  context.addIssue('must be a span such as 90m, 24h or 7d, or a time such as 2026-05-01T03:00:00Z');
  return z.NEVER;
});

/** A whole number of at least one. */
export const count = (most: number) =>
  z
    .string()
    .regex(/^\d{1,6}$/, `must be a number from 1 to ${most}`)
    .transform(Number)
    .pipe(z.number().min(1, `must be a number from 1 to ${most}`).max(most, `must be a number from 1 to ${most}`));

/** Some of these words, separated by commas, in whatever case. */
export const oneOrMore = <const W extends string>(words: readonly W[]) =>
  z.string().transform((text, context) => {
    const given = text.split(',').map((one) => one.trim().toLowerCase());
    const found = given.map((one) => words.find((word) => word.toLowerCase() === one));
    const wrong = given.find((_, index) => found[index] === undefined);
    if (wrong === undefined) return found as W[];
    context.addIssue(`must be one or more of ${words.join(', ')}`);
    return z.NEVER;
  });

/** The words of an answer, which the ledger keeps. */
export const words = z.string().trim().min(1, 'must say something').max(2000, 'must be 2,000 characters at most');

/** One of these words. */
export const oneWord = <const W extends string>(words: readonly W[]) =>
  z.enum(words, `must be one of ${words.join(', ')}`);
