import { beforeEach, describe, expect, it } from 'vitest';
import { keepBaseline } from '../../handlers/steps/keep-baseline.ts';
import { iamUser } from '../../playbooks/detections/samples.ts';
import { callAt, Desk, TRAIL } from './desk.ts';
import { refusal } from './fake-account.ts';

const DEPLOYER = 'arn:aws:iam::111122223333:user/deployer';

/** A trail whose settings, deliveries and event history a test sets. */
class Trail {
  settings: Record<string, unknown> = {
    S3BucketName: 'records',
    IsMultiRegionTrail: true,
    IncludeGlobalServiceEvents: true,
    LogFileValidationEnabled: true,
  };
  status: Record<string, unknown> = { IsLogging: true };
  tags: { Key: string; Value: string }[] = [];
  history: Record<string, unknown>[] = [];

  readonly client = () => ({
    send: async (command: { input: { LookupAttributes?: { AttributeValue: string }[] } }) => {
      switch (command.constructor.name.replace(/Command$/, '')) {
        case 'ListTrails':
          return { Trails: [{ TrailARN: TRAIL }, { TrailARN: TRAIL.replace('111122223333', '999988887777') }] };
        case 'GetTrail':
          return { Trail: this.settings };
        case 'GetTrailStatus':
          return this.status;
        case 'GetEventSelectors':
          return { EventSelectors: [{ ReadWriteType: 'All', IncludeManagementEvents: true }] };
        case 'GetInsightSelectors':
          throw refusal('InsightNotEnabledException');
        case 'ListTags':
          return { ResourceTagList: [{ TagsList: this.tags }] };
        case 'GetBucketPolicy':
          throw refusal('AccessDenied');
        case 'LookupEvents': {
          const wanted = command.input.LookupAttributes?.[0]?.AttributeValue;
          const found = this.history.filter(({ eventName }) => eventName === wanted);
          return { Events: found.map((record) => ({ CloudTrailEvent: JSON.stringify(record) })) };
        }
        default:
          return {};
      }
    },
  });
}

let desk: Desk;
let trail: Trail;
const keep = (input = {}) =>
  keepBaseline(input, { ...desk.context, client: trail.client as never }, async () => {}).then(({ trails }) => trails);
const update = (identity: Record<string, unknown>, rest: Record<string, unknown> = {}) =>
  callAt('03:10:00', 'cloudtrail.amazonaws.com', 'UpdateTrail', identity, {
    requestParameters: { name: 'cordon', isMultiRegionTrail: false },
    ...rest,
  });
const deployed = { sourceIPAddress: 'cloudformation.amazonaws.com' };

beforeEach(async () => {
  desk = new Desk({ protectedPrincipals: [DEPLOYER] });
  trail = new Trail();
  await keep();
  desk.pass(60 * 60);
});

describe('the baseline', () => {
  it('row: trail: baseline: taken of each trail of the account, versioned, and only when it changed', async () => {
    expect(await desk.context.ledger.baselines.all()).toMatchObject([{ trail: TRAIL, version: 1 }]);
    expect(await keep()).toMatchObject([{ trail: TRAIL, kept: 'unchanged', version: 1 }]);
    trail.tags = [{ Key: 'owner', Value: 'security' }];
    expect(await keep()).toMatchObject([{ kept: 'changed', version: 2 }]);
    expect(desk.table.partition(`BASELINE#${TRAIL}`)).toHaveLength(2);
  });

  it.each([
    ['is stopped', { IsLogging: false }],
    ['does not deliver', { IsLogging: true, LatestDeliveryError: 'AccessDenied' }],
    ['does not deliver to its log group', { IsLogging: true, LatestCloudWatchLogsDeliveryError: 'AccessDenied' }],
  ])('row: trail: baseline: not taken while the trail %s', async (_, status) => {
    trail.status = status;
    trail.tags = [{ Key: 'owner', Value: 'security' }];
    expect(await keep()).toMatchObject([{ kept: 'unhealthy' }]);
  });
});

describe('a narrowed trail', () => {
  beforeEach(() => {
    trail.settings.IsMultiRegionTrail = false;
  });

  it.each([
    ['nothing explains it', () => [], 'no call of a deployment explains it'],
    ['its narrowing is an attacker’s', () => [update(iamUser('mallory'))], "was no deployment's"],
    ['an attacker has a stack do it', () => [update(iamUser('mallory'), deployed)], "was no deployment's"],
    ['the deployer’s key does it by itself', () => [update(iamUser('deployer'))], "was no deployment's"],
    [
      'a deployment and an attacker both did it',
      () => [update(iamUser('deployer'), deployed), update(iamUser('mallory'))],
      "was no deployment's",
    ],
  ])('row: trail: baseline: never narrowed where %s', async (_, history, reason) => {
    trail.history = history();
    const [kept] = await keep();
    expect(kept).toMatchObject({ kept: 'refused', version: 1 });
    expect(kept?.reason).toContain(reason);
    expect(await desk.context.ledger.baselines.of(TRAIL)).toMatchObject({ state: { settings: { multiRegion: true } } });
  });

  it('row: trail: baseline: follows a deployment, once event history is complete', async () => {
    trail.history = [update(iamUser('deployer'), deployed)];
    desk.account.now = new Date('2026-05-01T03:20:00Z');
    expect(await keep()).toMatchObject([{ kept: 'refused' }]);
    desk.account.now = new Date('2026-05-01T03:25:01Z');
    const [kept] = await keep();
    expect(kept).toMatchObject({ kept: 'changed', version: 2 });
    expect(kept?.reason).toContain('deployed: other regions: off instead of on');
  });

  it('row: trail: baseline: not changed by a deployment while an incident of the trail is open', async () => {
    trail.history = [update(iamUser('deployer'), deployed)];
    await desk.open('trail-tampering');
    const [kept] = await keep();
    expect(kept).toMatchObject({ kept: 'refused' });
    expect(kept?.reason).toMatch(/incident trail-tampering-\S+ is open/);
  });

  it('row: trail: baseline: taken as it is where an analyst accepts it', async () => {
    const accept = { trail: TRAIL, by: DEPLOYER, reason: 'one region is enough' };
    expect(await keep({ accept })).toMatchObject([{ kept: 'changed', reason: expect.stringContaining(DEPLOYER) }]);
  });
});
