import { beforeEach, describe, expect, it, vi } from 'vitest';
import { actionKeyOf } from '../../handlers/actions/action.ts';
import * as blockAccount from '../../handlers/actions/block-account-public-access.ts';
import * as blockBucket from '../../handlers/actions/block-public-access.ts';
import { actions } from '../../handlers/actions/catalog.ts';
import * as disableUser from '../../handlers/actions/disable-iam-user.ts';
import * as startLogging from '../../handlers/actions/start-logging.ts';
import * as tagUser from '../../handlers/actions/tag-iam-user.ts';
import { InvalidInput, NotInLedger, TargetUnfit, UndoRefused } from '../../handlers/errors.ts';
import { heldBy } from '../../handlers/guard/holding.ts';
import { detectionOf, responseOf } from '../../playbooks/catalog.ts';
import type { ActionRecord, ActionStatus } from '../../playbooks/incident.ts';
import { summaryMail } from '../../playbooks/report/report.ts';
import { ACCOUNT, Desk, TRAIL } from './desk.ts';
import { refusal } from './fake-account.ts';

const current = vi.hoisted(() => ({ context: undefined as unknown }));
vi.mock(import('../../handlers/context.ts'), async (original) => ({
  ...(await original()),
  lambdaContext: () => current.context as never,
}));
// Reading back pauses between tries.
vi.mock('node:timers/promises', () => ({ setTimeout: async () => undefined }));

const MALLORY = { keys: [{ id: 'AKIA1', status: 'Active' }], policies: {}, tags: { team: 'red' } };
const ALL_ON = { BlockPublicAcls: true, IgnorePublicAcls: true, BlockPublicPolicy: true, RestrictPublicBuckets: true };
const ANALYST = `arn:aws:iam::${ACCOUNT}:user/analyst`;
const PUBLIC = JSON.stringify({
  Statement: { Effect: 'Allow', Principal: '*', Action: 's3:GetObject', Resource: 'arn:aws:s3:::reports/*' },
});

let desk: Desk;
let incidentId: string;
beforeEach(async () => {
  desk = new Desk();
  current.context = desk.context;
  incidentId = await desk.open('trail-tampering');
  desk.account.users.mallory = structuredClone(MALLORY);
  desk.account.trails[TRAIL] = { logging: false, stoppedAt: new Date('2026-05-01T03:00:05Z') };
  desk.account.buckets.reports = { policy: PUBLIC, grants: [] };
});

/** Plans an action, as the playbook does before it runs it. */
async function plan(action: string, target: object, because = ['e-1'], status: ActionStatus = 'planned') {
  const unit = actions[action];
  const key = actionKeyOf(action, target);
  const declared = {
    key,
    action,
    title: unit?.title ?? '',
    contains: unit?.contains ?? false,
    target,
    label: unit?.label(target) ?? '',
    status,
    because,
  };
  await desk.context.ledger.plan(incidentId, declared, heldBy(unit ?? {}, key, target));
  return key;
}

type Module = { contain: (event: unknown) => Promise<unknown>; undo: (event: unknown) => Promise<unknown> };
const contain = (module: Module, key: string) => module.contain({ incidentId, key, phase: 'contain' });
const verify = (module: Module, key: string) => module.contain({ incidentId, key, phase: 'verify' });
const undo = (module: Module, key: string, rest: object = {}) =>
  module.undo({ incidentId, key, by: ANALYST, reason: 'a false alarm', ...rest });
const stored = (key: string): Promise<ActionRecord> => desk.context.ledger.action(incidentId, key);

const cases: [string, Module, object, () => unknown][] = [
  ['start-logging', startLogging, { trail: TRAIL }, () => desk.account.trails[TRAIL]?.logging],
  [
    'block-public-access',
    blockBucket,
    { bucket: 'reports', seen: { blockWeakened: false, openedBy: [] } },
    () => desk.account.buckets.reports?.block,
  ],
  ['block-account-public-access', blockAccount, { account: ACCOUNT }, () => desk.account.accountBlock],
  ['tag-iam-user', tagUser, { user: 'mallory' }, () => desk.account.users.mallory?.tags],
  ['disable-iam-user', disableUser, { user: 'mallory' }, () => desk.account.users.mallory],
];

describe.each(cases)('%s', (action, module, target, state) => {
  it('captures, changes, reads back and puts back what was there', async () => {
    const before = structuredClone(state());
    const key = await plan(action, target);

    const changed = await contain(module, key);
    const during = structuredClone(state());
    const { at, after, afterWords } = await stored(key);
    const undone = await undo(module, key);

    expect(at).toMatchObject({ captured: expect.any(String), contained: expect.any(String) });
    expect([after, afterWords]).toEqual([expect.anything(), expect.any(String)]);
    expect(changed).toEqual({ key, status: 'verified', settled: true });
    expect(during).not.toEqual(before);
    expect(state()).toEqual(before);
    expect(undone).toMatchObject({
      subject: expect.stringMatching(/^\[cordon\] CRITICAL UNDONE: trail-tampering, [\x20-\x7e]+, 111122223333$/),
    });
    expect(await stored(key)).toMatchObject({ status: 'undone', reason: 'a false alarm' });
  });

  it('captures before it changes anything', async () => {
    const key = await plan(action, target);
    let captured: unknown;
    desk.account.before = (operation) => {
      const changes = /^(Put|Delete|Start|Update|Tag)/.test(operation);
      if (changes) captured ??= desk.table.items.get(JSON.stringify([`INCIDENT#${incidentId}`, `ACTION#${key}`]));
    };

    await contain(module, key);

    expect(captured).toMatchObject({ status: 'captured', before: expect.anything(), beforeWords: expect.any(String) });
  });

  it('does nothing new when a step is delivered again', async () => {
    const key = await plan(action, target);
    await contain(module, key);
    const calls = desk.account.calls.length;

    const again = await contain(module, key);
    const callsAgain = desk.account.calls.length;
    await verify(module, key);
    const afterVerify = await contain(module, key);

    expect(again).toMatchObject({ status: 'verified', settled: true });
    expect(callsAgain).toBe(calls);
    expect(afterVerify).toMatchObject({ status: 'verified', settled: true });
  });

  it('keeps what it captured when it was cut short after that', async () => {
    const key = await plan(action, target);
    desk.account.before = (operation) => {
      if (/^(Put|Start|Tag)/.test(operation)) throw refusal('ThrottlingException');
    };
    await expect(contain(module, key)).rejects.toThrow('Throttling');
    const { before } = await stored(key);
    desk.account.before = () => undefined;

    const result = await contain(module, key);

    expect(result).toMatchObject({ status: 'verified' });
    expect((await stored(key)).before).toEqual(before);
  });

  it('is undone once, and not at all before it did something', async () => {
    const key = await plan(action, target);
    await expect(undo(module, key)).rejects.toThrow(UndoRefused);
    await contain(module, key);
    await verify(module, key);
    await undo(module, key);

    await expect(undo(module, key)).rejects.toThrow(/undone already/);
  });

  it.each<ActionStatus>(['proposed', 'withheld', 'monitored'])('changes nothing while it is %s', async (status) => {
    const before = structuredClone(state());
    const key = await plan(action, target, ['e-1'], status);

    const result = await contain(module, key);

    expect(result).toEqual({ key, status, settled: true });
    expect(state()).toEqual(before);
    expect(desk.account.operations.filter((operation) => !/^(Get|List|Describe)/.test(operation))).toEqual([]);
    // Nothing is captured for an undo that there must not be.
    expect((await stored(key)).before).toBeUndefined();
    expect((await stored(key)).beforeWords).toEqual(status === 'withheld' ? undefined : expect.any(String));
  });

  it('refuses input that it cannot use, and actions that are not there', async () => {
    await expect(module.contain({ incidentId, key: 'x', phase: 'destroy' })).rejects.toThrow(InvalidInput);
    await expect(module.contain(null)).rejects.toThrow(InvalidInput);
    await expect(contain(module, 'none-000000')).rejects.toThrow(NotInLedger);
    await expect(module.undo({ incidentId, key: 'none-000000', by: ANALYST })).rejects.toThrow(/reason/);
    const key = await plan(action, target);
    const item = desk.table.items.get(JSON.stringify([`INCIDENT#${incidentId}`, `ACTION#${key}`]));
    Object.assign(item ?? {}, { target: { nonsense: true } });
    await expect(contain(module, key)).rejects.toThrow(/target of action/);
  });
});

describe('reading back', () => {
  /** Calls `look` with how often `operation` was called since the change. */
  function afterChange(change: string, operation: string, look: (times: number) => void): void {
    let times: number | undefined;
    desk.account.before = (called) => {
      if (called === change) times = 0;
      else if (called === operation && times !== undefined) {
        times += 1;
        look(times);
      }
    };
  }
  /** The trail's start shows after so many looks. */
  const showsAfter = (looks: number) =>
    afterChange('StartLogging', 'GetTrailStatus', (times) => {
      desk.account.trails[TRAIL] = { logging: times > looks };
    });

  it('is left to the next step where the change does not show at once', async () => {
    const key = await plan('start-logging', { trail: TRAIL });
    showsAfter(1);

    expect(await contain(startLogging, key)).toEqual({ key, status: 'contained', settled: false });
    expect(await verify(startLogging, key)).toEqual({ key, status: 'verified', settled: true });
  });

  it('is left to the next step where it cannot be done at once', async () => {
    const key = await plan('start-logging', { trail: TRAIL });
    afterChange('StartLogging', 'GetTrailStatus', (times) => {
      if (times === 1) throw refusal('ThrottlingException');
    });

    expect(await contain(startLogging, key)).toEqual({ key, status: 'contained', settled: false });
    expect(await verify(startLogging, key)).toEqual({ key, status: 'verified', settled: true });
  });

  it('is tried again, and fails where it goes on being so', async () => {
    const key = await plan('start-logging', { trail: TRAIL });
    showsAfter(Number.POSITIVE_INFINITY);
    await contain(startLogging, key);

    const result = await verify(startLogging, key);

    expect(result).toMatchObject({ status: 'failed', settled: true });
    expect(await stored(key)).toMatchObject({ reason: expect.stringMatching(/^read back 4 times, .*logging off/) });
  });

  it('is content with a later try', async () => {
    const key = await plan('start-logging', { trail: TRAIL });
    showsAfter(3);
    await contain(startLogging, key);
    const before = desk.account.calls.length;

    expect(await verify(startLogging, key)).toMatchObject({ status: 'verified' });
    expect(desk.account.calls.length - before).toBe(3);
  });

  it('does not take a half disabled user for disabled', async () => {
    const key = await plan('disable-iam-user', { user: 'mallory' });
    afterChange('PutUserPolicy', 'ListAccessKeys', (times) => {
      if (times === 1) desk.account.users.mallory?.keys.push({ id: 'AKIA2', status: 'Active' });
    });

    expect(await contain(disableUser, key)).toMatchObject({ status: 'contained', settled: false });
    expect(await verify(disableUser, key)).toMatchObject({ status: 'failed' });
  });
});

describe('an action that is called for again', () => {
  const target = { bucket: 'reports', seen: { blockWeakened: false, openedBy: [] } };

  it('stays verified where it still holds, since the first time: what called for it was not harmless', async () => {
    const key = await plan('block-public-access', target);
    await contain(blockBucket, key);
    await verify(blockBucket, key);
    const first = await stored(key);
    desk.pass(60);
    await plan('block-public-access', target, ['e-2']);

    const result = await contain(blockBucket, key);

    expect(result).toMatchObject({ status: 'verified', settled: true });
    const now = await stored(key);
    expect(now.at.verified).toBe(first.at.verified);
    expect(now.benign).toBeUndefined();
    expect(now.because).toEqual(['e-1', 'e-2']);
  });

  it('is done again where it does not hold, and undo still puts back what was there at first', async () => {
    const key = await plan('disable-iam-user', { user: 'mallory' });
    await contain(disableUser, key);
    await verify(disableUser, key);
    const [first] = desk.account.users.mallory?.keys ?? [];
    if (first) first.status = 'Active';
    await plan('disable-iam-user', { user: 'mallory' }, ['e-2']);

    await contain(disableUser, key);
    await verify(disableUser, key);
    await undo(disableUser, key);

    expect(desk.account.users.mallory).toEqual(MALLORY);
  });

  it('captures anew after an undo', async () => {
    const key = await plan('disable-iam-user', { user: 'mallory' });
    await contain(disableUser, key);
    await verify(disableUser, key);
    desk.pass(60);
    await undo(disableUser, key);
    desk.account.users.mallory?.keys.push({ id: 'AKIA2', status: 'Active' });
    desk.pass(60);
    await plan('disable-iam-user', { user: 'mallory' }, ['e-2']);

    await contain(disableUser, key);
    await verify(disableUser, key);
    await undo(disableUser, key);

    expect(desk.account.users.mallory?.keys.map((one) => one.status)).toEqual(['Active', 'Active']);
  });

  it('is not called for again by the record that was undone', async () => {
    const key = await plan('start-logging', { trail: TRAIL });
    await contain(startLogging, key);
    await verify(startLogging, key);
    await undo(startLogging, key);

    await plan('start-logging', { trail: TRAIL }, ['e-1']);

    expect(await contain(startLogging, key)).toMatchObject({ status: 'undone', settled: true });
    expect(desk.account.trails[TRAIL]?.logging).toBe(false);
  });
});

describe('undo', () => {
  const prepared = async () => {
    const key = await plan('disable-iam-user', { user: 'mallory' });
    await contain(disableUser, key);
    await verify(disableUser, key);
    return key;
  };

  it('refuses what somebody changed since, unless forced', async () => {
    const key = await prepared();
    if (desk.account.users.mallory) desk.account.users.mallory.policies = {};

    await expect(undo(disableUser, key)).rejects.toThrow(/changed since.*--force/);
    await undo(disableUser, key, { force: true });

    expect(desk.account.users.mallory).toEqual(MALLORY);
  });

  it('row: guard: undo of what was changed since, though it still holds: refused, told what, done when forced', async () => {
    const key = await prepared();
    desk.account.users.mallory?.keys.push({ id: 'AKIA2', status: 'Inactive' });

    await expect(undo(disableUser, key)).rejects.toThrow(
      /After containment: access key AKIA1 inactive, everything denied\. Now: access key AKIA1 inactive, access key AKIA2/,
    );
    const forced = await undo(disableUser, key, { force: true });

    expect(forced).toMatchObject({ text: expect.stringContaining(`\nBy ${ANALYST}, by force, at `) });
    expect(desk.account.users.mallory?.keys[0]?.status).toBe('Active');
  });

  it('row: guard: undo of a trail that somebody stopped and started since: refused', async () => {
    const key = await plan('start-logging', { trail: TRAIL });
    await contain(startLogging, key);
    await verify(startLogging, key);
    desk.pass(60);
    Object.assign(desk.account.trails[TRAIL] ?? {}, { startedAt: desk.account.now });

    await expect(undo(startLogging, key)).rejects.toThrow(UndoRefused);
  });

  it('row: guard: undo in the report: who, why, and the incident is undone', async () => {
    const key = await prepared();
    await desk.context.ledger.updateHead(incidentId, { outcome: 'contained' });

    await undo(disableUser, key);

    expect(await desk.head(incidentId)).toMatchObject({ outcome: 'undone' });
    const incident = await desk.context.ledger.incident(incidentId);
    const detection = detectionOf(incident.detection);
    const { subject, text } = summaryMail(incident, detection, responseOf(detection.response));
    expect(subject).toContain('UNDONE: trail-tampering');
    expect(text).toContain(`    undone by ${ANALYST}: a false alarm\n`);
  });

  it('goes on where its first try stopped halfway, but not for somebody else or much later', async () => {
    const key = await prepared();
    desk.account.before = (operation) => {
      if (operation === 'DeleteUserPolicy') throw refusal('ThrottlingException');
    };
    await expect(undo(disableUser, key)).rejects.toThrow('Throttling');
    desk.account.before = () => undefined;

    await expect(undo(disableUser, key, { by: `${ANALYST}-2` })).rejects.toThrow(UndoRefused);
    desk.pass(3600);
    await expect(undo(disableUser, key)).rejects.toThrow(UndoRefused);
    desk.pass(-3590);
    await undo(disableUser, key);

    expect(desk.account.users.mallory).toEqual(MALLORY);
  });

  it('leaves inactive what was inactive, and out what is gone', async () => {
    desk.account.users.mallory?.keys.push({ id: 'AKIA2', status: 'Inactive' });
    const key = await prepared();
    desk.account.users.mallory?.keys.shift();

    await expect(undo(disableUser, key)).rejects.toThrow(/Now: access key AKIA2 inactive, everything denied/);
    await undo(disableUser, key, { force: true });

    expect(desk.account.users.mallory?.keys).toEqual([{ id: 'AKIA2', status: 'Inactive' }]);
  });

  it('puts the tags of an earlier incident back', async () => {
    Object.assign(desk.account.users.mallory?.tags ?? {}, { 'cordon:incident': 'earlier' });
    const key = await plan('tag-iam-user', { user: 'mallory' });
    await contain(tagUser, key);
    await verify(tagUser, key);

    await undo(tagUser, key);

    expect(desk.account.users.mallory?.tags).toEqual({ team: 'red', 'cordon:incident': 'earlier' });
  });

  it('says who undid what and why', async () => {
    const key = await prepared();

    const result = await undo(disableUser, key);

    expect(result).toMatchObject({
      subject: '[cordon] CRITICAL UNDONE: trail-tampering, IAM user mallory, 111122223333',
      text: expect.stringMatching(
        /^UNDONE: .*, IAM user mallory\nBy .*\nReason: a false alarm\nPut back: access key AKIA1 active[\s\S]*\nRunbook {3}npx cordon runbook restore-trail\n$/,
      ),
    });
  });
});

describe('assessing', () => {
  it.each<[string, () => void, Partial<ActionRecord>]>([
    [
      'a policy for no stranger is benign',
      () => {
        desk.account.buckets.reports = { grants: [] };
      },
      { status: 'not-needed', benign: true, reason: 'not public: neither policy nor ACL lets strangers in' },
    ],
    [
      'a public policy held back by the account is benign',
      () => {
        desk.account.accountBlock = ALL_ON;
      },
      { status: 'not-needed', benign: true, reason: expect.stringContaining('RestrictPublicBuckets of the account') },
    ],
    [
      'a bucket whose block is on is benign',
      () => {
        desk.account.buckets.reports = { policy: PUBLIC, block: ALL_ON };
      },
      { status: 'not-needed', benign: true },
    ],
  ])('%s', async (_, prepare, expected) => {
    prepare();
    const key = await plan('block-public-access', { bucket: 'reports', seen: { blockWeakened: false, openedBy: [] } });

    await contain(blockBucket, key);

    expect(await stored(key)).toMatchObject(expected);
    expect(desk.account.operations).not.toContain('PutPublicAccessBlock');
  });

  it('finds a removed block worth restoring, also where nothing is public', async () => {
    desk.account.buckets.reports = { grants: [] };
    const key = await plan('block-public-access', { bucket: 'reports', seen: { blockWeakened: true, openedBy: [] } });

    await contain(blockBucket, key);

    expect(desk.account.buckets.reports?.block).toEqual(ALL_ON);
  });

  it('does not take a block that somebody put back for harmless', async () => {
    desk.account.buckets.reports = { block: ALL_ON };
    const key = await plan('block-public-access', { bucket: 'reports', seen: { blockWeakened: true, openedBy: [] } });

    await contain(blockBucket, key);

    expect(await stored(key)).toMatchObject({ status: 'not-needed', benign: false });
  });

  it('captures policy and grants as they were before the block hides them', async () => {
    const grants = [{ Grantee: { URI: 'http://acs.amazonaws.com/groups/global/AllUsers' }, Permission: 'READ' }];
    desk.account.buckets.reports = { policy: PUBLIC, grants, ownership: 'ObjectWriter' };
    const key = await plan('block-public-access', { bucket: 'reports', seen: { blockWeakened: false, openedBy: [] } });

    await contain(blockBucket, key);

    expect((await stored(key)).before).toEqual({ policy: PUBLIC, grants, ownership: 'ObjectWriter' });
  });

  it.each<[string, Module, object]>([
    ['start-logging', startLogging, { trail: `${TRAIL}-gone` }],
    ['block-public-access', blockBucket, { bucket: 'gone', seen: { blockWeakened: true, openedBy: [] } }],
    ['disable-iam-user', disableUser, { user: 'gone' }],
    ['tag-iam-user', tagUser, { user: 'gone' }],
  ])('%s asks an analyst when the target is gone', async (action, module, target) => {
    const key = await plan(action, target);
    await expect(contain(module, key)).rejects.toThrow(TargetUnfit);
  });

  it('judges and captures a trail by one look, and reads nothing more before it starts', async () => {
    const key = await plan('start-logging', { trail: TRAIL });

    await contain(startLogging, key);

    expect(desk.account.operations).toEqual(['GetTrailStatus', 'StartLogging', 'GetTrailStatus']);
    expect((await stored(key)).before).toEqual({ logging: false, stoppedAt: '2026-05-01T03:00:05.000Z' });
  });

  it('judges and captures a bucket by one look', async () => {
    const key = await plan('block-public-access', { bucket: 'reports', seen: { blockWeakened: true, openedBy: [] } });

    await contain(blockBucket, key);

    expect(desk.account.operations.filter((operation) => operation === 'GetBucketPolicy')).toHaveLength(1);
    expect((await stored(key)).before).toEqual({ policy: PUBLIC, grants: [] });
  });

  it.each([
    [true, 0],
    [false, 1],
  ])('looks at the access points only where the block was not weakened: %s', async (blockWeakened, looks) => {
    const key = await plan('block-public-access', { bucket: 'reports', seen: { blockWeakened, openedBy: [] } });

    expect(await contain(blockBucket, key)).toMatchObject({ status: 'verified' });

    expect(desk.account.operations.filter((operation) => operation === 'ListAccessPoints')).toHaveLength(looks);
  });

  it('asks an analyst when a trail without a baseline goes between the look and the start', async () => {
    const key = await plan('start-logging', { trail: TRAIL });
    desk.account.before = (operation) => {
      if (operation === 'StartLogging') delete desk.account.trails[TRAIL];
    };

    await expect(contain(startLogging, key)).rejects.toThrow(TargetUnfit);
    expect(await stored(key)).toMatchObject({ status: 'captured', before: { logging: false } });
  });

  it('asks the ledger for no more than it takes, and writes twice: before the change, and once it is read back', async () => {
    const key = await plan('start-logging', { trail: TRAIL });
    const calls: string[] = [];
    desk.table.before = (operation, { Key }) => {
      const { pk = '', sk = '' } = (Key ?? {}) as { pk?: string; sk?: string };
      calls.push(`${operation} ${pk === 'BASELINES' ? pk : sk.split('#')[0]}`);
    };
    desk.account.before = (operation) => {
      calls.push(operation);
    };

    await contain(startLogging, key);

    expect(calls).toEqual([
      ...['Get ACTION', 'Get HEAD'],
      ...['GetTrailStatus', 'Get BASELINES'],
      ...['Update ACTION', 'StartLogging', 'GetTrailStatus', 'Update ACTION'],
    ]);
  });

  it('leaves its target to an action of another incident from the moment that it is planned', async () => {
    const key = await plan('disable-iam-user', { user: 'mallory' });

    const holders = await desk.context.ledger.holds.of('access/user/mallory');

    expect(holders).toEqual([{ incident: incidentId, key }]);
  });

  it('contains again, and no more than that, where it was cut short before it could write down what it did', async () => {
    const key = await plan('start-logging', { trail: TRAIL });
    let writes = 0;
    desk.table.before = (operation) => {
      if (operation === 'Update' && ++writes > 1) throw refusal('ThrottlingException');
    };
    await expect(contain(startLogging, key)).rejects.toThrow('Throttling');
    const cut = await stored(key);
    desk.table.before = () => undefined;

    const result = await contain(startLogging, key);

    expect(cut).toMatchObject({ status: 'captured', before: { logging: false } });
    expect(result).toMatchObject({ status: 'verified' });
    expect(await stored(key)).toMatchObject({ before: { logging: false }, at: { captured: cut.at.captured } });
  });

  it('works on a trail in its home region', async () => {
    const trail = `arn:aws:cloudtrail:eu-west-1:${ACCOUNT}:trail/far`;
    desk.account.trails[trail] = { logging: false };
    const key = await plan('start-logging', { trail });

    await contain(startLogging, key);

    expect(new Set(desk.account.calls.map((call) => call.region))).toEqual(new Set(['eu-west-1']));
  });
});
