import { describe, expect, it } from 'vitest';
import { PatternTooLong } from '../../playbooks/matching/cloudwatch-pattern.ts';
import { eventPattern, NoEventPattern } from '../../playbooks/matching/event-pattern.ts';
import * as m from '../../playbooks/matching/match.ts';

describe('eventPattern', () => {
  it.each<[m.Match, unknown]>([
    [
      m.all(m.is('eventSource', 'cloudtrail.amazonaws.com'), m.oneOf('eventName', ['StopLogging', 'DeleteTrail'])),
      { eventSource: ['cloudtrail.amazonaws.com'], eventName: ['StopLogging', 'DeleteTrail'] },
    ],
    [
      m.all(
        m.is('userIdentity.type', 'Root'),
        m.missing('userIdentity.invokedBy'),
        m.isNot('eventType', 'AwsServiceEvent'),
      ),
      {
        userIdentity: { type: ['Root'], invokedBy: [{ exists: false }] },
        eventType: [{ 'anything-but': ['AwsServiceEvent'] }],
      },
    ],
    [m.any(m.is('a', 'x'), m.like('a', 'y*'), m.isNull('a')), { a: ['x', { prefix: 'y' }, null] }],
    [m.all(m.isNot('a', 'x'), m.isNot('a', 'y')), { a: [{ 'anything-but': ['x', 'y'] }] }],
    [m.all(m.above('n', 1), m.atMost('n', 5)), { n: [{ numeric: ['>', 1, '<=', 5] }] }],
    [m.all(m.below('n', 5), m.atLeast('n', 1)), { n: [{ numeric: ['>=', 1, '<', 5] }] }],
    [m.all(m.atMost('n', 3), m.atLeast('n', 3)), { n: [{ numeric: ['=', 3] }] }],
    [m.is('n', 4), { n: [{ numeric: ['=', 4] }, '4'] }],
    [m.is('n', 6e9), { n: [6e9, '6000000000'] }],
    [m.is('a', '400'), { a: ['400', 400] }],
    [m.like('a', '-1.5'), { a: ['-1.5', -1.5] }],
    [m.is('a', '111122223333'), { a: ['111122223333', 111122223333] }],
    [m.oneOf('a', ['x', '1', 2]), { a: ['x', '1', 1, { numeric: ['=', 2] }, '2'] }],
    // JSON writes these numbers otherwise.
    [
      m.oneOf('a', ['4e2', '+1', '1.0', '007', '', ' 1', 'Infinity']),
      { a: ['4e2', '+1', '1.0', '007', '', ' 1', 'Infinity'] },
    ],
    [m.like('a', 'arn:**:user\\*'), { a: [{ wildcard: 'arn:*:user\\\\*' }] }],
    [m.like('a', '*:root'), { a: [{ suffix: ':root' }] }],
    [m.notLike('a', '*:root'), { a: [{ 'anything-but': { suffix: ':root' } }] }],
    [m.exists('resources[*].ARN'), { resources: { ARN: [{ exists: true }] } }],
    [
      m.all(m.is('e', 's3'), m.any(m.is('a', 'x'), m.all(m.isTrue('b'), m.isFalse('c')))),
      {
        e: ['s3'],
        $or: [{ b: [true], c: [false] }, { a: ['x'] }],
      },
    ],
  ])('writes %j', (match, detail) => {
    const pattern = eventPattern(match);
    expect(pattern).toEqual({ detail });
  });

  it.each<[m.Match, string]>([
    [m.all(m.is('a', 'x'), m.like('a', 'y*')), 'two things of "a"'],
    [m.all(m.exists('a'), m.is('a.b', 'x')), 'above or below'],
    [m.all(m.is('a.b', 'x'), m.exists('a')), 'above or below'],
    [m.all(m.is('r[*].a', 'x'), m.is('r[*].b', 'y')), "twice of one array's elements"],
    [m.all(m.above('r[*]', 1), m.below('r[*]', 3)), "twice of one array's elements"],
    [m.missing('r[*].a'), 'element of an array is missing'],
    [m.is('a.*', 'x'), 'no wildcard for the fields'],
    [m.above('n', 6e9), 'up to 5,000,000,000'],
    [m.notLike('a', '*'), 'never holds'],
    [m.missing('__proto__.x'), 'cannot hold the key "__proto__"'],
    [m.is("a['__proto__']", 'x'), 'cannot hold the key "__proto__"'],
    [m.all(m.above('n', 0), m.atMost('n', 0)), 'never holds'],
    [m.all(m.below('n', 1), m.atLeast('n', 2)), 'never holds'],
    [
      m.all(...['a', 'b', 'c'].map((p) => m.any(...Array.from({ length: 7 }, (_, n) => m.isTrue(`${p}${n}`))))),
      'split it',
    ],
  ])('refuses what EventBridge cannot say: %#', (match, message) => {
    const write = () => eventPattern(match);
    expect(write).toThrow(NoEventPattern);
    expect(write).toThrow(message);
  });

  it('refuses what is longer than an account may have without asking', () => {
    const names = Array.from({ length: 160 }, (_, n) => `value-${n}`);
    const write = () => eventPattern(m.oneOf('a', names), { source: ['x'.repeat(300)] });
    expect(() => eventPattern(m.oneOf('a', names))).not.toThrow();
    expect(write).toThrow(PatternTooLong);
    expect(write).toThrow(/event pattern has 2\d{3} characters, EventBridge takes 2048/);
  });

  it('says once what all alternatives ask for', () => {
    const either = m.any(m.is('b', 'x'), m.is('c', 'y'));
    expect(eventPattern(m.all(m.is('a', 'v'), either))).toEqual({
      detail: { a: ['v'], $or: [{ b: ['x'] }, { c: ['y'] }] },
    });
    expect(eventPattern(m.any(m.is('a', 'v'), m.all(m.is('a', 'v'), m.is('b', 'x'))))).toEqual({
      detail: { a: ['v'] },
    });
  });
});
