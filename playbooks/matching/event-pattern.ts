import { PatternTooLong } from './cloudwatch-pattern.ts';
import type { Literal, Match } from './match.ts';
import { type Path, parsePath } from './path.ts';

/**
 * EventBridge's limit for a rule's pattern, in characters. The API takes 4,096, but an account has to ask for more than these.
 * https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-quota.html
 */
export const longestEventPattern = 2048;
/** How many alternatives a pattern is spread out to before it is refused; EventBridge itself ends at 1,000. */
const mostAlternatives = 200;

/** A match that an EventBridge pattern cannot say: which condition, and why. */
export class NoEventPattern extends Error {
  override readonly name = 'NoEventPattern';
}

/** A JSON value of an EventBridge pattern. */
export type EventPattern = { [key: string]: EventPattern | unknown[] };

/**
 * The match as an EventBridge event pattern for the `detail` of CloudTrail events, such as `{ detail: { eventName: ["StopLogging"] } }`.
 * It is exact but for what `differences` tells of, where each field has the kind that its comparison names: EventBridge looks into
 * an array wherever a value may stand, and takes an object or an empty array as missing. Whoever receives the event applies the
 * predicate again. As EventBridge compares numbers with numbers only and text with text only, what must equal a number is listed
 * as both, the text as JSON writes the number.
 * https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html
 * @param envelope what is asked of the event around the record, such as its source
 * @throws NoEventPattern for what EventBridge cannot say
 * @throws PatternTooLong over {@link longestEventPattern} characters
 */
export function eventPattern(match: Match, envelope: EventPattern = {}): EventPattern {
  const pattern: EventPattern = { ...envelope, detail: alternatively(spread(match)) };
  const text = JSON.stringify(pattern);
  if (text.length > longestEventPattern) throw new PatternTooLong(text, ['event', 'EventBridge', longestEventPattern]);
  return pattern;
}

/** What all alternatives ask for stands once, beside the "or" of the rest: repeated, it would be most of the pattern. */
function alternatively(alternatives: Together[]): EventPattern {
  for (const one of alternatives) written(one);
  const [first = new Map(), ...others] = alternatives;
  const isCommon = (path: string) =>
    others.every((one) => JSON.stringify(one.get(path)) === JSON.stringify(first.get(path)));
  const common = new Map([...first].filter(([path]) => isCommon(path)));
  const rests = alternatives.map((one) => new Map([...one].filter(([path]) => !common.has(path))));
  // One that asks for nothing more takes what the others take as well.
  if (rests.some(({ size }) => size === 0)) return written(common);
  return { ...written(common), $or: rests.map(written) };
}

/** Conditions that hold together, by the path that they are on, as EventBridge's matchers of which one must fit. */
type Together = ReadonlyMap<string, readonly unknown[]>;

/** The match as alternatives of conditions: EventBridge says "or" only around "and". */
function spread(match: Match): Together[] {
  switch (match.kind) {
    case 'any':
      return limited(mergeSamePath(match.of.flatMap(spread)));
    case 'all':
      return match.of.map(spread).reduce((left, right) => {
        if (left.length * right.length > mostAlternatives) tooMany();
        return left.flatMap((one) => right.map((other) => joined(one, other)));
      });
    default:
      return [new Map([[match.path, matchers(match)]])];
  }
}

function limited(alternatives: Together[]): Together[] {
  return alternatives.length > mostAlternatives ? tooMany() : alternatives;
}

function tooMany(): never {
  throw new NoEventPattern(`The match has more than ${mostAlternatives} alternatives when spread out: split it.`);
}

/** Alternatives of one condition each, on the same path, are one list of matchers. */
function mergeSamePath(alternatives: Together[]): Together[] {
  const single = new Map<string, unknown[]>();
  const merged: Together[] = [];
  for (const alternative of alternatives) {
    const [[path, values] = ['', []]] = alternative;
    if (alternative.size !== 1) merged.push(alternative);
    else single.set(path, [...(single.get(path) ?? []), ...values]);
  }
  return [...merged, ...[...single].map(([path, values]) => new Map([[path, values]]))];
}

function joined(one: Together, other: Together): Together {
  const both = new Map(one);
  for (const [path, values] of other) {
    const known = both.get(path);
    both.set(path, known ? onOnePath(path, known, values) : values);
  }
  return both;
}

/** Two conditions on one path that must both hold: EventBridge can say that of ranges of numbers and of values to leave out only. */
function onOnePath(path: string, left: readonly unknown[], right: readonly unknown[]): unknown[] {
  if (arrayIn(parsePath(path))) throw clash(path);
  const [a, b] = [sole(left), sole(right)];
  if (a && b && Array.isArray(a.numeric) && Array.isArray(b.numeric)) {
    const both = [...a.numeric, ...b.numeric];
    const lower = String(a.numeric[0]).startsWith('>');
    if (both.length === 4 && lower !== String(b.numeric[0]).startsWith('>') && !both.includes('=')) {
      return [{ numeric: range(path, lower ? both : [...b.numeric, ...a.numeric]) }];
    }
  }
  const [notA, notB] = [a?.['anything-but'], b?.['anything-but']];
  if (Array.isArray(notA) && Array.isArray(notB) && typeof notA[0] === typeof notB[0]) {
    return [{ 'anything-but': [...notA, ...notB] }];
  }
  if (JSON.stringify(left) === JSON.stringify(right)) return [...left];
  throw new NoEventPattern(`EventBridge cannot ask two things of "${path}" at once: ${JSON.stringify([left, right])}.`);
}

/** A range from a lower bound to an upper one, which must lie above it: of one number EventBridge wants to be told as such. */
function range(path: string, bounds: readonly unknown[]): unknown[] {
  const [above, bottom, below, top] = bounds as [string, number, string, number];
  if (bottom < top) return [...bounds];
  if (bottom === top && above === '>=' && below === '<=') return ['=', bottom];
  throw new NoEventPattern(
    `Nothing is ${above} ${bottom} and ${below} ${top}: what is asked of "${path}" never holds.`,
  );
}

function sole(values: readonly unknown[]): Record<string, unknown> | undefined {
  const [value] = values;
  return values.length === 1 && typeof value === 'object' && value ? (value as Record<string, unknown>) : undefined;
}

type Condition = Exclude<Match, { kind: 'all' | 'any' }>;

function matchers(match: Condition): unknown[] {
  switch (match.kind) {
    case 'is':
      return equal(match.value);
    case 'oneOf':
      return match.values.flatMap(equal);
    case 'isNot':
      return [{ 'anything-but': [checkedLiteral(match.path, match.value)] }];
    case 'like':
      return match.glob.includes('*') ? [glob(match.glob)] : equal(match.glob);
    case 'notLike':
      return [notGlob(match.path, match.glob)];
    case 'above':
      return numeric(match.path, '>', match.value);
    case 'atLeast':
      return numeric(match.path, '>=', match.value);
    case 'below':
      return numeric(match.path, '<', match.value);
    case 'atMost':
      return numeric(match.path, '<=', match.value);
    case 'exists':
      return [{ exists: true }];
    case 'missing':
      return [{ exists: false }];
    case 'isNull':
      return [null];
    case 'isTrue':
      return [true];
    case 'isFalse':
      return [false];
  }
}

/** Beyond this EventBridge compares numbers by their digits only. */
const mostComparable = 5e9;

/** What equals the value, as text and as number where it may be either: `"400"` and `400` are the same to CloudWatch. */
function equal(value: Literal): unknown[] {
  if (typeof value === 'number')
    return [Math.abs(value) <= mostComparable ? { numeric: ['=', value] } : value, String(value)];
  // Only a text that is just as JSON writes the number: 4e2 is 400 there.
  const number = Number(value);
  return Number.isFinite(number) && String(number) === value ? [value, number] : [value];
}

function numeric(path: string, operator: string, value: number): unknown[] {
  return [{ numeric: [operator, checkedNumber(path, value)] }];
}

function checkedLiteral(path: string, value: Literal): Literal {
  return typeof value === 'number' ? checkedNumber(path, value) : value;
}

function checkedNumber(path: string, value: number): number {
  if (Math.abs(value) <= mostComparable) return value;
  throw new NoEventPattern(
    `EventBridge compares with numbers up to 5,000,000,000 only; "${path}" is compared with ${value}.`,
  );
}

function glob(text: string): unknown {
  const bare = text.replaceAll('*', '');
  if (!text.includes('*')) return text;
  if (bare === '') return { exists: true };
  if (text === `${bare}*`) return { prefix: bare };
  if (text === `*${bare}`) return { suffix: bare };
  return { wildcard: wildcardText(text) };
}

function notGlob(path: string, text: string): unknown {
  const matcher = glob(text);
  if (typeof matcher === 'string') return { 'anything-but': [matcher] };
  if (JSON.stringify(matcher) === '{"exists":true}') {
    throw new NoEventPattern(`notLike("${path}") with "*" alone leaves everything out: it never holds.`);
  }
  return { 'anything-but': matcher };
}

function wildcardText(text: string): string {
  const escaped = text.replaceAll('\\', '\\\\');
  // Two wildcards in a row are refused by EventBridge, and mean the same as one.
  return escaped.replace(/\*{2,}/g, '*');
}

function written(conditions: Together): EventPattern {
  const pattern: EventPattern = {};
  const paths = [...conditions.keys()].map((path) => ({ path, steps: parsePath(path) }));
  for (const { path, steps } of paths) {
    const array = arrayIn(steps);
    const other = array && paths.find((one) => one.path !== path && keys(one.steps).startsWith(array));
    // EventBridge would ask one element for both, where CloudWatch lets each condition find its own.
    if (other) throw clash(path);
    place(pattern, path, keysOf(path, steps, conditions.get(path) ?? []), [...(conditions.get(path) ?? [])]);
  }
  return pattern;
}

/** The keys in front of the path's first array, or undefined where it has none. */
function arrayIn(steps: Path): string | undefined {
  const at = steps.findIndex((step) => !('key' in step));
  return at < 0 ? undefined : keys(steps.slice(0, at));
}

function keys(steps: Path): string {
  return steps.flatMap((step) => ('key' in step ? [`${JSON.stringify(step.key)}.`] : [])).join('');
}

function keysOf(path: string, steps: Path, values: readonly unknown[]): string[] {
  const names = steps.flatMap((step) => ('key' in step ? [step.key] : []));
  if (steps.some((step) => 'any' in step && step.any === 'field')) {
    throw new NoEventPattern(`EventBridge has no wildcard for the fields of an object: "${path}".`);
  }
  if (names.length < steps.length && values.some((value) => JSON.stringify(value) === '{"exists":false}')) {
    throw new NoEventPattern(`EventBridge cannot ask whether an element of an array is missing: "${path}".`);
  }
  if (names.includes('__proto__')) {
    // Whoever copies the pattern into a template loses what stands under this key, and with it the condition.
    throw new NoEventPattern(`A pattern cannot hold the key "__proto__": "${path}".`);
  }
  if (names.length === 0) throw new NoEventPattern(`The path "${path}" names no field.`);
  return names;
}

function place(pattern: EventPattern, path: string, names: readonly string[], values: unknown[]): void {
  let at = pattern;
  for (const name of names.slice(0, -1)) {
    const next = Object.hasOwn(at, name) ? at[name] : {};
    if (!next || Array.isArray(next)) throw clash(path);
    at[name] = next;
    at = next;
  }
  const last = names.at(-1) ?? '';
  if (Object.hasOwn(at, last)) throw clash(path);
  at[last] = values;
}

function clash(path: string): NoEventPattern {
  return new NoEventPattern(
    `EventBridge cannot ask of "${path}" and of a field above or below it, or twice of one array's elements, at once.`,
  );
}
