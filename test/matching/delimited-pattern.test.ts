import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { flowFieldNames, flowFieldsOf, isPrivate, isPublic } from '../../playbooks/flow-logs.ts';
import { NotExpressible, PatternTooLong } from '../../playbooks/matching/cloudwatch-pattern.ts';
import { delimitedPattern } from '../../playbooks/matching/delimited-pattern.ts';
import { matchesPattern, parseFilterPattern } from '../../playbooks/matching/filter-pattern/filter-pattern.ts';
import * as m from '../../playbooks/matching/match.ts';
import { predicate } from '../../playbooks/matching/predicate.ts';

const written = (match: m.Match) => delimitedPattern(match, flowFieldNames);

describe('a match as a pattern for space-delimited log events', () => {
  it('is what the guide to flow logs shows', () => {
    const rejected = m.all(m.is('destport', 22), m.is('protocol', 6), m.is('action', 'REJECT'));
    expect(written(rejected)).toBe(
      '[version, account, eni, source, destination, srcport, destport=22, protocol=6, packets, bytes, windowstart, windowend, action="REJECT", flowlogstatus]',
    );
  });

  it('sets choices on a field that has other conditions in parentheses', () => {
    const match = m.all(m.oneOf('destport', [22, 3389]), m.atLeast('destport', 20), m.like('source', '10.*'));
    expect(written(match)).toContain('source=10.*');
    expect(written(match)).toContain('(destport=22 || destport=3389) && destport>=20');
  });

  it('takes the lines that the predicate takes, and no others', () => {
    const address = fc.oneof(
      fc.ipV4(),
      fc.constantFrom('10.1.2.3', '172.15.0.1', '172.16.0.1', '172.32.0.1', 'fd00::1'),
    );
    const line = fc
      .tuple(
        address,
        address,
        fc.constantFrom('22', '3389', '443'),
        fc.constantFrom('6', '17'),
        fc.constantFrom('ACCEPT', 'REJECT'),
      )
      .map(
        ([source, destination, port, protocol, action]) =>
          `2 111122223333 eni-0a1b ${source} ${destination} 40122 ${port} ${protocol} 1 40 1777604400 1777604460 ${action} OK`,
      );
    const condition: fc.Arbitrary<m.Match> = fc.constantFrom(
      ...[isPrivate('source'), isPublic('source'), isPublic('destination'), m.oneOf('destport', [22, 3389])],
      ...[
        m.isNot('protocol', 6),
        m.is('action', 'REJECT'),
        m.above('destport', 100),
        m.notLike('destination', '172.*'),
      ],
    );
    fc.assert(
      fc.property(line, fc.array(condition, { minLength: 1, maxLength: 3 }), (text, conditions) => {
        const match = m.all(...conditions);
        let pattern: string;
        try {
          pattern = written(match);
        } catch (error) {
          expect(error).toBeInstanceOf(PatternTooLong);
          return;
        }
        expect(matchesPattern(parseFilterPattern(pattern), text)).toBe(predicate(match)(flowFieldsOf(text)));
      }),
      { numRuns: 2000 },
    );
  });

  it.each([
    ['a choice between fields', m.any(m.is('source', 'a'), m.is('destination', 'a')), 'on several fields'],
    ['a field that is not there', m.is('eventName', 'StopLogging'), 'there is no field "eventName"'],
    ['what no text can be', m.isTrue('action'), 'every field of such a log event is there'],
    ['a quote', m.is('action', 'a"b'), 'characters'],
    ['a wildcard that is none', m.is('action', 'A*'), 'would be a wildcard'],
  ])('refuses %s, and says why', (_, match, why) => {
    expect(() => written(match)).toThrow(NotExpressible);
    expect(() => written(match)).toThrow(why);
  });

  it('refuses a pattern that CloudWatch does not take', () => {
    expect(() =>
      written(
        m.oneOf(
          'eni',
          Array.from({ length: 60 }, (_, at) => `eni-0a1b2c3d4e5f607${at}`),
        ),
      ),
    ).toThrow(PatternTooLong);
  });
});
