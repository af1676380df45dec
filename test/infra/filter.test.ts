import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { filterPatterns } from '../../infra/filter.ts';
import { roleName } from '../../infra/functions.ts';
import { units } from '../../infra/units.ts';
import { detections } from '../../playbooks/catalog.ts';
import type { Detection } from '../../playbooks/detection.ts';
import { call, iamUser } from '../../playbooks/detections/samples.ts';
import { matchesPattern, parseFilterPattern } from '../../playbooks/matching/filter-pattern/filter-pattern.ts';
import { any, oneOf } from '../../playbooks/matching/match.ts';
import { predicate } from '../../playbooks/matching/predicate.ts';
import { NotExclusive } from '../../playbooks/matching/split.ts';

const ACCOUNT = '111122223333';
const PREFIXES = ['cordon', 'a-prefix-of-21-letter'];

/** How many of the filters count a record. */
const counter = (texts: string[]) => {
  const filters = texts.map((text) => parseFilterPattern(text));
  return (record: object) => filters.filter((filter) => matchesPattern(filter, JSON.stringify(record))).length;
};

const cases = Object.entries(detections).flatMap(([id, detection]) =>
  PREFIXES.map((prefix) => {
    const texts = filterPatterns(detection, prefix, ACCOUNT);
    return { id, prefix, detection, texts, counts: counter(texts) };
  }),
);
const byRole = (userName: string, accountId = ACCOUNT) => ({
  type: 'AssumedRole',
  accountId,
  sessionContext: { sessionIssuer: { type: 'Role', userName, accountId } },
});

describe.each(cases)('the metric filters of $id with the prefix $prefix', ({ prefix, detection, texts, counts }) => {
  it('have no more characters than CloudWatch takes, and no regular expression', () => {
    for (const text of texts) expect(text.length).toBeLessThanOrEqual(1024);
    expect(texts.filter((text) => text.includes('%'))).toEqual([]);
  });

  it('together take what the match takes, whoever it is by but cordon itself', () => {
    const samples = [...detection.samples.matching, ...detection.samples.other].map(({ record }) => record);
    const who = [
      undefined,
      iamUser('alice'),
      byRole('deployer'),
      byRole(`${prefix}-contain-block-public-access-2`),
      // Whoever makes a role of that name in an account of their own is nobody of cordon's.
      ...units.map(({ id }) => byRole(roleName(prefix, id), '999988887777')),
    ];
    const matches = predicate(detection.when);
    fc.assert(
      fc.property(fc.constantFrom(...samples), fc.constantFrom(...who), (sample, identity) => {
        const record = identity ? { ...sample, userIdentity: identity } : sample;
        const counted = counts(record);
        expect(counted > 0).toBe(matches(record));
        if (detection.alarm.atLeast > 1) expect(counted).toBeLessThanOrEqual(1);
      }),
      { numRuns: 2000 },
    );
  });
});

describe('the metric filters', () => {
  const of = (id: string) => cases.find((one) => one.id === id && one.prefix === 'cordon')?.counts ?? (() => -1);
  const off = { PublicAccessBlockConfiguration: { BlockPublicAcls: false } };

  it.each([
    ['trail-tampering', 'cloudtrail', 'UpdateTrail', 'contain-restore-trail'],
    ['trail-tampering', 'cloudtrail', 'StopLogging', 'undo-start-logging'],
    ['s3-public-exposure', 's3', 'PutBucketPolicy', 'contain-remove-public-access'],
    ['s3-public-exposure', 's3', 'PutBucketAcl', 'undo-remove-public-access'],
    ['s3-public-exposure', 's3', 'PutAccessPointPolicy', 'contain-close-access-point'],
    ['s3-public-exposure', 's3', 'PutBucketPublicAccessBlock', 'undo-block-public-access'],
    ['s3-public-exposure', 's3', 'DeleteBucketPublicAccessBlock', 'undo-block-public-access'],
    ['s3-public-exposure', 's3', 'DeleteAccountPublicAccessBlock', 'undo-block-account-public-access'],
  ])('of %s leave out %s:%s by the function %s, by the exact name of its role', (id, service, name, unit) => {
    const by = (role: string, account?: string) =>
      of(id)(call(`${service}.amazonaws.com`, name, byRole(role, account), { requestParameters: off })) > 0;
    expect(by(`cordon-${unit}`)).toBe(false);
    expect(by(`cordon-${unit}`, '999988887777')).toBe(true);
    expect(by(`cordon-${unit}-2`)).toBe(true);
    expect(by('cordon')).toBe(true);
    expect(by('deployer')).toBe(true);
  });

  it('are split where a pattern is too long, and count each record once where the parts exclude each other', () => {
    const names = Array.from({ length: 100 }, (_, index) => `CallNumber${index}`);
    const counting = { ...detections['failed-console-logins'], alarm: { atLeast: 5, withinMinutes: 5 } } as Detection;
    const texts = filterPatterns({ ...counting, when: oneOf('eventName', names) }, 'cordon', ACCOUNT);
    expect(texts.length).toBeGreaterThan(1);
    expect(names.map((eventName) => counter(texts)({ eventName }))).toEqual(names.map(() => 1));
  });

  it('are refused where the alarm counts and a record could be counted twice', () => {
    const overlapping = any(...Array.from({ length: 60 }, (_, index) => oneOf(`requestParameters.field${index}`, [1])));
    const counting = { ...detections['failed-console-logins'], when: overlapping } as Detection;
    expect(() => filterPatterns(counting, 'cordon', ACCOUNT)).toThrow(NotExclusive);
    const single = { ...counting, alarm: { atLeast: 1, withinMinutes: 1 } };
    expect(filterPatterns(single, 'cordon', ACCOUNT).length).toBeGreaterThan(1);
  });
});
