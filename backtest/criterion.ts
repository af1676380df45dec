import { matchesPattern, parseFilterPattern } from '../playbooks/matching/filter-pattern/filter-pattern.ts';
import type { Match } from '../playbooks/matching/match.ts';
import { parsePath } from '../playbooks/matching/path.ts';
import { predicate } from '../playbooks/matching/predicate.ts';

/** What records are looked for: a match, or a filter pattern of CloudWatch Logs. Plain data, so that workers can be given it. */
export type Criterion = { match: Match } | { pattern: string };

/** Whether a record fits; `text` is the record as it was written, for patterns of words. */
export type RecordTest = (record: unknown, text: string) => boolean;

/** The fields of a record that a criterion looks at; undefined where that may be any. @throws InvalidPath */
export const fieldsOf = (criterion: Criterion): readonly string[] | undefined =>
  'match' in criterion ? fieldsIn(criterion.match) : undefined;

function fieldsIn(match: Match): readonly string[] | undefined {
  if ('of' in match) {
    const each = match.of.map(fieldsIn);
    return each.every((fields) => fields !== undefined) ? each.flat() : undefined;
  }
  const [first] = parsePath(match.path);
  return first && 'key' in first ? [first.key] : undefined;
}

/** The test of a criterion. @throws InvalidPath, InvalidFilterPattern */
export function testOf(criterion: Criterion): RecordTest {
  if ('match' in criterion) return predicate(criterion.match);
  const pattern = parseFilterPattern(criterion.pattern);
  if (pattern.kind === 'json') return pattern.test;
  return (_, text) => matchesPattern(pattern, text);
}

/** A match that holds of every record that fits; undefined where nothing can be said. @throws InvalidFilterPattern */
export function impliedBy(criterion: Criterion): Match | undefined {
  if ('match' in criterion) return criterion.match;
  const pattern = parseFilterPattern(criterion.pattern);
  return pattern.kind === 'json' ? pattern.implied : undefined;
}
