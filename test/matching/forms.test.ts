import { describe, expect, it } from 'vitest';
import { detections } from '../../playbooks/catalog.ts';
import type { Detection } from '../../playbooks/detection.ts';
import { call, iamUser } from '../../playbooks/detections/samples.ts';
import trailTampering from '../../playbooks/detections/trail-tampering.ts';
import {
  checkDetection,
  DetectionRefused,
  differences,
  eventLaneOf,
  whyNoEventLane,
} from '../../playbooks/matching/forms.ts';
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
      { when: m.all(m.like('eventName', 'Stop*'), m.notLike('eventName', '*s')), lanes: { event: 'wider' } },
      /for the lane event: .*two things of "eventName"/,
    ],
    [
      'that Insights cannot say, in a lane that it claims',
      { when: m.any(m.is('eventName', 'StopLogging'), m.isNull('x')), lanes: { insights: 'wider' } },
      /for the lane insights: .*isNull\("x"\)/,
    ],
    [
      'that differs by nature, in the lane of events, which is exact unless told',
      { when: m.all(m.is('eventName', 'StopLogging'), m.isNot('eventType', 'x')) },
      /when, for the lane event: isNot\("eventType"\) also holds of null.*"wider".*lanes\.event why there is none/,
    ],
    [
      'that differs by nature within a deployment',
      { within: () => m.all(m.is('eventName', 'StopLogging'), m.exists('eventType')) },
      /within, for the lane event: exists\("eventType"\)/,
    ],
    [
      'that compares numbers, which EventBridge does not see in texts',
      { when: m.all(m.is('eventName', 'StopLogging'), m.any(m.missing('n'), m.above('n', 5))) },
      /when, for the lane event: above\("n"\) does not hold of a text that writes a number.*"partial"/,
    ],
    [
      'that may miss records, and declares only that it may take more',
      {
        when: m.all(m.is('eventName', 'StopLogging'), m.any(m.missing('n'), m.like('n', '4*'))),
        lanes: { event: 'wider' },
      },
      /when, for the lane event: like\("n"\) does not hold of a number.*"partial"/,
    ],
    [
      'that takes calls that failed only, and claims a lane of events',
      {
        when: m.all(m.is('eventName', 'StopLogging'), m.is('errorCode', 'AccessDenied')),
        samples: { matching: [{ ...stop, record: { ...stop.record, errorCode: 'AccessDenied' } }], other: [stop] },
      },
      /when, for the lane event: Only calls that failed can meet it.*none/,
    ],
    [
      'that counts records, and claims a lane of events',
      { alarm: { atLeast: 2, withinMinutes: 5 }, lanes: { event: 'exact' } },
      /lanes\.event: its alarm counts records/,
    ],
  ])('%s', (_, rest, message) => {
    const check = () => checkDetection('try', declared(rest), { logGroup: '/cordon/trail' });
    expect(check).toThrow(DetectionRefused);
    expect(check).toThrow(message);
    expect(check).toThrow("'try'");
  });

  it('unless the difference is declared', () => {
    const when = m.all(m.is('eventName', 'StopLogging'), m.isNot('eventType', 'x'));
    const check = () => checkDetection('try', declared({ when, lanes: { event: 'wider', athena: 'exact' } }));
    expect(check).not.toThrow();
  });

  it('unless it is declared that some are left to the alarm', () => {
    const when = m.all(m.is('eventName', 'StopLogging'), m.any(m.isNot('n', 'x'), m.missing('n'), m.above('n', 5)));
    expect(() => checkDetection('try', declared({ when, lanes: { event: 'partial' } }))).not.toThrow();
    expect(() =>
      checkDetection('try', declared({ when, lanes: { event: { form: 'partial', reads: true } } })),
    ).not.toThrow();
  });

  it('unless it says why there is no lane of events, or counts', () => {
    const when = m.all(m.is('eventName', 'StopLogging'), m.isNot('eventType', 'x'));
    const none = declared({ when, lanes: { event: { none: 'its calls are everyday work' } } });
    const counts = declared({ when, alarm: { atLeast: 2, withinMinutes: 5 } });
    for (const one of [none, counts]) {
      expect(() => checkDetection('try', one)).not.toThrow();
      expect(eventLaneOf(one)).toBeUndefined();
    }
    expect(whyNoEventLane(none)).toBe('its calls are everyday work');
    expect(whyNoEventLane(counts)).toBe('it counts 2 records, and an event is only one');
  });

  it.each(Object.entries(detections))('but not %s of the catalog', (id, detection) => {
    expect(() => checkDetection(id, detection)).not.toThrow();
  });
});

describe('differences', () => {
  it('are found wherever they stand', () => {
    const match = m.any(m.all(m.isTrue('a'), m.exists('b')), m.is('c[0]', 'x'));
    expect(differences(match, 'event')).toEqual([
      { takes: 'more', text: 'exists("b") also holds of null, true and false' },
      { takes: 'more', text: 'is("c[0]") holds of any element of the array' },
    ]);
    expect(differences(match, 'insights')).toEqual([
      { takes: 'more', text: 'isTrue("a") also holds of the numbers 1 and 0' },
      { takes: 'more', text: 'exists("b") also holds of true and false' },
    ]);
    expect(differences(match, 'athena')).toEqual([]);
  });

  const inEvents = (match: m.Match) => differences(match, 'event').map(({ takes }) => takes);

  it.each([m.above, m.atLeast, m.below, m.atMost])('a number is not compared with a text: %#', (compare) => {
    expect(inEvents(compare('a', 5))).toEqual(['fewer']);
  });

  it.each(['4*', '*0', '-*', '*-*', '1.*', '*.5', '*e*', '1e*', '*+21', '*-7', '*e+21', '1*0', '*4*'])(
    'a glob that a number can fit misses numbers: %s',
    (glob) => {
      expect(inEvents(m.like('a', glob))).toContain('fewer');
    },
  );

  it.each(['Describe*', '*:root', 'e*', '*-', '*.', '.5*', '10.0.*', '2026-05*', '*-4000-8*', '+*', '*x*', '400', ''])(
    'a glob that no number can fit misses none: %s',
    (glob) => {
      expect(inEvents(m.like('a', glob))).toEqual([]);
    },
  );

  it.each<[m.Match, string[]]>([
    [m.like('a', '*'), ['more']],
    [m.like('a', '**'), ['more']],
    [m.like('a', 'x*y'), ['more']],
    [m.like('a', '1*2'), ['more', 'fewer']],
    [m.like('a[0]', '1*'), ['fewer', 'more']],
    [m.isNot('a', 'x'), ['more']],
    [m.notLike('a', '4*'), ['more']],
    [m.notLike('a', 'x*y'), ['more', 'fewer']],
    [m.is('a', 400), []],
    [m.oneOf('a', ['400', 'x']), []],
    [m.missing('a'), []],
  ])('EventBridge differs by %j: %j', (match, expected) => {
    expect(inEvents(match)).toEqual(expected);
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
