import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { likeTest } from '../../playbooks/matching/values.ts';

describe('a text with a wildcard inside', () => {
  it('is found as a regular expression finds it, line by line', () => {
    const piece = fc.constantFrom('a', 'b', 'ab', '*', '*', '\n', '\u2028', '\u{1f600}', '.');
    const glob = fc.array(piece, { minLength: 1, maxLength: 8 }).map((parts) => parts.join(''));
    const filling = fc.array(fc.constantFrom('a', 'b', 'ab', '\n', '\u{1f600}', ''), { minLength: 1, maxLength: 4 });
    let found = 0;
    fc.assert(
      fc.property(glob, filling, (one, fillings) => {
        fc.pre(/[^*]\*+[^*]/s.test(one));
        let n = 0;
        const value = one.replaceAll('*', () => fillings[n++ % fillings.length] ?? '');
        const parts = one.split('*').map((part) => part.replace(/[.]/g, '\\.'));
        const expected = new RegExp(`^${parts.join('.*')}$`).test(value);
        if (expected) found += 1;
        expect(likeTest(one)(value)).toBe(expected);
      }),
      { numRuns: 5000 },
    );
    expect(found).toBeGreaterThan(1000);
  });

  it.each(['', '\n'])('takes no longer for what is made to take long (%j)', (end) => {
    const test = likeTest('x*a*a*a*a*b');
    expect(test(`x${'a'.repeat(50_000)}${end}`)).toBe(false);
    expect(test(`x${'a'.repeat(50_000)}b`)).toBe(true);
  });
});
