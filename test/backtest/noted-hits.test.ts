import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Criterion } from '../../backtest/criterion.ts';
import { isWithin, type TimeRange } from '../../backtest/file-scan.ts';
import * as m from '../../playbooks/matching/match.ts';
import { plainly, plainlyKept, readText } from './archive.ts';

const criteria: Criterion[] = [
  { match: m.like('errorCode', '*Denied*') },
  { match: m.exists('eventName') },
  { match: m.all(m.exists('eventName'), m.like('userIdentity.arn', '*/b*')) },
  { match: m.all(m.exists('eventName'), m.isNot('sourceIPAddress', '198.51.100.7')) },
  { match: m.is('userIdentity.principalId', 'AROAX:b') },
  { match: m.is('awsRegion', 'cn-north-1') },
  { match: m.is('responseElements.ConsoleLogin', 'Failure') },
  { match: m.is('responseElements.x', 'y') },
  { match: m.missing('errorCode') },
];
/** They look at what every record has of its own, so that none is like another. */
const unlike: Criterion[] = [{ match: m.like('eventTime', '*T03:00*') }, { match: m.like('eventID', '0*') }];

const days = ['2026-05-01', '2026-05-02', '2026-02-28', '1970-01-01', '2026-02-30', '20260-5-01', '2026-13-01'];
const times = ['03:00:00', '23:59:59', '00:00:07', '24:00:00', '03:60:00', '03:00:60', '0x:00:00'];
const time = fc.oneof(
  { weight: 5, arbitrary: fc.constantFrom(...['03:00:00', '03:00:01', '15:10:10'].map((one) => `2026-05-01T${one}Z`)) },
  fc.tuple(fc.constantFrom(...days), fc.constantFrom(...times)).map(([day, one]) => `${day}T${one}Z`),
  fc.constantFrom('2026-05-01T03:00:00.5Z', '2026-05-01T03:00Z', '2026-05-01T03:00:00+01:00', '2026-05-01 03:00:00Z'),
  fc.constantFrom('', null, 7, [], '2026-05-01T03:00:00z', '2026-05-01T03:00:00Zx'),
);
/** Mostly one of a few, so that many records are alike. */
const few = (usual: string[], ...odd: unknown[]): fc.Arbitrary<unknown> =>
  fc.oneof({ weight: 8, arbitrary: fc.constantFrom(...usual) }, fc.constantFrom(...odd));

const session = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom('a', 'b', 'build-4711') },
  fc.constantFrom('', 'c/d', 'é', 'a b', 'quote"d', '/', 'x'.repeat(70), 'line\u2028end'),
);
const owner = fc.oneof({ weight: 5, arbitrary: fc.constant('111122223333') }, fc.constantFrom('444455556666', ''));
const partition = fc.oneof({ weight: 6, arbitrary: fc.constant('aws') }, fc.constantFrom('', 'aws-cn', 'x'));
const role = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom('deployer', 'auditor') },
  fc.constantFrom('AWSReservedSSO_Admin_0123456789abcdef', '', 'path/deployer'),
);
const arn = fc.oneof(
  {
    weight: 6,
    arbitrary: fc
      .tuple(partition, owner, role, session)
      .map(([part, account, name, who]) => `arn:${part}:sts::${account}:assumed-role/${name}/${who}`),
  },
  fc.constantFrom('arn:aws:iam::111122223333:user/alice', 'arn:aws:sts::111122223333:federated-user/bob', '', null, {}),
  fc.constantFrom('arn:aws:sts::assumed-role/deployer/a', 'arn:aws:assumed-role/deployer/a:b:444455556666'),
  fc.constantFrom('arn:aws:iam::111122223333:root', 'arn:aws:x/y:assumed-role/deployer/a', 'assumed-role/deployer/a'),
);
const sparsely = { noNullPrototype: true };
const issuer = fc.record(
  {
    type: fc.constant('Role'),
    principalId: few(['AROAX', 'AROAY'], null),
    arn: few(['arn:aws:iam::111122223333:role/deployer'], '', 7),
    userName: few(['deployer', 'auditor'], '', null),
  },
  sparsely,
);
const attributes = fc.record({ creationDate: time, mfaAuthenticated: few(['false', 'true'], false) }, sparsely);
const identity = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record(
      {
        type: few(['AssumedRole', 'AssumedRole', 'AssumedRole', 'IAMUser'], 'Root', 'AWSService', 'FederatedUser', 7),
        principalId: few(['AROAX:a', 'AROAX:b', 'AIDAX'], '111122223333:bob', '', {}),
        arn,
        accountId: few(['111122223333'], '444455556666', '', 7),
        accessKeyId: few(['ASIAX', 'ASIAY'], null),
        userName: few(['alice', 'HIDDEN_DUE_TO_SECURITY_REASONS'], null),
        invokedBy: few(['ec2.amazonaws.com'], 'AWS Internal', ''),
        sessionContext: fc.oneof(
          { weight: 6, arbitrary: fc.record({ sessionIssuer: issuer, attributes }, sparsely) },
          fc.constantFrom(null, 'x', ['accessKeyId', 'principalId', 'arn'], [{ arn: 'x' }]),
        ),
      },
      sparsely,
    ),
  },
  fc.constantFrom(null, 'arn', ['arn', 'principalId'], [], {}),
);
const response = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom(null, { instanceId: 'i-1' }, { instanceId: 'i-2' }) },
  fc.constantFrom(...['Failure', 'Success', 7].map((ConsoleLogin) => ({ ConsoleLogin })), { x: 'y' }, 'ConsoleLogin'),
  fc.constantFrom({ deep: { ConsoleLogin: 'Failure' } }, ['ConsoleLogin'], [{ ConsoleLogin: 'Failure' }]),
);
const members = fc.record(
  {
    userIdentity: identity,
    eventTime: time,
    eventSource: fc.constant('ec2.amazonaws.com'),
    eventName: fc.constantFrom('DescribeInstances', 'ConsoleLogin'),
    awsRegion: few(['us-east-1', 'cn-north-1'], '', null),
    sourceIPAddress: few(['198.51.100.7', '192.0.2.1'], 'ec2.amazonaws.com', '', 'é', 'a"b', null, 7, ['x']),
    errorCode: few(['AccessDenied'], '', null, 'Throttling'),
    responseElements: response,
    eventID: fc.oneof({ weight: 9, arbitrary: fc.uuid() }, fc.constantFrom('odd', '')),
    recipientAccountId: few(['111122223333'], '444455556666', '', null),
  },
  { requiredKeys: ['eventTime', 'eventName', 'eventID'], noNullPrototype: true },
);

/** How a record differs from another one that it is made after; mostly in what every record has of its own. */
const variant = fc.record(
  {
    after: fc.nat(2),
    eventTime: time,
    eventID: fc.uuid(),
    sourceIPAddress: few(['198.51.100.7', '192.0.2.1', '192.0.2.2'], '', null),
    awsRegion: few(['us-east-1', 'cn-north-1'], ''),
    arn,
    principalId: few(['AROAX:a', 'AROAX:b', 'AROAY:a'], 'AROAX'),
    accessKeyId: fc.constantFrom('ASIAX', 'ASIAY', 'ASIAZ'),
    attributes,
    style: fc.constantFrom(undefined, undefined, undefined, 1),
    /** Written last, beside what stands in front of it. */
    twice: few(['none'], 'userIdentity', 'sourceIPAddress', 'responseElements', 'eventTime', 'awsRegion'),
  },
  { requiredKeys: ['after', 'eventTime', 'eventID', 'twice'], noNullPrototype: true },
);

const object = (value: unknown): Record<string, unknown> | undefined =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : undefined;

/** Texts of records, many of which are alike. */
const records = fc
  .tuple(fc.array(members, { minLength: 1, maxLength: 3 }), fc.array(variant, { minLength: 20, maxLength: 80 }))
  .map(([shapes, variants]) =>
    variants.map(({ after, arn, principalId, accessKeyId, attributes, style, twice, ...own }) => {
      const shape: Record<string, unknown> = shapes[after % shapes.length] ?? {};
      const who = object(shape.userIdentity);
      const context = object(who?.sessionContext);
      const given = { ...(arn === undefined ? {} : { arn }), ...(principalId === undefined ? {} : { principalId }) };
      const userIdentity = who && {
        ...{ ...who, ...given, ...(accessKeyId === undefined ? {} : { accessKeyId }) },
        ...(context && { sessionContext: { ...context, ...(attributes && { attributes }) } }),
      };
      const record = { ...shape, ...(userIdentity && { userIdentity }), ...own };
      const fields = Object.entries(record);
      if (typeof twice === 'string' && twice in shape) fields.push([twice, shape[twice]]);
      const texts = fields.map(([key, value]) => `${JSON.stringify(key)}:${JSON.stringify(value, undefined, style)}`);
      return `{${texts.join(',')}}`;
    }),
  );

/** What is read where nobody keeps the records' texts, and what parsing gives of those that are told; others are told as faults. */
async function bothWays(texts: readonly string[], some: readonly Criterion[], range: TimeRange = {}) {
  const file = `{"Records":[${texts.join(',')}]}`;
  const { hits, kept, noted, likes } = await readText(file, some, { isFull: () => true, range });
  const fitting = plainly(texts, some);
  const all = plainlyKept(fitting).map((one, n) => ({ ...one, fits: fitting[n]?.[1] }));
  const told = all.filter(({ time }) => !Number.isNaN(time) && isWithin(time, range));
  return { read: kept.map((one, n) => ({ ...one, fits: hits[n]?.[1] })), told, noted, likes };
}

describe('what the scanner notes by itself', { timeout: 120_000 }, () => {
  it('is what parsing gives, whatever is looked for', async () => {
    let [noted, all] = [0, 0];
    const sought = fc.constantFrom(criteria, ...criteria.map((one) => [one]));
    const property = fc.asyncProperty(sought, records, async (some, texts) => {
      const ways = await bothWays([...texts, ...texts], some);
      expect(ways.read).toEqual(ways.told);
      noted += ways.noted;
      all += ways.read.length;
    });
    await fc.assert(property, { numRuns: 2000 });
    expect(noted).toBeGreaterThan(all / 10);
  });

  it.each(unlike)('is nothing where %j is looked for', async (one) => {
    const property = fc.asyncProperty(records, async (texts) => {
      const ways = await bothWays(texts, [one]);
      expect(ways.read).toEqual(ways.told);
      expect(ways.noted).toBe(0);
    });
    await fc.assert(property, { numRuns: 50 });
  });

  const denied: Criterion[] = [{ match: m.is('errorCode', 'AccessDenied') }];
  const recordOf = (n: number, own: { session: number; region?: number; address?: number; user?: number }): string => {
    const account = '111122223333';
    const userIdentity = {
      type: 'AssumedRole',
      arn: `arn:aws:sts::${account}:assumed-role/deployer/session-${own.session}`,
      accountId: account,
      sessionContext: { sessionIssuer: { arn: `arn:aws:iam::${account}:role/deployer`, userName: 'deployer' } },
    };
    const user = {
      type: 'IAMUser',
      userName: `user-${own.user}`,
      arn: `arn:aws:iam::${account}:user/user-${own.user}`,
    };
    return JSON.stringify({
      userIdentity: own.user === undefined ? userIdentity : user,
      eventTime: new Date(Date.UTC(2026, 4, 1, 0, 0, n)).toISOString().replace('.000', ''),
      sourceIPAddress: `192.0.2.${own.address ?? 1}`,
      errorCode: 'AccessDenied',
      eventID: `${`${n}`.padStart(8, '0')}-0000-4000-8000-000000000000`,
      recipientAccountId: account,
    });
  };

  const deployer = (arn: string, more = ''): string =>
    `"userIdentity":{"type":"AssumedRole","arn":"${arn}","sessionContext":{"sessionIssuer":{"userName":"deployer"}}${more}}`;
  const inSession = deployer('arn:aws:sts::111122223333:assumed-role/deployer/a');
  it.each([
    [
      'services by their address alone',
      '"userIdentity":{"type":"AWSService"},"sourceIPAddress":"config.amazonaws.com"',
      '"userIdentity":{"type":"AWSService"},"sourceIPAddress":"ec2.amazonaws.com"',
    ],
    [
      'a role of a partition that only the Region tells',
      `${deployer('arn::sts::111122223333:assumed-role/deployer/a')},"awsRegion":"us-east-1"`,
      `${deployer('arn::sts::111122223333:assumed-role/deployer/b')},"awsRegion":"cn-north-1"`,
    ],
    [
      'a sign-in that failed',
      `${inSession},"responseElements":{"ConsoleLogin":"Success"}`,
      `${inSession},"responseElements":{"ConsoleLogin":"Failure"}`,
    ],
    [
      'accounts where the ARN has none',
      deployer('arn:aws:sts::assumed-role/deployer/a'),
      deployer('arn:aws:sts::assumed-role/deployer/b'),
    ],
    [
      'an account that the session seems to name',
      deployer('arn:aws:assumed-role/deployer/a'),
      deployer('arn:aws:assumed-role/deployer/a:b:444455556666'),
    ],
    [
      'a day before 1970 from 1970',
      `${inSession},"eventTime":"1970-01-01T00:00:00Z"`,
      `${inSession},"eventTime":"1969-12-31T23:59:59Z"`,
    ],
    ['a session from none', inSession, deployer('arn:aws:sts::111122223333:assumed-role/deployer/')],
    [
      'what was answered first from what was answered last',
      `${inSession},"responseElements":{"ConsoleLogin":"Failure"}`,
      `${inSession},"responseElements":{"ConsoleLogin":"Failure"},"responseElements":{}`,
    ],
    [
      'who is named first from who is named last',
      inSession,
      `${inSession},${deployer('arn:aws:iam::111122223333:user/alice')}`,
    ],
    [
      'a moment of the day before',
      `${inSession},"eventTime":"2026-05-02T00:00:00Z"`,
      `${inSession},"eventTime":"2026-05-01T24:00:00Z"`,
    ],
    ['a time from what begins like one', inSession, `${inSession},"eventTime":"2026-05-01T03:00:00Zx"`],
  ])('tells apart %s', async (_, one, other) => {
    const texts = [one, other, one, other, other, one].map((fields, n) => {
      const time = fields.includes('eventTime') ? '' : '"eventTime":"2026-05-01T03:00:00Z",';
      return `{${time}"eventName":"DescribeInstances","eventID":"0000000${n}-0000-4000-8000-000000000000","recipientAccountId":"111122223333",${fields}}`;
    });
    for (const some of [texts, [...texts].reverse()]) {
      const { read, told } = await bothWays(some, [{ match: m.exists('eventName') }]);
      expect(read).toEqual(told);
    }
  });

  it('is the same where there are more hits, texts and outlines than it has room for', async () => {
    // Sessions of their own, then users whom it meets twice, then those in turns.
    const texts = [
      ...Array.from({ length: 10_000 }, (_, n) => recordOf(n, { session: n, address: n % 1000 })),
      ...Array.from({ length: 20_000 }, (_, n) => recordOf(n, { session: 0, user: n % 2 === 0 ? n % 10_000 : 1 })),
      ...Array.from({ length: 10_000 }, (_, n) => recordOf(n, { session: n % 7, ...(n % 3 === 0 ? { user: n } : {}) })),
    ];
    const { read, told, noted } = await bothWays(texts, denied);
    expect(read).toEqual(told);
    expect(noted).toBeGreaterThan(20_000);
  });

  it('is only what is of the times that are asked for', async () => {
    const texts = Array.from({ length: 1000 }, (_, n) => recordOf(n, { session: n % 3 }));
    const since = Date.UTC(2026, 4, 1, 0, 5);
    const { read, told, noted } = await bothWays(texts, denied, { since, until: since + 60_000 });
    expect(told).toHaveLength(60);
    expect(read).toEqual(told);
    expect(noted).toBeGreaterThan(50);
  });

  it('is spoken for by one alone, whatever the day', async () => {
    const texts = Array.from({ length: 1000 }, (_, n) => {
      const day = ['1970-01-01', '2026-02-30', '2026-05-01'][n % 3] ?? '';
      return recordOf(n, { session: n % 5 }).replace(/"eventTime":"[^T]*/, `"eventTime":"${day}`);
    });
    const { read, told, noted, likes } = await bothWays(texts, denied);
    expect(read).toEqual(told);
    expect(noted).toBeGreaterThan(600);
    expect(likes).toBe(1);
  });

  it('is nothing of which somebody keeps the text', async () => {
    const texts = Array.from({ length: 100 }, (_, n) => recordOf(n, { session: n % 3 }));
    const { hits, noted } = await readText(`{"Records":[${texts.join(',')}]}`, denied);
    expect(noted).toBe(0);
    expect(hits.map(([text]) => text)).toEqual(texts);
  });
});
