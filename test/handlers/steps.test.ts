import { beforeEach, describe, expect, it, vi } from 'vitest';
import { handler as claimHandler } from '../../handlers/steps/claim.ts';
import { close } from '../../handlers/steps/close.ts';
import { collect } from '../../handlers/steps/collect.ts';
import { investigate } from '../../handlers/steps/investigate.ts';
import { recordFailure } from '../../handlers/steps/record-failure.ts';
import { settle } from '../../handlers/steps/settle.ts';
import { summarize } from '../../handlers/steps/summarize.ts';
import { UnknownUnit } from '../../playbooks/catalog.ts';
import { iamUser, root, signIn } from '../../playbooks/detections/samples.ts';
import { ACCOUNT, alarm, callAt, Desk, eventId, TRAIL } from './desk.ts';
import { refusal } from './fake-account.ts';

const current = vi.hoisted(() => ({ context: undefined as unknown }));
vi.mock(import('../../handlers/context.ts'), async (original) => ({
  ...(await original()),
  lambdaContext: () => current.context as never,
}));

let desk: Desk;
beforeEach(() => {
  desk = new Desk();
  current.context = desk.context;
});

const stop = (time = '03:00:05', who: Record<string, unknown> = iamUser('mallory'), rest: object = {}) =>
  callAt(time, 'cloudtrail.amazonaws.com', 'StopLogging', who, { requestParameters: { name: 'cordon' }, ...rest });
const deliver = (...records: object[]) => desk.account.logs.push(...records.map((record) => JSON.stringify(record)));
const look = (incidentId: string, round = 0, empty = 0) => collect({ incidentId, round, empty }, desk.context);
const stored = (incidentId: string) => desk.context.ledger.incident(incidentId);
const session = (role: string, accountId = ACCOUNT) => ({
  type: 'AssumedRole',
  arn: `arn:aws:sts::${accountId}:assumed-role/${role}/session`,
  accountId,
  sessionContext: { sessionIssuer: { type: 'Role', userName: role, arn: `arn:aws:iam::${accountId}:role/${role}` } },
});

describe('claim', () => {
  const event = alarm('trail-tampering');

  it('opens one incident for an alarm that is delivered twice, at once', async () => {
    const both = await Promise.all(['run-1', 'run-2'].map((execution) => desk.claim(execution, event)));

    expect(both.map((one) => one.proceed).sort()).toEqual([false, true]);
    expect(new Set(both.map((one) => one.incidentId)).size).toBe(1);
    expect(await desk.context.ledger.recent(10)).toHaveLength(1);
  });

  it('lets a retry of the same execution go on', async () => {
    const first = await desk.claim('run-1', event);
    expect(await desk.claim('run-1', event)).toEqual(first);
    expect(first).toEqual({
      incidentId: expect.stringMatching(/^trail-tampering-20260501-030100-[0-9a-f]{4}$/),
      proceed: true,
      after: 0,
    });
  });

  it('opens another incident when the alarm fires again', async () => {
    const first = await desk.open('trail-tampering');
    expect(await desk.open('trail-tampering', '2026-05-01T04:01:00.000+0000')).not.toBe(first);
  });

  it('keeps what the alarm said', async () => {
    expect(await desk.head(await desk.open('root-usage'))).toMatchObject({
      detection: 'root-usage',
      severity: 'CRITICAL',
      status: 'open',
      account: ACCOUNT,
      alarmAt: '2026-05-01T03:01:00.000Z',
      alarmName: 'cordon-root-usage',
      alarmReason: 'Threshold Crossed',
    });
  });

  it('says which detection it does not know', async () => {
    const opening = desk.open('retired-detection');
    await expect(opening).rejects.toThrow(UnknownUnit);
    await expect(opening).rejects.toThrow(/'retired-detection'.*trail-tampering/);
  });

  it.each([
    ['no event', { execution: 'run-1' }, /event/],
    ['another event', { execution: 'run-1', event: { ...event, 'detail-type': 'Scheduled Event' } }, /detail-type/],
    [
      'an alarm that is OK',
      { execution: 'run-1', event: { ...event, detail: { ...event.detail, state: { value: 'OK' } } } },
      /state\.value/,
    ],
    [
      'no time',
      {
        execution: 'run-1',
        event: { ...event, detail: { alarmName: 'x', state: { value: 'ALARM', timestamp: 'soon' } } },
      },
      /must be a time/,
    ],
    ['nothing', null, /not usable/],
  ])('refuses %s and says where', async (_, input, message) => {
    await expect(claimHandler(input)).rejects.toMatchObject({
      name: 'InvalidInput',
      message: expect.stringMatching(message),
    });
    expect(desk.table.items.size).toBe(0);
  });
});

describe('collect', () => {
  let incidentId: string;
  beforeEach(async () => {
    incidentId = await desk.open('trail-tampering');
  });

  it('takes what matches, judges it, and plans what puts protection back', async () => {
    deliver(
      stop(),
      callAt('03:00:06', 'cloudtrail.amazonaws.com', 'StartLogging', iamUser('mallory')),
      callAt('03:00:07', 'cloudtrail.amazonaws.com', 'UpdateTrail', iamUser('alice'), {
        requestParameters: { name: 'cordon', snsTopicName: 'deliveries' },
      }),
      stop('03:00:08', iamUser('bob'), { requestParameters: null, errorCode: 'AccessDenied' }),
    );
    desk.account.logs.push('no JSON', '{"eventName":"StopLogging","eventSource":"cloudtrail.amazonaws.com"}');

    const collected = await look(incidentId);

    expect(collected).toMatchObject({ fresh: 3, explained: false, restore: [{ action: 'start-logging' }] });
    expect((await stored(incidentId)).events.map((one) => [one.record.eventName, one.verdict])).toEqual([
      ['StopLogging', 'offence'],
      ['UpdateTrail', 'benign'],
      ['StopLogging', 'attempt'],
    ]);
  });

  it('takes a refused call for an attempt: nothing is to be restored', async () => {
    deliver(stop('03:00:05', iamUser('mallory'), { requestParameters: null, errorCode: 'TrailNotFoundException' }));
    expect(await look(incidentId)).toMatchObject({ fresh: 1, restore: [] });
  });

  it('takes each eventID once, and nothing anew in a later round', async () => {
    const record = stop();
    deliver(record, record, { ...record });

    const first = await look(incidentId);
    const second = await look(incidentId, 1);

    expect(first).toMatchObject({ fresh: 1 });
    expect(second).toMatchObject({ fresh: 0, restore: [] });
    expect((await stored(incidentId)).actions[0]?.because).toHaveLength(1);
  });

  it('restores again what is stopped again in a later round', async () => {
    deliver(stop());
    await look(incidentId);
    deliver(stop('03:02:00'));

    const second = await look(incidentId, 1);

    expect(second).toMatchObject({ fresh: 1, restore: [{ action: 'start-logging' }] });
    expect((await stored(incidentId)).actions).toMatchObject([{ because: [expect.any(String), expect.any(String)] }]);
  });

  it('gives a record to one incident of a detection only', async () => {
    const other = await desk.open('trail-tampering', '2026-05-01T03:02:00.000+0000');
    deliver(stop());
    await look(incidentId);

    expect(await look(other)).toMatchObject({ fresh: 0, explained: true, restore: [] });
    expect(await desk.head(other)).toMatchObject({ claimedBy: [incidentId] });
  });

  it('gives a failed sign-in of root to both detections that it matches', async () => {
    const [logins, usage] = [await desk.open('failed-console-logins'), await desk.open('root-usage')];
    deliver({ ...signIn(root, 'Failure'), eventID: eventId() });

    expect(await look(logins)).toMatchObject({ fresh: 1 });
    expect(await look(usage)).toMatchObject({ fresh: 1 });
  });

  it.each([
    ['its own role', session('cordon-undo-start-logging'), true],
    ['a role whose name only begins so', session('cordon-undo-start-logging-2'), false],
    ['a role whose name only ends so', session('x-cordon-undo-start-logging'), false],
    ['a role of that name in another account', session('cordon-undo-start-logging', '444455556666'), false],
    ['a user of that name', iamUser('cordon-undo-start-logging'), false],
    [
      'a session of that name',
      { ...session('deployer'), arn: `arn:aws:sts::${ACCOUNT}:assumed-role/deployer/cordon-undo-start-logging` },
      false,
    ],
  ])('knows %s for its own: %s', async (_, who, own) => {
    deliver(stop('03:00:05', who));

    const collected = await look(incidentId);

    expect(collected).toMatchObject({ fresh: own ? 0 : 1, explained: own });
    if (own) expect(await desk.head(incidentId)).toMatchObject({ ownCalls: 1 });
  });

  it('explains nothing where nothing is', async () => {
    expect(await look(incidentId)).toEqual({ fresh: 0, explained: false, restore: [], left: false });
  });

  it('adds the sign-ins that share a user or an address with the failures', async () => {
    const logins = await desk.open('failed-console-logins');
    const from = (who: Record<string, unknown>, result: 'Success' | 'Failure', sourceIPAddress: string) => ({
      ...signIn(who, result, { sourceIPAddress }),
      eventID: eventId(),
    });
    const rootNoName = { type: 'Root', principalId: ACCOUNT, accountId: ACCOUNT };
    deliver(
      from({ ...iamUser('alice'), principalId: 'AIDAALICE' }, 'Failure', '203.0.113.1'),
      from({ ...rootNoName }, 'Failure', '203.0.113.1'),
      from({ ...iamUser('alice'), principalId: 'AIDAALICE' }, 'Success', '192.0.2.1'),
      from({ ...iamUser('frank'), principalId: 'AIDAFRANK' }, 'Success', '203.0.113.1'),
      from(root, 'Success', '192.0.2.2'),
      from({ ...iamUser('grace'), principalId: 'AIDAGRACE' }, 'Success', '192.0.2.3'),
    );

    const collected = await look(logins);

    const related = (await stored(logins)).events.filter((one) => one.verdict === 'related');
    expect(collected.fresh).toBe(5);
    expect(related.map((one) => one.actor.label).sort()).toEqual(['IAM user alice', 'IAM user frank', 'the root user']);
    expect(await look(logins, 1)).toMatchObject({ fresh: 0 });
  });

  it('goes on, in the same round, where it was cut short', async () => {
    deliver(stop(), stop('03:00:06', iamUser('bob')));
    let writes = 0;
    desk.table.before = (operation) => {
      if (operation === 'TransactWrite' && ++writes === 2) throw refusal('InternalServerError');
    };
    await expect(look(incidentId)).rejects.toThrow('InternalServerError');

    const again = await look(incidentId);

    expect(again.restore).toHaveLength(1);
    expect((await stored(incidentId)).events).toHaveLength(2);
  });
});

describe('investigate', () => {
  const prepared = async (detection: string, ...records: object[]) => {
    const incidentId = await desk.open(detection);
    deliver(...records);
    await look(incidentId);
    return incidentId;
  };
  const contained = async (incidentId: string) =>
    (await stored(incidentId)).actions.map((one) => [one.action, one.label, one.status]);

  it('plans the containment of an offender, and tags who only tried', async () => {
    desk.account.trails[TRAIL] = { logging: true };
    const denied = { requestParameters: null, errorCode: 'AccessDenied' };
    const incidentId = await prepared('trail-tampering', stop(), stop('03:00:06', iamUser('bob'), denied));

    const { contain } = await investigate({ incidentId }, desk.context);

    expect(contain.map((one) => one.action)).toEqual(['tag-iam-user', 'disable-iam-user', 'tag-iam-user']);
    expect(contain.every((one) => one.incidentId === incidentId)).toBe(true);
    expect((await stored(incidentId)).findings.actor?.map((one) => one.label)).toEqual([
      'IAM user mallory',
      'IAM user bob',
    ]);
  });

  it('withholds everything from a protected principal', async () => {
    desk = new Desk({ protectedPrincipals: ['arn:aws:iam::*:user/mal*'] });
    const incidentId = await prepared('trail-tampering', stop(), stop('03:00:06', iamUser('normal')));

    const { contain } = await investigate({ incidentId }, desk.context);

    expect(contain).toHaveLength(2);
    expect(await contained(incidentId)).toEqual(
      expect.arrayContaining([
        ['disable-iam-user', 'IAM user mallory', 'withheld'],
        ['disable-iam-user', 'IAM user normal', 'planned'],
      ]),
    );
    const withheld = (await stored(incidentId)).actions.find((one) => one.status === 'withheld');
    expect(withheld?.reason).toMatch(/user\/mallory is protected \(arn:aws:iam::\*:user\/mal\*\)/);
  });

  it('proposes what an analyst must decide', async () => {
    desk.account.buckets.reports = { grants: [] };
    const record = callAt('03:00:05', 's3.amazonaws.com', 'PutBucketPolicy', iamUser('mallory'), {
      requestParameters: { bucketName: 'reports' },
    });
    const incidentId = await prepared('s3-public-exposure', record);

    const { contain } = await investigate({ incidentId }, desk.context);

    // What is proposed is handed on too, to be looked at.
    expect(contain.map(({ action, status }) => `${action}: ${status}`)).toEqual([
      'tag-iam-user: planned',
      'disable-iam-user: proposed',
    ]);
    expect(await contained(incidentId)).toContainEqual(['disable-iam-user', 'IAM user mallory', 'proposed']);
  });

  it.each<[string, object, string, string | undefined, string]>([
    [
      'of the guessed user without MFA, from where it was guessed',
      { who: 'alice', from: '203.0.113.1', mfa: 'No' },
      'IAM user alice',
      'planned',
      'contained',
    ],
    [
      'of the guessed user without MFA, from elsewhere',
      { who: 'alice', from: '192.0.2.1', mfa: 'No' },
      'IAM user alice',
      'proposed',
      'needs-analyst',
    ],
    [
      'of the guessed user with MFA',
      { who: 'alice', from: '192.0.2.1', mfa: 'Yes' },
      'IAM user alice',
      'proposed',
      'needs-analyst',
    ],
    [
      'of another user from that address',
      { who: 'frank', from: '203.0.113.1', mfa: 'No' },
      'IAM user frank',
      'proposed',
      'needs-analyst',
    ],
    ['of nobody concerned', { who: 'grace', from: '192.0.2.3', mfa: 'No' }, 'IAM user grace', undefined, 'attempt'],
  ])('answers a success %s', async (_, success, label, status, outcome) => {
    const { who, from, mfa } = success as { who: string; from: string; mfa: string };
    const one = (name: string, result: 'Success' | 'Failure', rest: object) => ({
      ...signIn({ ...iamUser(name), principalId: `AIDA${name}` }, result, { ...rest }),
      eventID: eventId(),
    });
    const failures = [1, 2, 3, 4, 5].map(() => one('alice', 'Failure', { sourceIPAddress: '203.0.113.1' }));
    const then = one(who, 'Success', {
      sourceIPAddress: from,
      eventTime: '2026-05-01T03:00:50Z',
      additionalEventData: { MFAUsed: mfa },
    });
    const incidentId = await prepared('failed-console-logins', ...failures, then);

    await investigate({ incidentId }, desk.context);
    const { actions } = await stored(incidentId);
    for (const action of actions.filter((one) => one.status === 'planned')) {
      await desk.context.ledger.advance(incidentId, action, 'verified');
    }
    const summarized = await summarize({ incidentId, round: 0 }, desk.context);

    const disabling = actions.filter((action) => action.action === 'disable-iam-user');
    expect(disabling.map((action) => [action.label, action.status])).toEqual(status ? [[label, status]] : []);
    expect(summarized).toEqual({ outcome });
    expect((await desk.head(incidentId)).severity).toBe(status ? 'HIGH' : 'MEDIUM');
  });

  it('calls a record benign when all that it called for was needless because it did no harm', async () => {
    desk.account.buckets.reports = { grants: [] };
    const record = callAt('03:00:05', 's3.amazonaws.com', 'PutBucketPolicy', iamUser('alice'), {
      requestParameters: { bucketName: 'reports' },
    });
    const incidentId = await prepared('s3-public-exposure', record);
    const [action] = await desk.context.ledger.actions(incidentId);
    if (action) {
      await desk.context.ledger.advance(incidentId, action, 'not-needed', { reason: 'not public: no', benign: true });
    }

    const { contain } = await investigate({ incidentId }, desk.context);
    const { outcome } = await summarize({ incidentId, round: 0 }, desk.context);

    expect(contain).toEqual([]);
    expect((await stored(incidentId)).events[0]).toMatchObject({
      verdict: 'benign',
      reason: 'bucket reports: not public: no',
    });
    expect(outcome).toBe('benign');
  });

  it('goes on when a question cannot be answered, and says so', async () => {
    desk.account.before = (operation) => {
      if (operation === 'GetAccountSummary') throw refusal('AccessDenied', 'not allowed');
    };
    const record = callAt('03:00:05', 'iam.amazonaws.com', 'CreateUser', {
      type: 'Root',
      arn: `arn:aws:iam::${ACCOUNT}:root`,
    });
    const incidentId = await prepared('root-usage', record);

    const { contain } = await investigate({ incidentId }, desk.context);

    expect(contain).toEqual([]);
    const { failures, findings } = await desk.context.ledger.incident(incidentId);
    expect(findings['root-activity']?.uses).toHaveLength(1);
    expect(failures).toMatchObject([{ step: 'root-credentials', error: 'AccessDenied: not allowed' }]);
  });
});

describe('summarize', () => {
  it('mails once a round, and keeps report, incident and records', async () => {
    const incidentId = await desk.open('trail-tampering');
    deliver(stop('03:00:05', iamUser('mallory'), { errorCode: 'AccessDenied' }));
    await look(incidentId);

    const first = await summarize({ incidentId, round: 0 }, desk.context);
    const again = await summarize({ incidentId, round: 0 }, desk.context);
    const next = await summarize({ incidentId, round: 1 }, desk.context);

    expect([first, again, next]).toEqual([{ outcome: 'attempt' }, { outcome: 'attempt' }, { outcome: 'attempt' }]);
    expect(desk.account.mails).toHaveLength(2);
    expect(desk.account.mails[0]?.subject).toBe(
      '[cordon] CRITICAL ATTEMPT: trail-tampering, trail cordon, 111122223333',
    );
    expect(Object.keys(desk.account.kept).sort()).toEqual(
      ['incident-0.json', 'incident-1.json', 'records.ndjson', 'report-0.txt', 'report-1.txt'].map(
        (name) => `incidents/${incidentId}/${name}`,
      ),
    );
    expect(JSON.parse(desk.account.kept[`incidents/${incidentId}/records.ndjson`] ?? '')).toMatchObject({
      eventName: 'StopLogging',
    });
  });

  it('links to the runbooks where the deployment says they are', async () => {
    desk = new Desk({ runbooks: 'https://git.example.com/runbooks' });
    const incidentId = await desk.open('trail-tampering');

    await summarize({ incidentId, round: 0 }, desk.context);

    expect(desk.account.mails[0]?.text).toContain('https://git.example.com/runbooks/restore-trail.md');
  });

  it('asks for an analyst when the alarm has no record behind it', async () => {
    const incidentId = await desk.open('trail-tampering');
    await look(incidentId);

    expect(await summarize({ incidentId, round: 0 }, desk.context)).toEqual({ outcome: 'needs-analyst' });
    expect(desk.account.mails[0]?.text).toContain('no record of its window could be found');
  });

  it('mails nothing for an incident whose records another one has', async () => {
    const [first, second] = [
      await desk.open('trail-tampering'),
      await desk.open('trail-tampering', '2026-05-01T03:02:00.000+0000'),
    ];
    deliver(stop());
    await look(first);
    await look(second);

    expect(await summarize({ incidentId: second, round: 0 }, desk.context)).toEqual({ outcome: 'duplicate' });
    expect(desk.account.mails).toEqual([]);
  });

  it("mails that cordon's own calls are benign, and why", async () => {
    const incidentId = await desk.open('trail-tampering');
    deliver(stop('03:00:05', session('cordon-undo-start-logging')));
    await look(incidentId);

    expect(await summarize({ incidentId, round: 0 }, desk.context)).toEqual({ outcome: 'benign' });
    expect(desk.account.mails[0]?.text).toContain("1 matching call by cordon's own roles");
  });

  it('mails again rather than never when it was cut short after the mail', async () => {
    const incidentId = await desk.open('root-usage');
    let puts = 0;
    desk.table.before = (operation) => {
      if (operation === 'Update' && ++puts === 2) throw refusal('InternalServerError');
    };
    await expect(summarize({ incidentId, round: 0 }, desk.context)).rejects.toThrow('InternalServerError');

    await summarize({ incidentId, round: 0 }, desk.context);

    expect(desk.account.mails).toHaveLength(2);
  });
});

describe('record-failure', () => {
  it.each([
    [
      { Error: 'TargetUnfit', Cause: '{"errorType":"TargetUnfit","errorMessage":"Trail x is gone","trace":[]}' },
      'TargetUnfit: Trail x is gone',
    ],
    [{ Error: 'States.Timeout', Cause: '' }, 'States.Timeout: '],
    [{ Error: 'Lambda.Unknown', Cause: 'no JSON' }, 'Lambda.Unknown: no JSON'],
    [{}, 'unknown error: '],
    [{ Error: 'X', Cause: 'y'.repeat(5000) }, `X: ${'y'.repeat(997)}`],
  ])('writes %j down', async (error, expected) => {
    const incidentId = await desk.open('trail-tampering');

    await recordFailure({ incidentId, step: 'investigate', error }, desk.context);
    const { outcome } = await summarize({ incidentId, round: 0 }, desk.context);

    expect((await desk.head(incidentId)).failures).toMatchObject([{ step: 'investigate', error: expected }]);
    expect(outcome).toBe('needs-analyst');
  });

  it('lets an action fail, and keeps what was captured for its undo', async () => {
    const incidentId = await desk.open('trail-tampering');
    deliver(stop());
    await look(incidentId);
    const [action] = await desk.context.ledger.actions(incidentId);
    if (action) await desk.context.ledger.advance(incidentId, action, 'captured', { before: { logging: false } });

    await recordFailure(
      { incidentId, step: 'restore', key: action?.key, error: { Error: 'AccessDenied' } },
      desk.context,
    );

    expect((await stored(incidentId)).actions).toMatchObject([
      { status: 'failed', reason: 'AccessDenied: ', before: { logging: false } },
    ]);
  });
});

describe('settle and close', () => {
  it('row: settle: an alarm that stays in ALARM: looked at again, at growing intervals', async () => {
    const incidentId = await desk.open('trail-tampering');
    desk.account.alarms['cordon-trail-tampering'] = 'ALARM';
    const waits: number[] = [];
    for (let looks = 0; looks < 6; ) {
      const settled = await settle({ incidentId, looks }, desk.context);
      expect(settled.quiet).toBe(false);
      waits.push(settled.waitSeconds);
      looks = settled.looks;
    }

    expect(waits).toEqual([...waits].sort((a, b) => a - b));
    expect(waits.at(-1)).toBe(240);
  });

  it.each(['OK', 'INSUFFICIENT_DATA', undefined])(
    'row: settle: an alarm that is %s: nothing more can come under it',
    async (state) => {
      const incidentId = await desk.open('trail-tampering');
      if (state) desk.account.alarms['cordon-trail-tampering'] = state;

      expect(await settle({ incidentId, looks: 3 }, desk.context)).toMatchObject({ quiet: true, looks: 4 });
    },
  );

  it('looks for eight minutes for the alarm of an event’s record, unless that has come and gone', async () => {
    const incidentId = await desk.open('trail-tampering');
    await desk.context.ledger.open({ ...(await desk.head(incidentId)), id: 'by-event', lane: 'event' });
    const quiet = async (looks: number) => (await settle({ incidentId: 'by-event', looks }, desk.context)).quiet;

    desk.account.alarms['cordon-trail-tampering'] = 'OK';
    desk.account.alarmsChangedAt = new Date('2026-05-01T02:00:00Z');
    expect(await Promise.all([0, 1, 2, 3, 4].map(quiet))).toEqual([false, false, false, false, true]);
    desk.account.alarmsChangedAt = new Date('2026-05-01T03:06:00Z');
    expect(await quiet(0)).toBe(true);
    desk.account.alarms['cordon-trail-tampering'] = 'ALARM';
    expect(await quiet(4)).toBe(false);
  });

  it('row: settle: an alarm that stays in ALARM for a day: closed all the same, and said', async () => {
    const incidentId = await desk.open('trail-tampering');
    desk.account.alarms['cordon-trail-tampering'] = 'ALARM';

    expect(await settle({ incidentId, looks: 360 }, desk.context)).toMatchObject({ quiet: true });
    expect((await desk.head(incidentId)).failures).toMatchObject([{ step: 'settle' }]);
  });

  it('closes what is done, and hands over what needs an analyst', async () => {
    const [done, open] = [await desk.open('trail-tampering'), await desk.open('root-usage')];
    await desk.context.ledger.updateHead(done, { outcome: 'contained' });
    await desk.context.ledger.updateHead(open, { outcome: 'needs-analyst' });

    await close({ incidentId: done }, desk.context);
    await close({ incidentId: open }, desk.context);

    expect(await desk.head(done)).toMatchObject({ status: 'closed', closedAt: desk.account.now.toISOString() });
    expect(await desk.head(open)).toMatchObject({ status: 'handed-over' });
  });
});
