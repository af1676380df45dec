import { describe, expect, it } from 'vitest';
import { detections } from '../../playbooks/catalog.ts';
import type { Detection } from '../../playbooks/detection.ts';
import { call, iamUser } from '../../playbooks/detections/samples.ts';
import trailTampering from '../../playbooks/detections/trail-tampering.ts';
import { checkDetection, DetectionRefused, differences } from '../../playbooks/matching/forms.ts';
import { insightsQuery, NotInInsights } from '../../playbooks/matching/insights-query.ts';
import * as m from '../../playbooks/matching/match.ts';

const stop = { name: 'StopLogging', record: call('cloudtrail.amazonaws.com', 'StopLogging', iamUser('mallory')) };
const start = { name: 'StartLogging', record: call('cloudtrail.amazonaws.com', 'StartLogging', iamUser('alice')) };
const declared = (rest: Partial<Detection>): Detection => ({
  ...trailTampering,
  when: m.is('eventName', 'StopLogging'),
  samples: { matching: [stop], other: [start] },
  ...rest,
});

describe('a detection is refused at synthesis, with the reason and the place', () => {
  it.each<[string, Partial<Detection>, RegExp]>([
    ['without matching samples', { samples: { matching: [], other: [start] } }, /samples\.matching is empty/],
    ['without other samples', { samples: { matching: [stop], other: [] } }, /samples\.other is empty/],
    [
      'whose match leaves a sample',
      { samples: { matching: [start], other: [stop] } },
      /leaves the sample "StartLogging"/,
    ],
    ['whose match takes a sample', { samples: { matching: [stop], other: [stop] } }, /takes the sample "StopLogging"/],
    [
      // One with an "or" is split into several filters.
      'with too long a pattern that cannot be split',
      { when: m.all(m.is('eventName', 'StopLogging'), m.isNot('userAgent', 'x'.repeat(1_100))) },
      /as a metric filter: .*\d+ characters, CloudWatch takes 1024/,
    ],
    [
      'that CloudWatch cannot say',
      { when: m.all(m.is('eventName', 'StopLogging'), m.isNot('userAgent', '"')) },
      /all\[1\]\.isNot\("userAgent"\)/,
    ],
    [
      'that EventBridge cannot say, in a lane that it claims',
      { when: m.all(m.like('eventName', 'Stop*'), m.notLike('eventName', '*s')), lanes: { 'event-rule': 'wider' } },
      /for the lane event-rule: .*two things of "eventName"/,
    ],
    [
      'that Insights cannot say, in a lane that it claims',
      { when: m.any(m.is('eventName', 'StopLogging'), m.isNull('x')), lanes: { insights: 'wider' } },
      /for the lane insights: .*isNull\("x"\)/,
    ],
    [
      'that differs by nature, in a lane that it claims to be exact',
      { when: m.all(m.is('eventName', 'StopLogging'), m.isNot('eventType', 'x')), lanes: { 'event-rule': 'exact' } },
      /for the lane event-rule: isNot\("eventType"\) also holds of null.*"wider"/,
    ],
  ])('%s', (_, rest, message) => {
    const check = () => checkDetection('try', declared(rest));
    expect(check).toThrow(DetectionRefused);
    expect(check).toThrow(message);
    expect(check).toThrow("'try'");
  });

  it('unless the difference is declared', () => {
    const when = m.all(m.is('eventName', 'StopLogging'), m.isNot('eventType', 'x'));
    const check = () => checkDetection('try', declared({ when, lanes: { 'event-rule': 'wider', athena: 'exact' } }));
    expect(check).not.toThrow();
  });

  it.each(Object.entries(detections))('but not %s of the catalog', (id, detection) => {
    expect(() => checkDetection(id, detection)).not.toThrow();
  });
});

describe('differences', () => {
  it('are found wherever they stand', () => {
    const match = m.any(m.all(m.isTrue('a'), m.exists('b')), m.is('c[0]', 'x'));
    expect(differences(match, 'event-rule')).toEqual([
      'exists("b") also holds of null, true and false',
      'is("c[0]") holds of any element of the array',
    ]);
    expect(differences(match, 'insights')).toEqual([
      'isTrue("a") also holds of the numbers 1 and 0',
      'exists("b") also holds of true and false',
    ]);
    expect(differences(match, 'athena')).toEqual([]);
  });
});

describe('insightsQuery', () => {
  it.each<[m.Match, string]>([
    [
      m.all(
        m.is('userIdentity.type', 'Root'),
        m.missing('userIdentity.invokedBy'),
        m.isNot('eventType', 'AwsServiceEvent'),
      ),
      'userIdentity.type = "Root" and not ispresent(userIdentity.invokedBy) and (ispresent(eventType) and eventType != "AwsServiceEvent")',
    ],
    [m.all(m.oneOf('a', ['x', 2]), m.any(m.isTrue('b'), m.atLeast('n', 3))), 'a in ["x", 2] and (b = 1 or n >= 3)'],
    [m.like("requestParameters['x-amz-acl']", 'public-*'), '`requestParameters.x-amz-acl` like /^public-.*$/'],
    [
      m.notLike('resources[0].ARN', '*/a.b'),
      '(ispresent(resources.0.ARN) and resources.0.ARN not like /^.*\\/a\\.b$/)',
    ],
  ])('writes %j', (match, filter) => {
    const query = insightsQuery(match);
    expect(query).toContain(`| filter ${filter}\n| sort @timestamp desc`);
  });

  it.each<[m.Match, string]>([
    [m.isNull('a'), 'null from absent'],
    [m.exists('resources[*].ARN'), 'no wildcard'],
    [m.is('a', 'say "hi"'), 'no way is documented'],
  ])('refuses what Insights cannot say: %j', (match, message) => {
    const write = () => insightsQuery(match);
    expect(write).toThrow(NotInInsights);
    expect(write).toThrow(message);
  });
});
