import fc from 'fast-check';
import * as m from '../../playbooks/matching/match.ts';

const keys = ['a', 'b', 'c'];
const words = ['x', 'y', 'xy', 'x.y', '1', '1.50', '-2e1', '', 'true', 'é|$^', "it's", '50%_\\'];
const key = fc.constantFrom(...keys);
const number = fc.constantFrom(0, 1, 1.5, -20, 1e21);

/** Paths into small nested records, with indexes and wildcards. */
export const path = fc.oneof(
  { weight: 5, arbitrary: key },
  { weight: 2, arbitrary: fc.tuple(key, key).map((steps) => steps.join('.')) },
  {
    weight: 2,
    arbitrary: fc.tuple(key, fc.constantFrom('[0]', '[1]', '[0].b', '.a[0]')).map((parts) => parts.join('')),
  },
  { weight: 1, arbitrary: fc.tuple(key, fc.constantFrom('[*]', '[*].b', '.*')).map((parts) => parts.join('')) },
);

const literal = fc.oneof(fc.constantFrom(...words), number);
const glob = fc.array(fc.constantFrom('x', 'y', '.', '*', ' '), { maxLength: 5 }).map((parts) => parts.join(''));

const condition: fc.Arbitrary<m.Match> = fc.oneof(
  fc.tuple(path, literal).map(([at, value]) => m.is(at, value)),
  fc.tuple(path, literal).map(([at, value]) => m.isNot(at, value)),
  fc.tuple(path, fc.array(literal, { minLength: 1, maxLength: 3 })).map(([at, values]) => m.oneOf(at, values)),
  fc.tuple(path, glob).map(([at, value]) => m.like(at, value)),
  fc.tuple(path, glob).map(([at, value]) => m.notLike(at, value)),
  fc.tuple(fc.constantFrom(m.above, m.atLeast, m.below, m.atMost), path, number).map(([f, at, n]) => f(at, n)),
  fc.tuple(fc.constantFrom(m.exists, m.missing, m.isNull, m.isTrue, m.isFalse), path).map(([build, at]) => build(at)),
);

/** Matches of every kind, nested up to three deep. */
export const match: fc.Arbitrary<m.Match> = fc.letrec<{ match: m.Match }>((tie) => ({
  match: fc.oneof(
    { maxDepth: 3, depthIdentifier: 'match' },
    condition,
    fc.array(tie('match'), { minLength: 1, maxLength: 3 }).map((of) => m.all(...of)),
    fc.array(tie('match'), { minLength: 1, maxLength: 3 }).map((of) => m.any(...of)),
  ),
})).match;

const leaf = fc.oneof(
  fc.constantFrom(...words),
  fc.constantFrom('x y', 'x..y', 'yx', 'x\ny'),
  number,
  fc.constantFrom(null, true, false),
);

/** Records whose fields hold everything that JSON knows. */
export const record: fc.Arbitrary<unknown> = fc.letrec<{ node: unknown; object: unknown }>((tie) => ({
  node: fc.oneof(
    { maxDepth: 3, depthIdentifier: 'record' },
    { weight: 5, arbitrary: leaf },
    tie('object'),
    fc.array(tie('node'), { maxLength: 2 }),
  ),
  object: fc.record({ a: tie('node'), b: tie('node'), c: tie('node') }, { requiredKeys: ['a'], noNullPrototype: true }),
})).object;
