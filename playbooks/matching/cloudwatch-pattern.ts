import type { Literal, Match } from './match.ts';
import { isPlainKey, parsePath, selector, wildcards } from './path.ts';
import { hasInnerWildcard } from './values.ts';

/** CloudWatch's limit for a metric filter's pattern, in characters. https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutMetricFilter.html */
export const longestPattern = 1024;

/** A match whose pattern would be longer than the engine takes that is to evaluate it. */
export class PatternTooLong extends Error {
  override readonly name = 'PatternTooLong';
  /** The pattern that was refused. */
  readonly pattern: string;

  constructor(
    pattern: string,
    [kind, engine, most] = ['filter', 'CloudWatch', longestPattern] as [string, string, number],
  ) {
    super(
      `The ${kind} pattern has ${pattern.length} characters, ${engine} takes ${most}: ` +
        `split the detection, or use "like" instead of long lists. It begins ${pattern.slice(0, 80)}`,
    );
    this.pattern = pattern;
  }
}

/** A match that CloudWatch cannot say; `place` is the condition, as in `all[1].is("userAgent")`. */
export class NotExpressible extends Error {
  override readonly name = 'NotExpressible';
  readonly place: string;

  constructor(place: string, reason: string) {
    super(`CloudWatch cannot express ${place}: ${reason}.`);
    this.place = place;
  }
}

/**
 * The match as a CloudWatch Logs filter pattern, `{ $.eventSource = "s3.amazonaws.com" && ($.eventName = "PutBucketAcl" || ...) }`.
 * @throws PatternTooLong over {@link longestPattern} characters
 * @throws NotExpressible for a value with a quote, backslash or control character (no escape is documented), with `*` where none
 *   is meant, for a wildcard inside a text that is no documented regular expression, and beyond the quotas: one wildcard in a path,
 *   three in a pattern, two regular expressions in a pattern.
 */
export function cloudWatchPattern(match: Match): string {
  const quota = { wildcards: 3, expressions: 2 };
  const pattern = `{ ${write(match, 'the match', 'top', quota)} }`;
  if (pattern.length > longestPattern) throw new PatternTooLong(pattern);
  return pattern;
}

type Quota = { wildcards: number; expressions: number };
/** What surrounds a condition: decides where parentheses are needed, as `&&` binds tighter than `||`. */
type Around = 'top' | 'all' | 'any';

const comparisons = { above: '>', atLeast: '>=', below: '<', atMost: '<=' } as const;

function write(match: Match, place: string, around: Around, quota: Quota): string {
  switch (match.kind) {
    case 'all':
      return match.of.map((one, n) => write(one, `${placeIn(place)}all[${n}]`, 'all', quota)).join(' && ');
    case 'any': {
      const text = match.of.map((one, n) => write(one, `${placeIn(place)}any[${n}]`, 'any', quota)).join(' || ');
      return around === 'all' ? `(${text})` : text;
    }
    default:
      return writeCondition(match, `${placeIn(place)}${match.kind}("${match.path}")`, around, quota);
  }
}

type Condition = Exclude<Match, { kind: 'all' | 'any' }>;

function writeCondition(match: Condition, place: string, around: Around, quota: Quota): string {
  const field = (): string => writePath(match.path, place, quota);
  switch (match.kind) {
    case 'is':
      return `${field()} = ${writeLiteral(match.value, place)}`;
    case 'isNot':
      return `${field()} != ${writeLiteral(match.value, place)}`;
    case 'oneOf': {
      const text = match.values.map((value) => `${field()} = ${writeLiteral(value, place)}`).join(' || ');
      return around === 'all' && match.values.length > 1 ? `(${text})` : text;
    }
    case 'like':
      return `${field()} = ${writeGlob(match.glob, place, quota)}`;
    case 'notLike':
      return `${field()} != ${writeGlob(match.glob, place, quota)}`;
    case 'exists':
      return `${field()} = "*"`;
    case 'missing':
      return `${field()} NOT EXISTS`;
    case 'isNull':
      return `${field()} IS NULL`;
    case 'isTrue':
      return `${field()} IS TRUE`;
    case 'isFalse':
      return `${field()} IS FALSE`;
    default:
      return `${field()} ${comparisons[match.kind]} ${match.value}`;
  }
}

function placeIn(place: string): string {
  return place === 'the match' ? '' : `${place}.`;
}

function writePath(path: string, place: string, quota: Quota): string {
  const steps = parsePath(path);
  const odd = steps.find((step) => 'key' in step && !isPlainKey(step.key) && !/^[\w .:/@-]+$/.test(step.key));
  if (odd) throw new NotExpressible(place, `the key ${JSON.stringify(odd)} has characters that no selector can hold`);
  const first = steps[0];
  if (first && 'index' in first) throw new NotExpressible(place, 'a selector begins with a key');
  const count = wildcards(steps);
  if (count > 1) throw new NotExpressible(place, 'a path may have one wildcard only');
  quota.wildcards -= count;
  if (quota.wildcards < 0) throw new NotExpressible(place, 'a pattern may have three paths with wildcards only');
  return selector(steps);
}

function writeLiteral(value: Literal, place: string): string {
  if (typeof value === 'number') return String(value);
  if (value.includes('*'))
    throw new NotExpressible(place, `"*" in ${JSON.stringify(value)} would be a wildcard; use like()`);
  return quote(value, place);
}

function writeGlob(glob: string, place: string, quota: Quota): string {
  // Whether CloudWatch takes `*` in the middle of a text as a wildcard depends on the edition of its guide; a regular expression is certain.
  if (!hasInnerWildcard(glob)) return quote(glob, place);
  quota.expressions -= 1;
  if (quota.expressions < 0)
    throw new NotExpressible(place, 'a pattern may hold two texts with "*" in the middle only');
  return `%^${[...glob].map((char) => writeInExpression(char, place)).join('')}$%`;
}

function writeInExpression(char: string, place: string): string {
  if (char === '*') return '.*';
  if (/[A-Za-z0-9:_#=@/;,-]/.test(char)) return char;
  if (/[\^$?[\]{}|\\+.]/.test(char)) return `\\${char}`;
  const code = char.codePointAt(0) ?? 0;
  if (code > 0x7f) throw new NotExpressible(place, `"${char}" cannot stand beside "*" in the middle of a text`);
  return `\\x${code.toString(16).toUpperCase().padStart(2, '0')}`;
}

function quote(text: string, place: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
  const bad = /["\\\u0000-\u001f\u007f]/.exec(text)?.[0];
  if (bad !== undefined)
    throw new NotExpressible(place, `no way is documented to write ${JSON.stringify(bad)} in a text`);
  return `"${text}"`;
}
