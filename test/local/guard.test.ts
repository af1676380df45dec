import {
  CloudTrailClient,
  GetTrailStatusCommand,
  StartLoggingCommand,
  StopLoggingCommand,
} from '@aws-sdk/client-cloudtrail';
import {
  CloudWatchLogsClient,
  DeleteMetricFilterCommand,
  DescribeMetricFiltersCommand,
} from '@aws-sdk/client-cloudwatch-logs';
import { IAMClient, TagUserCommand } from '@aws-sdk/client-iam';
import { PutBucketPolicyCommand, S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { AccessKey } from '../../local/account.ts';
import type { CloudTrailRecord } from '../../playbooks/cloudtrail.ts';
import { like } from '../../playbooks/matching/match.ts';
import { as, makeAttacker, type Stage } from '../../simulate/attack.ts';
import s3PublicExposure from '../../simulate/s3-public-exposure.ts';
import { Desk, type Played } from './harness/desk.ts';
import { actionOn, actionsOf, callsOf, section, theIncident, theSummary } from './harness/expectations.ts';
import { answerTo, makeOffender, readUser } from './harness/offender.ts';
import { startTestAws, type TestAws } from './harness/test-aws.ts';
import { undo, undoer } from './harness/undo.ts';
import { look } from './harness/watchdog.ts';

// The settings differ from what the other files need, so these tests have a local AWS of their own.
let aws: TestAws;
let trail: Desk;
let s3: Desk;
let stage: Stage;
const records: CloudTrailRecord[] = [];

beforeAll(async () => {
  aws = await startTestAws({ settings: { mode: 'monitor' } });
  aws.local.signals.on('record', (record) => records.push(record));
  [trail, s3] = await Promise.all([
    Desk.open('trail-tampering', aws.shared),
    Desk.open('s3-public-exposure', aws.shared),
  ]);
  stage = trail.stage();
});
afterAll(async () => {
  await Promise.all([trail?.close(), s3?.close()]);
  await aws?.close();
});

const stopLogging = (key: AccessKey): Promise<unknown> =>
  new CloudTrailClient(as(stage, key)).send(new StopLoggingCommand({ Name: 'cordon' }));

async function isLogging(): Promise<boolean | undefined> {
  const cloudTrail = new CloudTrailClient(as(stage, stage.administrator));
  return (await cloudTrail.send(new GetTrailStatusCommand({ Name: 'cordon' }))).IsLogging;
}

/** Puts the trail right again, where the playbook was not to. */
const startLogging = (): Promise<unknown> =>
  new CloudTrailClient(as(stage, stage.administrator)).send(new StartLoggingCommand({ Name: 'cordon' }));

const offender = (name: string, ...more: string[]) =>
  makeOffender(stage, `${name}-${stage.mark}`, ['cloudtrail:StopLogging', ...more]);

/** The playbooks' own calls, by the roles that only they have. */
const ownCalls = (): CloudTrailRecord[] =>
  records.filter(({ userIdentity }) => userIdentity?.sessionContext?.sessionIssuer?.userName?.startsWith('cordon-'));

const anonymously = async (path: string): Promise<number> => (await fetch(`${stage.endpoint}/${path}`)).status;

describe('a deployment in mode monitor', () => {
  let mallory: Awaited<ReturnType<typeof offender>>;
  let stopped: Played;
  let opened: Played;
  beforeAll(async () => {
    // Prepare
    mallory = await offender('mallory');
    const { attack } = await s3PublicExposure.prepare({ ...stage, mark: `a${stage.mark}` });

    // Act
    opened = await s3.play({ attack: () => attack(() => {}) });
    stopped = await trail.play({ attack: () => stopLogging(mallory.key) });
  });

  it('row: guard: mode monitor: the trail stays off, the user works on, the bucket stays open', async () => {
    expect(await isLogging()).toBe(false);
    expect(await answerTo(stage, mallory.key)).toBe('allowed');
    expect(await readUser(stage, mallory.name)).toMatchObject({ policies: ['work'], tags: {} });
    expect(await anonymously(`payroll-a${stage.mark}/2026/salaries.csv`)).toBe(200);
  });

  it('row: guard: mode monitor: no call of cordon’s own roles changed anything, by the record of every call', () => {
    const own = ownCalls();
    expect(own.map(({ eventName }) => eventName)).toEqual(expect.arrayContaining(['GetTrailStatus', 'ListAccessKeys']));
    // Asking an analyst starts an execution of cordon's own.
    const isQuestion = ({ eventName, requestParameters }: CloudTrailRecord) =>
      eventName === 'StartExecution' && /:stateMachine:cordon-question"/.test(JSON.stringify(requestParameters));
    const changing = own.filter((record) => !record.readOnly && !isQuestion(record));
    expect(changing.map(({ eventName }) => eventName)).toEqual([]);
  });

  it('row: Watchdog: mode monitor: what was handed over opens no second incident, what nobody reported is monitored, and nothing is changed', async () => {
    // Prepare
    const pipeline = await Desk.open('trail-pipeline-tampering', aws.shared);
    const filter = { logGroupName: '/cordon/trail', filterName: 'cordon-root-usage' };
    const { region, administrator: credentials } = stage;
    const unseen = new CloudWatchLogsClient({ endpoint: aws.shared.unrecorded, region, credentials });
    const { incidents: before } = await trail.everything();
    const known = records.length;

    // Act
    const played = await pipeline.play({
      attack: async () => {
        await unseen.send(new DeleteMetricFilterCommand(filter));
        await look(stage);
      },
    });
    const again = await look(stage);

    // Assess
    expect((await trail.everything()).incidents).toHaveLength(before.length);
    expect(theIncident(played)).toMatchObject({ outcome: 'monitored', lane: 'watchdog', failures: [] });
    expect(actionsOf(theIncident(played))).toEqual(['restore-log-group, log group /cordon/trail: monitored']);
    const different = again.different.map((words) => words.split(':')[0]);
    expect(different.slice(0, 2)).toEqual(['trail cordon', 'log group /cordon/trail']);
    expect(again.started).toEqual([]);
    const { metricFilters = [] } = await unseen.send(
      new DescribeMetricFiltersCommand({ ...filter, filterNamePrefix: filter.filterName }),
    );
    expect(metricFilters).toEqual([]);
    const changing = records
      .slice(known)
      .filter((record) => ownCalls().includes(record) && !record.readOnly && record.eventName !== 'StartExecution');
    expect(changing.map(({ eventName }) => eventName)).toEqual([]);
    await pipeline.close();
  });

  it('row: guard: mode monitor: the incident is monitored, never contained, and handed over', () => {
    const incident = theIncident(stopped);
    expect(incident).toMatchObject({ outcome: 'monitored', status: 'handed-over', failures: [] });
    expect(actionsOf(incident)).toEqual([
      `disable-iam-user, IAM user ${mallory.name}: monitored`,
      'start-logging, trail cordon: monitored',
      `tag-iam-user, IAM user ${mallory.name}: monitored`,
    ]);
    expect(theIncident(opened)).toMatchObject({ outcome: 'monitored', failures: [] });
  });

  it('row: guard: mode monitor: the report says what would have been done, and the state as it is', () => {
    const mail = theSummary(stopped);
    expect(mail.subject).toBe(`[cordon] CRITICAL MONITORED: trail-tampering, trail cordon, ${stage.account}`);
    const lines = section(mail, 'WHAT CORDON WOULD HAVE DONE');
    expect(lines.slice(0, 3)).toEqual([
      '- start logging again, trail cordon: NOT DONE',
      '    because: this deployment is in mode monitor',
      expect.stringMatching(/^ {4}now: logging off/),
    ]);
    expect(lines.join('\n')).toContain(`now: access key ${mallory.key.accessKeyId} active, not denied anything`);
    expect(section(mail, 'WHAT CORDON DID')).toEqual([]);
    expect(mail.body).not.toContain('npx cordon undo');
    expect(section(theSummary(opened), 'WHAT CORDON WOULD HAVE DONE').join('\n')).toMatch(/restore the public access/);
  });
});

describe('a deployment with a cap of 1, a suppression, and one detection in mode approve', () => {
  beforeAll(async () => {
    await startLogging();
    const suppression = {
      detection: 'trail-tampering',
      match: like('userIdentity.userName', 'drill-*'),
      owner: 'secops@example.com',
      reason: 'the monthly drill',
      expires: '2099-12-31',
    };
    await aws.local.redeploy({
      cap: '1',
      modes: 's3-public-exposure=approve',
      suppressions: JSON.stringify([suppression]),
    });
  });

  describe('an exposed bucket in mode approve', () => {
    let played: Played;
    let harmless: Played;
    const mark = () => `b${stage.mark}`;
    beforeAll(async () => {
      // Prepare
      const { attack } = await s3PublicExposure.prepare({ ...stage, mark: mark() });
      const key = await makeAttacker(stage, `alice-${stage.mark}`, ['s3:PutBucketPolicy']);
      const Principal = { AWS: `arn:aws:iam::${stage.account}:user/alice-${stage.mark}` };
      const Statement = { Effect: 'Allow', Principal, Action: 's3:GetObject', Resource: `arn:aws:s3:::cordon-b/*` };

      // Act
      played = await s3.play({ attack: () => attack(() => {}) });
      const { bucket } = { bucket: `payroll-a${stage.mark}` };
      harmless = await s3.play({
        attack: async () => {
          const Policy = JSON.stringify({
            Version: '2012-10-17',
            Statement: [{ ...Statement, Resource: `arn:aws:s3:::${bucket}/*` }],
          });
          await new S3Client({ ...as(stage, key), forcePathStyle: true }).send(
            new PutBucketPolicyCommand({ Bucket: bucket, Policy }),
          );
        },
      });
    });

    it('row: guard: mode approve of a detection: the restore is proposed with the state, the bucket stays open', async () => {
      const incident = theIncident(played);
      const action = actionOn(incident, 'block-public-access', `bucket payroll-${mark()}`);
      expect(incident).toMatchObject({ outcome: 'needs-analyst', failures: [] });
      expect(action).toMatchObject({ status: 'proposed', held: 'mode' });
      expect(await anonymously(`payroll-${mark()}/2026/salaries.csv`)).toBe(200);
      const open = section(theSummary(played), 'STILL OPEN').join('\n');
      expect(open).toContain(`(bucket payroll-${mark()}) waits for a decision`);
      const question = section(theSummary(played), 'FOR YOU TO DECIDE').join('\n');
      expect(question).toContain('detection s3-public-exposure is in mode approve');
      expect(question).toContain('also touches: strangers lose access');
      expect(question).toContain(`now: ${action.beforeWords}`);
    });

    it('row: guard: mode approve: what opens nothing asks nobody, and is benign', () => {
      expect(theIncident(harmless)).toMatchObject({ outcome: 'benign', actions: [{ status: 'not-needed' }] });
    });
  });

  describe('offenders against the trail', () => {
    it('row: guard: protected by tag: withheld, the trail restored', async () => {
      // Prepare
      const oscar = await offender('oscar');
      const iam = new IAMClient(as(stage, stage.administrator));
      await iam.send(new TagUserCommand({ UserName: oscar.name, Tags: [{ Key: 'cordon:protected', Value: 'true' }] }));

      // Act
      const played = await trail.play({ attack: () => stopLogging(oscar.key), stopsTrail: true });

      // Assess
      const incident = theIncident(played);
      expect(incident).toMatchObject({ outcome: 'needs-analyst', failures: [] });
      expect(actionsOf(incident)).toEqual([
        `disable-iam-user, IAM user ${oscar.name}: withheld`,
        'start-logging, trail cordon: verified',
        `tag-iam-user, IAM user ${oscar.name}: withheld`,
      ]);
      expect(await answerTo(stage, oscar.key)).toBe('allowed');
      const open = section(theSummary(played), 'STILL OPEN').join('\n');
      expect(open).toContain(`arn:aws:iam::${stage.account}:user/${oscar.name} is protected (its tag)`);
    });

    it('row: guard: suppressed: benign with owner, day and reason, counted in the report, nothing done', async () => {
      // Prepare
      const drill = await offender('drill');

      // Act
      const played = await trail.play({ attack: () => stopLogging(drill.key) });
      await startLogging();

      // Assess
      const incident = theIncident(played);
      expect(incident).toMatchObject({ outcome: 'benign', status: 'closed', actions: [] });
      expect(callsOf(incident)).toEqual([{ call: 'StopLogging', by: `IAM user ${drill.name}`, verdict: 'benign' }]);
      expect(section(theSummary(played), 'SUPPRESSED')).toEqual([
        '- 1 record suppressed by secops@example.com until 2099-12-31: the monthly drill',
      ]);
      expect(await answerTo(stage, drill.key)).toBe('allowed');
    });

    describe('one who first tags himself as protected, and a second one within the hour', () => {
      let trudy: Awaited<ReturnType<typeof offender>>;
      let victor: Awaited<ReturnType<typeof offender>>;
      let first: Played;
      let second: Played;
      beforeAll(async () => {
        // Prepare
        trudy = await offender('trudy', 'iam:TagUser');
        victor = await offender('victor');

        // Act
        first = await trail.play({
          attack: async () => {
            const Tags = [{ Key: 'cordon:protected', Value: 'true' }];
            await new IAMClient(as(stage, trudy.key)).send(new TagUserCommand({ UserName: trudy.name, Tags }));
            await stopLogging(trudy.key);
          },
          stopsTrail: true,
        });
        second = await trail.play({ attack: () => stopLogging(victor.key), stopsTrail: true });
      });

      it('row: guard: a tag that the offender put: does not protect, and is said', async () => {
        const action = actionOn(theIncident(first), 'disable-iam-user', `IAM user ${trudy.name}`);
        expect(action.status).toBe('verified');
        expect(theSummary(first).body).toContain('its tag cordon:protected does not count');
        expect(await answerTo(stage, trudy.key)).toBe('InvalidAccessKeyId');
      });

      it('row: guard: cap of 1 reached: the next offender is proposed with the reason, the trail restored', async () => {
        const incident = theIncident(second);
        expect(incident).toMatchObject({ outcome: 'needs-analyst', failures: [] });
        expect(actionsOf(incident)).toEqual([
          `disable-iam-user, IAM user ${victor.name}: proposed`,
          'start-logging, trail cordon: verified',
          `tag-iam-user, IAM user ${victor.name}: verified`,
        ]);
        expect(await answerTo(stage, victor.key)).toBe('allowed');
        expect(section(theSummary(second), 'FOR YOU TO DECIDE').join('\n')).toContain(
          'the cap of 1 automatic action on principals an hour is reached',
        );
      });

      it('row: guard: undo of disable-iam-user: the user works again, recorded and mailed, nothing contained anew', async () => {
        // Prepare
        const incident = theIncident(first);
        const action = actionOn(incident, 'disable-iam-user', `IAM user ${trudy.name}`);

        // Act
        const { status } = await undo(trail, incident, action, { reason: 'it was a drill' });

        // Assess
        expect(status).toBe('SUCCEEDED');
        expect(await answerTo(stage, trudy.key)).toBe('allowed');
        const after = await trail.ledger.incident(incident.id);
        expect(after).toMatchObject({ outcome: 'undone' });
        expect(actionOn(after, 'disable-iam-user', `IAM user ${trudy.name}`)).toMatchObject({
          ...{ status: 'undone', undoneBy: undoer(trail), reason: 'it was a drill' },
        });
        const mail = await trail.mail(
          ({ subject, body }) => subject.includes('UNDONE: trail-tampering') && body.includes(action.key),
        );
        expect(mail.body).toContain(
          `\nBy ${undoer(trail)}, at ${after.actions.find(({ key }) => key === action.key)?.at.undone}\nReason: it was a drill\n`,
        );
      });

      it('row: guard: undo of start-logging: stops the trail by cordon’s own role, nothing contained anew', async () => {
        // Prepare
        const incident = theIncident(second);
        const action = actionOn(incident, 'start-logging', 'trail cordon');
        const before = records.length;

        // Act
        let status = '';
        let logging: boolean | undefined;
        const { mails } = await trail.playHarmless(async () => {
          ({ status } = await undo(trail, incident, action, { reason: 'looking at the trail' }));
          logging = await isLogging();
          await startLogging();
        });

        // Assess
        expect([status, logging]).toEqual(['SUCCEEDED', false]);
        const stop = records.slice(before).find(({ eventName }) => eventName === 'StopLogging');
        expect(stop?.userIdentity?.sessionContext?.sessionIssuer?.userName).toBe('cordon-undo-start-logging');
        expect(mails.filter(({ body }) => /^Incident {2}/m.test(body)).map(({ subject }) => subject)).toEqual([]);
      });
    });
  });
});
