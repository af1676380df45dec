import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { AttachUserPolicyCommand, IAMClient } from '@aws-sdk/client-iam';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Change } from '../../cli/incidents/watch.ts';
import type { Head } from '../../handlers/incidents/items.ts';
import type { StoredQuestion } from '../../handlers/incidents/questions.ts';
import type { Incident } from '../../playbooks/incident.ts';
import { type AccessKey, as, makeAttacker, type Stage } from '../../simulate/attack.ts';
import failedConsoleLogins from '../../simulate/failed-console-logins.ts';
import s3PublicExposure from '../../simulate/s3-public-exposure.ts';
import { cordon, type Shell, startCordon, startInTerminal } from './harness/cordon.ts';
import { Desk, type Played } from './harness/desk.ts';
import { actionOn, theIncident } from './harness/expectations.ts';
import { startTestAws, type TestAws } from './harness/test-aws.ts';

// The counts of what is listed must not depend on what other files play: these tests have a local AWS of their own.
let aws: TestAws;
let desk: Desk;
let stage: Stage;
let analyst: Shell;
let reader: Shell;
let nobody: Shell;
let played: Played;
let second: Played;
let guessed: Played;
let trudy: string;

async function shellOf(name: string, policy?: string): Promise<Shell> {
  const user = `${name}-${stage.mark}`;
  const credentials = await makeAttacker(stage, user, ['sts:GetCallerIdentity']);
  if (policy) {
    const PolicyArn = `arn:aws:iam::${stage.account}:policy/${policy}`;
    await new IAMClient(as(stage, stage.administrator)).send(
      new AttachUserPolicyCommand({ UserName: user, PolicyArn }),
    );
  }
  return { endpoint: stage.endpoint, region: stage.region, credentials };
}

/** An IAM user opens a bucket: restored at once, and whether to disable the user is asked. */
async function openBucket(): Promise<{ played: Played; actor: string }> {
  const prepared = await s3PublicExposure.prepare(desk.stage());
  return { played: await desk.play({ attack: () => prepared.attack(() => {}) }), actor: prepared.actor };
}

beforeAll(async () => {
  aws = await startTestAws();
  desk = await Desk.open('s3-public-exposure', aws.shared);
  stage = desk.stage();
  [analyst, reader, nobody] = await Promise.all([
    shellOf('analyst', 'cordon-approver'),
    shellOf('reader', 'cordon-reader'),
    shellOf('nobody'),
  ]);
  const first = await openBucket();
  played = first.played;
  trudy = first.actor;
  second = (await openBucket()).played;
  const logins = await Desk.open('failed-console-logins', aws.shared);
  const { attack } = await failedConsoleLogins.prepare(stage);
  guessed = await logins.play({ attack: () => attack(() => {}) });
  await logins.close();
});
afterAll(async () => {
  await desk?.close();
  await aws?.close();
});

const json = <T>({ stdout }: { stdout: string }): T => JSON.parse(stdout) as T;

describe('incidents list', () => {
  it('shows a table without colours at a pipe, the newest first, with what each asks', async () => {
    const { code, stdout, stderr } = await cordon(reader, 'incidents', 'list');

    expect([code, stderr]).toEqual([0, '']);
    const [heading, ...rows] = stdout.trimEnd().split('\n');
    expect(heading).toMatch(/^OPENED +SEVERITY +STATUS +OUTCOME +ASKS +INCIDENT$/);
    const ids = [guessed, second, played].map((one) => theIncident(one).id);
    expect(rows.map((row) => row.split(/ {2,}/).at(-1))).toEqual(ids);
    expect(rows[1]).toMatch(/HIGH +handed-over +contained +\d+ /);
    expect(stdout).not.toContain('\u001b');
  });

  it('has colours where they are forced', async () => {
    const { stdout } = await cordon({ ...reader, env: { FORCE_COLOR: '1' } }, 'incidents', 'list');
    expect(stdout).toContain('\u001b[31mHIGH\u001b[39m');
  });

  it('filters, and pages by the last incident that was seen', async () => {
    const first = await cordon(reader, 'incidents', 'list', '--limit', '1', '--json');
    const [newest] = json<Head[]>(first);
    const next = await cordon(reader, 'incidents', 'list', '--after', newest?.id ?? '', '--json');
    const none = await cordon(reader, 'incidents', 'list', '--severity', 'LOW', '--since', '1h');
    const table = await cordon(reader, 'incidents', 'list', '--limit', '1');

    expect(newest?.id).toBe(theIncident(guessed).id);
    expect(json<Head[]>(next).map(({ id }) => id)).toEqual([theIncident(second).id, theIncident(played).id]);
    expect(none).toMatchObject({ code: 0, stdout: 'No incidents of that kind.\n' });
    expect(table.stderr).toBe(`There are more: add --after ${newest?.id}\n`);
  });
});

describe('incidents show', () => {
  it('shows report, actions, questions and the commands that come next', async () => {
    const incident = theIncident(played);
    const { code, stdout } = await cordon(reader, 'incidents', 'show', incident.id);

    const blocked = incident.actions.find(({ action }) => action === 'block-public-access');
    const asked = actionOn(incident, 'disable-iam-user', `IAM user ${trudy}`);
    expect(code).toBe(0);
    expect(stdout).toMatch(new RegExp(`^HIGH {2}handed-over {2}contained {2}${incident.id}\n`));
    expect(stdout).toContain('\nWHAT CORDON DID\n');
    expect(stdout).toMatch(new RegExp(`${blocked?.key} +verified`));
    expect(stdout).toMatch(new RegExp(`${asked.key} +approval +open +24 h left`));
    expect(stdout).toContain(`  npx cordon approvals approve ${incident.id} ${asked.key} --note "..."`);
    expect(stdout).toContain(`  npx cordon undo ${incident.id} ${blocked?.key} --reason "..."`);
  });

  it('gives programs all of it, but for what waits for answers', async () => {
    const incident = json<Incident>(await cordon(reader, 'incidents', 'show', theIncident(played).id, '--json'));

    expect(incident.events.map(({ record }) => record.eventName)).toContain('PutBucketPolicy');
    expect(incident.questions.length).toBeGreaterThan(0);
    for (const question of incident.questions) expect(question).not.toHaveProperty('token');
  });
});

describe('an approval', () => {
  const key = () => actionOn(theIncident(played), 'disable-iam-user', `IAM user ${trudy}`).key;

  it('is listed with its age and the time that is left, and shown with all that it takes to decide', async () => {
    const { id } = theIncident(played);
    const list = await cordon(reader, 'approvals', 'list');
    const all = json<StoredQuestion[]>(await cordon(reader, 'approvals', 'list', '--json', '--incident', id));
    const shown = await cordon(reader, 'approvals', 'show', id, key());

    expect(list.stdout).toMatch(new RegExp(`${id} +${key()} +\\d+ \\w+ +24 h left +asked +disable the IAM user`));
    expect(all.map((one) => one.key)).toContain(key());
    expect(all.every(({ incidentId, kind }) => incidentId === id && kind === 'approval')).toBe(true);
    for (const word of [
      'To decide',
      'Why',
      'Also touches',
      'Undo',
      'By hand',
      'Status',
      'Nobody answers',
      'Answer it',
    ]) {
      expect(shown.stdout).toMatch(new RegExp(`^${word} `, 'm'));
    }
  });

  it('is refused to whoever may only read, naming the permission and the policy that has it', async () => {
    const { code, stderr } = await cordon(reader, 'approvals', 'approve', theIncident(played).id, key(), '--note', 'x');

    expect(code).toBe(4);
    expect(stderr).toContain('cordon-approver');
  });

  it('is carried out and read back, and the ledger has who, and which words', async () => {
    const { id } = theIncident(played);
    const done = await cordon(analyst, 'approvals', 'approve', id, key(), '--note', 'nobody knows that user');

    expect(done).toMatchObject({ code: 0, stdout: expect.stringMatching(/: approved\.\ndone and read back\n$/) });
    const { questions, actions } = await desk.ledger.incident(id);
    const arn = `arn:aws:iam::${stage.account}:user/analyst-${stage.mark}`;
    expect(questions.find((one) => one.key === key())?.answers).toMatchObject([
      { answer: 'approve', by: arn, note: 'nobody knows that user' },
    ]);
    expect(actions.find((one) => one.key === key())).toMatchObject({ status: 'verified', approvedBy: [arn] });
  });

  it('that somebody has answered before is told so, with an exit code of its own', async () => {
    const again = await cordon(analyst, 'approvals', 'reject', theIncident(played).id, key(), '--note', 'too late');

    expect(again.code).toBe(6);
    expect(again.stderr).toMatch(/approved already, by arn:\S+ at .*: "nobody knows that user"/);
  });

  it('is rejected, and nothing is done', async () => {
    const incident = theIncident(second);
    const asked = incident.actions.find(({ action }) => action === 'disable-iam-user');
    const { code, stdout } = await cordon(
      ...([analyst, 'approvals', 'reject', incident.id, asked?.key ?? '', '--note', 'a known job', '--json'] as const),
    );

    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ status: 'rejected', key: asked?.key });
  });

  it('that is not there is said to be not there', async () => {
    const { code, stderr } = await cordon(
      analyst,
      'approvals',
      'approve',
      theIncident(played).id,
      'nope',
      '--note',
      'x',
    );
    expect([code, stderr]).toEqual([1, expect.stringContaining('asks nothing under the key nope')]);
  });
});

describe('a manual step', () => {
  it('is listed, done or skipped with a note, and then no longer listed', async () => {
    const all = json<StoredQuestion[]>(await cordon(reader, 'tasks', 'list', '--json'));
    const [first, other] = all.filter(({ incidentId }) => incidentId === theIncident(guessed).id);

    const done = await cordon(
      analyst,
      'tasks',
      'done',
      first?.incidentId ?? '',
      first?.key ?? '',
      '--note',
      'read it all',
    );
    const skipped = await cordon(
      analyst,
      'tasks',
      'skip',
      other?.incidentId ?? '',
      other?.key ?? '',
      '--note',
      'a drill',
    );
    const wrong = await cordon(
      analyst,
      'approvals',
      'approve',
      other?.incidentId ?? '',
      other?.key ?? '',
      '--note',
      'x',
    );
    const left = json<StoredQuestion[]>(await cordon(reader, 'tasks', 'list', '--json'));

    expect([done.code, done.stdout]).toEqual([0, expect.stringMatching(/: done\.\n$/)]);
    expect([skipped.code, skipped.stdout]).toEqual([0, expect.stringMatching(/: skipped\.\n$/)]);
    expect([wrong.code, wrong.stderr]).toEqual([1, expect.stringContaining('use tasks done or tasks skip')]);
    expect(left.length).toBe(all.length - 2);
  });
});

describe('undo', () => {
  it('puts back what was done, and is refused the second time', async () => {
    const incident = theIncident(played);
    const { key } = actionOn(incident, 'disable-iam-user', `IAM user ${trudy}`);

    const undone = await cordon(analyst, 'undo', incident.id, key, '--reason', 'it was their own job');
    const again = await cordon(analyst, 'undo', incident.id, key, '--reason', 'once more');

    expect(undone).toMatchObject({ code: 0, stdout: `${key} of ${incident.id} is undone.\n` });
    expect((await desk.ledger.action(incident.id, key)).undoneBy).toMatch(/:user\/analyst-/);
    expect(again.code).toBe(1);
    expect(again.stderr).toMatch(/undone/);
  });
});

describe('incidents watch', () => {
  it('tells one incident as lines of JSON, and ends with a code for whether a person must go on', async () => {
    const { id } = theIncident(played);
    const { code, stdout } = await cordon(reader, 'incidents', 'watch', id, '--json');

    const changes = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Change);
    expect(changes.every(({ incident, at }) => incident === id && !Number.isNaN(Date.parse(at)))).toBe(true);
    expect(changes.map(({ what }) => what)).toContain('incident');
    const { status } = await desk.ledger.head(id);
    expect(code).toBe(status === 'closed' ? 0 : 5);
  });

  it('tells all of them at a pipe, until it is ended', async () => {
    const running = startCordon(reader, 'incidents', 'watch', '--every', '0.5');
    await running.said(new RegExp(`${theIncident(second).id} HIGH`));
    running.child.kill('SIGINT');

    const { code, stdout } = await running.ended;
    expect(code).toBe(130);
    expect(stdout).not.toContain('\u001b');
  });

  it.each([
    ['q', 'q', 0],
    ['Ctrl-C', '\u0003', 130],
  ])('redraws in place in a terminal, and %s gives the terminal back', async (_, keys, expected) => {
    const running = startInTerminal(reader, 'incidents', 'watch', '--every', '0.5');
    await running.said(new RegExp(theIncident(second).id));
    running.child.stdin?.write(keys);

    const { code, stdout } = await running.ended;
    expect(code).toBe(expected);
    expect(stdout).toContain('\u001b[?1049h\u001b[?25l');
    expect(stdout.trimEnd().endsWith('\u001b[?25h\u001b[?1049l')).toBe(true);
  });

  it('gives the terminal back when it is killed by SIGTERM, too', async () => {
    const running = startInTerminal(reader, 'incidents', 'watch', '--every', '0.5');
    await running.said(/waiting for an answer/);
    // The terminal's own process is the child of the one that was started.
    process.kill(await childOf(running.child.pid ?? 0), 'SIGTERM');

    const { code, stdout } = await running.ended;
    expect(code).toBe(143);
    expect(stdout.trimEnd().endsWith('\u001b[?25h\u001b[?1049l')).toBe(true);
  });
});

async function childOf(pid: number): Promise<number> {
  return Number((await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8')).trim().split(' ')[0]);
}

describe('detections', () => {
  it('are listed as the installation has them', async () => {
    const { code, stdout, stderr } = await cordon(reader, 'detections', 'list');

    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toMatch(/^root-usage +CRITICAL +auto +OK +review-root-usage/m);
  });

  it('are listed without credentials, too, and it is said why no more is known', async () => {
    const { credentials: _, ...stranger } = reader;
    const { code, stdout, stderr } = await cordon(stranger, 'detections', 'list');

    expect(code).toBe(0);
    expect(stdout).toMatch(/^root-usage +CRITICAL +review-root-usage/m);
    expect(stderr).toContain('No AWS credentials were found');
  });

  it('are shown with their samples and their pattern', async () => {
    const { stdout } = await cordon(reader, 'detections', 'show', 'trail-tampering');
    expect(stdout).toMatch(/^Sets it off +- StopLogging by name$/m);
    expect(stdout).toMatch(/^Alarm +OK$/m);
  });
});

describe('what stands in the way', () => {
  it('no credentials: how to get some', async () => {
    const { credentials: _, ...stranger } = reader;
    const { code, stdout, stderr } = await cordon(stranger, 'incidents', 'list', '--json');

    expect([code, stdout]).toEqual([4, '']);
    expect(JSON.parse(stderr)).toMatchObject({ error: 'setup', message: expect.stringContaining('--profile') });
  });

  it('wrong credentials', async () => {
    const credentials = { ...(reader.credentials as AccessKey), secretAccessKey: 'wrong' };
    expect(await cordon({ ...reader, credentials }, 'incidents', 'list')).toMatchObject({
      code: 4,
      stderr: expect.stringContaining('AWS does not take these credentials'),
    });
  });

  it('a sign-in that is over: how to sign in again', async () => {
    const folder = await mkdtemp('/tmp/cordon-cli-');
    const start = 'https://example.awsapps.com/start';
    await writeFile(
      `${folder}/config`,
      `[profile soc]\nregion = ${stage.region}\nsso_start_url = ${start}\nsso_region = ${stage.region}\nsso_account_id = ${stage.account}\nsso_role_name = soc\n`,
    );
    const cache = `${folder}/.aws/sso/cache`;
    await mkdir(cache, { recursive: true });
    const token = { startUrl: start, region: stage.region, accessToken: 'x', expiresAt: '2026-01-01T00:00:00Z' };
    await writeFile(`${cache}/${createHash('sha1').update(start).digest('hex')}.json`, JSON.stringify(token));
    const env = { HOME: folder, AWS_CONFIG_FILE: `${folder}/config` };

    const { code, stderr } = await cordon({ ...reader, env }, 'incidents', 'list', '--profile', 'soc');

    await rm(folder, { recursive: true });
    expect([code, stderr]).toEqual([4, expect.stringContaining('Sign in: aws sso login --profile soc')]);
  });

  it('no permission: which one, on what, and which policy has it', async () => {
    const { code, stderr } = await cordon(nobody, 'incidents', 'list');

    expect(code).toBe(4);
    expect(stderr).toContain(`user/nobody-${stage.mark} may not dynamodb:Query`);
    expect(stderr).toContain('The managed policy cordon-reader allows it.');
  });

  it('another Region: where it is', async () => {
    const administrator = { ...reader, credentials: stage.administrator };
    expect(await cordon(administrator, 'incidents', 'list', '--region', 'eu-west-1')).toMatchObject({
      code: 4,
      stderr: expect.stringContaining('There is one in us-east-1: --region us-east-1'),
    });
  });

  it('no installation of that prefix: how to deploy one', async () => {
    const administrator = { ...reader, credentials: stage.administrator };
    expect(await cordon(administrator, 'incidents', 'list', '--prefix', 'other')).toMatchObject({
      code: 4,
      stderr: expect.stringMatching(/no installation "other".*npx cdk deploy --all/s),
    });
  });

  it('no Region', async () => {
    expect(await cordon({ ...reader, env: { AWS_REGION: undefined } }, 'incidents', 'list')).toMatchObject({
      code: 4,
      stderr: expect.stringContaining('No region: give --region'),
    });
  });

  it('wrong arguments', async () => {
    expect(await cordon(reader, 'incidents', 'list', '--severity', 'BAD')).toMatchObject({ code: 2, stdout: '' });
  });

  it('a profile’s Region and credentials are used as the AWS CLI does', async () => {
    const folder = await mkdtemp('/tmp/cordon-cli-');
    const { accessKeyId, secretAccessKey } = reader.credentials as AccessKey;
    const profile = `region = ${stage.region}\naws_access_key_id = ${accessKeyId}\naws_secret_access_key = ${secretAccessKey}`;
    await writeFile(`${folder}/config`, `[profile soc]\n${profile}\n`);
    const env = { AWS_REGION: undefined, AWS_CONFIG_FILE: `${folder}/config` };

    // Credentials of the environment belong to somebody else: --profile wins over them.
    const { code, stderr } = await cordon({ ...nobody, env }, 'incidents', 'list', '--profile', 'soc');

    await rm(folder, { recursive: true });
    expect([code, stderr]).toEqual([0, '']);
  });
});
