import { describe, expect, it } from 'vitest';
import { principalOfActor, principalOfTarget } from '../../handlers/guard/principal.ts';
import { actorOf } from '../../playbooks/actor.ts';
import { cloudTrailRecord } from '../../playbooks/cloudtrail.ts';
import { call } from '../../playbooks/detections/samples.ts';
import { globalRegionOf, partitionOf } from '../../playbooks/partition.ts';
import { trailArnOf } from '../../playbooks/trails.ts';

const ACCOUNT = '111122223333';
const record = (awsRegion: string, userIdentity: Record<string, unknown>) =>
  cloudTrailRecord.parse(
    call('cloudtrail.amazonaws.com', 'StopLogging', userIdentity, { awsRegion, requestParameters: { name: 'cordon' } }),
  );

describe.each([
  ['us-east-1', 'aws'],
  ['ap-southeast-2', 'aws'],
  ['us-gov-west-1', 'aws-us-gov'],
  ['cn-north-1', 'aws-cn'],
  ['us-iso-east-1', 'aws-iso'],
  ['us-isob-east-1', 'aws-iso-b'],
  ['eusc-de-east-1', 'aws-eusc'],
])('in %s the partition is %s', (region, partition) => {
  it('of the region', () => {
    expect(partitionOf(region)).toBe(partition);
  });

  it('of an actor whose record has no ARN, and of a trail that is named by name', () => {
    const bare = { accountId: ACCOUNT };
    const user = actorOf(record(region, { ...bare, type: 'IAMUser', userName: 'mallory' }), ACCOUNT);
    const root = actorOf(record(region, { ...bare, type: 'Root' }), ACCOUNT);
    const session = { type: 'AssumedRole', sessionContext: { sessionIssuer: { userName: 'deploy' } } };
    const role = actorOf(record(region, { ...bare, ...session }), ACCOUNT);

    expect([user.arn, root.arn, role.arn]).toEqual(
      ['user/mallory', 'root', 'role/deploy'].map((name) => `arn:${partition}:iam::${ACCOUNT}:${name}`),
    );
    expect(trailArnOf(record(region, bare), ACCOUNT)).toBe(
      `arn:${partition}:cloudtrail:${region}:${ACCOUNT}:trail/cordon`,
    );
  });

  it('of whom an action is aimed at, so that a pattern of that partition protects them', () => {
    const place = { account: ACCOUNT, region };
    expect(principalOfTarget({ user: 'alice' }, place)?.arn).toBe(`arn:${partition}:iam::${ACCOUNT}:user/alice`);
    expect(principalOfTarget({ role: 'admin' }, place)?.arn).toBe(`arn:${partition}:iam::${ACCOUNT}:role/admin`);
    const actor = { kind: 'iam-user', key: 'user:bob', label: 'IAM user bob', name: 'bob' } as const;
    expect(principalOfActor(actor, place)?.arn).toBe(`arn:${partition}:iam::${ACCOUNT}:user/bob`);
  });
});

describe('the partition of a record', () => {
  it('is that of its ARN where it has one', () => {
    const arn = `arn:aws-cn:sts::${ACCOUNT}:assumed-role/deploy/session`;
    const identity = { type: 'AssumedRole', accountId: ACCOUNT, arn, sessionContext: {} };
    expect(actorOf(record('us-east-1', identity), ACCOUNT).arn).toBe(`arn:aws-cn:iam::${ACCOUNT}:role/deploy`);
  });

  it.each([
    ['eu-west-1', 'us-east-1'],
    ['us-gov-east-1', 'us-gov-west-1'],
    ['cn-northwest-1', 'cn-north-1'],
    ['eusc-de-east-1', 'eusc-de-east-1'],
  ])('of %s records what is for the whole world in %s', (region, global) => {
    expect(globalRegionOf(region)).toBe(global);
  });

  it('is the commercial one where nothing says another', () => {
    expect(partitionOf(undefined)).toBe('aws');
  });
});
