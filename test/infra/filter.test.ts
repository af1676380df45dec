import { Stack } from 'aws-cdk-lib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DetectionRule, type DetectionRuleProps } from '../../infra/detection-rule.ts';
import { eventPatterns, filterPatterns } from '../../infra/filter.ts';
import { roleName } from '../../infra/functions.ts';
import { units } from '../../infra/units.ts';
import { detections } from '../../playbooks/catalog.ts';
import { type Detection, type KnownTrail, matchOf } from '../../playbooks/detection.ts';
import { call, iamUser } from '../../playbooks/detections/samples.ts';
import { cloudWatchPattern } from '../../playbooks/matching/cloudwatch-pattern.ts';
import { matchesPattern, parseFilterPattern } from '../../playbooks/matching/filter-pattern/filter-pattern.ts';
import { DetectionRefused, eventLaneOf } from '../../playbooks/matching/forms.ts';
import { all, any, is, isNot, oneOf } from '../../playbooks/matching/match.ts';
import { predicate } from '../../playbooks/matching/predicate.ts';
import { NotExclusive } from '../../playbooks/matching/split.ts';
import { type SourceId, sourceOf } from '../../playbooks/sources.ts';

const ACCOUNT = '111122223333';
/** The trail that the samples are about. */
const TRAIL: KnownTrail = {
  logGroup: '/cordon/trail',
  bucket: 'cordon-trail-records',
  role: 'cordon-trail-delivery',
  key: 'arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab',
};
/** As long as names get. */
const LONG: KnownTrail = {
  logGroup: `/${'g'.repeat(60)}/trail`,
  bucket: 'b'.repeat(63),
  role: 'r'.repeat(64),
  key: TRAIL.key,
};
const PREFIXES = ['cordon', 'a-prefix-of-21-letter'];

/** How many of the filters count a record. */
const counter = (texts: string[], detection: { source?: SourceId } = {}) => {
  const filters = texts.map((text) => parseFilterPattern(text));
  const { message } = sourceOf(detection);
  return (record: object) => filters.filter((filter) => matchesPattern(filter, message(record))).length;
};

const cases = Object.entries(detections).flatMap(([id, detection]) =>
  PREFIXES.map((prefix) => {
    const texts = filterPatterns(detection, prefix, ACCOUNT, TRAIL);
    return { id, prefix, detection, texts, counts: counter(texts, detection) };
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
    const matches = predicate(matchOf(detection, TRAIL));
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
    const texts = filterPatterns({ ...counting, when: oneOf('eventName', names) }, 'cordon', ACCOUNT, TRAIL);
    expect(texts.length).toBeGreaterThan(1);
    expect(names.map((eventName) => counter(texts)({ eventName }))).toEqual(names.map(() => 1));
  });

  it('are refused where the alarm counts and a record could be counted twice', () => {
    const overlapping = any(...Array.from({ length: 60 }, (_, index) => oneOf(`requestParameters.field${index}`, [1])));
    const counting = { ...detections['failed-console-logins'], when: overlapping } as Detection;
    expect(() => filterPatterns(counting, 'cordon', ACCOUNT, TRAIL)).toThrow(NotExclusive);
    const single = { ...counting, alarm: { atLeast: 1, withinMinutes: 1 } };
    expect(filterPatterns(single, 'cordon', ACCOUNT, TRAIL).length).toBeGreaterThan(1);
  });
});

describe('a detection whose pattern is too long only with the own roles that it leaves out', () => {
  it('is refused by its id', () => {
    const { lanes, within, ...detection } = detections['trail-tampering'] as Detection;
    const when = all(
      is('eventSource', 'cloudtrail.amazonaws.com'),
      is('eventName', 'StopLogging'),
      isNot('userAgent', 'x'.repeat(850)),
    );
    const props = { prefix: 'cordon', detection: { ...detection, when }, trail: TRAIL, logGroupName: '/cordon/trail' };
    expect(cloudWatchPattern(when).length).toBeLessThan(1024);
    const deploy = () => new DetectionRule(new Stack(), 'try', props as DetectionRuleProps);
    expect(deploy).toThrow(DetectionRefused);
    expect(deploy).toThrow(
      /'try' cannot be deployed: when, as a metric filter without own calls: .*CloudWatch takes 1024/,
    );
  });
});

describe.each(Object.entries(detections))('%s where every name is as long as it may be', (id, detection) => {
  it('has filters and a rule that CloudWatch and EventBridge take', () => {
    for (const prefix of PREFIXES) {
      for (const text of filterPatterns(detection, prefix, ACCOUNT, LONG))
        expect(text.length).toBeLessThanOrEqual(1024);
      if (!eventLaneOf(detection)) continue;
      for (const pattern of eventPatterns(id, detection, prefix, LONG))
        expect(JSON.stringify(pattern).length).toBeLessThanOrEqual(2048);
    }
  });
});

describe('the rule on the event of a call', () => {
  it('takes what succeeded and is not by a role that may make the call to restore something', () => {
    const detection = detections['trail-tampering'] as Detection;
    const [pattern] = eventPatterns('trail-tampering', detection, 'cordon', TRAIL);
    expect(pattern).toMatchObject({
      source: [{ prefix: 'aws.' }],
      'detail-type': [{ suffix: ' via CloudTrail' }],
      detail: {
        eventSource: ['cloudtrail.amazonaws.com'],
        errorCode: [{ exists: false }],
        errorMessage: [{ exists: false }],
        userIdentity: {
          sessionContext: {
            sessionIssuer: {
              userName: [
                { exists: false },
                {
                  'anything-but': expect.arrayContaining(['cordon-contain-restore-trail', 'cordon-undo-start-logging']),
                },
              ],
            },
          },
        },
      },
    });
  });
});

describe('trail-pipeline-tampering in a deployment', () => {
  const { samples, ...detection } = detections['trail-pipeline-tampering'] as Detection;
  const within = (trail: KnownTrail) => predicate(matchOf({ ...detection, samples }, trail));

  it('takes only calls on what its trail delivers through', () => {
    const elsewhere = within({
      logGroup: '/app',
      bucket: 'photos',
      role: 'app',
      key: 'arn:aws:kms:us-east-1:111122223333:key/00000000-0000-4000-8000-000000000000',
    });
    for (const { name, record } of samples.matching) {
      expect(within(TRAIL)(record), name).toBe(true);
      expect(elsewhere(record), name).toBe(false);
    }
  });

  it('watches the log group alone where it knows no more', () => {
    const sources = samples.matching
      .filter(({ record }) => within({ logGroup: TRAIL.logGroup })(record))
      .map(({ record }) => record.eventSource);
    expect(new Set(sources)).toEqual(new Set(['logs.amazonaws.com']));
  });
});
