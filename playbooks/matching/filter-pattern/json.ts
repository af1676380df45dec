import type { Match } from '../match.ts';
import { InvalidPath, type Path, readSteps, someNode, wildcards } from '../path.ts';
import { valueText } from '../values.ts';
import { combinedTest, readBoolean, readComparison } from './comparison.ts';
import type { Scanner } from './scanner.ts';

/** A pattern for JSON log events, `{ $.a = "b" && ... }`. */
export interface JsonPattern {
  kind: 'json';
  test: (record: unknown) => boolean;
  /** A match that holds of every record that the pattern takes, and perhaps of others. */
  implied: Match;
  /** That match holds of no others. */
  exact: boolean;
}

type Condition = Omit<JsonPattern, 'kind'>;

/** Reads `{ ... }`. @throws InvalidFilterPattern */
export function readJsonPattern(scanner: Scanner): JsonPattern {
  scanner.expect('{', 'before the conditions');
  let stars = 0;
  const readOne = (): Condition => {
    scanner.skipSpace();
    const at = scanner.position;
    const path = readSelector(scanner);
    stars += wildcards(path);
    if (stars > 3) scanner.fail('a pattern may have three selectors with wildcards only', at);
    return readCondition(scanner, path, scanner.text.slice(at + 1, scanner.position).replace(/^\./, ''));
  };
  const condition = readBoolean<Condition>(scanner, readOne, (kind, parts) => ({
    test: combinedTest(
      kind,
      parts.map(({ test }) => test),
    ),
    implied: { kind, of: parts.map(({ implied }) => implied) },
    exact: parts.every(({ exact }) => exact),
  }));
  scanner.expect('}', 'after the conditions');
  return { kind: 'json', ...condition };
}

/** Reads a selector such as `$.users[0].id`. @throws InvalidFilterPattern */
export function readSelector(scanner: Scanner): Path {
  scanner.skipSpace();
  const at = scanner.position;
  if (scanner.char !== '$') scanner.fail('a selector ("$.") is expected');
  if (scanner.text[at + 1] !== '.') scanner.fail('a selector begins with "$."', at);
  try {
    const { steps, end } = readSteps(scanner.text, at + 1);
    if (wildcards(steps) > 1) scanner.fail('a selector may have one wildcard only', at);
    scanner.position = end;
    return steps;
  } catch (error) {
    if (error instanceof InvalidPath) return scanner.fail('the selector is not finished', error.position);
    throw error;
  }
}

/** Reads what is asked of the nodes at a path; `name` is the path as matches write it. */
function readCondition(scanner: Scanner, path: Path, name: string): Condition {
  scanner.skipSpace();
  const at = scanner.position;
  const word = scanner.takeMatch(/[A-Za-z]+/y)?.toUpperCase();
  if (word === 'NOT') {
    scanner.skipSpace();
    if (scanner.takeMatch(/EXISTS\b/iy) === undefined) scanner.fail('"EXISTS" is expected after "NOT"');
    const isThere = someNode(path, () => true);
    return { test: (record) => !isThere(record), implied: { kind: 'missing', path: name }, exact: true };
  }
  if (word === 'IS') {
    scanner.skipSpace();
    const node = readNode(scanner);
    const kind = node === null ? 'isNull' : node ? 'isTrue' : 'isFalse';
    return { test: someNode(path, (one) => one === node), implied: { kind, path: name }, exact: true };
  }
  if (word === 'EXISTS') scanner.fail('CloudWatch has no "EXISTS": say = "*"', at);
  if (word !== undefined) scanner.fail('a comparison, "IS" or "NOT EXISTS" is expected', at);
  const { test, implied, exact } = readComparison(scanner, 'json');
  const holds = (node: unknown): boolean => {
    const text = valueText(node);
    return text !== undefined && test(text);
  };
  return { test: someNode(path, holds), implied: implied(name), exact };
}

function readNode(scanner: Scanner): null | boolean {
  const at = scanner.position;
  switch (scanner.takeMatch(/[A-Za-z]+/y)?.toUpperCase()) {
    case 'NULL':
      return null;
    case 'TRUE':
      return true;
    case 'FALSE':
      return false;
    case 'NOT':
      return scanner.fail('CloudWatch has no "IS NOT"', at);
    default:
      return scanner.fail('"NULL", "TRUE" or "FALSE" is expected after "IS"', at);
  }
}
