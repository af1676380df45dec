import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import type { jsonReport } from '../../backtest/report/json.ts';
import { call, iamUser } from '../../playbooks/detections/samples.ts';
import { attack, twice } from './deliveries.ts';
import { archive, command, folders } from './past-command.ts';

type Report = ReturnType<typeof jsonReport>;
async function json(args: string[], signal?: AbortSignal): Promise<{ code: number; report: Report }> {
  const { code, text } = await command([...args, '--json'], signal);
  return { code, report: JSON.parse(text) as Report };
}

describe('npx cordon backtest', { timeout: 60_000 }, () => {
  it('row: backtest: an attack: each detection fires as it would have, once for an event that is delivered twice', async () => {
    const { code, report } = await json([archive([...attack, twice])]);

    expect(code).toBe(0);
    expect(report).toMatchObject({ files: 4, events: attack.length, problems: [] });
    expect(report.detections['trail-tampering']).toMatchObject({
      matches: 2,
      alarms: [{ time: '2026-05-01T03:03:00.000Z', count: 2, actors: ['IAM user mallory', 'IAM user eve'] }],
      incidents: [
        {
          attempts: 1,
          would: expect.arrayContaining([
            expect.objectContaining({ action: 'start-logging', mode: 'auto' }),
            { action: 'disable-iam-user', mode: 'auto', target: 'user mallory' },
          ]),
        },
      ],
    });
    expect(report.detections['failed-console-logins']).toMatchObject({
      matches: 7,
      // The fifth failure comes at 03:12; the window holds five up to the end of 03:15.
      alarms: [
        { time: '2026-05-01T03:13:00.000Z', until: '2026-05-01T03:16:00.000Z', count: 7, actors: ['IAM user bob'] },
      ],
      incidents: [
        {
          attempts: 7,
          would: expect.arrayContaining([{ action: 'disable-iam-user', mode: 'auto', target: 'user bob' }]),
        },
      ],
    });
    expect(report.detections['root-usage']).toMatchObject({ matches: 1, alarms: [{ actors: ['the root user'] }] });
    expect(report.detections['s3-public-exposure']).toMatchObject({ matches: 0, alarms: [] });
  });

  it('row: backtest: broken files: they are listed with their place, the rest counts, and the exit code is 3', async () => {
    const folder = archive(attack);
    writeFileSync(join(folder, 'cut.json.gz'), readFileSync(join(folder, first(folder))).subarray(0, 200));
    writeFileSync(join(folder, 'other.txt'), 'no records here');
    mkdirSync(join(folder, 'CloudTrail-Digest'));
    writeFileSync(join(folder, 'CloudTrail-Digest', 'digest.json'), '{"digestS3Bucket":"x"}');

    const { code, report } = await json([folder]);

    expect(code).toBe(3);
    expect(report).toMatchObject({ files: 6, events: attack.length });
    expect(report.problems).toEqual([
      { file: join(folder, 'cut.json.gz'), offset: expect.any(Number), reason: expect.stringContaining('gzip') },
      { file: join(folder, 'other.txt'), offset: 0, reason: expect.stringContaining('not CloudTrail') },
    ]);
  });

  it('lists what else a folder holds that it does not read, and takes a folder without files for a mistake', async () => {
    const folder = archive(attack);
    const empty = join(folder, 'AWSLogs', 'empty');
    mkdirSync(empty);
    symlinkSync('AWSLogs', join(folder, 'folder'));
    symlinkSync('nowhere', join(folder, 'lost'));
    spawnSync('mkfifo', [join(folder, 'pipe')]);

    const { code, report } = await json([folder]);

    expect(code).toBe(3);
    expect(report).toMatchObject({ events: attack.length });
    expect(report.problems).toEqual([
      { file: join(folder, 'folder'), offset: 0, reason: 'cannot be read: a link to a folder is not followed' },
      { file: join(folder, 'lost'), offset: 0, reason: expect.stringMatching(/^cannot be read: ENOENT/) },
      { file: join(folder, 'pipe'), offset: 0, reason: 'cannot be read: it is no regular file' },
    ]);
    await expect(json([empty])).rejects.toThrow(`There are no files below ${empty}`);
  });

  it.skipIf(process.getuid?.() === 0)('lists a folder that it may not read', async () => {
    const folder = archive(attack);
    const closed = join(folder, 'closed');
    mkdirSync(closed, { mode: 0o000 });

    const { code, report } = await json([folder]);

    expect(code).toBe(3);
    expect(report).toMatchObject({ events: attack.length });
    expect(report.problems).toEqual([
      { file: closed, offset: 0, reason: expect.stringMatching(/^cannot be read: EACCES/) },
    ]);
  });

  const first = (folder: string): string =>
    `AWSLogs/111122223333/CloudTrail/us-east-1/2026/05/01/111122223333_CloudTrail_us-east-1_20260501T0300Z_abcdef0.json.gz`.replace(
      `${folder}/`,
      '',
    );

  it('row: backtest: a pattern: a filter pattern is tried as CloudWatch evaluates it', async () => {
    const { code, report } = await json([
      archive(attack),
      '--pattern',
      '{ $.eventName = StopLogging && $.errorCode NOT EXISTS }',
    ]);

    expect(code).toBe(0);
    expect(report.detections).toMatchObject({ pattern: { matches: 1, alarms: [{ actors: ['IAM user mallory'] }] } });
    expect(Object.keys(report.detections)).toEqual(['pattern']);
  });

  it('counts an eventID once for each detection, also where different records have it', async () => {
    const [trail, use] = [attack.find(({ eventName }) => eventName === 'StopLogging'), attack.at(-1)];
    const { report } = await json([
      archive([
        { ...trail, eventID: 'same' },
        { ...use, eventID: 'same' },
        { ...use, eventID: 'same' },
      ]),
    ]);

    expect(report).toMatchObject({ events: 1 });
    expect(report.detections['trail-tampering']?.matches).toBe(1);
    expect(report.detections['root-usage']?.matches).toBe(1);
  });

  it('leaves out records outside a time range', async () => {
    const { report } = await json([
      archive(attack),
      '--since',
      '2026-05-01T03:12:00Z',
      '--until',
      '2026-05-01T03:30:00Z',
    ]);

    expect(report.detections['failed-console-logins']).toMatchObject({ matches: 3, alarms: [] });
    expect(report.detections['root-usage']?.matches).toBe(0);
  });

  it('gives the same in whatever order files are read, and however many there are', async () => {
    const [one, other] = await Promise.all([
      json([archive([...attack, twice], 1)]),
      json([archive([...attack, twice], 9)]),
    ]);

    expect(one.report.detections).toEqual(other.report.detections);
    expect(one.report.events).toBe(other.report.events);
  });

  it('row: backtest: Ctrl-C: what was read is a result, and says that it is partial', async () => {
    const early = new AbortController();
    early.abort();

    const { code, report } = await json([archive(attack)], early.signal);
    const { text } = await command([archive(attack)], early.signal);

    expect(code).toBe(130);
    expect(report).toMatchObject({ files: 0, events: 0, partial: true });
    expect(text).toMatch(/^PARTIAL/);
  });

  it('tries calls on what a trail delivers through on the parts that are named, and on no other resource', async () => {
    const put = (roleName: string, eventID: string) =>
      call('iam.amazonaws.com', 'PutRolePolicy', iamUser('mallory'), { eventID, requestParameters: { roleName } });
    const path = archive([put('app', 'e-1'), put('cordon-trail-delivery', 'e-2'), put('cloudtrail-to-logs', 'e-3')]);
    const matches = async (...more: string[]) =>
      (await json([path, '--detection', 'trail-pipeline-tampering', ...more])).report.detections[
        'trail-pipeline-tampering'
      ]?.matches;

    expect(await matches()).toBe(1);
    expect(await matches('--trail', 'role=cloudtrail-to-logs')).toBe(1);
    expect(await matches('--trail', 'role=none,bucket=none')).toBe(0);
    await expect(command([path, '--trail', 'roles=app'])).rejects.toMatchObject({ kind: 'usage' });
  });

  it('tells people what would have happened', async () => {
    const { text } = await command([archive(attack)]);

    expect(text).toMatch(/^failed-console-logins +7 +1 {2}5 in 5 min$/m);
    expect(text).toContain('2026-05-01 03:03:00Z  2 records  IAM user mallory, IAM user eve');
    expect(text).toContain('would have done disable-iam-user: user mallory');
  });

  it('row: backtest: a hostile record: nothing in it becomes part of the page', async () => {
    const folder = archive([
      ...attack,
      {
        ...attack.at(-1),
        eventID: 'x',
        sourceIPAddress: '"><img src=x onerror=alert(1)>',
        userIdentity: { type: 'Root', arn: '<script>alert(1)</script>\u202e' },
      },
    ]);
    const page = join(folder, '..', `cordon-page-${process.pid}.html`);
    folders.push(page);

    const { code } = await command([folder, '--html', page]);

    const html = readFileSync(page, 'utf8');
    expect(code).toBe(0);
    expect(html).toContain("default-src 'none'");
    expect(html).toContain('&#60;img src=x onerror=alert(1)&#62;');
    expect(html).not.toMatch(/<img|<script|\u202e|https?:\/\//);
    expect(html).toContain('IAM user mallory');
  });

  it('refuses a page that cannot be written before it reads anything', async () => {
    const folder = archive([]);
    const file = join(folder, 'a-file');
    writeFileSync(file, '');
    const refusal = (page: string) => command(['/nowhere/at/all', '--html', page]);

    await expect(refusal(join(folder, 'none', 'x.html'))).rejects.toMatchObject({
      kind: 'usage',
      message: expect.stringContaining(`there is no folder ${join(folder, 'none')}`),
    });
    await expect(refusal(join(file, 'x.html'))).rejects.toMatchObject({
      kind: 'usage',
      message: expect.stringContaining(`${file} is no folder`),
    });
    await expect(refusal(folder)).rejects.toMatchObject({ kind: 'usage', message: expect.stringContaining(folder) });
  });

  it.each([[[]], [['--json']]])(
    'prints the result, and then fails, where the page cannot be written: %j',
    async (more) => {
      const pages = archive([]);
      const said: string[] = [];
      const say = (text: string): void => {
        said.push(text);
        // The page's folder is gone by the time that the page is made.
        rmSync(pages, { recursive: true });
      };

      const run = command([archive(attack), '--html', join(pages, 'x.html'), ...more], undefined, 'backtest', { say });

      await expect(run).rejects.toMatchObject({
        kind: 'failed',
        message: expect.stringContaining('could not be written'),
      });
      expect(said).toHaveLength(1);
      expect(said[0]).toContain('failed-console-logins');
    },
  );

  it.each([
    ['an archive in S3', ['s3://bucket/AWSLogs']],
    ['Athena', ['s3://bucket/AWSLogs', '--engine', 'athena']],
  ])('says what to do where there is no region: %s', async (_, args) => {
    for (const name of ['AWS_REGION', 'AWS_DEFAULT_REGION', 'AWS_PROFILE']) vi.stubEnv(name, undefined);
    for (const name of ['AWS_CONFIG_FILE', 'AWS_SHARED_CREDENTIALS_FILE']) vi.stubEnv(name, '/dev/null');

    await expect(command(args)).rejects.toMatchObject({
      kind: 'setup',
      message: 'No region: give --region, set AWS_REGION, or give your profile one in ~/.aws/config.',
    });

    vi.unstubAllEnvs();
  });

  it('says in text and page what was asked', async () => {
    const folder = archive(attack);
    const page = join(folder, '..', `cordon-asked-${process.pid}.html`);
    folders.push(page);
    const pattern = '{ $.eventName = StopLogging }';

    const { text } = await command([folder, '--pattern', pattern, '--since', '2026-05-01', '--html', page]);

    for (const one of [text, readFileSync(page, 'utf8')]) {
      expect(one).toContain('Asked for records from 2026-05-01 00:00:00Z on.');
      expect(one).toContain(pattern);
    }
  });

  it.each<[string[], RegExp]>([
    [[], /needs ARCHIVE/],
    [['x', 'y'], /does not take "y"/],
    [['x', '--detection', 'trail-tempering'], /no detection 'trail-tempering'/],
    [['x', '--pattern', '{ $.a == 1 }'], /character 8/],
    [['x', '--pattern', '{ $.a = 1 }', '--detection', 'root-usage'], /either/],
    [['x', '--since', 'yesterday'], /--since yesterday: must be a span/],
    [['/nowhere/at/all'], /there is no such file/],
    [['s3:bucket'], /names no bucket/],
    [['x', '--engine', 'spark'], /must be one of local, athena/],
    [['x', '--colour'], /Unknown option/],
    [['x', '--since', '2026-05-02', '--until', '2026-05-01'], /--since 2026-05-02T00:.* must be before --until/],
    [['x', '--since', '2026-05-01', '--until', '2026-05-01'], /must be before --until/],
    [['./x', '--engine', 'athena'], /what is in S3/],
  ])('refuses %j', async (args, message) => {
    const path = args[0] === 'x' ? archive([]) : args[0];
    const asked = path === undefined ? args : [path, ...args.slice(1)];
    await expect(command(asked)).rejects.toThrow(message);
  });

  it('takes several detections', async () => {
    const ids = ['root-usage', 'trail-tampering'];
    const { report } = await json([archive(attack), ...ids.flatMap((id) => ['--detection', id])]);

    expect(Object.keys(report.detections)).toEqual(ids);
  });
});

describe('npx cordon tune', { timeout: 60_000 }, () => {
  it('refuses times between which no record is', async () => {
    const asked = [archive([]), '--since', '2026-05-02', '--until', '2026-05-01'];
    await expect(command(asked, undefined, 'tune')).rejects.toMatchObject({ kind: 'usage' });
  });
});
