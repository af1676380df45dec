import { describe, expect, it } from 'vitest';
import { actionKeyOf } from '../../handlers/actions/action.ts';
import { exposureWays, fullBlock, isPublic } from '../../handlers/buckets/exposure.ts';
import {
  letsAccessPointsIn,
  publicStatements,
  samePolicy,
  withoutPublicStatements,
  withStatementsAdded,
} from '../../handlers/buckets/policy.ts';
import bucketExposure from '../../handlers/investigations/bucket-exposure.ts';
import { planRestores } from '../../handlers/plan.ts';
import { cloudTrailRecord } from '../../playbooks/cloudtrail.ts';
import { iamUser } from '../../playbooks/detections/samples.ts';
import { exposureLines } from '../../playbooks/report/exposure.ts';
import { callAt, Desk } from './desk.ts';
import { type FakeBucket, refusal } from './fake-account.ts';

const open = { Sid: 'Open', Effect: 'Allow', Principal: '*', Action: 's3:GetObject', Resource: '*' };
const kept = { ...open, Sid: 'Kept', Principal: { AWS: '111122223333' } };
const delegated = { ...open, Condition: { StringEquals: { 's3:DataAccessPointAccount': '111122223333' } } };
const policy = (...Statement: object[]): string => JSON.stringify({ Version: '2012-10-17', Statement });

describe('the public statements of a policy', () => {
  it('are taken out, and nothing else', () => {
    expect(withoutPublicStatements(policy(kept, open))).toBe(policy(kept));
    expect(withoutPublicStatements(policy(open))).toBeUndefined();
    expect(publicStatements(policy(kept, open)).map(({ what }) => what)).toEqual(['statement Open']);
  });

  it('are put back beside what was added since, once', () => {
    const added = { ...kept, Sid: 'Added' };
    expect(withStatementsAdded(policy(kept, added), [open])).toBe(policy(kept, added, open));
    expect(withStatementsAdded(policy(kept, open), [open])).toBe(policy(kept, open));
    expect(withStatementsAdded(undefined, [open])).toBe(policy(open));
  });

  it('are none in what is no policy', () => {
    for (const text of [undefined, '', 'no JSON', '[]', '{"Statement":null}'])
      expect(publicStatements(text)).toEqual([]);
  });

  it('are compared by what they say, not by how they are laid out', () => {
    const listed = { ...open, Action: ['s3:GetObject'], Principal: { AWS: ['*'] } };
    expect(
      samePolicy(policy({ ...open, Principal: { AWS: '*' } }), JSON.stringify(JSON.parse(policy(listed)), null, 2)),
    ).toBe(true);
    expect(samePolicy(policy(open), policy(kept))).toBe(false);
  });
});

describe('an access point, judged with its bucket', () => {
  const point = { name: 'door', policy: policy(open), vpcOnly: false };
  const state = { policy: policy(delegated), grants: [], accessPoints: [point] };

  it.each([
    ['open where the bucket delegates to its access points', state, true],
    ['closed by its own block', { ...state, accessPoints: [{ ...point, block: fullBlock }] }, false],
    ['closed by the block of the bucket', { ...state, block: fullBlock }, false],
    ['closed by the block of the account', { ...state, accountBlock: fullBlock }, false],
    ['closed for requests from a VPC only', { ...state, accessPoints: [{ ...point, vpcOnly: true }] }, false],
    ['closed where the policy of the bucket lets nobody in', { ...state, policy: policy(kept) }, false],
    ['closed where the bucket has no policy', { ...state, policy: undefined }, false],
    [
      'closed by a policy that names no strangers',
      { ...state, accessPoints: [{ ...point, policy: policy(kept) }] },
      false,
    ],
  ])('row: s3: access point: %s', (_, judged, expected) => {
    expect(isPublic(exposureWays(judged))).toBe(expected);
  });

  it('is not let in by a delegation to an organization', () => {
    const toOrganization = { StringEquals: { 'aws:PrincipalOrgID': 'o-abcdefghij' } };
    expect(letsAccessPointsIn(policy({ ...open, Condition: toOrganization }))).toBe(false);
  });
});

describe('rounds and records', () => {
  const put = (name: string, bucketName: string, second = '05') =>
    callAt(`03:00:${second}`, 's3.amazonaws.com', name, iamUser('mallory'), { requestParameters: { bucketName } });

  it('row: s3: block weakened in a later round: the same action, with what is known by then', async () => {
    // Prepare
    const desk = new Desk();
    desk.account.buckets.reports = { policy: policy(open) };
    const id = await desk.open('s3-public-exposure');
    const head = await desk.head(id);
    const events = [put('PutBucketPolicy', 'reports'), put('DeleteBucketPublicAccessBlock', 'reports', '06')].map(
      (record) => ({
        ...{ record: cloudTrailRecord.parse(record), verdict: 'offence' as const },
        actor: { kind: 'iam-user' as const, key: 'user:mallory', label: 'IAM user mallory', name: 'mallory' },
      }),
    );

    // Act
    const [first] = await planRestores(head, events.slice(0, 1), desk.context);
    const [second] = await planRestores(head, events, desk.context);

    // Assess
    expect(second?.key).toBe(first?.key);
    const action = await desk.context.ledger.action(id, second?.key ?? '');
    expect(action.target).toMatchObject({
      bucket: 'reports',
      seen: { blockWeakened: true, openedBy: ['user:mallory'] },
    });
    expect(action.because).toHaveLength(2);
    expect(actionKeyOf('a', { bucket: 'x', seen: { n: 1 } })).not.toBe(
      actionKeyOf('a', { bucket: 'y', seen: { n: 1 } }),
    );
  });

  it('row: s3: bucket that cannot be looked at: hides none of the others', async () => {
    // Prepare
    const desk = new Desk();
    desk.account.buckets.reports = { policy: policy(open), objects: [6] };
    desk.account.buckets.broken = {};
    desk.account.before = () => {
      const { input } = desk.account.calls.at(-1) ?? {};
      if (input?.Bucket === 'broken') throw refusal('InternalError', 'try again');
    };
    const event = (bucketName: string) => ({
      ...{ record: cloudTrailRecord.parse(put('PutBucketPolicy', bucketName)), verdict: 'offence' as const },
      actor: { kind: 'iam-user' as const, key: 'user:mallory', label: 'IAM user mallory', name: 'mallory' },
    });
    const id = await desk.open('s3-public-exposure');
    const incident = { ...(await desk.context.ledger.incident(id)), events: [event('broken'), event('reports')] };

    // Act
    const found = await bucketExposure.find(incident, desk.context);

    // Assess
    expect(found).toMatchObject([
      { bucket: 'broken', closed: false, error: 'InternalError: try again' },
      { bucket: 'reports', public: true, objects: { count: 1, bytes: 6 } },
    ]);
    expect(exposureLines(found[0] as (typeof found)[number])[1]).toMatch(/WHETHER IT IS OPEN IS NOT KNOWN/);
  });

  it('row: s3: ACL that was public before the event: said so', async () => {
    const desk = new Desk();
    const grant = { Grantee: { URI: 'http://acs.amazonaws.com/groups/global/AllUsers' }, Permission: 'READ' };
    desk.account.buckets.reports = { policy: policy(open), grants: [grant] };
    const id = await desk.open('s3-public-exposure');
    const event = {
      ...{ record: cloudTrailRecord.parse(put('PutBucketPolicy', 'reports')), verdict: 'offence' as const },
      actor: { kind: 'iam-user' as const, key: 'user:mallory', label: 'IAM user mallory', name: 'mallory' },
    };

    const [found] = await bucketExposure.find(
      { ...(await desk.context.ledger.incident(id)), events: [event] },
      desk.context,
    );

    expect(found?.ways.map(({ via, before }) => [via, before ?? false])).toEqual([
      ['policy', false],
      ['acl', true],
    ]);
    expect(exposureLines(found as NonNullable<typeof found>).join('\n')).toContain('list, already before 03:00:05Z');
  });

  it.each([
    [9_999, 'Bucket reports, 9,999 objects, 20.0 kB'],
    [10_500, 'Bucket reports, at least 10,000 objects, 20.0 kB'],
  ])('row: s3: %i objects: counted to the cap of 10,000, then "at least"', async (count, words) => {
    const { found, desk } = await lookedAt({ policy: policy(open), objects: Array.from({ length: count }, () => 2) });

    expect(exposureLines(found)[0]).toBe(words);
    const pages = desk.account.operations.filter((operation) => operation === 'ListObjectsV2');
    expect(pages).toHaveLength(10);
  });

  it('row: s3: since when a bucket was open, and until when: from the first call to the reading back', async () => {
    const { found } = await lookedAt({ policy: policy(open) }, '2026-05-01T03:02:00.000Z');

    expect(found).toMatchObject({ since: '2026-05-01T03:00:05Z', until: '2026-05-01T03:02:00.000Z' });
    expect(exposureLines(found).map((line) => line.trim())).toContain('since 03:00:05Z, until 03:02:00Z');
  });

  /** What is found of a bucket that two calls opened, and that was closed at a time. */
  async function lookedAt(bucket: FakeBucket, verifiedAt?: string) {
    const desk = new Desk();
    desk.account.buckets.reports = bucket;
    const id = await desk.open('s3-public-exposure');
    const events = ['05', '09'].map((second) => ({
      ...{ record: cloudTrailRecord.parse(put('PutBucketPolicy', 'reports', second)), verdict: 'offence' as const },
      actor: { kind: 'iam-user' as const, key: 'user:mallory', label: 'IAM user mallory', name: 'mallory' },
    }));
    const [planned] = await planRestores(await desk.head(id), events, desk.context);
    const action = await desk.context.ledger.action(id, planned?.key ?? '');
    if (verifiedAt) await desk.context.ledger.advance(id, action, 'verified', {}, verifiedAt);
    const incident = { ...(await desk.context.ledger.incident(id)), events };
    const [found] = await bucketExposure.find(incident, desk.context);
    return { found: found as NonNullable<typeof found>, desk };
  }
});
