import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { detectionOf, detections, responseOf } from '../../playbooks/catalog.ts';
import { severities } from '../../playbooks/detection.ts';
import { call, iamUser, signIn } from '../../playbooks/detections/samples.ts';
import type { Incident, Outcome } from '../../playbooks/incident.ts';
import { outcomeOf } from '../../playbooks/outcome.ts';
import { mailOf as mailOfParts, subjectOf } from '../../playbooks/report/mail.ts';
import { outcomeWords, summaryMail } from '../../playbooks/report/report.ts';
import { ascii, bytes, clock, dayAndClock, line, plain, plural } from '../../playbooks/report/words.ts';
import * as incidents from './incidents.ts';

const { event, incident } = incidents;

function mailOf(one: Incident) {
  const detection = detectionOf(one.detection);
  const answer = responseOf(detection.response);
  return summaryMail({ ...one, outcome: one.outcome ?? outcomeOf(one, answer) }, detection, answer);
}

/** Characters that are invisible, change the direction of text or begin a line. */
const HIDDEN = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u;

describe('the summary', () => {
  it('says in its head how to see the runbook, and where its page is, if there is one', () => {
    const one = { ...incidents.trailStopped(), outcome: 'contained' } as const;
    const [detection, answer] = [detectionOf('trail-tampering'), responseOf('restore-trail')];

    const bare = summaryMail(one, detection, answer).text;
    const linked = summaryMail(one, detection, answer, 'https://git.example.com/runbooks').text;

    expect(bare).toContain('\nRunbook   npx cordon runbook restore-trail\n\n');
    expect(linked).toContain(
      '\nRunbook   npx cordon runbook restore-trail\n          https://git.example.com/runbooks/restore-trail.md\n\n',
    );
  });

  it.each<[string, Incident, string, string[]]>([
    [
      'of a stopped trail',
      incidents.trailStopped(),
      '[cordon] CRITICAL CONTAINED: trail-tampering, trail cordon, 111122223333',
      [
        '- 03:00:05Z StopLogging, trail cordon, by IAM user mallory, logging stopped',
        '- Trail cordon is logging (read back), was off for 73 seconds, from 03:00:05Z to 03:01:18Z',
        '- IAM user mallory, from 198.51.100.23',
        '- DONE, read back: start logging again, trail cordon, 03:01:22Z',
        '    after: access key AKIAEXAMPLE7MALLORY7 inactive, everything denied',
        's3://cordon-evidence-111122223333/incidents/trail-tampering-20260501-030112-4f1a',
      ],
    ],
    [
      'of a refused StopLogging',
      incidents.trailAttempt(),
      '[cordon] CRITICAL ATTEMPT: trail-tampering, trail cordon, 111122223333',
      ['by IAM user mallory, refused: AccessDenied', 'Trail cordon is logging (read back), was not interrupted'],
    ],
    [
      'of a deleted log group',
      incidents.logGroupDeleted(),
      '[cordon] CRITICAL CONTAINED: trail-pipeline-tampering, log group /cordon/trail, 111122223333',
      [
        'Event     EventBridge delivered the event of DeleteLogGroup (9c1f7c2e) before any alarm',
        '- 03:00:05Z DeleteLogGroup, log group /cordon/trail, by IAM user mallory, log group deleted, with its metric filters',
        '- Trail cordon is logging, delivers as in its baseline 2 (read back)',
        'DONE, read back: put the trail’s log group back as it was, log group /cordon/trail',
        'read them from the trail’s bucket, or from event history for 90 days',
      ],
    ],
    [
      'of an opened bucket',
      incidents.bucketOpened(),
      '[cordon] HIGH CONTAINED: s3-public-exposure, bucket reports, 111122223333',
      [
        '- Bucket reports, 1,204 objects, 3.4 GB',
        'was open to everyone by its policy (statement Download): read, list',
        'since 03:00:05Z, until 03:01:22Z',
        'public access is removed (read back)',
        'IAM user mallory: not done, because a person must decide',
      ],
    ],
    [
      'of a harmless policy',
      incidents.bucketBenign(),
      '[cordon] HIGH BENIGN: s3-public-exposure, bucket reports, 111122223333',
      ['not public: neither policy nor ACL lets strangers in'],
    ],
    [
      'of guessed sign-ins',
      incidents.signInsGuessed(),
      '[cordon] HIGH CONTAINED: failed-console-logins, 2 users, 111122223333',
      [
        '- 5 failed sign-ins from 03:00:01Z to 03:00:31Z, 5 a minute',
        'a user name that does not exist (no such user in this account), 1 failure',
        '- YES: alice from 198.51.100.23 at 03:00:44Z, WITHOUT MFA',
      ],
    ],
    [
      'of root',
      incidents.rootUsed(),
      '[cordon] CRITICAL NEEDS AN ANALYST: root-usage, root, 111122223333',
      [
        '- 03:00:01Z ConsoleLogin, from 198.51.100.23, WITHOUT MFA',
        '- 03:00:31Z CreateAccessKey, from 198.51.100.23, WITHOUT MFA, userName mallory',
        'nothing inside the account can contain this principal',
        '1. Find out whether this was a known break-glass use',
      ],
    ],
  ])('%s names what an analyst needs', (_, one, subject, lines) => {
    const mail = mailOf(one);

    expect(mail.subject).toBe(subject);
    for (const expected of lines) expect(mail.text).toContain(expected);
    expect(mail.text).not.toMatch(/undefined|null|NaN|\[object/);
  });

  it('begins with how bad it is and how it stands', () => {
    expect(mailOf(incidents.rootUsed()).text.split('\n').slice(0, 2)).toEqual([
      'CRITICAL: NEEDS AN ANALYST',
      'Root user used',
    ]);
  });

  it('offers the undo of what was done, and of nothing else', () => {
    const [action] = incidents.bucketOpened().actions;

    const { text } = mailOf(incidents.bucketOpened());

    expect(text).toContain(`s3-public-exposure-20260501-030112-4f1a ${action?.key}`);
    expect(text).not.toMatch(/undo .*disable-iam-user/);
  });

  it('says where nothing of it is done', () => {
    const one = incidents.bucketOpened();
    const failed = { ...one.actions[0], status: 'failed', reason: 'AccessDenied: not allowed' };
    const exposure = one.findings['bucket-exposure']?.map((found) => ({ ...found, closed: false })) ?? [];

    const { subject, text } = mailOf({
      ...one,
      actions: [failed as (typeof one.actions)[number]],
      findings: { ...one.findings, 'bucket-exposure': exposure },
    });

    expect(subject).toContain('NEEDS AN ANALYST');
    expect(text).toContain('FAILED: restore the public access block, bucket reports');
    expect(text).toContain('IS open to everyone');
    expect(text).toContain('PUBLIC ACCESS IS NOT REMOVED');
    expect(text).not.toContain('DONE, read back');
  });

  it("explains an alarm that cordon's own calls set off, or that another incident has", () => {
    expect(mailOf(incident('trail-tampering', { ownCalls: 1 })).text).toContain(
      "1 matching call by cordon's own roles",
    );
    expect(mailOf(incident('trail-tampering', { claimedBy: ['x-1'] })).text).toContain('records that belong to x-1');
  });

  it('is made of an incident of which nothing is known', () => {
    for (const id of Object.keys(detections)) {
      const { subject, text } = mailOf(incident(id));
      expect(`${subject}${text}`).not.toMatch(/undefined|null|NaN/);
    }
  });

  it('keeps severity, outcome, detection and account in every subject', () => {
    const outcomes = Object.keys(outcomeWords) as Outcome[];
    for (const [id] of Object.entries(detections)) {
      for (const outcome of outcomes) {
        const record = call('s3.amazonaws.com', 'PutBucketPolicy', iamUser('m'), {
          requestParameters: { bucketName: 'b'.repeat(63), name: 'n'.repeat(128) },
        });
        const { subject } = mailOf(incident(id, { outcome, events: [event('03:00:00', record, 'offence')] }));

        expect(subject.length).toBeLessThan(100);
        expect(subject).toMatch(new RegExp(`^\\[cordon\\] CRITICAL [A-Z ]+: ${id}, .+, 111122223333$`));
      }
    }
  });

  it('keeps all five in a subject that SNS takes, whatever an offender calls a target', () => {
    const words = Object.values(outcomeWords).map((text) => text.split(',')[0] ?? '');
    const property = fc.property(
      fc.oneof(
        fc.string({ unit: 'binary', maxLength: 300 }),
        fc.constantFrom('x'.repeat(2000), '\n[cordon] LOW BENIGN: '),
      ),
      fc.constantFrom(...severities),
      fc.constantFrom(...words, 'UNDONE'),
      fc.oneof(fc.constantFrom(...Object.keys(detections)), fc.constant('d'.repeat(120))),
      (target, severity, outcome, detection) => {
        const parts = subjectOf({ severity, outcome, detection, target: `t${target}`, account: '111122223333' });
        const { subject } = mailOfParts({ subject: parts, head: [], sections: [] });

        expect(subject).toMatch(/^[\x20-\x7e]{1,99}$/);
        expect(subject.startsWith(`[cordon] ${severity} ${outcome}: ${detection.slice(0, 20)}`)).toBe(true);
        expect(subject).toMatch(/, t.*, 111122223333$/);
      },
    );

    fc.assert(property, { numRuns: 500 });
  });

  it('reads well on a phone: what matters first, no tables, no long lines but commands', () => {
    const { text } = mailOf(incidents.rootUsed());
    const all = [incidents.trailStopped(), incidents.bucketOpened(), incidents.signInsGuessed(), incidents.rootUsed()];

    expect(text.indexOf('STILL OPEN')).toBeLessThan(250);
    for (const line of all.flatMap((one) => mailOf(one).text.split('\n'))) {
      expect(line).not.toMatch(/\t|\|/);
      // The lines at the top line up; beyond them nothing does.
      if (!/^(Incident|Account|Alarm|Fired|Linked|Runbook) {2,}/.test(line))
        expect(line.trimStart()).not.toMatch(/ {2,}/);
      if (!/^ +(\$|undo:)/.test(line)) expect(line.length).toBeLessThan(180);
    }
  });

  it('says what was not put onto the event bus', () => {
    const unannounced = [
      { what: 'Incident Opened', error: 'AccessDeniedException: no', at: '2026-05-01T03:01:13.000Z' },
    ];
    const { text } = mailOf({ ...incidents.trailStopped(), unannounced });
    expect(text).toContain('NOT PUT ONTO THE EVENT BUS\n- Incident Opened, 03:01:13Z: AccessDeniedException: no\n');
    expect(mailOf(incidents.trailStopped()).subject).toContain('CONTAINED');
    expect(mailOf({ ...incidents.trailStopped(), unannounced }).subject).toContain('CONTAINED');
  });

  it('lets no text of an offender break a line, hide or turn', () => {
    const tricky = fc.constantFrom(
      '\n',
      '\r\n',
      '\u2028',
      '\u202e',
      '\u061c',
      '\u00ad',
      '\u200b',
      '\ud800',
      '\u{e0041}',
      '\u0007',
    );
    const hostile = fc
      .array(fc.oneof(tricky, fc.string({ unit: 'binary' })), { maxLength: 6 })
      .map((all) => all.join(''));
    const at = '2026-05-01T03:00:00Z';
    const told = (id: string, text: string) => {
      const identity = { type: 'AssumedRole', arn: `arn:aws:sts::111122223333:assumed-role/deployer/${text}` };
      const record = signIn(identity, 'Failure', {
        ...{ userAgent: text, sourceIPAddress: text, errorCode: text, errorMessage: text },
        requestParameters: { bucketName: text, name: text, userName: text },
      });
      const actor = { key: 'k', label: text, kind: 'unknown', addresses: [text], userAgents: [text] };
      const uses = [{ time: at, call: text, address: text, agent: text }];
      return incident(id, {
        events: [event('03:00:00', record, 'offence', text)],
        failures: [{ step: text, error: text, at }],
        findings: { actor: [actor], 'root-activity': { uses } },
      });
    };
    const property = fc.property(hostile, fc.constantFrom(...Object.keys(detections)), (text, id) => {
      const mail = mailOf(told(id, `x${text}`));
      const lines = mail.text.split('\n');

      expect(mail.subject).toMatch(/^[\x20-\x7e]{1,99}$/);
      expect(lines.filter((each) => HIDDEN.test(each))).toEqual([]);
      expect(lines).toHaveLength(mailOf(told(id, 'x')).text.split('\n').length);
    });

    fc.assert(property, { numRuns: 200 });
  });
});

describe('words', () => {
  it.each([
    ['a\nb', 'a\\u000ab'],
    ['\u202egnp.exe', '\\u202egnp.exe'],
    ['\u061c\u00ad\ufeff', '\\u061c\\u00ad\\ufeff'],
    ['\ud800', '\\ud800'],
    ['\u{e0041}', '\\u{e0041}'],
    ['Zoë, 東京, 🙂', 'Zoë, 東京, 🙂'],
  ])('plain(%j)', (text, expected) => {
    expect(plain(text)).toBe(expected);
  });

  it.each([
    ['the account’s block', 40, "the account's block"],
    ['bücket', 40, 'b?cket'],
    ['abcdefgh', 8, 'abcdefgh'],
    ['abcdefghi', 8, 'abcde...'],
    ['  x ', 8, 'x'],
  ])('ascii(%j, %i)', (text, length, expected) => {
    expect(ascii(text, length)).toBe(expected);
  });

  it('name times, numbers and sizes', () => {
    expect([clock('2026-05-01T03:05:12Z'), clock('2026-05-01T03:05:12.999Z'), clock(undefined), clock('soon')]).toEqual(
      ['03:05:12Z', '03:05:12Z', 'unknown time', 'unknown time'],
    );
    expect([dayAndClock('2026-05-01T03:05:12Z'), dayAndClock('')]).toEqual(['2026-05-01 03:05:12Z', 'unknown time']);
    expect([plural(1, 'second'), plural(0, 'user'), plural(1204, 'object')]).toEqual([
      '1 second',
      '0 users',
      '1,204 objects',
    ]);
    expect([bytes(0), bytes(712), bytes(1000), bytes(1_400_000), bytes(2e18)]).toEqual([
      '0 B',
      '712 B',
      '1.0 kB',
      '1.4 MB',
      '2000.0 PB',
    ]);
    expect(line('a', undefined, '', 'b')).toBe('a, b');
  });
});
