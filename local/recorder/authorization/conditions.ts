/** What is known of a request, by condition key in lower case. */
export type RequestContext = ReadonlyMap<string, string>;

type Comparison = (actual: string, wanted: string) => boolean;

const ordered = (read: (text: string) => number, holds: (left: number, right: number) => boolean): Comparison => {
  return (actual, wanted) => holds(read(actual), read(wanted));
};
const ORDERS: Record<string, (left: number, right: number) => boolean> = {
  Equals: (left, right) => left === right,
  LessThan: (left, right) => left < right,
  LessThanEquals: (left, right) => left <= right,
  GreaterThan: (left, right) => left > right,
  GreaterThanEquals: (left, right) => left >= right,
};
const time = (text: string): number => (/^\d+$/.test(text) ? Number(text) * 1000 : Date.parse(text));

/**
 * The comparisons of condition operators; the negated ones are these, negated.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
 */
const COMPARISONS = new Map<string, Comparison>([
  ['StringEquals', (actual, wanted) => actual === wanted],
  ['StringEqualsIgnoreCase', (actual, wanted) => actual.toLowerCase() === wanted.toLowerCase()],
  ['StringLike', isLike],
  ['ArnEquals', isLike],
  ['ArnLike', isLike],
  ['Bool', (actual, wanted) => actual.toLowerCase() === wanted.toLowerCase()],
  ['IpAddress', isInRange],
  ...Object.entries(ORDERS).flatMap(([name, holds]): [string, Comparison][] => [
    [`Numeric${name}`, ordered(Number, holds)],
    [`Date${name}`, ordered(time, holds)],
  ]),
]);

/**
 * Whether a statement's `Condition` holds for a request. Every operator and every key of it must; of a key's values one is enough, or,
 * for a negated operator, none may match.
 * @throws {UnknownOperator} for an operator that IAM does not know either
 */
export function holds(condition: unknown, context: RequestContext): boolean {
  return entries(condition).every(([operator, keys]) =>
    entries(keys).every(([key, values]) => testKey(operator, context.get(key.toLowerCase()), asTexts(values), context)),
  );
}

/** A policy uses a condition operator that does not exist. */
export class UnknownOperator extends Error {
  override name = 'UnknownOperator';
}

function testKey(operator: string, actual: string | undefined, wanted: string[], context: RequestContext): boolean {
  const [, quantifier, name = '', ifExists] = /^(?:(ForAllValues|ForAnyValue):)?(.+?)(IfExists)?$/.exec(operator) ?? [];
  if (name === 'Null') return wanted.some((value) => (value === 'true') === (actual === undefined));
  const negated = /^(String|Numeric|Date|Arn)Not|^NotIpAddress$/.test(name);
  const comparison = COMPARISONS.get(name.replace('Not', ''));
  if (!comparison) throw new UnknownOperator(`A policy uses the condition operator ${operator}, which does not exist.`);
  // A key that the request does not have matches nothing: that fulfils a negated operator, and every value of none is fine.
  if (actual === undefined) {
    return ifExists !== undefined || quantifier === 'ForAllValues' || (negated && quantifier === undefined);
  }
  return wanted.some((value) => comparison(actual, filledIn(value, context))) !== negated;
}

/** Puts a request's values in place of policy variables; one that the request does not have matches nothing. */
export function filledIn(pattern: string, context: RequestContext): string {
  return pattern.replace(/\$\{([^},]+)(?:,\s*'([^']*)')?\}/g, (_, key: string, fallback: string | undefined) => {
    if (/^[*?$]$/.test(key)) return key;
    return context.get(key.toLowerCase()) ?? fallback ?? '\u0000';
  });
}

/** Whether a text matches a pattern in which `*` stands for any characters and `?` for one. */
export function isLike(text: string, pattern: string): boolean {
  const source = pattern
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replaceAll(/\*+/g, '.*')
    .replaceAll('?', '.');
  return new RegExp(`^${source}$`, 's').test(text);
}

function isInRange(actual: string, range: string): boolean {
  const [network = '', bits] = range.split('/');
  const [left, right] = [addressBits(actual), addressBits(network)];
  if (left === undefined || right === undefined || left.length !== right.length) return false;
  const length = bits === undefined ? left.length : Number(bits);
  return left.slice(0, length) === right.slice(0, length);
}

/** An address as its bits; undefined for what is no address. */
function addressBits(address: string): string | undefined {
  const bits = (parts: number[], size: number) => parts.map((part) => part.toString(2).padStart(size, '0')).join('');
  if (/^\d+(\.\d+){3}$/.test(address)) return bits(address.split('.').map(Number), 8);
  if (!address.includes(':')) return undefined;
  const [head = '', tail] = address.split('::');
  const groups = (text: string) => (text === '' ? [] : text.split(':').map((group) => Number.parseInt(group, 16)));
  const [front, back] = [groups(head), groups(tail ?? '')];
  const between = tail === undefined ? [] : new Array<number>(Math.max(0, 8 - front.length - back.length)).fill(0);
  return bits([...front, ...between, ...back], 16);
}

function entries(value: unknown): [string, unknown][] {
  return typeof value === 'object' && value !== null ? Object.entries(value) : [];
}

function asTexts(values: unknown): string[] {
  return (Array.isArray(values) ? values : [values]).map(String);
}
