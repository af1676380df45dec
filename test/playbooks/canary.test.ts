import { describe, expect, it } from 'vitest';
import { canaryMatch, isOverdue, latencyOf, sentAt } from '../../playbooks/canary.ts';
import { detections } from '../../playbooks/catalog.ts';
import { type CloudTrailRecord, cloudTrailRecord } from '../../playbooks/cloudtrail.ts';
import { call, iamUser } from '../../playbooks/detections/samples.ts';
import { cloudWatchPattern } from '../../playbooks/matching/cloudwatch-pattern.ts';
import { matchesPattern, parseFilterPattern } from '../../playbooks/matching/filter-pattern/filter-pattern.ts';
import { differences } from '../../playbooks/matching/forms.ts';
import { predicate } from '../../playbooks/matching/predicate.ts';

const ACCOUNT = '111122223333';
const role = (userName: string, accountId = ACCOUNT) => ({
  type: 'AssumedRole',
  accountId,
  sessionContext: { sessionIssuer: { type: 'Role', userName, accountId } },
});
const group = (name: string) => `arn:aws:logs:us-east-1:${ACCOUNT}:log-group:${name}`;
const canary = (identity: Record<string, unknown> = role('cordon-send-canary'), rest: Record<string, unknown> = {}) =>
  call('logs.amazonaws.com', 'TagResource', identity, {
    requestParameters: { resourceArn: group('/cordon/canary'), tags: { 'cordon:canary': '2026-05-01T02:59:59.750Z' } },
    ...rest,
  });

describe('the canary’s match', () => {
  const match = canaryMatch('cordon', ACCOUNT);
  const pattern = parseFilterPattern(cloudWatchPattern(match));
  const takes = (record: object) => {
    const taken = predicate(match)(record);
    expect(matchesPattern(pattern, JSON.stringify(record))).toBe(taken);
    return taken;
  };

  it('takes the canary, and a rule on events takes exactly the same', () => {
    expect(takes(canary())).toBe(true);
    expect(differences(match, 'event')).toEqual([]);
  });

  it.each([
    ['another role', canary(role('cordon-send-canary-2'))],
    ['a role of that name in another account', canary(role('cordon-send-canary', '999988887777'))],
    ['a user', canary(iamUser('mallory'))],
    ['another log group', canary(undefined, { requestParameters: { resourceArn: group('/cordon/trail') } })],
    ['another call', canary(undefined, { eventName: 'UntagResource' })],
    ['a refused call', canary(undefined, { errorCode: 'AccessDenied' })],
  ])('leaves %s', (_, record) => {
    expect(takes(record)).toBe(false);
  });

  it.each(Object.entries(detections))('is no offence to %s', (_, { when }) => {
    expect(predicate(when)(canary())).toBe(false);
  });
});

describe('how long a canary took', () => {
  const record = (rest?: Record<string, unknown>): CloudTrailRecord => cloudTrailRecord.parse(canary(undefined, rest));
  const arrival = (arrivedAt: string, sent = '2026-05-01T03:00:00.000Z') => ({ eventID: 'e', sentAt: sent, arrivedAt });

  it('is counted from the time that it says itself, or else from that of its record', () => {
    expect(sentAt(record()).toISOString()).toBe('2026-05-01T02:59:59.750Z');
    for (const requestParameters of [null, { tags: null }, { tags: { 'cordon:canary': 'yesterday' } }]) {
      expect(sentAt(record({ requestParameters })).toISOString()).toBe('2026-05-01T03:00:00.000Z');
    }
  });

  it('is never less than nothing, whatever the clocks say', () => {
    expect(latencyOf(arrival('2026-05-01T03:05:12.000Z'))).toBe(312_000);
    expect(latencyOf(arrival('2026-05-01T02:59:59.000Z'))).toBe(0);
  });

  it('is too long after twenty minutes, and none for half an hour is too long as well', () => {
    const now = new Date('2026-05-01T03:35:00.000Z');
    expect(isOverdue(arrival('2026-05-01T03:05:00.000Z'), now)).toBe(false);
    expect(isOverdue(arrival('2026-05-01T03:04:59.000Z'), now)).toBe(true);
    expect(isOverdue(arrival('2026-05-01T03:20:00.001Z'), now)).toBe(true);
  });
});
