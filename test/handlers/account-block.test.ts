import { describe, expect, it } from 'vitest';
import blockBucket from '../../handlers/actions/block-public-access.ts';
import { fullBlock } from '../../handlers/buckets/exposure.ts';
import bucketExposure from '../../handlers/investigations/bucket-exposure.ts';
import { responseOf } from '../../playbooks/catalog.ts';
import { call, iamUser } from '../../playbooks/detections/samples.ts';
import { did, event, incident } from '../playbooks/incidents.ts';
import { ACCOUNT, Desk } from './desk.ts';

const policy = JSON.stringify({
  Statement: [{ Sid: 'Download', Effect: 'Allow', Principal: '*', Action: 's3:GetObject', Resource: '*' }],
});
const weakened = event(
  '03:00:04',
  call('s3.amazonaws.com', 'DeleteAccountPublicAccessBlock', iamUser('mallory'), {
    requestParameters: { Host: `${ACCOUNT}.s3-control.us-east-1.amazonaws.com` },
  }),
  'offence',
);
const opened = event(
  '03:00:05',
  call('s3.amazonaws.com', 'PutBucketPolicy', iamUser('mallory'), { requestParameters: { bucketName: 'reports' } }),
  'offence',
);
const restored = did('block-account-public-access', { account: ACCOUNT }, 'verified', { before: {} });
const response = responseOf('close-bucket');
const bucketTargets = (records = [weakened, opened]) =>
  response.restore
    .find(({ action }) => action === 'block-public-access')
    ?.targets(
      records.map(({ record }) => record),
      ACCOUNT,
    );

describe('a bucket that was opened while the account’s block was off', () => {
  it('is closed, also when the account’s block is back already', async () => {
    const desk = new Desk();
    desk.account.buckets.reports = { policy };
    desk.account.accountBlock = fullBlock;
    const assess = (targets: ReturnType<typeof bucketTargets>) =>
      blockBucket.assess?.(blockBucket.target.parse(targets?.[0]?.target), desk.context);

    expect(await assess(bucketTargets())).toMatchObject({ needed: true });
    // Where the account's block was never off, nothing was opened.
    expect(await assess(bucketTargets([opened]))).toMatchObject({ needed: false, benign: true });
  });

  it('is reported as open, by the account’s block as it was', async () => {
    const desk = new Desk();
    desk.account.buckets.reports = { policy, objects: [10] };
    desk.account.accountBlock = fullBlock;
    const found = (actions: (typeof restored)[]) =>
      bucketExposure.find(incident('s3-public-exposure', { events: [weakened, opened], actions }), desk.context);

    const [open] = await found([restored]);
    expect(open).toMatchObject({ public: true, closed: true, until: restored.at.verified });
    expect(open?.ways[0]).not.toHaveProperty('blockedBy');
    // An account's block that was not touched held the policy back all along.
    expect((await found([]))[0]).toMatchObject({
      public: false,
      ways: [{ blockedBy: 'RestrictPublicBuckets of the account' }],
    });
  });

  it('is told of in the mail, with the account', async () => {
    const desk = new Desk();
    desk.account.buckets.reports = { policy, objects: [10] };
    desk.account.accountBlock = fullBlock;
    const one = incident('s3-public-exposure', { events: [weakened, opened], actions: [restored] });
    const findings = { 'bucket-exposure': await bucketExposure.find(one, desk.context) };

    const exposure = response.report({ ...one, findings }).find(({ heading }) => heading === 'Exposure')?.lines ?? [];

    expect(exposure[0]).toBe(`Account ${ACCOUNT}: its public access block was removed or weakened`);
    expect(exposure).toContain('  the account’s block is back (read back)');
    expect(exposure).toContain('  was open to everyone by its policy (statement Download): read');
    expect(response.byHand({ ...one, findings })[0]?.commands).toEqual([
      'aws s3api get-bucket-policy --bucket reports --query Policy --output text > policy.json',
      'aws s3api put-bucket-policy --bucket reports --policy file://policy.json',
    ]);
  });
});
