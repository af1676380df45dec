import * as z from 'zod';
import type { Match } from './match.ts';
import { predicate } from './predicate.ts';

const literal = z.union([z.string(), z.number()]);
const path = z.string().min(1);

const shape: z.ZodType<Match> = z.lazy(() =>
  z.discriminatedUnion('kind', [
    z.strictObject({ kind: z.enum(['all', 'any']), of: z.array(shape).min(1) }),
    z.strictObject({ kind: z.enum(['is', 'isNot']), path, value: literal }),
    z.strictObject({ kind: z.literal('oneOf'), path, values: z.array(literal).min(1) }),
    z.strictObject({ kind: z.enum(['like', 'notLike']), path, glob: z.string() }),
    z.strictObject({ kind: z.enum(['above', 'atLeast', 'below', 'atMost']), path, value: z.number() }),
    z.strictObject({ kind: z.enum(['exists', 'missing', 'isNull', 'isTrue', 'isFalse']), path }),
  ]),
);

/** A match that comes from outside, as JSON: its shape and every path in it are checked. */
export const matchSchema: z.ZodType<Match> = shape.superRefine((match, context) => {
  try {
    predicate(match);
  } catch (error) {
    context.addIssue(error instanceof Error ? error.message : String(error));
  }
});
