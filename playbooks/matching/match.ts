import { parsePath } from './path.ts';

/** What a condition compares with. A number compares as a number, a string as text. */
export type Literal = string | number;

/**
 * What a detection looks for in a CloudTrail record: plain data that serializes to JSON. Everything in it can be said in the
 * filter pattern language of CloudWatch Logs, and means what it means there (see `predicate`).
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntax.html
 */
export type Match =
  | { kind: 'all' | 'any'; of: readonly Match[] }
  | { kind: 'is' | 'isNot'; path: string; value: Literal }
  | { kind: 'oneOf'; path: string; values: readonly Literal[] }
  | { kind: 'like' | 'notLike'; path: string; glob: string }
  | { kind: 'above' | 'atLeast' | 'below' | 'atMost'; path: string; value: number }
  | { kind: 'exists' | 'missing' | 'isNull' | 'isTrue' | 'isFalse'; path: string };

/** A match that makes no sense; the message says which one and why. */
export class InvalidMatch extends Error {
  override readonly name = 'InvalidMatch';
}

/** Every one of `of` holds. @throws InvalidMatch when there is none. */
export function all(...of: Match[]): Match {
  return combined('all', of);
}

/** At least one of `of` holds. @throws InvalidMatch when there is none. */
export function any(...of: Match[]): Match {
  return combined('any', of);
}

/**
 * The value at `path` equals `value`; case counts. Text has no wildcards here: see {@link like}.
 * @throws InvalidPath, InvalidMatch
 */
export function is(path: string, value: Literal): Match {
  return { kind: 'is', path: checked(path), value: checkedLiteral(path, value) };
}

/**
 * There is a text or number at `path`, and it differs from `value`. Where the field is absent, null, true, false, an object or
 * an array this does **not** hold, as in CloudWatch: say `any(missing(path), isNot(path, value))` to include absence.
 * @throws InvalidPath, InvalidMatch
 */
export function isNot(path: string, value: Literal): Match {
  return { kind: 'isNot', path: checked(path), value: checkedLiteral(path, value) };
}

/** The value at `path` equals one of `values`. @throws InvalidPath, InvalidMatch when there is none. */
export function oneOf(path: string, values: readonly Literal[]): Match {
  if (values.length === 0) throw new InvalidMatch(`oneOf("${path}") has no values: it would never hold.`);
  return { kind: 'oneOf', path: checked(path), values: values.map((value) => checkedLiteral(path, value)) };
}

/** The text at `path` is `glob`, where `*` stands for any characters, none included (in the middle: within a line). @throws InvalidPath */
export function like(path: string, glob: string): Match {
  return { kind: 'like', path: checked(path), glob };
}

/** There is a text or number at `path`, and it is not {@link like} `glob`; absence as in {@link isNot}. @throws InvalidPath */
export function notLike(path: string, glob: string): Match {
  return { kind: 'notLike', path: checked(path), glob };
}

/** There is a text or a number at `path`; null, true, false, objects and arrays do not count, as in CloudWatch. @throws InvalidPath */
export function exists(path: string): Match {
  return { kind: 'exists', path: checked(path) };
}

/** There is nothing at `path`, not even null. @throws InvalidPath */
export function missing(path: string): Match {
  return { kind: 'missing', path: checked(path) };
}

/** The value at `path` is null. @throws InvalidPath */
export function isNull(path: string): Match {
  return { kind: 'isNull', path: checked(path) };
}

/** The value at `path` is the boolean true; the text "true" is not. @throws InvalidPath */
export function isTrue(path: string): Match {
  return { kind: 'isTrue', path: checked(path) };
}

/** The value at `path` is the boolean false; the text "false" is not. @throws InvalidPath */
export function isFalse(path: string): Match {
  return { kind: 'isFalse', path: checked(path) };
}

/** The number at `path` is greater than `value`. @throws InvalidPath, InvalidMatch */
export function above(path: string, value: number): Match {
  return { kind: 'above', path: checked(path), value: checkedNumber(path, value) };
}

/** The number at `path` is `value` or greater. @throws InvalidPath, InvalidMatch */
export function atLeast(path: string, value: number): Match {
  return { kind: 'atLeast', path: checked(path), value: checkedNumber(path, value) };
}

/** The number at `path` is less than `value`. @throws InvalidPath, InvalidMatch */
export function below(path: string, value: number): Match {
  return { kind: 'below', path: checked(path), value: checkedNumber(path, value) };
}

/** The number at `path` is `value` or less. @throws InvalidPath, InvalidMatch */
export function atMost(path: string, value: number): Match {
  return { kind: 'atMost', path: checked(path), value: checkedNumber(path, value) };
}

function combined(kind: 'all' | 'any', of: readonly Match[]): Match {
  const [only] = of;
  if (only === undefined) throw new InvalidMatch(`${kind}() needs at least one condition.`);
  return of.length === 1 ? only : { kind, of };
}

function checked(path: string): string {
  parsePath(path);
  return path;
}

function checkedLiteral(path: string, value: Literal): Literal {
  return typeof value === 'number' ? checkedNumber(path, value) : value;
}

function checkedNumber(path: string, value: number): number {
  if (!Number.isFinite(value))
    throw new InvalidMatch(`${value} cannot be compared with "${path}": give a finite number.`);
  return value;
}
