import { beforeEach, describe, expect, it, vi } from 'vitest';
import { concludeCanary, NoCanary } from '../../handlers/steps/conclude-canary.ts';
import { sendCanary } from '../../handlers/steps/send-canary.ts';
import { cloudTrailRecord } from '../../playbooks/cloudtrail.ts';
import { ACCOUNT, alarm, callAt, Desk } from './desk.ts';

const GROUP = `arn:aws:logs:us-east-1:${ACCOUNT}:log-group:/cordon/canary`;
const sender = {
  type: 'AssumedRole',
  accountId: ACCOUNT,
  sessionContext: { sessionIssuer: { type: 'Role', userName: 'cordon-send-canary', accountId: ACCOUNT } },
};

let desk: Desk;
const logged: unknown[][] = [];
beforeEach(() => {
  desk = new Desk();
  logged.length = 0;
  vi.spyOn(desk.context.log, 'info').mockImplementation((...said) => void logged.push(said));
});

/** The record of a canary that was sent at a time of the day. */
const sent = (time: string, userIdentity: Record<string, unknown> = sender) =>
  callAt(time.slice(0, 8), 'logs.amazonaws.com', 'TagResource', userIdentity, {
    requestParameters: { resourceArn: GROUP, tags: { 'cordon:canary': `2026-05-01T${time}Z` } },
  });
const delivered = (...records: object[]) => {
  desk.account.logs = records.map((one) => JSON.stringify(one));
};
const byAlarm = () => concludeCanary({ event: alarm('canary') }, desk.context);
const byEvent = (record: object) =>
  concludeCanary(
    {
      event: {
        lane: 'event',
        detection: 'canary',
        event: {
          'detail-type': 'AWS API Call via CloudTrail',
          ...{ source: 'aws.logs', account: ACCOUNT, region: 'us-east-1' },
          detail: cloudTrailRecord.parse(record),
        },
      },
    },
    desk.context,
  );

describe('the canary', () => {
  it('tags its own log group with the time', async () => {
    const { sentAt } = await sendCanary({}, desk.context);

    expect(sentAt).toBe(desk.account.now.toISOString());
    expect(desk.account.calls).toMatchObject([
      { operation: 'TagResource', input: { resourceArn: GROUP, tags: { 'cordon:canary': sentAt } } },
    ]);
  });

  it('that came through is written down and logged with how long it took, once', async () => {
    delivered(sent('02:56:00.500'), sent('02:46:00.000'));
    const took = desk.account.now.getTime() - Date.parse('2026-05-01T02:56:00.500Z');

    expect(await byAlarm()).toMatchObject({ latencyMs: took });
    expect(await byAlarm()).not.toHaveProperty('latencyMs');

    expect(logged).toEqual([['canary came through', expect.objectContaining({ lane: 'alarm', latencyMs: took })]]);
    expect((await desk.context.ledger.canaries.last()).alarm).toMatchObject({
      sentAt: '2026-05-01T02:56:00.500Z',
      arrivedAt: desk.account.now.toISOString(),
    });
  });

  it('has a latency for each lane, and one that comes out of order changes nothing', async () => {
    delivered(sent('02:56:00.000'));
    await byAlarm();
    await byEvent(sent('02:59:00.000'));
    await byEvent(sent('02:49:00.000'));

    const { alarm: first, event } = await desk.context.ledger.canaries.last();
    expect(first?.sentAt).toBe('2026-05-01T02:56:00.000Z');
    expect(event?.sentAt).toBe('2026-05-01T02:59:00.000Z');
    expect(logged).toHaveLength(2);
  });

  it('is asked for again where its alarm fired and the log group shows none, or only somebody else’s', async () => {
    delivered();
    await expect(byAlarm()).rejects.toThrow(NoCanary);
    const other = sent('02:59:00.000', { ...sender, accountId: '999988887777' });
    delivered(other);
    await expect(byAlarm()).rejects.toThrow(/no record of it: look into the log group/);
    await expect(byEvent(other)).rejects.toThrow(NoCanary);
    expect(await desk.context.ledger.canaries.last()).toEqual({});
  });

  it('is no incident: the ledger’s lists know nothing of it', async () => {
    delivered(sent('02:59:00.000'));
    await byAlarm();

    expect(await desk.context.ledger.recent(10)).toEqual([]);
  });
});
