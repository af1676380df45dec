import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import fc from 'fast-check';
import jsonata from 'jsonata';
import { describe, expect, it } from 'vitest';
import { detectionOf, detections, responseOf } from '../../playbooks/catalog.ts';
import type { ActionRecord, Incident, Outcome } from '../../playbooks/incident.ts';
import { outcomes } from '../../playbooks/incident.ts';
import {
  actionChanged,
  decisionChanged,
  incidentChanged,
  incidentEnded,
  incidentOpened,
} from '../../playbooks/messages/announcements.ts';
import {
  type Announcement,
  busEvent,
  type DecisionStep,
  type DetailType,
  details,
  jsonSchema,
} from '../../playbooks/messages/events.ts';
import * as playbookFailed from '../../playbooks/messages/playbook-failed.ts';
import { escaped, slackMessage } from '../../playbooks/messages/slack.ts';
import { openReasons, outcomeOf } from '../../playbooks/outcome.ts';
import type { Question } from '../../playbooks/question.ts';
import * as documented from './documented.ts';
import * as incidents from './incidents.ts';

const AT = '2026-05-01T03:02:00.000Z';
const ROUTING_KEY = 'r'.repeat(32);
// Published for anybody: read by a validator that knows nothing of zod.
const { default: Ajv } = createRequire(import.meta.url)('ajv/dist/2020.js') as typeof import('ajv/dist/2020.js');
const ajv = new Ajv({ strict: false, allErrors: true, validateFormats: false });
const validate = ajv.compile(jsonSchema());

function changed(one: Incident, round = 0): Announcement {
  const response = responseOf(detectionOf(one.detection).response);
  const complete = { ...one, outcome: one.outcome ?? outcomeOf(one, response) };
  const [target, open] = [response.subject(complete), openReasons(complete, response)];
  return incidentChanged(complete, { round, at: AT, target, open });
}

/** As EventBridge delivers it. */
const delivered = ({ detailType, detail }: { detailType: DetailType; detail: unknown }) =>
  JSON.parse(
    JSON.stringify({
      version: '0',
      id: '6a7e8feb-b491-4cf7-a9f1-bf3703467718',
      'detail-type': detailType,
      source: 'cordon',
      account: '111122223333',
      time: '2026-05-01T03:02:00Z',
      region: 'us-east-1',
      resources: [],
      detail,
    }),
  ) as Record<string, unknown>;

const steps: DecisionStep[] = ['Asked', 'Reminded', 'Escalated', 'Answered', 'Timed Out', 'Withdrawn'];
const question: Question = {
  ...{ key: 'disable-iam-user-08d1a9', kind: 'approval', number: 1, status: 'open', stage: 'asked', why: [] },
  ...{ what: 'disable the IAM user, IAM user mallory', commands: ['aws iam list-users'], onTimeout: 'nothing' },
  ...{ twoPersons: false, askedAt: AT, timesOutAt: '2026-05-01T07:02:00.000Z', answers: [] },
};
const by = 'arn:aws:iam::111122223333:user/alice';
const answered: Question = {
  ...question,
  status: 'approved',
  settledAt: AT,
  answers: [{ answer: 'approve', by, from: '192.0.2.7', at: AT, note: 'it is not hers' }],
};

/** Every event that there is, told of an incident. */
function everything(one: Incident): Announcement[] {
  const decisions = (['approval', 'task'] as const).flatMap((kind) =>
    steps.map((step) =>
      decisionChanged(one, {
        step,
        question: { ...(step === 'Answered' ? answered : question), kind },
        at: AT,
        tell: true,
      }),
    ),
  );
  return [
    incidentOpened(one),
    changed(one),
    incidentEnded({ ...one, status: 'closed' }, AT),
    incidentEnded({ ...one, status: 'handed-over' }, AT),
    ...one.actions.map((action) => actionChanged(one, action)),
    ...decisions,
  ];
}

function expectValid(announcement: Announcement): void {
  const event = delivered(announcement);
  expect(busEvent.parse(event)).toBeDefined();
  expect(validate(event), JSON.stringify(validate.errors?.slice(-3))).toBe(true);
  const { slack, pagerduty } = announcement.detail;
  if (slack) expect(documented.slackMessage.parse(slack)).toEqual(slack);
  if (pagerduty) expect(documented.pagerDutyEvent.parse({ routing_key: ROUTING_KEY, ...pagerduty })).toBeDefined();
  // https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-putevents.html: 256 KB once, and 1 MB today
  expect(Buffer.byteLength(JSON.stringify(announcement.detail))).toBeLessThan(256 * 1024 - 200);
}

const all: [string, Incident][] = [
  ['a stopped trail', incidents.trailStopped()],
  ['an attempt', incidents.trailAttempt()],
  ['an opened bucket', incidents.bucketOpened()],
  ['guessed sign-ins', incidents.signInsGuessed()],
  ['root', incidents.rootUsed()],
];

describe('the events', () => {
  it('are published as JSON Schema in docs/events.schema.json', async () => {
    await expect(`${JSON.stringify(jsonSchema(), null, 2)}\n`).toMatchFileSnapshot('../../docs/events.schema.json');
  });

  it('stand in docs/messages.md as they are', () => {
    const page = readFileSync(new URL('../../docs/messages.md', import.meta.url), 'utf8');
    const [, example = ''] = /```json\n([\s\S]+?)```/.exec(page) ?? [];

    expect(JSON.parse(example)).toEqual(delivered(changed(incidents.trailStopped())));
    for (const type of Object.keys(details)) expect(page).toContain(`| \`${type}\` |`);
  });

  it.each(all)('of %s are as their schema, Slack and PagerDuty have them', (_, one) => {
    for (const announcement of everything(one)) expectValid(announcement);
  });

  it('are refused by the schema where something is missing or is of another version', () => {
    const event = delivered(changed(incidents.trailStopped()));
    const { headline: _, ...detail } = event.detail as Record<string, unknown>;

    expect(validate({ ...event, detail })).toBe(false);
    expect(validate({ ...event, detail: { ...(event.detail as object), schemaVersion: '2' } })).toBe(false);
    expect(validate({ ...event, 'detail-type': 'Incident Forgotten' })).toBe(false);
  });

  it('have an id that is the same for the same change, and for no other', () => {
    const told = everything(incidents.trailStopped()).map(({ detail }) => detail.id);
    const again = everything(incidents.trailStopped()).map(({ detail }) => detail.id);

    expect(again).toEqual(told);
    expect(new Set(told).size).toBe(told.length);
    expect(changed(incidents.trailStopped(), 1).detail.id).not.toBe(changed(incidents.trailStopped()).detail.id);
  });

  it('hold whatever an offender writes, within their limits, and let none of it mention, link, hide or turn', () => {
    const tricky = fc.constantFrom(
      '<!channel>',
      '<@U0123>',
      '<https://evil.example|ok>',
      '&lt;',
      '"',
      '\\',
      '\n',
      '\u202e',
      '東',
    );
    const hostile = fc
      .array(fc.oneof(tricky, fc.string({ unit: 'binary' })), { maxLength: 400 })
      .map((parts) => `x${parts.join('')}`);
    const property = fc.property(hostile, fc.constantFrom(...Object.keys(detections)), (text, id) => {
      const action = { title: 't', label: text, reason: text, beforeWords: text, afterWords: text, undoneBy: text };
      const base = incidents.did('tag-iam-user', { user: 'mallory' }, 'undone');
      const one = incidents.incident(id, {
        outcome: 'needs-analyst',
        actions: Array.from({ length: 60 }, (): ActionRecord => ({ ...base, ...action })),
        failures: [{ step: text, error: text, at: AT }],
        findings: { actor: [{ key: 'k', label: text, kind: 'unknown', addresses: [text], userAgents: [text] }] },
      });
      const announcements = [
        changed(one),
        actionChanged(one, { ...base, ...action }),
        decisionChanged(one, {
          ...{ step: 'Answered', at: AT, tell: true },
          question: {
            ...answered,
            what: text,
            answers: [{ answer: 'reject', by: text, from: text, at: AT, note: text }],
          },
        }),
      ];

      for (const announcement of announcements) {
        expectValid(announcement);
        const { slack, headline } = announcement.detail;
        expect(JSON.stringify(slack ?? '')).not.toMatch(/[<>]|&(?!amp;|lt;|gt;)/);
        expect(headline).not.toMatch(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u);
      }
    });

    fc.assert(property, { numRuns: 60 });
  }, 60_000);
});

describe('pages', () => {
  const actionOf = (announcement: Announcement) => announcement.detail.pagerduty?.event_action;

  it('open, acknowledge and resolve one alert for each incident', () => {
    const one = incidents.trailStopped();
    const [action] = one.actions;
    const undone = { ...(action as ActionRecord), status: 'undone' as const };

    const told = [
      incidentOpened(one),
      changed({ ...one, outcome: 'needs-analyst' }),
      actionChanged(one, undone),
      decisionChanged(one, { step: 'Answered', question: answered, at: AT, tell: true }),
      decisionChanged(one, { step: 'Escalated', question, at: AT, tell: true }),
      decisionChanged(one, { step: 'Asked', question, at: AT, tell: false }),
      incidentEnded({ ...one, status: 'handed-over' }, AT),
      incidentEnded({ ...one, status: 'closed' }, AT),
    ];

    expect(told.map(actionOf)).toEqual([
      ...['trigger', 'trigger', 'acknowledge', 'acknowledge', 'trigger', undefined, 'trigger', 'resolve'],
    ]);
    expect(new Set(told.flatMap(({ detail }) => detail.pagerduty?.dedup_key ?? []))).toEqual(new Set([one.id]));
  });

  it.each(outcomes.filter((outcome) => outcome !== 'needs-analyst'))(
    'do not follow a round that came to %s: closing may follow at once',
    (outcome: Outcome) => {
      expect(actionOf(changed({ ...incidents.trailStopped(), outcome }))).toBeUndefined();
    },
  );

  it.each([
    ['CRITICAL', 'critical'],
    ['HIGH', 'error'],
    ['MEDIUM', 'warning'],
    ['LOW', 'info'],
  ] as const)('of %s incidents are %s', (severity, expected) => {
    expect(incidentOpened({ ...incidents.trailStopped(), severity }).detail.pagerduty).toMatchObject({
      payload: { severity: expected },
    });
  });
});

describe('messages to a channel', () => {
  it('say how it stands, about what, who did it, what was done and where to look', () => {
    const message = changed(incidents.trailStopped()).detail.slack;

    expect(message?.blocks.map(({ text }) => text.text)).toEqual([
      'CRITICAL CONTAINED: CloudTrail logging stopped, deleted or narrowed',
      [
        'trail cordon, trail-tampering, 111122223333, us-east-1',
        'By IAM user mallory',
        '',
        'Actions',
        '- DONE, read back: start logging again, trail cordon',
        '- DONE, read back: tag the IAM user with the incident, IAM user mallory',
        '- DONE, read back: disable the IAM user (access keys inactive, everything denied), IAM user mallory',
        'npx cordon incidents show trail-tampering-20260501-030112-4f1a',
      ].join('\n'),
    ]);
  });

  it('say what is asked, who answered what, and nothing where one message tells of many questions', () => {
    const task = { ...question, key: 'task-1', kind: 'task' as const };
    const asking = { ...incidents.trailStopped(), questions: [question, task] };
    const lines = ({ detail }: Announcement) => detail.slack?.blocks.map(({ text }) => text.text).join('\n');

    expect(lines(changed(asking))).toContain(
      'For you to decide\n- disable the IAM user, IAM user mallory\n\nFor you to do\n',
    );
    const told = lines(decisionChanged(asking, { step: 'Answered', question: answered, at: AT, tell: true }));
    expect(told).toContain('CRITICAL APPROVAL ANSWERED (approve): disable the IAM user, IAM user mallory');
    expect(told).toContain(`By ${by}: it is not hers`);
    expect(lines(decisionChanged(asking, { step: 'Asked', question, at: AT, tell: false }))).toBeUndefined();
  });

  it('are not sent for an incident that another one has', () => {
    expect(changed({ ...incidents.trailStopped(), outcome: 'duplicate' }).detail.slack).toBeUndefined();
  });

  it.each([
    ['a & b <c>', 100, 'a &amp; b &lt;c&gt;'],
    ['&&&&', 14, '&amp;&amp;...'],
    ['abcdef', 6, 'abcdef'],
    ['abcdefg', 6, 'abc...'],
    ['🙂🙂🙂', 5, '🙂...'],
  ])('escape and cut %j to %i', (text, most, expected) => {
    expect(escaped(text, most)).toBe(expected);
  });

  it('need no lines', () => {
    expect(documented.slackMessage.parse(slackMessage('Heading', []))).toBeDefined();
  });
});

describe('a playbook that failed', () => {
  const where = { account: '111122223333', region: 'us-east-1' };
  const byAlarm = (alarmName = 'cordon-trail-tampering') => ({ ...where, detail: { alarmName } });
  const byCall = {
    lane: 'event',
    detection: 'trail-tampering',
    event: { ...where, detail: { eventName: 'StopLogging' } },
  };
  const told = async (expression: string, incidentId: string, Input: object = byAlarm()) => {
    const Execution = { Id: 'arn:aws:states:us-east-1:111122223333:execution:cordon-restore-trail:run-1', Input };
    const input = { Error: 'Runtime.HandlerError', Cause: '"<!channel>" \n & more' };
    return jsonata(expression).evaluate({}, { states: { context: { Execution }, input }, incidentId }) as unknown;
  };

  it.each([
    ['of an incident', 'trail-tampering-20260501-030112-4f1a', 'trail-tampering-20260501-030112-4f1a'],
    ['that opened none', 'none: it could not be opened', expect.stringMatching(/^arn:aws:states:/)],
  ])('%s is told by Step Functions in the events’ own shape', async (_, incidentId, key) => {
    const detail = await told(playbookFailed.detail('restore-trail'), incidentId);

    const parsed = details['Playbook Failed'].parse(JSON.parse(JSON.stringify(detail)));
    expect(validate(delivered({ detailType: 'Playbook Failed', detail }))).toBe(true);
    expect(documented.slackMessage.parse(parsed.slack)).toBeDefined();
    expect(JSON.stringify(parsed.slack)).not.toMatch(/<!channel>/);
    expect(documented.pagerDutyEvent.parse({ routing_key: ROUTING_KEY, ...parsed.pagerduty })).toMatchObject({
      event_action: 'trigger',
      dedup_key: key,
    });
  });

  it('is mailed with a subject that SNS takes, whatever the alarm is called', async () => {
    expect(await told(playbookFailed.subject, 'x')).toBe(
      '[cordon] CRITICAL PLAYBOOK FAILED: cordon-trail-tampering, 111122223333',
    );
    expect(await told(playbookFailed.subject, 'x', byAlarm('a'.repeat(255)))).toHaveLength(99);
  });

  it('is told the same way where an event came before the alarm', async () => {
    expect(await told(playbookFailed.subject, 'x', byCall)).toBe(
      '[cordon] CRITICAL PLAYBOOK FAILED: trail-tampering, 111122223333',
    );
    const detail = await told(playbookFailed.detail('restore-trail'), 'trail-1', byCall);
    expect(validate(delivered({ detailType: 'Playbook Failed', detail }))).toBe(true);
    expect(detail).toMatchObject({ ...where, startedBy: 'trail-tampering' });
  });

  it('is mailed with what matters first', async () => {
    const runbooks = 'https://git.example.com/soc’s/"runbooks\'';
    const text = (await told(playbookFailed.text('restore-trail', runbooks), 'trail-1')) as string;
    expect(text.split('\n').slice(0, 2)).toEqual([
      'CRITICAL: A PLAYBOOK FAILED, an analyst is needed',
      'The playbook restore-trail could not go on. Look at the alarm and at the account by hand.',
    ]);
    expect(text).toContain('\nIncident  trail-1\n');
    expect(text).toContain('Runtime.HandlerError');
    expect(text).toContain(
      `\nRunbook   npx cordon runbook restore-trail\n          ${runbooks}/restore-trail.md\n\nWHAT`,
    );
  });
});
