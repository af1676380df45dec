import { describe, expect, it } from 'vitest';
import { detectionOf, responseOf } from '../../playbooks/catalog.ts';
import { call, iamUser, root, signIn } from '../../playbooks/detections/samples.ts';
import type { ActionStatus, Incident, Outcome, Verdict } from '../../playbooks/incident.ts';
import { openReasons, outcomeOf } from '../../playbooks/outcome.ts';
import { response } from '../../playbooks/response.ts';
import * as incidents from './incidents.ts';

const { did, event, incident } = incidents;

const plain = response({
  title: 'A response without opinions',
  restore: [],
  investigate: [],
  contain: [],
  byHand: () => [],
  report: () => [],
  subject: () => 'x',
});
const record = call('s3.amazonaws.com', 'PutBucketPolicy', iamUser('mallory'));
const events = (...verdicts: Verdict[]) => verdicts.map((verdict, at) => event(`03:00:0${at}`, record, verdict));
const block = (status: ActionStatus, rest: object = {}) =>
  did('block-public-access', { bucket: 'reports', seen: { blockWeakened: true, openedBy: [] } }, status, rest);
const tag = (status: ActionStatus) => did('tag-iam-user', { user: 'mallory' }, status);
const failure = { step: 'investigate', error: 'AccessDenied: no', at: '2026-05-01T03:02:00.000Z' };

describe('outcomeOf', () => {
  it.each<[string, Partial<Incident>, Outcome]>([
    ['no records', {}, 'benign'],
    ['benign records', { events: events('benign') }, 'benign'],
    ['an attempt', { events: events('attempt') }, 'attempt'],
    ['an attempt beside a benign record', { events: events('attempt', 'benign') }, 'attempt'],
    ['an attempt by somebody tagged', { events: events('attempt'), actions: [tag('verified')] }, 'attempt'],
    ['an offence that nothing answers', { events: events('offence') }, 'needs-analyst'],
    ['an offence with a tag only', { events: events('offence'), actions: [tag('verified')] }, 'needs-analyst'],
    ['a verified containment', { events: events('offence'), actions: [block('verified')] }, 'contained'],
    ['a containment not read back', { events: events('offence'), actions: [block('contained')] }, 'needs-analyst'],
    ['one captured only', { events: events('offence'), actions: [block('captured')] }, 'needs-analyst'],
    ['one planned only', { events: events('offence'), actions: [block('planned')] }, 'needs-analyst'],
    ['one that failed', { events: events('offence'), actions: [block('failed')] }, 'needs-analyst'],
    ['one withheld', { events: events('offence'), actions: [block('withheld')] }, 'needs-analyst'],
    ['one proposed', { events: events('offence'), actions: [block('proposed')] }, 'needs-analyst'],
    ['one undone', { events: events('offence'), actions: [block('undone')] }, 'undone'],
    ['one monitored', { events: events('offence'), actions: [block('monitored'), tag('monitored')] }, 'monitored'],
    [
      'an attempt by somebody whose tag is monitored',
      { events: events('attempt'), actions: [tag('monitored')] },
      'attempt',
    ],
    [
      'one monitored beside a failure',
      { events: events('offence'), actions: [block('monitored')], failures: [failure] },
      'needs-analyst',
    ],
    [
      'one verified and one undone',
      { events: events('offence'), actions: [block('verified'), did('disable-iam-user', { user: 'm' }, 'undone')] },
      'undone',
    ],
    [
      'one verified and one held back by the cap',
      {
        events: events('offence'),
        actions: [block('verified'), did('disable-iam-user', { user: 'm' }, 'proposed', { held: 'cap' })],
      },
      'needs-analyst',
    ],
    ['a proposal after an attempt', { events: events('attempt'), actions: [block('proposed')] }, 'needs-analyst'],
    [
      'one verified and one failed',
      { events: events('offence'), actions: [block('verified'), tag('failed')] },
      'needs-analyst',
    ],
    [
      'one verified and one not read back',
      { events: events('offence'), actions: [block('verified'), did('disable-iam-user', { user: 'm' }, 'contained')] },
      'needs-analyst',
    ],
    [
      'one verified and one proposed',
      { events: events('offence'), actions: [block('verified'), did('disable-iam-user', { user: 'm' }, 'proposed')] },
      'contained',
    ],
    ['one not needed any more', { events: events('offence'), actions: [block('not-needed')] }, 'contained'],
    [
      'a step that failed',
      { events: events('offence'), actions: [block('verified')], failures: [failure] },
      'needs-analyst',
    ],
    ['a step that failed without a record', { failures: [failure] }, 'needs-analyst'],
  ])('of %s', (_, given, expected) => {
    expect(outcomeOf(incident('s3-public-exposure', given), plain)).toBe(expected);
  });

  const verdictOn = (one: Incident): [Outcome, string[]] => {
    const answer = responseOf(detectionOf(one.detection).response);
    return [outcomeOf(one, answer), openReasons(one, answer)];
  };

  it.each<[string, Incident, Outcome]>([
    ['a stopped trail that records again', incidents.trailStopped(), 'contained'],
    ['a deleted log group that is there again', incidents.logGroupDeleted(), 'contained'],
    ['a refused StopLogging', incidents.trailAttempt(), 'attempt'],
    ['a bucket that is closed', incidents.bucketOpened(), 'contained'],
    ['a policy for no stranger', incidents.bucketBenign(), 'benign'],
    ['a guessed user who is disabled', incidents.signInsGuessed(), 'contained'],
  ])('leaves nothing open after %s', (_, one, expected) => {
    expect(verdictOn(one)).toEqual([expected, []]);
  });

  it('never calls root contained', () => {
    const attempt = { ...incidents.rootUsed(), events: [event('03:00:00', signIn(root, 'Failure'), 'attempt')] };

    expect(verdictOn(incidents.rootUsed())[0]).toBe('needs-analyst');
    expect(verdictOn(attempt)[0]).toBe('needs-analyst');
    expect(verdictOn(incident('root-usage'))[0]).toBe('benign');
  });

  it('does not call a trail contained that still does not record', () => {
    const one = incidents.trailStopped();
    for (const logging of [false, 'deleted', 'unknown'] as const) {
      one.findings['logging-gap'] = [{ trail: 'arn:aws:cloudtrail:us-east-1:111122223333:trail/cordon', logging }];
      expect(verdictOn(one)).toEqual(['needs-analyst', ['trail cordon does not record']]);
    }
  });

  it('does not call a role contained that only users can be contained for', () => {
    const role = {
      type: 'AssumedRole',
      accountId: '111122223333',
      arn: 'arn:aws:sts::111122223333:assumed-role/deployer/build-7',
    };
    const stop = call('cloudtrail.amazonaws.com', 'StopLogging', role, { requestParameters: { name: 'cordon' } });
    const one = { ...incidents.trailStopped(), events: [event('03:00:05', stop, 'offence')] };

    const [outcome, reasons] = verdictOn(one);

    expect(outcome).toBe('needs-analyst');
    expect(reasons).toEqual(['role deployer (session build-7) is not contained']);
  });

  it('does not call a narrowed trail contained, which is not put back', () => {
    const update = call('cloudtrail.amazonaws.com', 'UpdateTrail', iamUser('mallory'), {
      requestParameters: { name: 'cordon', isMultiRegionTrail: false },
    });
    const one = { ...incidents.trailStopped(), events: [event('03:00:05', update, 'offence')] };

    expect(verdictOn(one)).toEqual(['needs-analyst', ['UpdateTrail: other regions left out']]);
  });

  it('does not call a bucket contained that is still open', () => {
    const one = incidents.bucketOpened();
    const [found] = one.findings['bucket-exposure'] ?? [];
    if (found) found.closed = false;

    expect(verdictOn(one)).toEqual(['needs-analyst', ['bucket reports is still open']]);
  });

  it('needs somebody when a sign-in succeeded and its user is not disabled', () => {
    const one = { ...incidents.signInsGuessed(), actions: [] };

    expect(verdictOn(one)).toEqual([
      'needs-analyst',
      ['somebody signed in as alice after the failures, and alice is not disabled'],
    ]);
  });

  it.each([
    [
      { logging: true, losses: ['bucket policy: deleted'] },
      'trail cordon is less than its baseline: bucket policy: deleted',
    ],
    [{ logging: false, losses: [] }, 'trail cordon does not record'],
    [
      { logging: false, losses: [], unread: 'AccessDenied: no' },
      'whether trail cordon delivers is not known: AccessDenied: no',
    ],
  ])('needs an analyst where a log group is put back, and the trail all the same is %j', (health, open) => {
    const trail = 'arn:aws:cloudtrail:us-east-1:111122223333:trail/cordon';
    const one = incidents.logGroupDeleted({ findings: { 'trail-health': [{ trail, baseline: 2, ...health }] } });
    expect(verdictOn(one)).toEqual(['needs-analyst', [open]]);
  });
});
