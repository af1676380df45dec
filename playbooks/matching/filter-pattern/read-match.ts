import { all, any, type Match, oneOf } from '../match.ts';
import { parseFilterPattern } from './filter-pattern.ts';

/** A filter pattern that says something no match can say exactly. */
export class NotAMatch extends Error {
  override readonly name = 'NotAMatch';
}

/**
 * The match that holds of exactly the records that a filter pattern for JSON events takes.
 * @throws NotAMatch for other patterns, for regular expressions, and for a wildcard in the middle of a text
 * @throws InvalidFilterPattern
 */
export function readMatch(text: string): Match {
  const pattern = parseFilterPattern(text);
  if (pattern.kind !== 'json') throw new NotAMatch(`This is no pattern for JSON events: ${text}`);
  if (!pattern.exact)
    throw new NotAMatch(`A regular expression or a "*" inside a text has no exact match: ${text.slice(0, 200)}`);
  return simplified(pattern.implied);
}

/** With values of one field beside each other as one list, and without lists in lists of the same kind. */
function simplified(match: Match): Match {
  if (match.kind !== 'all' && match.kind !== 'any') return match;
  const of = match.of.map(simplified).flatMap((one) => (one.kind === match.kind ? one.of : [one]));
  if (match.kind === 'all') return all(...of);
  const [first] = of;
  const values = of.flatMap((one) =>
    one.kind === 'is' && first?.kind === 'is' && one.path === first.path ? [one.value] : [],
  );
  return first?.kind === 'is' && values.length === of.length && of.length > 1 ? oneOf(first.path, values) : any(...of);
}
