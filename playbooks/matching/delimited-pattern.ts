import { longestPattern, NotExpressible, PatternTooLong } from './cloudwatch-pattern.ts';
import type { Literal, Match } from './match.ts';

const comparisons = { above: '>', atLeast: '>=', below: '<', atMost: '<=' } as const;

/**
 * The match as a filter pattern of CloudWatch Logs for space-delimited log events, `[version, ..., destport=22, protocol=6]`.
 * A condition stands with the field that it is on, so each part of an `all` must be on one field.
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/matching-terms-space-delimited-log-events.html
 * @param fields the names of all fields, in their order
 * @throws PatternTooLong, NotExpressible for a choice between fields, for a field that is not there, and for what no text says
 */
export function delimitedPattern(match: Match, fields: readonly string[]): string {
  const conditions = new Map<string, Match[]>();
  for (const part of match.kind === 'all' ? match.of : [match]) {
    const field = fieldOf(part);
    if (!fields.includes(field)) throw new NotExpressible(part.kind, `there is no field "${field}"`);
    conditions.set(field, [...(conditions.get(field) ?? []), part]);
  }
  const places = fields.map((field) => {
    const parts = conditions.get(field);
    if (!parts) return field;
    return parts.map((part) => write(part, field, parts.length > 1 ? 'all' : 'top')).join(' && ');
  });
  const pattern = `[${places.join(', ')}]`;
  if (pattern.length > longestPattern) throw new PatternTooLong(pattern);
  return pattern;
}

/** The one field that a match is on. */
function fieldOf(match: Match): string {
  if ('path' in match) return match.path;
  const [first = '', ...more] = new Set(match.of.map(fieldOf));
  if (more.length > 0) throw new NotExpressible(match.kind, `it is on several fields, ${[first, ...more].join(', ')}`);
  return first;
}

function write(match: Match, field: string, around: 'top' | 'all' | 'any'): string {
  const inner = (kind: 'all' | 'any', texts: string[]): string => {
    const text = texts.join(kind === 'all' ? ' && ' : ' || ');
    return kind === 'any' && around === 'all' && texts.length > 1 ? `(${text})` : text;
  };
  switch (match.kind) {
    case 'all':
    case 'any':
      return inner(
        match.kind,
        match.of.map((one) => write(one, field, match.kind as 'all' | 'any')),
      );
    case 'oneOf':
      return inner(
        'any',
        match.values.map((value) => `${field}=${literal(value, match.kind)}`),
      );
    case 'is':
      return `${field}=${literal(match.value, match.kind)}`;
    case 'isNot':
      return `${field}!=${literal(match.value, match.kind)}`;
    case 'like':
      return `${field}=${text(match.glob, match.kind)}`;
    case 'notLike':
      return `${field}!=${text(match.glob, match.kind)}`;
    case 'above':
    case 'atLeast':
    case 'below':
    case 'atMost':
      return `${field}${comparisons[match.kind]}${match.value}`;
    default:
      throw new NotExpressible(match.kind, 'every field of such a log event is there, and is a text');
  }
}

function literal(value: Literal, place: string): string {
  if (typeof value === 'number') return String(value);
  if (value.includes('*')) throw new NotExpressible(place, `"*" in "${value}" would be a wildcard; use like()`);
  return `"${text(value, place)}"`;
}

/** What may stand there without any doubt. */
function text(value: string, place: string): string {
  if (/^[A-Za-z0-9_.:/*-]+$/.test(value)) return value;
  throw new NotExpressible(place, `"${value}" has characters that no field of such a log event can be compared with`);
}
