import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ActorWriter, labelIn, readActor } from '../../backtest/actor-text.ts';
import { uuidBytes, uuidInto } from '../../backtest/uuid.ts';
import { type Attributed, actorOf } from '../../playbooks/actor.ts';

describe('actors as texts', () => {
  const account = fc.constantFrom('111122223333', '444455556666', '1', '');
  const name = fc.oneof(
    fc.constantFrom('deployer', 'AWSReservedSSO_Admin_0123456789abcdef', '{', '\u0000', 'a\u0000b', ''),
    fc.string(),
  );
  const roleArn = fc.tuple(account, name).map(([owner, role]) => `arn:aws:iam::${owner}:role/${role}`);
  const sessionArn = fc
    .tuple(account, name, name)
    .map(([owner, role, session]) => `arn:aws:sts::${owner}:assumed-role/${role}/${session}`);
  /** Nobody has checked what stands in a record. */
  const odd = fc.constantFrom(undefined, null, '', 7, {}, []);
  const mostly = (usual: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> =>
    fc.oneof({ weight: 6, arbitrary: usual }, odd);
  const identity = fc.record(
    {
      type: mostly(
        fc.constantFrom('AssumedRole', 'AssumedRole', 'AssumedRole', 'IAMUser', 'Root', 'FederatedUser', 'AWSService'),
      ),
      ...{ arn: mostly(sessionArn), accountId: mostly(account), principalId: mostly(name), userName: mostly(name) },
      invokedBy: mostly(fc.constantFrom('ec2.amazonaws.com', 'AWS Internal')),
      sessionContext: mostly(
        fc.record({
          sessionIssuer: mostly(
            fc.record(
              { type: mostly(fc.constantFrom('Role', 'IAMUser')), arn: mostly(roleArn), userName: mostly(name) },
              { noNullPrototype: true },
            ),
          ),
        }),
      ),
    },
    { noNullPrototype: true },
  );
  const record = fc.record({
    userIdentity: mostly(identity),
    awsRegion: fc.constant('us-east-1'),
    sourceIPAddress: name,
  });

  it('are those of the records, whichever came before', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(record, account), { minLength: 1, maxLength: 20 }), (records) => {
        const writer = new ActorWriter();
        // Each a second time, when all of them are known.
        for (const [one, owner] of [...records, ...records]) {
          const text = writer.write(one as Attributed, owner);
          const actor = actorOf(one as Attributed, owner);
          expect(readActor(text)).toEqual(actor);
          expect(labelIn(text)).toBe(actor.label);
        }
      }),
      { numRuns: 500 },
    );
  });

  it('are not taken for each other where the account stands in the ARN of the session alone', () => {
    const writer = new ActorWriter();
    for (const [owner, more] of [
      ['', {}],
      ['444455556666', {}],
      ['111122223333', {}],
      ['444455556666', { accountId: '111122223333' }],
      ['111122223333', { accountId: '444455556666' }],
    ] as const) {
      const record = inSession('x', owner, more);
      expect(readActor(writer.write(record, '111122223333'))).toEqual(actorOf(record, '111122223333'));
    }
  });

  const inSession = (session: string, owner: string, more: object): Attributed => ({
    userIdentity: {
      type: 'AssumedRole',
      arn: `arn:aws:sts::${owner}:assumed-role/deployer/${session}`,
      ...more,
      sessionContext: {
        sessionIssuer: { type: 'Role', arn: 'arn:aws:iam::111122223333:role/deployer', userName: 'deployer' },
      },
    },
    awsRegion: 'us-east-1',
    sourceIPAddress: '192.0.2.1',
  });

  it('are written once for the sessions of a role', () => {
    const writer = new ActorWriter();
    const [first, second] = ['a', 'b'].map((session) =>
      writer.write(inSession(session, '111122223333', { accountId: '111122223333' }), '111122223333'),
    );
    expect(second?.actor).toBe(first?.actor);
    expect([first, second].map((text) => text && labelIn(text))).toEqual([
      'role deployer (session a)',
      'role deployer (session b)',
    ]);
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
