import { compareNumber, globTest, numberOf, type Operator, type TextTest } from '../values.ts';
import type { Scanner } from './scanner.ts';

const operators: readonly Operator[] = ['!=', '<=', '>=', '=', '<', '>'];
/** What may stand without quotes: the guide shows `123.123.*`, `*.html*`, `4*` and `+1000` beside plain words. */
const bareJson = /[A-Za-z0-9_.:/@*+-]+/y;
const bareField = /[^\s,&|()"%[\]=!<>]+/y;

/**
 * Reads an operator and what to compare with, and gives the test for a value's text: a number without quotes compares as a number,
 * any other as text in which `*` stands for any characters, and `%...%` is a regular expression.
 * @throws InvalidFilterPattern
 */
export function readComparison(scanner: Scanner, inside: 'json' | 'fields'): TextTest {
  scanner.skipSpace();
  const operator = operators.find((one) => scanner.take(one));
  if (!operator) scanner.fail('a comparison (=, !=, <, <=, >, >=) is expected');
  scanner.skipSpace();
  const at = scanner.position;
  if (scanner.char === '%') {
    const expression = scanner.takeExpression();
    return equality(scanner, operator, at, (text) => expression.test(text));
  }
  if (scanner.char === '"') return equality(scanner, operator, at, globTest(scanner.takeQuoted()));
  const bare = scanner.takeMatch(inside === 'json' ? bareJson : bareField);
  if (bare === undefined) scanner.fail('a text, a number or a regular expression is expected');
  const number = numberOf(bare);
  if (number === undefined) return equality(scanner, operator, at, globTest(bare));
  return (text) => compareNumber(text, operator, number);
}

function equality(scanner: Scanner, operator: Operator, at: number, test: TextTest): TextTest {
  if (operator === '=') return test;
  if (operator === '!=') return (text) => !test(text);
  return scanner.fail(`"${operator}" compares with numbers only`, at);
}

/**
 * Reads conditions combined with `&&`, `||` and parentheses; `&&` binds tighter.
 * @throws InvalidFilterPattern
 */
export function readBoolean<T>(scanner: Scanner, readOne: () => (subject: T) => boolean): (subject: T) => boolean {
  return readOr(0);

  function readOr(depth: number): (subject: T) => boolean {
    const parts = [readAnd(depth)];
    while (scanner.take('||')) parts.push(readAnd(depth));
    return parts.length === 1 ? sole(parts) : (subject) => parts.some((part) => part(subject));
  }

  function readAnd(depth: number): (subject: T) => boolean {
    const parts = [readOperand(depth)];
    while (scanner.take('&&')) parts.push(readOperand(depth));
    return parts.length === 1 ? sole(parts) : (subject) => parts.every((part) => part(subject));
  }

  function readOperand(depth: number): (subject: T) => boolean {
    if (!scanner.take('(')) return readOne();
    if (depth > 200) scanner.fail('parentheses are nested too deep');
    const inner = readOr(depth + 1);
    scanner.expect(')', 'to close the parenthesis');
    return inner;
  }
}

function sole<T>(parts: readonly T[]): T {
  return parts[0] as T;
}
