import type { Match } from '../match.ts';
import { compareNumber, globTest, hasInnerWildcard, numberOf, type Operator, type TextTest } from '../values.ts';
import type { Scanner } from './scanner.ts';

const operators: readonly Operator[] = ['!=', '<=', '>=', '=', '<', '>'];
/** What may stand without quotes: the guide shows `123.123.*`, `*.html*`, `4*` and `+1000` beside plain words. */
const bareJson = /[A-Za-z0-9_.:/@*+-]+/y;
const bareField = /[^\s,&|()"%[\]=!<>]+/y;

/** A comparison that was read. */
export interface Comparison {
  test: TextTest;
  /** A condition on a path that holds wherever the comparison does, and perhaps elsewhere. */
  implied: (path: string) => Match;
  /** That condition holds nowhere else. */
  exact: boolean;
}

const anyValue = (path: string): Match => ({ kind: 'exists', path });
const kinds = { '<': 'below', '<=': 'atMost', '>': 'above', '>=': 'atLeast' } as const;

/**
 * Reads an operator and what to compare with, and gives the test for a value's text: a number without quotes compares as a number,
 * any other as text in which `*` stands for any characters, and `%...%` is a regular expression.
 * @throws InvalidFilterPattern
 */
export function readComparison(scanner: Scanner, inside: 'json' | 'fields'): Comparison {
  scanner.skipSpace();
  const operator = operators.find((one) => scanner.take(one));
  if (!operator) scanner.fail('a comparison (=, !=, <, <=, >, >=) is expected');
  scanner.skipSpace();
  const at = scanner.position;
  if (scanner.char === '%') {
    return { test: equality(scanner, operator, at, scanner.takeExpression()), implied: anyValue, exact: false };
  }
  if (scanner.char === '"') return textComparison(scanner, operator, at, scanner.takeQuoted());
  const bare = scanner.takeMatch(inside === 'json' ? bareJson : bareField);
  if (bare === undefined) scanner.fail('a text, a number or a regular expression is expected');
  const number = numberOf(bare);
  if (number === undefined) return textComparison(scanner, operator, at, bare);
  return {
    test: (text) => compareNumber(text, operator, number),
    implied: (path) => numberCondition(path, operator, number),
    exact: true,
  };
}

function numberCondition(path: string, operator: Operator, value: number): Match {
  if (operator === '=') return { kind: 'is', path, value };
  return operator === '!=' ? { kind: 'isNot', path, value } : { kind: kinds[operator], path, value };
}

function textComparison(scanner: Scanner, operator: Operator, at: number, glob: string): Comparison {
  const test = equality(scanner, operator, at, globTest(glob));
  // A match's wildcard ends at a line's end where it stands inside a text.
  if (hasInnerWildcard(glob)) return { test, implied: anyValue, exact: false };
  if (!glob.includes('*'))
    return { test, implied: (path) => ({ kind: operator === '=' ? 'is' : 'isNot', path, value: glob }), exact: true };
  return { test, implied: (path) => ({ kind: operator === '=' ? 'like' : 'notLike', path, glob }), exact: true };
}

function equality(scanner: Scanner, operator: Operator, at: number, test: TextTest): TextTest {
  if (operator === '=') return test;
  if (operator === '!=') return (text) => !test(text);
  return scanner.fail(`"${operator}" compares with numbers only`, at);
}

/**
 * Reads conditions combined with `&&`, `||` and parentheses; `&&` binds tighter. `combine` puts together what was read.
 * @throws InvalidFilterPattern
 */
export function readBoolean<T>(
  scanner: Scanner,
  readOne: () => T,
  combine: (how: 'all' | 'any', parts: readonly T[]) => T,
): T {
  return readOr(0);

  function readOr(depth: number): T {
    const parts = [readAnd(depth)];
    while (scanner.take('||')) parts.push(readAnd(depth));
    return parts.length === 1 ? sole(parts) : combine('any', parts);
  }

  function readAnd(depth: number): T {
    const parts = [readOperand(depth)];
    while (scanner.take('&&')) parts.push(readOperand(depth));
    return parts.length === 1 ? sole(parts) : combine('all', parts);
  }

  function readOperand(depth: number): T {
    if (!scanner.take('(')) return readOne();
    if (depth > 200) scanner.fail('parentheses are nested too deep');
    const inner = readOr(depth + 1);
    scanner.expect(')', 'to close the parenthesis');
    return inner;
  }
}

/** Puts tests together. */
export function combinedTest<T>(
  how: 'all' | 'any',
  tests: readonly ((subject: T) => boolean)[],
): (subject: T) => boolean {
  return how === 'all'
    ? (subject) => tests.every((test) => test(subject))
    : (subject) => tests.some((test) => test(subject));
}

function sole<T>(parts: readonly T[]): T {
  return parts[0] as T;
}
