import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { labelIn, readActor, writeActor } from '../../backtest/actor-text.ts';
import { uuidBytes, uuidInto } from '../../backtest/uuid.ts';
import { type Actor, actorKinds } from '../../playbooks/actor.ts';

describe('an actor as a text', () => {
  const name = fc.oneof(fc.string({ minLength: 1 }), fc.constantFrom('{', '\u0000', 'a\u0000b'));
  const actor: fc.Arbitrary<Actor> = fc.record(
    {
      ...{ kind: fc.constantFrom(...actorKinds), key: name, label: name },
      ...{ arn: name, name, session: name, accountId: name, issuer: fc.record({ name, arn: name }) },
    },
    { requiredKeys: ['kind', 'key', 'label'], noNullPrototype: true },
  );

  it('is read as it was written', () => {
    fc.assert(
      fc.property(actor, (one) => {
        const text = writeActor(one);
        expect(readActor(text)).toEqual(one);
        expect(labelIn(text)).toBe(one.label);
      }),
    );
  });
});

describe('a UUID', () => {
  it('comes to its bytes, and to four numbers', () => {
    fc.assert(
      fc.property(fc.uuid(), (text) => {
        const digits = text.replaceAll('-', '');
        expect(Buffer.from(uuidBytes(text) ?? []).toString('hex')).toBe(digits);
        const numbers = new Int32Array(6);
        expect(uuidInto(text, numbers, 1)).toBe(true);
        const each = [0, 8, 16, 24].map((at) => Number.parseInt(digits.slice(at, at + 8), 16) | 0);
        expect([...numbers]).toEqual([0, ...each, 0]);
      }),
    );
  });

  it('is none where anything else stands in it', () => {
    const text = '0f0e0d0c-0b0a-0908-0706-050403020100';
    fc.assert(
      fc.property(fc.nat(text.length - 1), fc.constantFrom('-', 'g', 'A', ' ', 'é', '0'), (at, char) => {
        const changed = text.slice(0, at) + char + text.slice(at + 1);
        expect(uuidBytes(changed) !== undefined).toBe(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(changed));
      }),
    );
    expect(uuidBytes(text.slice(1))).toBeUndefined();
  });
});
