import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { findingPattern } from '../../infra/finding-rules.ts';
import { type Actor, actorOf } from '../../playbooks/actor.ts';
import { findingDetections, findingKinds, responseOf } from '../../playbooks/catalog.ts';
import type { FindingDetection } from '../../playbooks/detection.ts';
import {
  bandOf,
  bucketsOf,
  type FindingEvent,
  findingOf,
  findingRecord,
  instanceOf,
  isSample,
  isUpdate,
  readFinding,
  remoteAddressOf,
} from '../../playbooks/guardduty/finding.ts';
import { modeOfFinding } from '../../playbooks/guardduty/modes.ts';
import * as found from '../../playbooks/guardduty/samples.ts';
import type { Incident } from '../../playbooks/incident.ts';
import { defaultOptions, type FindingModes } from '../../playbooks/options.ts';
import { modes } from '../../playbooks/response.ts';

const ACCOUNT = '111122223333';
const event = (detail?: unknown): FindingEvent => ({
  id: '6a7e8feb-b491-4cf7-a9f1-bf3703467718',
  account: ACCOUNT,
  region: 'us-east-1',
  time: '2026-05-01T03:05:00Z',
  detail,
});
const recordOf = (detail?: unknown, as: 'first' | 'update' = 'first') => findingRecord(event(detail), as);
const actorIn = (detail: unknown) => actorOf(recordOf(detail), ACCOUNT);
const withKey = (accessKeyDetails: unknown) => ({ ...found.stolenKey, resource: { accessKeyDetails } });

/** JSON with the field names of findings in odd places. */
const odd = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: 'small' },
    fc.string(),
    fc.double(),
    fc.constant(null),
    fc.boolean(),
    fc.array(tie('value'), { maxLength: 3 }),
    fc.dictionary(
      fc.constantFrom(
        ...['id', 'type', 'accountId', 'severity', 'updatedAt', 'createdAt', 'resource', 'service', 'action', 'title'],
        ...['accessKeyDetails', 'userName', 'userType', 'principalId', 's3BucketDetails', 'name', 'publicAccess'],
        ...['instanceDetails', 'instanceId', 'additionalInfo', 'eventLastSeen', 'awsApiCallAction', 'remoteIpDetails'],
      ),
      tie('value'),
      { maxKeys: 6 },
    ),
  ),
})).value;

/** A finding of which one part is anything. */
const damaged = fc
  .tuple(
    fc.constantFrom(found.stolenKey, found.stolenRole, found.anonymousGranted, found.mining),
    fc.constantFrom('id', 'type', 'accountId', 'region', 'severity', 'createdAt', 'updatedAt', 'resource', 'service'),
    odd,
  )
  .map(([finding, field, value]) => ({ ...finding, [field]: value }));

describe('a finding', () => {
  it.each([
    [0, 'LOW'],
    [1, 'LOW'],
    [3.9, 'LOW'],
    [4, 'MEDIUM'],
    [6.9, 'MEDIUM'],
    [7, 'HIGH'],
    [8.9, 'HIGH'],
    [9, 'CRITICAL'],
    [10, 'CRITICAL'],
    ['8', 'HIGH'],
    ['high', undefined],
    [null, undefined],
    [undefined, undefined],
  ])('of severity %j is of the band %s', (severity, band) => {
    expect(bandOf(readFinding({ severity }))).toBe(band);
  });

  it('is a record, whatever is in it, that keeps it as it came and can be read again', () => {
    fc.assert(
      fc.property(fc.oneof(odd, damaged, fc.constant(undefined)), (detail) => {
        const record = recordOf(detail);

        expect(record.eventID).not.toBe('');
        expect(record.finding).toEqual(detail);
        expect(findingOf(record)).toEqual(readFinding(detail));
        expect(isUpdate(record)).toBe(false);
        expect(actorOf(record, ACCOUNT).label).not.toBe('');
      }),
      { numRuns: 500 },
    );
  });

  it('has names that go into commands and calls only in the form that AWS gives them', () => {
    expect(instanceOf(readFinding({ resource: { instanceDetails: { instanceId: 'i-0a1b2c3d; rm -rf /' } } }))).toBe(
      undefined,
    );
    expect(
      bucketsOf(readFinding({ resource: { s3BucketDetails: [{ name: '$(id)' }, null, { name: 'exports' }] } })),
    ).toEqual([{ name: 'exports', public: false }]);
    expect(bucketsOf(readFinding(found.anonymousGranted))).toEqual([{ name: 'customer-exports', public: true }]);
  });

  it('is a sample where GuardDuty says so, in whatever way', () => {
    const info = (additionalInfo: unknown) => isSample(readFinding({ service: { additionalInfo } }));
    expect([info({ sample: true }), info({ sample: 'true' }), info({ sample: 1 })]).toEqual([true, true, true]);
    expect([info({ sample: false }), info({}), info(null), info('sample')]).toEqual([false, false, false, false]);
    expect(isSample(readFinding({ title: '[SAMPLE] API was invoked.' }))).toBe(true);
    expect(isSample(readFinding(found.stolenKey))).toBe(false);
  });

  it('names the address that the activity came from', () => {
    expect(remoteAddressOf(readFinding(found.stolenKey))).toBe('198.51.100.23');
    expect(remoteAddressOf(readFinding(found.bruteForced))).toBe('198.51.100.23');
    expect(remoteAddressOf(readFinding(found.mining))).toBeUndefined();
  });
});

describe('whom a finding is about', () => {
  it.each([
    [found.stolenKey, 'iam-user', 'IAM user mallory'],
    [found.stolenRole, 'assumed-role', 'role web-role (session i-0a1b2c3d4e5f60718)'],
    [found.rootUsed, 'root', 'the root user'],
    [found.mining, 'unknown', 'instance i-0a1b2c3d4e5f60718'],
    [withKey({ userType: 'FederatedUser', userName: 'carol' }), 'federated-user', 'federated user carol'],
    [withKey({ userType: 'AssumedRole' }), 'unknown', 'an unknown principal'],
    [withKey({ userType: 'AssumedRole', userName: 'deploy' }), 'assumed-role', 'role deploy'],
    [withKey({ userType: 'IAMUser' }), 'unknown', 'an unknown principal'],
    [withKey({ userType: 'Something', principalId: 'ANONYMOUS' }), 'unknown', 'ANONYMOUS'],
    [
      withKey({ userType: 'AssumedRole', userName: 'AWSReservedSSO_Admin_0123456789abcdef', principalId: 'AROA:dave' }),
      'identity-center-role',
      'Identity Center role AWSReservedSSO_Admin_0123456789abcdef (session dave)',
    ],
    [{ ...found.stolenKey, accountId: '999988887777' }, 'other-account', expect.stringContaining('999988887777')],
    [{}, 'unknown', 'an unknown principal'],
  ])('is told from it: %#', (finding, kind, label) => {
    expect(actorIn(finding)).toMatchObject({ kind, label });
  });
});

describe('how far cordon goes by itself for a finding', () => {
  const mode = (severity: unknown, findingModes: Partial<FindingModes> = {}, as: 'first' | 'update' = 'first') =>
    modeOfFinding(recordOf({ ...found.stolenKey, severity }, as), {
      ...defaultOptions,
      findingModes: { ...defaultOptions.findingModes, ...findingModes },
    });

  it('is what its severity says, as the deployment decides', () => {
    expect([2, 5, 8, 9].map((severity) => mode(severity))).toEqual(['monitor', 'approve', 'auto', 'auto']);
    expect(mode(8, { high: 'approve' })).toBe('approve');
    expect(mode(2, { low: 'auto' })).toBe('auto');
  });

  it('is never by itself where there is no severity, or an incident has answered it before', () => {
    const all = fc.record({
      low: fc.constantFrom(...modes),
      medium: fc.constantFrom(...modes),
      high: fc.constantFrom(...modes),
      critical: fc.constantFrom(...modes),
    });
    fc.assert(
      fc.property(fc.double({ min: 0, max: 10, noNaN: true }), all, (severity, given) => {
        expect(mode(severity, given, 'update')).not.toBe('auto');
        expect(mode('high', given)).toBe('approve');
      }),
    );
  });
});

describe.each(Object.entries(findingDetections))('detection %s', (_, detection: FindingDetection) => {
  const { taken, left = [] } = findingKinds(detection);
  const takes = ({ type }: Record<string, unknown>) =>
    taken
      ? taken.some((kind) => String(type).includes(`:${kind}/`))
      : !left.some((kind) => String(type).includes(`:${kind}/`));

  it('takes its samples and leaves the others', () => {
    for (const { name, finding } of detection.samples.matching) expect(takes(finding), name).toBe(true);
    for (const { name, finding } of detection.samples.other) expect(takes(finding), name).toBe(false);
  });

  it('has a rule whose pattern says the same', () => {
    const globs = (kinds: readonly string[]) => kinds.map((kind) => `*:${kind}/*`);
    expect(findingPattern(detection)).toEqual({
      source: ['aws.guardduty'],
      'detail-type': ['GuardDuty Finding'],
      detail: {
        type: taken
          ? globs(taken).map((wildcard) => ({ wildcard }))
          : [{ 'anything-but': { wildcard: globs(left) } }, { exists: false }],
      },
    });
  });
});

describe('the detections of findings', () => {
  it('take each kind of resource once, and one takes all others', () => {
    const kinds = Object.values(findingDetections).flatMap((one) => findingKinds(one).taken ?? []);
    const others = Object.values(findingDetections).filter(({ about }) => about === 'others');

    expect(new Set(kinds).size).toBe(kinds.length);
    expect(others).toHaveLength(1);
    expect(findingKinds(others[0] as FindingDetection).left).toEqual(kinds);
  });
});

describe('what a person does about findings', () => {
  const answer = responseOf('answer-finding');
  const incident = (...details: unknown[]): Incident => ({
    id: 'guardduty-20260501-030400-1a2b',
    detection: 'guardduty-credentials',
    account: ACCOUNT,
    region: 'us-east-1',
    severity: 'HIGH',
    status: 'open',
    openedAt: '2026-05-01T03:05:00Z',
    alarmAt: '2026-05-01T03:04:00Z',
    alarmName: 'cordon-guardduty-credentials',
    lane: 'finding',
    events: details.map((detail) => {
      const record = recordOf(detail);
      return { record, actor: actorOf(record, ACCOUNT), verdict: 'offence' };
    }),
    actions: [],
    questions: [],
    findings: {},
    failures: [],
    evidence: 's3://evidence/incidents/guardduty-20260501-030400-1a2b',
  });
  const steps = (...details: unknown[]) => answer.byHand(incident(...details));

  it('is nothing for an IAM user, and to find who assumed a role', () => {
    expect(steps(found.stolenKey)).toEqual([]);
    expect(steps(found.stolenRole).map(({ what }) => what)).toEqual([
      expect.stringMatching(/^Ask who runs instance i-0a1b2c3d4e5f60718 whether/),
      expect.stringMatching(/^Find out who assumed role web-role/),
    ]);
  });

  it('is to ask who runs an instance, once for all that is found of it, and isolating it is proposed', () => {
    const [step, ...more] = steps(found.mining, found.commanded);

    expect(more).toEqual([]);
    expect(step?.commands?.[1]).toBe(
      'aws ec2 modify-instance-attribute --region us-east-1 --instance-id i-0a1b2c3d4e5f60718 --disable-api-termination',
    );
    const isolating = answer.contain.find(({ action }) => action === 'isolate-instance');
    const of = (...details: unknown[]) => {
      const made = incident(...details);
      const actor = made.events[0]?.actor as Actor;
      const mode = typeof isolating?.mode === 'function' ? isolating.mode(made, actor.key, defaultOptions) : 'none';
      return [mode, isolating?.targets?.(made, actor)];
    };
    const target = { instance: 'i-0a1b2c3d4e5f60718', region: 'us-east-1', account: ACCOUNT };
    expect(of(found.mining, found.commanded)).toEqual(['approve', [target]]);
    expect(of({ ...found.mining, severity: 2 })).toEqual(['monitor', [target]]);
    expect(of({ ...found.mining, accountId: '999988887777' })).toEqual([undefined, []]);
    expect(of(found.stolenKey)).toEqual([undefined, []]);
  });

  it('is to look at what nothing contains, and to contain elsewhere what was found elsewhere', () => {
    expect(steps(found.clusterFound)[0]?.what).toContain('EKSCluster');
    expect(steps({ ...found.stolenKey, accountId: '999988887777' })[0]?.what).toContain(
      'found in account 999988887777',
    );
    expect(steps({})[0]?.commands?.[0]).toContain('aws guardduty get-findings');
  });

  it('holds no command that anything in a finding breaks out of', () => {
    fc.assert(
      fc.property(damaged, (detail) => {
        for (const { commands = [] } of steps(detail)) {
          // Outside of quotes there is nothing that a shell would take for more than a word.
          for (const command of commands)
            expect(command.replace(/'[^']*'|"[^"]*"|\\'/g, '')).not.toMatch(/[;&|<>`$\n]/);
        }
      }),
    );
  });

  it('is severe as the worst of the findings', () => {
    expect(answer.severity?.(incident(found.blockDisabled, found.stolenKey), 'MEDIUM')).toBe('HIGH');
    expect(answer.severity?.(incident({}), 'MEDIUM')).toBe('MEDIUM');
  });

  it('closes the buckets of this account that are open, and no others', () => {
    const targets = (...details: unknown[]) =>
      answer.restore.flatMap(({ action, targets: of }) =>
        of(
          details.map((detail) => recordOf(detail)),
          ACCOUNT,
        ).map(({ target }) => [action, target]),
      );

    expect(targets(found.bucketRead, found.stolenKey)).toEqual([]);
    expect(targets(found.blockDisabled, found.anonymousGranted, found.accountBlockDisabled)).toEqual([
      [
        'block-public-access',
        {
          bucket: 'customer-exports',
          seen: { blockWeakened: true, openedBy: ['user:alice', 'user:alice'], region: 'us-east-1' },
        },
      ],
      ['block-account-public-access', { account: ACCOUNT }],
    ]);
    expect(targets({ ...found.anonymousGranted, accountId: '999988887777' })).toEqual([]);
  });
});
