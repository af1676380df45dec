import { beforeEach, describe, expect, it, vi } from 'vitest';
import { actionKeyOf } from '../../handlers/actions/action.ts';
import * as blockBucket from '../../handlers/actions/block-public-access.ts';
import { actions } from '../../handlers/actions/catalog.ts';
import * as deactivateKey from '../../handlers/actions/deactivate-access-key.ts';
import * as denyAddresses from '../../handlers/actions/deny-addresses.ts';
import * as disableUser from '../../handlers/actions/disable-iam-user.ts';
import * as tagUser from '../../handlers/actions/tag-iam-user.ts';
import { heldBy } from '../../handlers/guard/holding.ts';
import type { ActionRecord, ActionStatus } from '../../playbooks/incident.ts';
import { ACCOUNT, Desk } from './desk.ts';

const current = vi.hoisted(() => ({ context: undefined as unknown }));
vi.mock(import('../../handlers/context.ts'), async (original) => ({
  ...(await original()),
  lambdaContext: () => current.context as never,
}));
vi.mock('node:timers/promises', () => ({ setTimeout: async () => undefined }));

type Module = { contain: (event: unknown) => Promise<unknown>; undo: (event: unknown) => Promise<unknown> };
const MODULES: Record<string, Module> = {
  'disable-iam-user': disableUser,
  'deactivate-access-key': deactivateKey,
  'deny-addresses': denyAddresses,
  'tag-iam-user': tagUser,
  'block-public-access': blockBucket,
};
const USER = { user: 'mallory' };
const KEY = { user: 'mallory', key: 'AKIAEXAMPLEMALLORY1' };
const BUCKET = { bucket: 'reports', seen: { blockWeakened: true, openedBy: [] } };

let desk: Desk;
let first: string;
let second: string;
beforeEach(async () => {
  desk = new Desk();
  current.context = desk.context;
  first = await desk.open('trail-tampering', '2026-05-01T03:01:00.000+0000');
  second = await desk.open('trail-tampering', '2026-05-01T04:01:00.000+0000');
  desk.account.users.mallory = { keys: [{ id: KEY.key, status: 'Active' }], policies: {}, tags: {} };
  desk.account.buckets.reports = { grants: [] };
});

function plan(incidentId: string, action: string, target: object, rest: Partial<ActionRecord> = {}) {
  const unit = actions[action];
  const key = actionKeyOf(action, target);
  const label = unit?.label(target) ?? '';
  const declared = { key, action, title: unit?.title ?? '', contains: unit?.contains ?? false, target, label };
  const record = { ...declared, status: 'planned' as const, because: ['e-1'], ...rest };
  return desk.context.ledger.plan(incidentId, record, heldBy(unit ?? {}, key, target));
}

/** Plans and carries out an action of an incident, a minute after what was before. */
async function contain(incidentId: string, action: string, target: object): Promise<ActionRecord> {
  desk.pass(60);
  const { key } = await plan(incidentId, action, target);
  for (const phase of ['contain', 'verify']) await MODULES[action]?.contain({ incidentId, key, phase });
  return desk.context.ledger.action(incidentId, key);
}

const undo = (incidentId: string, { action, key }: ActionRecord, force = false) =>
  MODULES[action]?.undo({ incidentId, key, by: `arn:aws:iam::${ACCOUNT}:user/analyst`, reason: 'a drill', force });
const user = () => desk.account.users.mallory;

describe('two incidents that hold the same thing', () => {
  it.each<[string, object, () => unknown]>([
    ['disable-iam-user', USER, user],
    ['deny-addresses', { ...USER, addresses: ['198.51.100.1'] }, user],
    ['tag-iam-user', USER, user],
    ['block-public-access', BUCKET, () => desk.account.buckets.reports],
  ])(
    'row: undo: %s of two incidents: the later hold stands until it is undone itself',
    async (action, target, state) => {
      // Prepare
      const before = structuredClone(state());
      const one = await contain(first, action, target);
      if (action === 'block-public-access') delete desk.account.buckets.reports?.block;
      const two = await contain(second, action, target);
      const held = structuredClone(state());

      // Act and assess
      await expect(undo(first, one)).rejects.toMatchObject({
        name: 'UndoRefused',
        message: expect.stringContaining(
          `is held by ${two.key} of incident ${second} (verified since 03:07:00Z) as well`,
        ),
      });
      expect(state()).toEqual(held);
      await undo(second, two);
      await undo(first, one, action === 'block-public-access');
      expect(state()).toEqual(before);
    },
  );

  it('row: undo: forced although another incident holds the same: done, as a person has decided', async () => {
    const one = await contain(first, 'disable-iam-user', USER);
    await contain(second, 'disable-iam-user', USER);

    await undo(first, one, true);

    expect(user()?.keys).toEqual([{ id: KEY.key, status: 'Active' }]);
  });

  it('row: undo: a user’s access that another action holds by a key: refused, and named', async () => {
    const whole = await contain(first, 'disable-iam-user', USER);
    const key = await contain(second, 'deactivate-access-key', KEY);

    expect(key.status).toBe('not-needed');
    await expect(undo(first, whole)).rejects.toThrow(
      `deactivate-access-key-${key.key.slice(-6)} of incident ${second}`,
    );
  });

  it('row: undo: addresses of two incidents: all are denied, and the earlier ones stay when the later are let in', async () => {
    const denied = () => /"aws:SourceIp":(\[[^\]]*\])/.exec(user()?.policies['cordon-deny-addresses'] ?? '')?.[1];
    const one = await contain(first, 'deny-addresses', { ...USER, addresses: ['198.51.100.1'] });
    const two = await contain(second, 'deny-addresses', { ...USER, addresses: ['203.0.113.9'] });

    expect(two).toMatchObject({ status: 'verified', afterWords: 'denied from 198.51.100.1,203.0.113.9' });
    expect(denied()).toBe('["198.51.100.1","203.0.113.9"]');
    await expect(undo(first, one)).rejects.toThrow(/is held by/);
    await undo(second, two);
    expect(denied()).toBe('["198.51.100.1"]');
    await undo(first, one);
    expect(user()?.policies).toEqual({});
  });

  it('lets go what only the undone incident held, though it acted again in the meantime', async () => {
    const one = await contain(first, 'disable-iam-user', USER);
    const two = await contain(second, 'disable-iam-user', USER);
    // The offender is back in the first incident: what was there at first is still what that one puts back.
    desk.pass(60);
    await plan(first, 'disable-iam-user', USER, { because: ['e-1', 'e-2'] });
    for (const phase of ['contain', 'verify']) await disableUser.contain({ incidentId: first, key: one.key, phase });

    await expect(undo(first, one)).rejects.toThrow(/is held by/);
    await undo(second, two);
    await undo(first, one);

    expect(user()).toMatchObject({ keys: [{ id: KEY.key, status: 'Active' }], policies: {} });
  });
});

describe('a further record of an offender who was contained after an approval', () => {
  const more = (status: ActionStatus) =>
    plan(first, 'disable-iam-user', USER, { status, reason: 'a person decides', because: ['e-1', 'e-2'] });
  const carryOut = async (key: string) => {
    for (const phase of ['contain', 'verify']) await disableUser.contain({ incidentId: first, key, phase });
    return desk.context.ledger.action(first, key);
  };

  it.each<ActionStatus>(['proposed', 'withheld', 'monitored'])(
    'row: guard: what was approved and done, planned anew as %s: stays done, once it is read back',
    async (status) => {
      // Prepare
      const done = await contain(first, 'disable-iam-user', USER);

      // Act
      const again = await more(status);
      const after = await carryOut(done.key);

      // Assess
      expect(again.status).toBe('contained');
      expect(after).toMatchObject({ status: 'verified', because: ['e-1', 'e-2'], before: done.before });
    },
  );

  it('row: guard: what was approved and done, undone by the attacker since: failed, and said', async () => {
    // Prepare
    const done = await contain(first, 'disable-iam-user', USER);
    for (const key of user()?.keys ?? []) key.status = 'Active';

    // Act
    await more('proposed');
    const after = await carryOut(done.key);

    // Assess
    expect(after).toMatchObject({
      status: 'failed',
      reason: expect.stringMatching(
        /^it was done and read back at 03:06:00Z, but somebody has undone it since: access key/,
      ),
    });
    // Nothing was done again unasked.
    expect(user()?.keys[0]?.status).toBe('Active');
  });

  it('is proposed again after an analyst took it back, and done again where nobody is asked', async () => {
    const done = await contain(first, 'disable-iam-user', USER);
    await undo(first, done);

    expect((await more('proposed')).status).toBe('proposed');
    await plan(first, 'disable-iam-user', USER, { because: ['e-1', 'e-2', 'e-3'] });
    expect((await carryOut(done.key)).status).toBe('verified');
  });
});
