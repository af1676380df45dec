import { describe, expect, it } from 'vitest';
import actor from '../../handlers/investigations/actor.ts';
import bucketExposure from '../../handlers/investigations/bucket-exposure.ts';
import loggingGap from '../../handlers/investigations/logging-gap.ts';
import { loginPattern } from '../../handlers/investigations/login-pattern.ts';
import rootActivity from '../../handlers/investigations/root-activity.ts';
import { call, iamUser, root, signIn } from '../../playbooks/detections/samples.ts';
import type { IncidentEvent } from '../../playbooks/incident.ts';
import { did, event, incident } from '../playbooks/incidents.ts';
import { Desk, TRAIL } from './desk.ts';
import { refusal } from './fake-account.ts';

const hidden = {
  type: 'IAMUser',
  accountId: '111122223333',
  accessKeyId: '',
  userName: 'HIDDEN_DUE_TO_SECURITY_REASONS',
};

const failed = (time: string, who: object, address = '198.51.100.23'): IncidentEvent =>
  event(time, signIn({ ...who }, 'Failure', { sourceIPAddress: address }), 'attempt');
const succeeded = (time: string, who: object, address = '198.51.100.23', mfa = 'No'): IncidentEvent =>
  event(
    time,
    signIn({ ...who }, 'Success', { sourceIPAddress: address, additionalEventData: { MFAUsed: mfa } }),
    'related',
  );

describe('login-pattern', () => {
  const times = ['03:00:00', '03:00:30', '03:01:00', '03:01:30', '03:02:00'];
  const names = ['alice', 'bob', 'carol', 'dave', 'erin'];
  const addresses = [1, 2, 3, 4, 5].map((last) => `203.0.113.${last}`);

  it.each([
    ['brute-force', times.map((time) => failed(time, iamUser('alice')))],
    ['spray', times.map((time, at) => failed(time, iamUser(names[at] ?? '')))],
    ['distributed', times.map((time, at) => failed(time, iamUser('alice'), addresses[at]))],
    ['mixed', times.map((time, at) => failed(time, iamUser(names[at] ?? ''), addresses[at]))],
    // All names that do not exist are recorded alike: several failures need not be one name.
    ['spray', times.map((time) => failed(time, hidden))],
    ['spray', [failed('03:00:00', hidden), failed('03:00:01', iamUser('alice'))]],
    ['brute-force', times.map((time) => failed(time, root))],
  ])('tells %s', (kind, events) => {
    expect(loginPattern(events).kind).toBe(kind);
  });

  it('counts by user and address, with first, last and rate', () => {
    const pattern = loginPattern([
      failed('03:02:00', iamUser('bob'), '203.0.113.9'),
      failed('03:00:00', iamUser('alice')),
      failed('03:01:00', iamUser('alice'), '203.0.113.9'),
      failed('03:01:30', root),
      failed('03:01:40', hidden),
    ]);

    expect(pattern).toMatchObject({
      failures: 5,
      first: '2026-05-01T03:00:00Z',
      last: '2026-05-01T03:02:00Z',
      perMinute: 2.5,
    });
    expect(pattern.users).toEqual([
      { user: 'bob', failures: 1, addresses: ['203.0.113.9'], exists: true },
      { user: 'alice', failures: 2, addresses: ['198.51.100.23', '203.0.113.9'], exists: true },
      { user: 'root', failures: 1, addresses: ['198.51.100.23'], exists: true },
      { user: 'a user name that does not exist', failures: 1, addresses: ['198.51.100.23'], exists: false },
    ]);
    expect(pattern.addresses[1]).toEqual({
      address: '198.51.100.23',
      failures: 3,
      users: ['alice', 'root', 'a user name that does not exist'],
    });
  });

  it.each<[string, IncidentEvent, { user: string; mfa: boolean } | undefined]>([
    [
      'by the same user from elsewhere',
      succeeded('03:05:00', iamUser('alice'), '192.0.2.1'),
      { user: 'alice', mfa: false },
    ],
    ['by another user from the same address', succeeded('03:05:00', iamUser('frank')), { user: 'frank', mfa: false }],
    ['with MFA', succeeded('03:05:00', iamUser('alice'), '192.0.2.1', 'Yes'), { user: 'alice', mfa: true }],
    ['in the same second', succeeded('03:00:00', iamUser('alice')), { user: 'alice', mfa: false }],
    ['of root', succeeded('03:05:00', root), { user: 'root', mfa: false }],
    ['before any failure', succeeded('02:59:59', iamUser('alice')), undefined],
    ["before that user's failures", succeeded('03:00:10', iamUser('bob'), '203.0.113.9'), undefined],
  ])('judges a success %s', (_, success, expected) => {
    const events = [failed('03:00:00', iamUser('alice')), failed('03:01:00', iamUser('bob'), '203.0.113.9'), success];

    const { successes } = loginPattern(events);

    if (expected) expect(successes).toEqual([expect.objectContaining(expected)]);
    else expect(successes).toEqual([]);
  });

  it('holds numbers only, also of nothing', () => {
    expect(loginPattern([])).toMatchObject({ failures: 0, perMinute: 0 });
  });
});

describe('root-activity', () => {
  it('says what root did, with or without MFA, and what was refused', async () => {
    const noSession = { ...root, sessionContext: undefined };
    const events = [
      event('03:00:00', signIn(root, 'Success', { additionalEventData: { MFAUsed: 'Yes' } }), 'offence'),
      event('03:00:01', signIn(noSession, 'Failure', { errorMessage: 'Failed authentication' }), 'attempt'),
      event('03:00:02', call('iam.amazonaws.com', 'ListUsers', root, { readOnly: true }), 'offence'),
      event(
        '03:00:03',
        call('iam.amazonaws.com', 'AttachUserPolicy', noSession, {
          requestParameters: { userName: 'mallory', policyArn: 'arn:aws:iam::aws:policy/AdministratorAccess', n: 7 },
        }),
        'offence',
      ),
      event('03:00:04', call('iam.amazonaws.com', 'CreateUser', root, { errorCode: 'AccessDenied' }), 'attempt'),
      event('03:00:05', { userIdentity: { type: 'Root' } }, 'offence'),
    ];

    const { uses } = await rootActivity.find(incident('root-usage', { events }));

    expect(uses).toMatchObject([
      { call: 'ConsoleLogin', mfa: true, address: '198.51.100.23' },
      { call: 'ConsoleLogin', mfa: false, error: 'Failed authentication' },
      { call: 'ListUsers', mfa: false },
      { changed: 'userName mallory, policyArn arn:aws:iam::aws:policy/AdministratorAccess' },
      { call: 'CreateUser', error: 'AccessDenied' },
      { call: 'unknown call', address: 'unknown address', agent: 'unknown program' },
    ]);
    expect(uses[3]).not.toHaveProperty('mfa');
    expect(uses[2]).not.toHaveProperty('changed');
  });
});

describe('actor', () => {
  it('gathers addresses and programs of each, once', async () => {
    const by = (name: string, rest: object = {}) =>
      call('s3.amazonaws.com', 'PutBucketAcl', iamUser(name), { ...rest });
    const events = [
      event('03:00:00', by('mallory'), 'offence'),
      event('03:00:01', by('mallory', { sourceIPAddress: '203.0.113.9', errorCode: 'AccessDenied' }), 'attempt'),
      event('03:00:02', by('mallory', { userAgent: null }), 'offence'),
      event('03:00:03', by('alice', { sourceIPAddress: undefined }), 'benign'),
    ];

    const found = await actor.find(incident('s3-public-exposure', { events }));

    expect(found).toMatchObject([
      { label: 'IAM user mallory', addresses: ['198.51.100.23', '203.0.113.9'], userAgents: [expect.any(String)] },
      { label: 'IAM user alice', addresses: [] },
    ]);
  });
});

describe('logging-gap', () => {
  const trailCall = (time: string, name: string, parameters: unknown, verdict: 'offence' | 'attempt') =>
    event(time, call('cloudtrail.amazonaws.com', name, iamUser('mallory'), { requestParameters: parameters }), verdict);
  const stopped = incident('trail-tampering', {
    events: [trailCall('03:00:05', 'StopLogging', { name: 'cordon' }, 'offence')],
  });

  it('counts the seconds from the call to the restart, in the home region', async () => {
    const desk = new Desk();
    desk.account.trails[TRAIL] = { logging: true, startedAt: new Date('2026-05-01T03:01:18.400Z') };

    const [gap] = await loggingGap.find(stopped, desk.context);

    expect(gap).toEqual({
      trail: TRAIL,
      logging: true,
      stoppedAt: '2026-05-01T03:00:05Z',
      restartedAt: '2026-05-01T03:01:18.400Z',
      offSeconds: 73,
    });
    expect(desk.account.calls[0]?.region).toBe('us-east-1');
  });

  it('adds up what was off, not what was between, when the trail is stopped again', async () => {
    const desk = new Desk();
    const again = trailCall('03:05:00', 'StopLogging', { name: 'cordon' }, 'offence');
    const second = incident('trail-tampering', {
      events: [...stopped.events, again],
      findings: {
        'logging-gap': [
          {
            trail: TRAIL,
            logging: true,
            stoppedAt: '2026-05-01T03:00:05Z',
            restartedAt: '2026-05-01T03:01:18.400Z',
            offSeconds: 73,
          },
        ],
      },
    });
    const find = async () => (await loggingGap.find(second, desk.context))[0];

    desk.account.trails[TRAIL] = { logging: true, startedAt: new Date('2026-05-01T03:01:18.400Z') };
    const before = await find();
    desk.account.trails[TRAIL] = { logging: false, startedAt: new Date('2026-05-01T03:01:18.400Z') };
    const stoppedBeforeTheFirstLook = (await loggingGap.find(stopped, desk.context))[0];
    desk.account.trails[TRAIL] = { logging: true, startedAt: new Date('2026-05-01T03:05:09Z') };
    const after = await find();

    expect(before).toEqual(second.findings['logging-gap']?.[0]);
    expect(stoppedBeforeTheFirstLook).toEqual({ ...before, logging: false });
    expect(after).toEqual({
      trail: TRAIL,
      logging: true,
      stoppedAt: '2026-05-01T03:00:05Z',
      restartedAt: '2026-05-01T03:05:09.000Z',
      offSeconds: 82,
      interruptions: 2,
    });
  });

  it('is never negative, and there is none while the trail is off, gone or cannot be read', async () => {
    const desk = new Desk();
    const find = async () => (await loggingGap.find(stopped, desk.context))[0];

    expect(await find()).toMatchObject({ logging: 'deleted' });
    desk.account.trails[TRAIL] = { logging: false };
    expect(await find()).not.toHaveProperty('offSeconds');
    desk.account.trails[TRAIL] = { logging: true, startedAt: new Date('2026-05-01T03:00:04.900Z') };
    expect(await find()).toMatchObject({ offSeconds: 0 });
    desk.account.before = () => {
      throw refusal('AccessDeniedException');
    };
    expect(await find()).toMatchObject({ logging: 'unknown' });
  });

  it('does not call a trail deleted that a refused call only made up', async () => {
    const desk = new Desk();
    desk.account.trails[TRAIL] = { logging: true };
    const attempts = incident('trail-tampering', {
      events: [
        trailCall('03:00:05', 'StopLogging', { name: 'no-such-trail' }, 'attempt'),
        trailCall('03:00:06', 'StopLogging', { name: 'cordon' }, 'attempt'),
      ],
    });

    expect(await loggingGap.find(attempts, desk.context)).toEqual([{ trail: TRAIL, logging: true }]);
  });
});

describe('bucket-exposure', () => {
  const policy = JSON.stringify({
    Statement: [{ Sid: 'Download', Effect: 'Allow', Principal: '*', Action: 's3:GetObject', Resource: '*' }],
  });
  const opened = event(
    '03:00:05',
    call('s3.amazonaws.com', 'DeleteBucketPublicAccessBlock', iamUser('mallory'), {
      requestParameters: { bucketName: 'reports' },
    }),
    'offence',
  );

  it('judges the state before the block, and whether it is closed now', async () => {
    const desk = new Desk();
    const full = {
      BlockPublicAcls: true,
      IgnorePublicAcls: true,
      BlockPublicPolicy: true,
      RestrictPublicBuckets: true,
    };
    desk.account.buckets.reports = { policy, block: full, objects: [1000, 500] };
    const action = did(
      'block-public-access',
      { bucket: 'reports', seen: { blockWeakened: true, openedBy: [] } },
      'verified',
      {
        before: { policy, grants: [] },
      },
    );

    const found = await bucketExposure.find(
      incident('s3-public-exposure', { events: [opened], actions: [action] }),
      desk.context,
    );

    expect(found).toEqual([
      {
        bucket: 'reports',
        public: true,
        ways: [{ via: 'policy', who: 'everyone', access: ['read'], what: 'statement Download' }],
        protectionRemoved: true,
        objects: { count: 2, bytes: 1500, atLeast: false },
        since: '2026-05-01T03:00:05Z',
        until: action.at.verified,
        closed: true,
      },
    ]);
  });

  it('says that it is open, and goes on when the objects cannot be listed', async () => {
    const desk = new Desk();
    desk.account.buckets.reports = { policy };
    desk.account.before = (operation) => {
      if (operation === 'ListObjectsV2') throw refusal('AccessDenied');
    };

    const [found] = await bucketExposure.find(incident('s3-public-exposure', { events: [opened] }), desk.context);

    expect(found).toMatchObject({ public: true, closed: false });
    expect(found).not.toHaveProperty('objects');
  });

  it('takes a bucket that is gone for closed', async () => {
    const [found] = await bucketExposure.find(incident('s3-public-exposure', { events: [opened] }), new Desk().context);
    expect(found).toMatchObject({ public: false, ways: [], closed: true });
  });
});
