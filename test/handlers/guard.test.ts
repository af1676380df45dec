import { beforeEach, describe, expect, it } from 'vitest';
import { actions } from '../../handlers/actions/catalog.ts';
import type { Context } from '../../handlers/context.ts';
import { Guard } from '../../handlers/guard/guard.ts';
import { allowedMode } from '../../handlers/guard/mode.ts';
import { planContainments, planRestores } from '../../handlers/plan.ts';
import { actorOf } from '../../playbooks/actor.ts';
import { cloudTrailRecord } from '../../playbooks/cloudtrail.ts';
import { iamUser } from '../../playbooks/detections/samples.ts';
import type { ActionRecord, IncidentEvent } from '../../playbooks/incident.ts';
import { ACCOUNT, callAt, Desk, TRAIL } from './desk.ts';
import { refusal } from './fake-account.ts';

const role = (name: string, path = '') => ({
  type: 'AssumedRole',
  arn: `arn:aws:sts::${ACCOUNT}:assumed-role/${name}/session`,
  accountId: ACCOUNT,
  sessionContext: {
    sessionIssuer: { type: 'Role', userName: name, arn: `arn:aws:iam::${ACCOUNT}:role/${path}${name}` },
  },
});
const stop = (who: Record<string, unknown>) =>
  callAt('03:00:05', 'cloudtrail.amazonaws.com', 'StopLogging', who, { requestParameters: { name: TRAIL } });

/** A desk with an incident of a stopped trail, by each of these. */
async function stoppedBy(who: Record<string, unknown>[], environment: Partial<Context['environment']> = {}) {
  const desk = new Desk(environment);
  const incidentId = await desk.open('trail-tampering');
  const events = who.map((one): IncidentEvent => {
    const record = cloudTrailRecord.parse(stop(one));
    return { record, actor: actorOf(record, ACCOUNT), verdict: 'offence' };
  });
  for (const [order, event] of events.entries()) {
    await desk.context.ledger.claimEvent(incidentId, 'trail-tampering', event, { round: 0, order });
    const name = event.record.userIdentity?.userName;
    if (name) desk.account.users[name] ??= { keys: [], policies: {}, tags: {} };
  }
  const restore = async () => planRestores(await desk.head(incidentId), events, desk.context);
  const contain = async () => planContainments(await desk.context.ledger.incident(incidentId), desk.context);
  const stored = async () => (await desk.context.ledger.incident(incidentId)).actions;
  const disabling = async (label = 'IAM user mallory') =>
    (await stored()).find((one) => one.action === 'disable-iam-user' && one.label === label) as ActionRecord;
  return { desk, incidentId, restore, contain, stored, disabling };
}
const mallory = iamUser('mallory');

describe('modes', () => {
  it.each([
    ['auto', undefined, 'auto', undefined],
    ['monitor', undefined, 'monitor', /this deployment is in mode monitor/],
    ['auto', 'approve', 'approve', /detection trail-tampering is in mode approve/],
    ['monitor', 'auto', 'monitor', /this deployment/],
    ['approve', 'monitor', 'monitor', /detection trail-tampering/],
  ] as const)('row: guard: stack %s and detection %s: the least holds, %s', (mode, own, expected, because) => {
    const environment = {
      ...new Desk().context.environment,
      mode,
      detectionModes: Object.fromEntries(own ? [['trail-tampering', own]] : []),
    };

    const allowed = allowedMode('auto', 'trail-tampering', environment);

    expect(allowed.mode).toBe(expected);
    if (because) expect(allowed.because).toMatch(because);
  });

  it('row: guard: a response that asks goes on asking under mode auto', () => {
    const { environment } = new Desk().context;
    expect(allowedMode('approve', 'trail-tampering', environment)).toEqual({ mode: 'approve' });
  });

  it('row: guard: mode monitor: actions and restores are monitored, and no place of the cap is taken', async () => {
    const { restore, contain, stored, desk } = await stoppedBy([mallory], { mode: 'monitor' });

    const planned = [...(await restore()), ...(await contain())];

    expect((await stored()).map(({ status }) => status)).toEqual(['monitored', 'monitored', 'monitored']);
    expect(planned.map(({ action }) => action)).toEqual(['start-logging', 'tag-iam-user', 'disable-iam-user']);
    expect([...desk.table.items.keys()].join()).not.toContain('LIMIT#');
  });

  it('row: guard: mode approve: actions and restores wait for a decision, with the reason', async () => {
    const { restore, contain, stored } = await stoppedBy([mallory], {
      detectionModes: { 'trail-tampering': 'approve' },
    });

    await restore();
    await contain();

    expect(await stored()).toMatchObject(
      Array(3).fill({
        status: 'proposed',
        held: 'mode',
        reason: expect.stringMatching(/^detection trail-tampering is in mode approve$/),
      }),
    );
  });
});

describe('protected principals', () => {
  const protectedTag = { 'Cordon:Protected': 'True' };
  const tagged = (who: Record<string, unknown>, time = '02:59:00') =>
    JSON.stringify(
      callAt(time, 'iam.amazonaws.com', 'TagUser', who, {
        requestParameters: { userName: 'mallory', tags: [{ key: 'cordon:protected', value: 'true' }] },
      }),
    );

  it('row: guard: protected by ARN pattern: withheld, with the pattern', async () => {
    const { contain, disabling } = await stoppedBy([mallory], { protectedPrincipals: ['arn:aws:iam::*:user/mal*'] });

    expect(await contain()).toEqual([]);

    expect(await disabling()).toMatchObject({
      status: 'withheld',
      reason: `arn:aws:iam::${ACCOUNT}:user/mallory is protected (arn:aws:iam::*:user/mal*)`,
    });
  });

  it('row: guard: protected by tag: withheld, whatever its case', async () => {
    const { desk, contain, disabling } = await stoppedBy([mallory]);
    Object.assign(desk.account.users.mallory?.tags ?? {}, protectedTag);

    expect(await contain()).toEqual([]);

    expect(await disabling()).toMatchObject({ status: 'withheld', reason: expect.stringContaining('(its tag)') });
  });

  it('row: guard: a role protected by tag: withheld', async () => {
    const { desk, contain, stored } = await stoppedBy([role('release')]);
    desk.account.roleTags.release = protectedTag;

    await contain();

    expect((await stored()).map(({ status }) => status)).toEqual(['withheld']);
  });

  it.each([
    ['the offender', mallory],
    ['somebody else', iamUser('helper')],
  ])('row: guard: a tag that %s put within the last day: does not protect, and is said', async (_, who) => {
    const { desk, contain, disabling } = await stoppedBy([mallory]);
    Object.assign(desk.account.users.mallory?.tags ?? {}, protectedTag);
    desk.account.logs.push(tagged(who));

    await contain();

    expect(await disabling()).toMatchObject({
      status: 'planned',
      reason: expect.stringMatching(/its tag cordon:protected does not count: IAM user \w+ put it at 2026-05-01T02:59/),
    });
  });

  it('row: guard: a tag whose record the log group has lost: does not protect, since event history has it', async () => {
    const { desk, contain, disabling } = await stoppedBy([mallory]);
    Object.assign(desk.account.users.mallory?.tags ?? {}, protectedTag);
    desk.account.history.push(tagged(mallory));

    await contain();

    expect(await disabling()).toMatchObject({
      status: 'planned',
      reason: expect.stringContaining('its tag cordon:protected does not count: IAM user mallory put it'),
    });
  });

  it('row: guard: a tag that a protected administrator put within the last day: protects', async () => {
    const protectedPrincipals = ['arn:aws:iam::*:user/admin'];
    const { desk, contain, disabling } = await stoppedBy([mallory], { protectedPrincipals });
    Object.assign(desk.account.users.mallory?.tags ?? {}, protectedTag);
    desk.account.logs.push(tagged(iamUser('admin')));

    await contain();

    expect(await disabling()).toMatchObject({ status: 'withheld' });
  });

  it('row: guard: one of cordon’s own roles: withheld', async () => {
    const { contain, stored } = await stoppedBy([role('cordon-undo-start-logging')]);

    await contain();

    expect(await stored()).toMatchObject([{ status: 'withheld', reason: expect.stringContaining('own roles') }]);
  });

  it('row: guard: a target that is not the actor: protected as well, also by a pattern with a path', async () => {
    const desk = new Desk({ protectedPrincipals: ['arn:aws:iam::*:user/ops/bob'] });
    const actor = actorOf(cloudTrailRecord.parse(stop(mallory)), ACCOUNT);
    const unit = actions['disable-iam-user'];
    if (!unit) throw new TypeError('disable-iam-user is gone');

    const decision = await new Guard('trail-tampering', desk.context).ofContainment({
      ...{ unit, mode: 'auto', actor, target: { user: 'bob' }, name: 'x', released: false },
    });

    expect(decision).toMatchObject({ status: 'withheld', reason: expect.stringContaining('user/bob is protected') });
  });

  it('row: guard: protection that cannot be read: withheld for an analyst', async () => {
    const { desk, contain, disabling } = await stoppedBy([mallory]);
    desk.account.before = (operation) => {
      if (operation === 'ListUserTags') throw refusal('AccessDenied', 'no');
    };

    await contain();

    expect(await disabling()).toMatchObject({
      status: 'withheld',
      reason: expect.stringMatching(/could not be found out whether .*mallory is protected: AccessDenied: no/),
    });
  });
});

describe('whoever is deploying cordon', () => {
  const update = (who: Record<string, unknown>, stackName: string, rest: object = {}) =>
    JSON.stringify(
      callAt('03:00:01', 'cloudformation.amazonaws.com', 'ExecuteChangeSet', who, {
        requestParameters: { stackName, changeSetName: 'cdk-deploy-change-set' },
        ...rest,
      }),
    );
  const moving = { StackStatus: 'UPDATE_IN_PROGRESS', LastUpdatedTime: new Date('2026-05-01T03:00:02Z') };
  const arnOf = (name: string) => `arn:aws:cloudformation:us-east-1:${ACCOUNT}:stack/${name}/6a7e8feb-b491-4cf7`;

  it.each([
    ['the stack by name', 'cordon', 'cordon'],
    ['the stack by ARN', arnOf('cordon'), 'cordon'],
    ['the stack of the trail', 'cordon-trail', 'cordon-trail'],
  ])('row: guard: caller of a running deployment, %s: withheld', async (_, named, stack) => {
    const { desk, contain, disabling } = await stoppedBy([mallory]);
    desk.account.stacks[stack] = moving;
    desk.account.logs.push(update(mallory, named));

    expect(await contain()).toEqual([]);

    expect(await disabling()).toMatchObject({
      status: 'withheld',
      reason: expect.stringContaining(`is deploying the stack ${stack} right now`),
    });
  });

  it('row: guard: the role that CloudFormation deploys with: withheld', async () => {
    const { desk, contain, stored } = await stoppedBy([role('cdk-exec', 'cdk/')]);
    desk.account.stacks.cordon = { ...moving, RoleARN: `arn:aws:iam::${ACCOUNT}:role/cdk/cdk-exec` };

    await contain();

    expect(await stored()).toMatchObject([{ status: 'withheld', reason: expect.stringContaining('right now') }]);
  });

  it.each<[string, Record<string, object>, string]>([
    ['ended', { cordon: { ...moving, StackStatus: 'UPDATE_COMPLETE' } }, update(mallory, 'cordon')],
    ['never executed', { cordon: { ...moving, StackStatus: 'REVIEW_IN_PROGRESS' } }, update(mallory, 'cordon')],
    ['of another stack', { cordon: moving, 'cordon-mine': moving }, update(mallory, 'cordon-mine')],
    ['by somebody else', { cordon: moving }, update(iamUser('deployer'), 'cordon')],
    ['refused', { cordon: moving }, update(mallory, 'cordon', { errorCode: 'AccessDenied' })],
    [
      'held up for more than an hour',
      { cordon: { ...moving, LastUpdatedTime: new Date('2026-05-01T02:00:02Z') } },
      update(mallory, 'cordon'),
    ],
  ])('row: guard: a deployment %s: protects nobody', async (_, stacks, record) => {
    const { desk, contain, disabling } = await stoppedBy([mallory]);
    Object.assign(desk.account.stacks, stacks);
    desk.account.logs.push(record);

    await contain();

    expect(await disabling()).toMatchObject({ status: 'planned' });
  });
});

describe('the cap', () => {
  const many = (count: number) => Array.from({ length: count }, (_, at) => iamUser(`user-${at}`));

  it('row: guard: cap of 2: further principals are proposed with the reason, tags are set all the same', async () => {
    const { contain, stored } = await stoppedBy(many(4), { cap: 2 });

    await contain();

    const of = (action: string) => async () => (await stored()).filter((one) => one.action === action);
    const disabled = await of('disable-iam-user')();
    expect(disabled.map(({ status }) => status).sort()).toEqual(['planned', 'planned', 'proposed', 'proposed']);
    expect(disabled.find(({ status }) => status === 'proposed')).toMatchObject({
      held: 'cap',
      reason: expect.stringMatching(/^the cap of 2 automatic actions on principals an hour is reached$/),
    });
    expect((await of('tag-iam-user')()).every(({ status }) => status === 'planned')).toBe(true);
  });

  it('row: guard: cap of 0: every principal is proposed', async () => {
    const { contain, disabling } = await stoppedBy([mallory], { cap: 0 });
    await contain();
    expect(await disabling()).toMatchObject({ status: 'proposed', held: 'cap' });
  });

  it('row: guard: cap with 30 at once: exactly as many as it allows, and each keeps its place', async () => {
    const { ledger } = new Desk().context;
    const limit = { name: 'principal-actions', most: 10, withinMs: 3_600_000 };
    const names = Array.from({ length: 30 }, (_, at) => `incident-${at}`);

    const taken = await Promise.all(names.map((name) => ledger.places.take(limit, name)));
    const again = await Promise.all(names.map((name) => ledger.places.take(limit, name)));

    expect(taken.filter(Boolean)).toHaveLength(10);
    expect(again).toEqual(taken);
  });

  it('takes one write for each place while there is room, however many ask at once', async () => {
    const desk = new Desk();
    const limit = { name: 'principal-actions', most: 100, withinMs: 3_600_000 };
    const take = (by: string) => desk.context.ledger.places.take(limit, by);
    await take('the first');
    const operations: string[] = [];
    desk.table.before = (operation) => operations.push(operation);

    const taken = await Promise.all(Array.from({ length: 20 }, (_, at) => take(`incident-${at}`)));

    expect(taken.every(Boolean)).toBe(true);
    expect(operations).toEqual(Array.from({ length: 20 }, () => 'Update'));
  });

  it('row: guard: cap over a sliding hour: a place is free again an hour after it was taken', async () => {
    const desk = new Desk();
    const take = (by: string) =>
      desk.context.ledger.places.take({ name: 'principal-actions', most: 2, withinMs: 3_600_000 }, by);
    await take('a');
    desk.pass(1800);
    await take('b');

    desk.pass(1799);
    const early = await take('c');
    desk.pass(1);
    const later = [await take('c'), await take('d')];

    expect([early, ...later]).toEqual([false, true, false]);
  });

  it('row: guard: cap when a step is repeated: what was released counts once', async () => {
    const { contain, disabling } = await stoppedBy([mallory], { cap: 1 });
    await contain();

    const again = await contain();

    expect(again.map(({ action }) => action)).toContain('disable-iam-user');
    expect(await disabling()).toMatchObject({ status: 'planned' });
  });
});

describe('an action that cannot be undone', () => {
  let desk: Desk;
  beforeEach(() => {
    desk = new Desk();
  });
  const final = { ...actions['disable-iam-user'], undo: undefined, irreversible: 'the keys are deleted' };

  it('row: guard: irreversible: always asks, and says why', async () => {
    const actor = actorOf(cloudTrailRecord.parse(stop(mallory)), ACCOUNT);

    const decision = await new Guard('trail-tampering', desk.context).ofContainment({
      ...{ unit: final as never, mode: 'auto', actor, target: { user: 'mallory' }, name: 'x', released: false },
    });

    expect(decision).toMatchObject({
      status: 'proposed',
      reason: expect.stringMatching(/^it cannot be undone: the keys are deleted$/),
    });
  });
});
