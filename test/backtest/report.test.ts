import { rmSync } from 'node:fs';
import { afterAll, describe, expect, it } from 'vitest';
import { type BacktestResult, backtest } from '../../backtest/backtest.ts';
import { localArchive } from '../../backtest/files.ts';
import { htmlReport } from '../../backtest/report/html.ts';
import { textReport } from '../../backtest/report/text.ts';
import type { Problem } from '../../backtest/tally.ts';
import { subjectsOf } from '../../cli/archive.ts';
import { call, iamUser, root, signIn } from '../../playbooks/detections/samples.ts';
import { at, delivered } from './deliveries.ts';

const folders: string[] = [];
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

const archive = './AWSLogs';
const now = new Date('2026-06-01T00:00:00Z');
const failure = (user: string, time: string) =>
  at(time, signIn(iamUser(user), 'Failure', { errorMessage: 'Failed authentication' }));
const rootUse = at('2026-05-01T04:00:00Z', call('iam.amazonaws.com', 'CreateAccessKey', root));

async function resultOf(records: readonly Record<string, unknown>[], ids: string[]): Promise<BacktestResult> {
  const folder = delivered(records);
  folders.push(folder);
  const files = (await localArchive(folder)).files();
  return backtest({ subjects: subjectsOf({ detection: ids }), workers: 1, files });
}

/** The text of a page, with one space for tags and white space. */
const textOf = (page: string): string =>
  page
    .replace(/<style>.*?<\/style>|<title>.*?<\/title>/gs, '')
    .replace(/(<[^>]+>|\s)+/g, ' ')
    .trim();

const both = (result: BacktestResult, asked = {}): string[] => [
  textReport(result, { archive, ...asked }),
  textOf(htmlReport(result, { archive, now, ...asked })),
];

describe('a report', { timeout: 60_000 }, () => {
  it('says which records were asked for, and from when to when there are any that match', async () => {
    const result = await resultOf(
      [failure('bob', '2026-05-01T03:00:00Z'), rootUse],
      ['failed-console-logins', 'root-usage'],
    );
    const since = Date.parse('2026-05-01T00:00:00Z');
    const until = Date.parse('2026-05-02T00:00:00Z');

    for (const text of both(result, { since, until })) {
      expect(text).toContain(
        'Asked for records from 2026-05-01 00:00:00Z on and before 2026-05-02 00:00:00Z. Matching records from 2026-05-01 03:00:00Z to 2026-05-01 04:00:00Z.',
      );
    }
    for (const text of both(result, { until }))
      expect(text).toContain('Asked for records before 2026-05-02 00:00:00Z.');
    for (const text of both(result)) expect(text).not.toContain('Asked');
    for (const text of both({ ...result, subjects: [] })) expect(text).toContain('No record matches.');
  });

  it('says which pattern was asked for, as harmless text', async () => {
    const result = await resultOf([], ['root-usage']);
    const pattern = '{ $.a = "<b>\u202e" }';

    const [text, page] = both(result, { pattern });

    expect(text).toContain('\nPattern: { $.a = "<b>\\u202e" }\n');
    expect(page).toContain('Pattern: { $.a = &#34;&#60;b&#62;\\u202e&#34; }');
  });

  it('counts the most frequent actors by role, with how many sessions they had, and people each', async () => {
    const by = (role: string, session: string) => ({
      type: 'AssumedRole',
      arn: `arn:aws:sts::111122223333:assumed-role/${role}/${session}`,
      accountId: '111122223333',
      sessionContext: {
        sessionIssuer: { type: 'Role', arn: `arn:aws:iam::111122223333:role/${role}`, userName: role },
      },
    });
    const calls = [
      ...['a', 'b', 'b', 'c'].map((session) => by('deployer', session)),
      ...['ann', 'ann', 'eve'].map((person) => by('AWSReservedSSO_Admin_0123456789abcdef', person)),
      ...['nightly', 'nightly'].map((session) => by('auditor', session)),
    ].map((who, n) =>
      at(`2026-05-01T03:0${n}:00Z`, call('ec2.amazonaws.com', 'RunInstances', who, { errorCode: 'AccessDenied' })),
    );

    const result = await resultOf(calls, ['cis-unauthorized-calls']);
    const [text, page] = both(result);

    expect(result.subjects[0]?.actors).toEqual({
      first: [
        { label: 'role deployer', count: 4, sessions: 3 },
        { label: 'Identity Center role AWSReservedSSO_Admin_0123456789abcdef (session ann)', count: 2 },
        { label: 'role auditor (session nightly)', count: 2 },
        { label: 'Identity Center role AWSReservedSSO_Admin_0123456789abcdef (session eve)', count: 1 },
      ],
      others: 0,
    });
    expect(text).toContain('  actors     role deployer (4 in 3 sessions), Identity Center role');
    expect(page).toContain('role deployer 3 sessions 4');
    expect(text).toContain('9 records  role deployer (session a), role deployer (session b), ');
  });

  it('says how large an incident is where it is larger than its alarm', async () => {
    const early = ['ann', 'eve'].map((user) => failure(user, '2026-05-01T03:00:00Z'));
    const burst = ['bob', 'carl', 'bob', 'carl', 'bob'].map((user, n) => failure(user, `2026-05-01T03:10:0${n}Z`));
    const result = await resultOf([...early, ...burst], ['failed-console-logins']);
    const alone = await resultOf(burst, ['failed-console-logins']);

    const [text, page] = both(result);

    expect(text).toContain('5 records (incident: 7 records, 4 actors)  IAM user bob, IAM user carl');
    expect(page).toContain('5 incident: 7 records IAM user bob IAM user carl incident: 4 actors');
    for (const same of both(alone)) expect(same).not.toContain('incident:');
  });

  it.each(['auto', 'approve', 'monitor'] as const)('says in text and page what was to be done %s', async (mode) => {
    const result = changed(await resultOf([rootUse], ['root-usage']), {
      would: [{ action: 'tag-iam-user', mode, target: 'user bob' }],
    });
    const verb = { auto: 'done', approve: 'proposed', monitor: 'noted' }[mode];

    const [text, page] = both(result);

    expect(text).toContain(`\n      would have ${verb} tag-iam-user: user bob`);
    expect(page).toContain(`${verb} tag-iam-user: user bob`);
  });

  it.each([
    [{}, 'reported it, and left it to a person'],
    [{ harmless: 1 }, 'closed it as harmless'],
    // Of three records only one was harmless.
    [{ harmless: 1, to: 3 }, 'reported it, and left it to a person'],
  ])('says in text and page what becomes of an incident in which nothing is done: %j', async (more, words) => {
    const result = changed(await resultOf([rootUse], ['root-usage']), { would: [], harmless: 0, attempts: 0, ...more });

    const [text, page] = both(result);

    expect(text).toContain(`\n      would have ${words}`);
    expect(page).toContain(` ${words} `);
  });

  it('does not say that an incident was left alone whose records are not all kept', async () => {
    const result = changed(await resultOf([rootUse], ['root-usage']), { would: [], harmless: 0, partial: true });

    for (const text of both(result)) {
      expect(text).toContain('not all of its records are kept: the playbook may have done more');
      expect(text).not.toContain('left it to a person');
    }
  });

  it('lists problems by file, so that one bad file hides no other', async () => {
    const many = (file: string, count: number): Problem[] =>
      Array.from({ length: count }, (_, offset) => ({ file, offset, reason: 'no JSON' }));
    const problems = [
      ...many('bad.json', 90),
      ...Array.from({ length: 204 }, (_, n) => many(`cut-${n}.json`, 1)).flat(),
    ];
    const result = { ...(await resultOf([], ['root-usage'])), problems, problemCount: problems.length + 7 };

    const [text = '', page = ''] = both(result);

    expect(text).toContain(
      [
        '301 problems with the files:',
        ...[
          '  bad.json at 0: no JSON',
          '      at 1: no JSON',
          '      at 2: no JSON',
          '      and at least 87 more in this file',
        ],
        '  cut-0.json at 0: no JSON',
      ].join('\n'),
    );
    expect(text).toMatch(
      / {2}cut-18\.json at 0: no JSON\n {2}and 185 more problems in 185 more files, and 7 more that were counted and not kept$/,
    );
    expect(page).toContain('9 no JSON and at least 80 more in this file cut-0.json 0 no JSON');
    expect(page).toContain('cut-198.json 0 no JSON and 5 more problems in 5 more files, and 7 more that were');
  });

  it('tells the times below a chart of a few days apart', async () => {
    const later = at('2026-05-04T15:00:00Z', call('iam.amazonaws.com', 'CreateAccessKey', root));
    const page = htmlReport(await resultOf([rootUse, later], ['root-usage']), { archive, now });

    const ticks = [...page.matchAll(/>(2026-[^<]*)<\/text>/g)].map(([, text]) => text);

    expect(ticks).toHaveLength(5);
    expect(new Set(ticks).size).toBe(5);
    expect(ticks[0]).toBe('2026-05-01 04:00');
  });

  it('cuts long names in the middle, and no character in two', async () => {
    const file = `first/${'x'.repeat(4000)}${'😀'.repeat(500)}/last.json`;
    const problems = [{ file, offset: 0, reason: `ENAMETOOLONG: '${file}'` }];
    const result = { ...(await resultOf([], ['root-usage'])), problems, problemCount: 1 };

    for (const text of both(result, { archive: file })) {
      expect(text).toMatch(/first\/x+\.\.\.(😀)+\/last\.json/u);
      expect(text).not.toMatch(/\p{Cs}/u);
      expect(text.length).toBeLessThan(2000);
    }
  });
});

/** A result whose incidents say something else. */
function changed(result: BacktestResult, more: Partial<BacktestResult['subjects'][number]['incidents'][number]>) {
  const subjects = result.subjects.map((subject) => ({
    ...subject,
    incidents: subject.incidents.map((incident) => ({ ...incident, ...more })),
  }));
  return { ...result, subjects };
}
