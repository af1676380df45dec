import type { Literal, Match } from './match.ts';
import { parsePath, someNode } from './path.ts';
import { compareNumber, likeTest, type Operator, valueText } from './values.ts';

const operators = { above: '>', atLeast: '>=', below: '<', atMost: '<=' } as const satisfies Record<string, Operator>;

/**
 * The match as a function over parsed records, meaning exactly what its CloudWatch filter pattern means:
 *
 * - Only strings and numbers are value nodes. On null, true, false, objects and arrays no comparison holds, `isNot` included.
 * - On an absent field no comparison holds, `isNot` included; only `missing` does.
 * - Text compares with its case, and as a whole. A JSON number compares with text by its digits (`400` is "400").
 * - A number compares with a text by its value when the text writes a number ("400", "4e2").
 * - With a wildcard in the path one node suffices; `missing` asks that there be none.
 *
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntax.html#matching-terms-json-log-events
 * The work of reading the match is done once: the returned function is quick. It never throws.
 * @throws InvalidPath when a path (of a match that came from elsewhere than the builders) cannot be read.
 */
export function predicate(match: Match): (record: unknown) => boolean {
  switch (match.kind) {
    case 'all': {
      const tests = match.of.map(predicate);
      return (record) => tests.every((test) => test(record));
    }
    case 'any': {
      const tests = match.of.map(predicate);
      return (record) => tests.some((test) => test(record));
    }
    case 'is':
      return onValue(match.path, equals(match.value));
    case 'isNot': {
      const test = equals(match.value);
      return onValue(match.path, (value) => !test(value));
    }
    case 'oneOf': {
      const tests = match.values.map(equals);
      return onValue(match.path, (value) => tests.some((test) => test(value)));
    }
    case 'like':
      return onValue(match.path, likeTest(match.glob));
    case 'notLike': {
      const test = likeTest(match.glob);
      return onValue(match.path, (value) => !test(value));
    }
    case 'above':
    case 'atLeast':
    case 'below':
    case 'atMost': {
      const operator = operators[match.kind];
      return onValue(match.path, (value) => compareNumber(value, operator, match.value));
    }
    case 'exists':
      return onValue(match.path, () => true);
    case 'missing': {
      const isThere = someNode(parsePath(match.path), () => true);
      return (record) => !isThere(record);
    }
    case 'isNull':
      return onNode(match.path, null);
    case 'isTrue':
      return onNode(match.path, true);
    case 'isFalse':
      return onNode(match.path, false);
  }
}

function equals(expected: Literal): (value: string) => boolean {
  if (typeof expected === 'number') return (value) => compareNumber(value, '=', expected);
  return (value) => value === expected;
}

function onValue(path: string, test: (value: string) => boolean): (record: unknown) => boolean {
  return someNode(parsePath(path), (node) => {
    const value = valueText(node);
    return value !== undefined && test(value);
  });
}

const onNode = (path: string, expected: null | boolean): ((record: unknown) => boolean) =>
  someNode(parsePath(path), (node) => node === expected);
