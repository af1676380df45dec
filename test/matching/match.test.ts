import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cloudWatchPattern, NotExpressible, PatternTooLong } from '../../playbooks/matching/cloudwatch-pattern.ts';
import { matchesPattern, parseFilterPattern } from '../../playbooks/matching/filter-pattern/filter-pattern.ts';
import * as m from '../../playbooks/matching/match.ts';
import { InvalidPath } from '../../playbooks/matching/path.ts';
import { predicate } from '../../playbooks/matching/predicate.ts';
import { match, record } from './arbitraries.ts';

describe('cloudWatchPattern', () => {
  it.each<[m.Match, string]>([
    [m.is('eventName', 'StopLogging'), '{ $.eventName = "StopLogging" }'],
    [m.is('latency', -0.5), '{ $.latency = -0.5 }'],
    [m.isNot("['cluster.name']", 'x'), '{ $.[\'cluster.name\'] != "x" }'],
    [
      m.all(m.is('a', 'x'), m.any(m.is('b', 'y'), m.all(m.missing('c'), m.isNull('d')))),
      '{ $.a = "x" && ($.b = "y" || $.c NOT EXISTS && $.d IS NULL) }',
    ],
    [m.any(m.oneOf('a', ['x', 'y']), m.isTrue('b')), '{ $.a = "x" || $.a = "y" || $.b IS TRUE }'],
    [m.all(m.oneOf('a', ['x', 'y']), m.isFalse('b')), '{ ($.a = "x" || $.a = "y") && $.b IS FALSE }'],
    [m.all(m.oneOf('a', ['x']), m.exists('resources[*].ARN')), '{ $.a = "x" && $.resources[*].ARN = "*" }'],
    [m.like('userIdentity.arn', '*:root'), '{ $.userIdentity.arn = "*:root" }'],
    [
      m.notLike('userIdentity.arn', 'arn:aws:iam::*:user/a b'),
      '{ $.userIdentity.arn != %^arn:aws:iam::.*:user/a\\x20b$% }',
    ],
    [m.all(m.atLeast('n', 1), m.below('n', 1e21)), '{ $.n >= 1 && $.n < 1e+21 }'],
  ])('writes %j', (match, expected) => {
    const pattern = cloudWatchPattern(match);
    expect(pattern).toBe(expected);
  });

  it.each<[m.Match, string]>([
    [m.all(m.is('a', 'x'), m.is('userAgent', 'say "hi"')), 'all[1].is("userAgent")'],
    [m.is('a', 'back\\slash'), 'is("a")'],
    [m.is('a', 'line\nend'), 'is("a")'],
    [m.is('a', 'star*'), 'like()'],
    [m.like('a', 'é*b'), 'beside'],
    [m.exists('a[*].b[*]'), 'one wildcard'],
    [m.all(...['a', 'b', 'c', 'd'].map((key) => m.exists(`${key}[*]`))), 'three paths'],
    [m.any(...['a', 'b', 'c'].map((key) => m.like(key, 'x*y'))), 'two texts'],
    [m.is("['it\\'s']", 'x'), 'no selector can hold'],
  ])('refuses what CloudWatch cannot say: %j', (match, message) => {
    const write = () => cloudWatchPattern(match);
    expect(write).toThrow(NotExpressible);
    expect(write).toThrow(message);
  });

  it('refuses a pattern over 1,024 characters and takes one of exactly that', () => {
    const ofLength = (length: number) => m.is('a', 'x'.repeat(length - '{ $.a = "" }'.length));

    expect(cloudWatchPattern(ofLength(1024))).toHaveLength(1024);
    expect(() => cloudWatchPattern(ofLength(1025))).toThrow(PatternTooLong);
  });
});

describe('the builders', () => {
  it('refuse what makes no sense', () => {
    expect(() => m.is('a..b', 'x')).toThrow(InvalidPath);
    expect(() => m.is('', 'x')).toThrow(InvalidPath);
    expect(() => m.is('a b', 'x')).toThrow(/character 2/);
    expect(() => m.oneOf('a', [])).toThrow(m.InvalidMatch);
    expect(() => m.all()).toThrow(m.InvalidMatch);
    expect(() => m.atLeast('a', Number.NaN)).toThrow(m.InvalidMatch);
  });

  it('make plain data', () => {
    const match = m.all(m.oneOf('eventName', ['a', 'b']), m.any(m.missing('x'), m.above('y', 3)));

    const copy = JSON.parse(JSON.stringify(match)) as m.Match;

    expect(copy).toEqual(match);
  });
});

describe('predicate', () => {
  it.each<[m.Match, unknown, boolean]>([
    [m.isNot('a', 'x'), { a: 'y' }, true],
    [m.isNot('a', 'x'), {}, false],
    [m.isNot('a', 'x'), { a: null }, false],
    [m.isNot('a', 'x'), { a: { b: 1 } }, false],
    [m.isNot('a', 'x'), { a: true }, false],
    [m.is('a', '400'), { a: 400 }, true],
    [m.is('a', 400), { a: '4e2' }, true],
    [m.isTrue('a'), { a: 'true' }, false],
    [m.exists('a'), { a: {} }, false],
    [m.exists('a'), { a: '' }, true],
    [m.missing('a.b'), { a: 'text' }, true],
    [m.missing('a'), { a: null }, false],
    [m.is('a.b', 'x'), null, false],
    [m.is('a', 'x'), [{ a: 'x' }], false],
    [m.like('a', 'x*y'), { a: 'x--y' }, true],
    [m.like('a', 'xy*xy'), { a: 'xy' }, false],
    [m.like('a', 'x*y'), { a: 'x\ny' }, false],
    [m.is('r[*].arn', 'b'), { r: [{ arn: 'a' }, { arn: 'b' }] }, true],
    [m.is('constructor', 'x'), {}, false],
  ])('%j on %j gives %s', (match, record, expected) => {
    const result = predicate(match)(record);
    expect(result).toBe(expected);
  });
});

describe('predicate and pattern', () => {
  it('agree on every match and record', () => {
    let agreed = 0;
    let held = 0;
    const property = fc.property(match, fc.array(record, { minLength: 5, maxLength: 10 }), (one, records) => {
      const pattern = patternOf(one);
      fc.pre(pattern !== undefined);
      const test = predicate(one);
      for (const each of records) {
        const expected = matchesPattern(parseFilterPattern(pattern), JSON.stringify(each));
        agreed += 1;
        if (expected) held += 1;
        expect(test(each), `${pattern} on ${JSON.stringify(each)}`).toBe(expected);
      }
    });

    fc.assert(property, { numRuns: 2000 });

    expect(held / agreed).toBeGreaterThan(0.1);
    expect(held / agreed).toBeLessThan(0.9);
  });

  /** The pattern, or undefined where CloudWatch cannot express the match. */
  function patternOf(one: m.Match): string | undefined {
    try {
      return cloudWatchPattern(one);
    } catch (error) {
      if (error instanceof NotExpressible || error instanceof PatternTooLong) return undefined;
      throw error;
    }
  }
});
