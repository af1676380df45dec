import { CloudTrailClient, ListTrailsCommand, StopLoggingCommand } from '@aws-sdk/client-cloudtrail';
import { CloudWatchClient, DisableAlarmActionsCommand, EnableAlarmActionsCommand } from '@aws-sdk/client-cloudwatch';
import {
  CloudWatchLogsClient,
  DeleteMetricFilterCommand,
  DescribeMetricFiltersCommand,
  type MetricFilter,
  PutMetricFilterCommand,
} from '@aws-sdk/client-cloudwatch-logs';
import { DisableRuleCommand, EnableRuleCommand, EventBridgeClient } from '@aws-sdk/client-eventbridge';
import {
  AttachUserPolicyCommand,
  DeleteRolePolicyCommand,
  GetRolePolicyCommand,
  IAMClient,
  ListUsersCommand,
  PutRolePolicyCommand,
} from '@aws-sdk/client-iam';
import { CreateBucketCommand, DeleteBucketCommand, ListBucketsCommand, S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Finding } from '../../handlers/installation/check.ts';
import { detections } from '../../playbooks/catalog.ts';
import { as, makeAttacker, type Stage } from '../../simulate/attack.ts';
import { cordon, type Shell, startCordon } from './harness/cordon.ts';
import { Desk } from './harness/desk.ts';
import { eventually } from './harness/eventually.ts';
import { startTestAws, type TestAws } from './harness/test-aws.ts';

// Simulations and what is broken on purpose would disturb others: these tests have a local AWS of their own.
let aws: TestAws;
let desk: Desk;
let stage: Stage;
/** Makes users: who simulates. */
let administrator: Shell;
let reader: Shell;

beforeAll(async () => {
  // With every rule on, as it is deployed: doctor says so otherwise.
  aws = await startTestAws({ eventLane: true, watchdog: true });
  desk = await Desk.open('trail-tampering', aws.shared);
  stage = desk.stage();
  const shell = { endpoint: stage.endpoint, region: stage.region };
  administrator = { ...shell, credentials: stage.administrator };
  const user = `reader-${stage.mark}`;
  reader = { ...shell, credentials: await makeAttacker(stage, user, ['sts:GetCallerIdentity']) };
  const PolicyArn = `arn:aws:iam::${stage.account}:policy/cordon-reader`;
  await new IAMClient(as(stage, stage.administrator)).send(new AttachUserPolicyCommand({ UserName: user, PolicyArn }));
});
afterAll(async () => {
  await desk?.close();
  await aws?.close();
});

/** What there is of simulations, by name. */
async function leftOver(): Promise<string[]> {
  const client = as(stage, stage.administrator);
  const { Users = [] } = await new IAMClient(client).send(new ListUsersCommand({}));
  const { Buckets = [] } = await new S3Client(client).send(new ListBucketsCommand({}));
  const { Trails = [] } = await new CloudTrailClient(client).send(new ListTrailsCommand({}));
  return [...Users.map(({ UserName }) => UserName), ...[...Buckets, ...Trails].map(({ Name }) => Name)]
    .map((name) => name ?? '')
    .filter((name) => name.startsWith('cordon-sim-'))
    .sort();
}

interface Report {
  ok: boolean;
  simulation: string;
  incident: { id: string; severity: string; outcome: string } | null;
  cleaned: { kind: string; name: string; error?: string }[];
}

describe('a simulation', () => {
  it.each([
    ['trail-tampering', 'CRITICAL', 'contained'],
    ['s3-public-exposure', 'HIGH', 'contained'],
    ['failed-console-logins', 'HIGH', 'contained'],
    ['root-usage', 'CRITICAL', 'needs-analyst'],
  ])(
    'of %s is detected and contained as it must be, and leaves nothing behind',
    async (scenario, severity, outcome) => {
      const { code, stdout, stderr } = await cordon(administrator, 'simulate', scenario, '--json');

      const report = JSON.parse(stdout) as Report;
      expect(report).toMatchObject({ ok: true, incident: { severity, outcome } });
      expect(code).toBe(0);
      expect(
        report.cleaned.every(({ name, error }) => name.startsWith(`cordon-sim-${report.simulation}-`) && !error),
      ).toBe(true);
      expect(await leftOver()).toEqual([]);
      const incident = await desk.ledger.incident(report.incident?.id ?? '');
      expect(incident.detection).toBe(scenario);
      const open = incident.questions.filter(({ status }) => status === 'open');
      if (scenario !== 'root-usage') expect(open, `${stderr} ${incident.status} ${incident.closedAt}`).toEqual([]);
    },
  );

  it('of trail-tampering stops a trail of its own: the one that protects the account goes on', async () => {
    const heads = (await desk.ledger.recent(100)).filter(({ detection }) => detection === 'trail-tampering');
    const incidents = await Promise.all(heads.map(({ id }) => desk.ledger.incident(id)));
    const trails = incidents.flatMap(({ events }) =>
      events.map(({ record }) => (record.requestParameters as { name?: string } | null)?.name),
    );
    expect(trails.length).toBeGreaterThan(0);
    expect(trails.every((name) => name?.startsWith('cordon-sim-'))).toBe(true);
    await desk.trailRecords();
  });

  it.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('that is interrupted by %s takes away what it has made', async (signal, expected) => {
    const running = startCordon(administrator, 'simulate', 'trail-tampering');
    await running.said(/called StopLogging on the trail/);
    expect(await leftOver()).toHaveLength(3);
    running.child.kill(signal);

    const { code, stderr } = await running.ended;
    expect(code).toBe(expected);
    expect(stderr).toContain('Interrupted: what was made is taken away.');
    expect(await leftOver()).toEqual([]);
  });

  it('that was killed is cleaned up after, and nothing that only looks like it', async () => {
    const lookalike = 'cordon-sim-not-ours';
    const s3 = new S3Client(as(stage, stage.administrator));
    await s3.send(new CreateBucketCommand({ Bucket: lookalike }));
    const running = startCordon(administrator, 'simulate', 's3-public-exposure');
    await running.said(/put a policy for everybody/);
    running.child.kill('SIGKILL');
    await running.ended;
    expect(await leftOver()).toHaveLength(3);

    const { code, stdout } = await cordon(administrator, 'simulate', '--clean');
    const left = await leftOver();
    await s3.send(new DeleteBucketCommand({ Bucket: lookalike }));
    const again = await cordon(administrator, 'simulate', '--clean');

    expect(left).toEqual([lookalike]);
    expect([code, stdout]).toEqual([
      1,
      expect.stringContaining('it lacks the tag cordon:simulation, so it is left alone'),
    ]);
    expect(again).toMatchObject({ code: 0, stdout: 'No simulation has left anything behind.\n' });
  });

  it('of what is not deployed, or of what no scenario plays, is refused before anything is made', async () => {
    const off = await cordon(administrator, 'simulate', 'access-key-made');
    const none = await cordon(administrator, 'simulate', 'cis-vpc-changes');

    expect([off.code, off.stderr]).toEqual([4, expect.stringContaining('-c packs=credentials')]);
    expect([none.code, none.stderr]).toEqual([1, expect.stringContaining('npx cordon runbook cis-vpc-changes')]);
    expect(await leftOver()).toEqual([]);
  });

  it('is refused to who may not make users, who is told so', async () => {
    const { code, stderr } = await cordon(reader, 'simulate', 'trail-tampering');
    expect([code, stderr]).toEqual([4, expect.stringContaining('may not iam:CreateUser')]);
  });
});

describe('a simulation on what is no local AWS', () => {
  // The same local AWS at an address that is not known to be local, though it leads there: an account like any other.
  const elsewhere = (): Shell => ({
    ...administrator,
    endpoint: stage.endpoint.replace('127.0.0.1', '0.0.0.0'),
  });

  it('does nothing without the account’s id', async () => {
    const unasked = await cordon(elsewhere(), 'simulate', 'trail-tampering');
    const wrong = await cordon(elsewhere(), 'simulate', 'trail-tampering', '--confirm', '999988887777');

    expect([unasked.code, unasked.stderr]).toEqual([2, expect.stringContaining(`--confirm ${stage.account}`)]);
    expect([wrong.code, wrong.stderr]).toEqual([1, expect.stringContaining('Nothing was done')]);
    expect(await leftOver()).toEqual([]);
  });

  it.each([
    ['failed-console-logins', /Console sign-ins have no API.*give a wrong password five times/s],
    ['root-usage', /Root cannot be simulated safely.*By hand, without any use of root/s],
  ])('refuses %s, and says why and what to do instead', async (scenario, words) => {
    const { code, stderr } = await cordon(elsewhere(), 'simulate', scenario, '--confirm', stage.account);
    expect([code, stderr]).toEqual([1, expect.stringMatching(words)]);
  });

  it('plays with the account’s id, from no made-up address, and leaves nothing behind', async () => {
    const { code, stdout, stderr } = await cordon(
      ...([elsewhere(), 'simulate', 'trail-tampering', '--confirm', stage.account, '--json'] as const),
    );

    expect([code, stderr]).toEqual([0, expect.any(String)]);
    const report = JSON.parse(stdout) as Report;
    expect(report.ok).toBe(true);
    const { events } = await desk.ledger.incident(report.incident?.id ?? '');
    expect(events[0]?.record.sourceIPAddress).toBe('127.0.0.1');
    expect(await leftOver()).toEqual([]);
  });
});

/** What doctor finds, with the rights of a reader alone. */
const look = async () => {
  const { code, stdout, stderr } = await cordon(reader, 'doctor', '--json');
  expect(stderr).toBe('');
  const found = JSON.parse(stdout) as (Finding & { check: string })[];
  return { code, found, todo: found.filter(({ state }) => state === 'todo') };
};

describe('doctor', () => {
  it('finds a healthy installation well, with the rights of a reader alone', async () => {
    await eventually(
      'the first canary has come through',
      async () => ((await desk.ledger.canaries.last()).alarm ? true : undefined),
      async () => 'none has',
    );

    const { code, found, todo } = await look();

    expect(todo).toEqual([]);
    expect(code).toBe(0);
    const checked = found.filter(({ state }) => state === 'ok').map(({ check }) => check);
    for (const check of ['trail', 'filters', 'alarms', 'mails', 'rules', 'playbooks', 'roles', 'ledger', 'baselines']) {
      expect(checked).toContain(check);
    }
    expect(found).toContainEqual({
      ...{ check: 'canary', state: 'ok' },
      says: expect.stringMatching(
        /^the last one, sent .*, took \d+ s to its playbook by the alarm; by its event it took/,
      ),
    });
  });
});

describe('doctor, where the mode lets cordon put nothing back', () => {
  beforeAll(() => aws.local.redeploy({ mode: 'monitor' }));

  it('names everything that was broken, and the command that mends it, for people', async () => {
    const client = as(stage, stage.administrator);
    const [cloudWatch, logs, events, iam] = [
      new CloudWatchClient(client),
      new CloudWatchLogsClient(client),
      new EventBridgeClient(client),
      new IAMClient(client),
    ];
    const [alarm = ''] = Object.keys(detections).map((id) => `cordon-${id}`);
    const { metricFilters = [] } = await logs.send(new DescribeMetricFiltersCommand({ logGroupName: '/cordon/trail' }));
    const kept = metricFilters.find(({ filterName }) => filterName === alarm) as MetricFilter;
    const role = { RoleName: 'cordon-collect', PolicyName: 'unit' };
    const { PolicyDocument = '' } = await iam.send(new GetRolePolicyCommand(role));
    const wider = JSON.stringify({
      Version: '2012-10-17',
      Statement: [{ Effect: 'Allow', Action: '*', Resource: '*' }],
    });
    await cloudWatch.send(new DisableAlarmActionsCommand({ AlarmNames: [alarm] }));
    await logs.send(new DeleteMetricFilterCommand({ logGroupName: '/cordon/trail', filterName: alarm }));
    await events.send(new DisableRuleCommand({ Name: alarm }));
    await iam.send(new PutRolePolicyCommand({ ...role, PolicyDocument: wider }));
    await iam.send(new PutRolePolicyCommand({ RoleName: 'cordon-claim', PolicyName: 'extra', PolicyDocument: wider }));

    const { code, stdout } = await cordon(reader, 'doctor');

    await cloudWatch.send(new EnableAlarmActionsCommand({ AlarmNames: [alarm] }));
    await logs.send(
      new PutMetricFilterCommand({
        ...{ logGroupName: '/cordon/trail', filterName: alarm, filterPattern: kept.filterPattern },
        metricTransformations: kept.metricTransformations,
      }),
    );
    await events.send(new EnableRuleCommand({ Name: alarm }));
    await iam.send(new PutRolePolicyCommand({ ...role, PolicyDocument: decodeURIComponent(PolicyDocument) }));
    await iam.send(new DeleteRolePolicyCommand({ RoleName: 'cordon-claim', PolicyName: 'extra' }));
    expect(code).toBe(3);
    const said = stdout.replace(/\s+/g, ' ');
    for (const words of [
      `alarms the actions of the alarm ${alarm} ARE OFF`,
      `aws cloudwatch enable-alarm-actions --alarm-names ${alarm}`,
      `filters the metric filter ${alarm} IS GONE`,
      `aws logs put-metric-filter --log-group-name /cordon/trail --filter-name ${alarm}`,
      `rules the rule ${alarm} IS OFF`,
      `aws events enable-rule --name ${alarm}`,
      'roles the policy unit of the role cordon-collect was changed',
      'aws iam delete-role-policy --role-name cordon-claim --policy-name extra',
    ]) {
      expect(said).toContain(words);
    }
    expect(said).toMatch(/\d+ to do\. $/);
    expect((await look()).code).toBe(0);
  });

  it('names a trail that is stopped, and the detections show that mode', async () => {
    await new CloudTrailClient(as(stage, stage.administrator)).send(new StopLoggingCommand({ Name: 'cordon' }));

    const { code, todo } = await look();
    const { stdout } = await cordon(reader, 'detections', 'list');

    expect(code).toBe(3);
    expect(todo.map(({ check, says }) => `${check}: ${says}`)).toContain('trail: cordon IS NOT LOGGING');
    expect(todo[0]?.todo).toEqual([`aws cloudtrail start-logging --name cordon --region ${stage.region}`]);
    expect(stdout).toMatch(/^trail-tampering +CRITICAL +monitor /m);
  });
});
