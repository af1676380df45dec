import { randomBytes } from 'node:crypto';
import { IAMClient, ListRolePoliciesCommand } from '@aws-sdk/client-iam';
import {
  CreateBucketCommand,
  DeletePublicAccessBlockCommand,
  GetPublicAccessBlockCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { AccessKey } from '../../local/account.ts';
import * as found from '../../playbooks/guardduty/samples.ts';
import type { ActionRecord } from '../../playbooks/incident.ts';
import { as, makeAttacker, refused, type Stage, whoIs } from '../../simulate/attack.ts';
import { putFinding } from '../../simulate/finding.ts';
import { releaseAndRun } from './harness/approve.ts';
import { Desk, type Played } from './harness/desk.ts';
import { eventually } from './harness/eventually.ts';
import {
  actionOn,
  actionsOf,
  callsOf,
  expectDoneInMail,
  section,
  summaries,
  theIncident,
  theSummary,
} from './harness/expectations.ts';
import { ec2Of, groupsOf, launch, makeNetwork } from './harness/instances.ts';
import { makeRole } from './harness/roles.ts';
import { startTestAws, type TestAws } from './harness/test-aws.ts';
import { undo } from './harness/undo.ts';

// The pack is on, which no other file wants.
let aws: TestAws;
const desks: Record<string, Desk> = {};
let stage: Stage;
const desk = (id: string): Desk => desks[id] as Desk;

beforeAll(async () => {
  aws = await startTestAws({ settings: { packs: 'guardduty' } });
  for (const id of ['guardduty-credentials', 'guardduty-bucket', 'guardduty-instance', 'guardduty-other']) {
    desks[id] = await Desk.open(id, aws.shared);
  }
  stage = desk('guardduty-credentials').stage();
});
afterAll(async () => {
  await Promise.all(Object.values(desks).map((one) => one.close()));
  await aws?.close();
});

/** A finding of this account, as if it were made now. */
const made = (about: Omit<found.FoundThing, 'accountId' | 'region'>): Record<string, unknown> =>
  found.finding({
    id: randomBytes(16).toString('hex'),
    createdAt: new Date().toISOString(),
    ...about,
    accountId: stage.account,
    region: stage.region,
  });

const theftOf = (resource: object, rest: Partial<found.FoundThing> = {}) =>
  made({
    type: 'UnauthorizedAccess:IAMUser/MaliciousIPCaller.Custom',
    severity: 8,
    title: 'API GetCallerIdentity was invoked from an IP address on a custom threat list.',
    resource: { resourceType: 'AccessKey', ...resource },
    service: found.calledApi('GetCallerIdentity', 'sts.amazonaws.com'),
    ...rest,
  });

/** GuardDuty finds something, and finds it once more. */
const finds = (id: string, ...findings: object[]): Promise<Played> =>
  desk(id).play({
    attack: async () => {
      for (const one of findings) await putFinding(stage, one);
    },
  });

describe('GuardDuty finds a user’s key used from an address on a threat list', () => {
  const name = () => `mallory-${stage.mark}`;
  let mallory: AccessKey;
  let finding: Record<string, unknown>;
  let played: Played;
  beforeAll(async () => {
    mallory = await makeAttacker(stage, name(), ['sts:*']);
    finding = theftOf(found.userKey(name(), mallory.accessKeyId));
    // EventBridge delivers at least once.
    played = await finds('guardduty-credentials', finding, finding);
  });

  it('row: guardduty: an IAM user’s key, severity high: the user is disabled, read back and mailed, once', async () => {
    const incident = theIncident(played);

    expect(incident).toMatchObject({ outcome: 'contained', severity: 'HIGH', lane: 'finding', failures: [] });
    expect(callsOf(incident)).toEqual([
      { call: 'UnauthorizedAccess:IAMUser/MaliciousIPCaller.Custom', by: `IAM user ${name()}`, verdict: 'offence' },
    ]);
    expect(actionsOf(incident)).toEqual([
      `disable-iam-user, IAM user ${name()}: verified`,
      `tag-iam-user, IAM user ${name()}: verified`,
    ]);
    expectDoneInMail(theSummary(played), incident, actionOn(incident, 'disable-iam-user', `IAM user ${name()}`));
    expect(summaries(played, incident)).toHaveLength(1);
    expect(section(theSummary(played), 'WHAT GUARDDUTY FOUND')[0]).toMatch(
      new RegExp(`MaliciousIPCaller.Custom, severity 8 \\(HIGH\\), IAM user ${name()}, from 198.51.100.23`),
    );
    expect(await refused('the stolen key', () => whoIs(stage, mallory))).toMatchObject({ holds: true });
  });

  it('row: guardduty: evidence: the finding is kept as GuardDuty wrote it', async () => {
    const [line = ''] = (await desk('guardduty-credentials').evidence(theIncident(played), 'records.ndjson')).split(
      '\n',
    );

    expect((JSON.parse(line) as { finding: unknown }).finding).toEqual(finding);
  });

  it('row: guardduty: updated: it joins its incident, and nothing is contained again', async () => {
    const { id } = theIncident(played);
    const before = await desk('guardduty-credentials').ledger.incident(id);
    const update = { ...finding, updatedAt: new Date().toISOString() };

    // It was seen for the last time before it was contained.
    await desk('guardduty-credentials').playHarmless(() => putFinding(stage, update));
    const updated = await eventually(
      'the update in its incident',
      async () => {
        const incident = await desk('guardduty-credentials').ledger.incident(id);
        return incident.events.length > before.events.length ? incident : undefined;
      },
      async () => `It has ${before.events.length} record.`,
    );

    expect(callsOf(updated).map(({ verdict }) => verdict)).toEqual(['offence', 'related']);
    expect(updated.actions).toEqual(before.actions);
    expect((await desk('guardduty-credentials').everything()).incidents.map((one) => one.id)).toEqual([id]);
  });

  it('row: guardduty: used after it was contained: an incident of its own asks, and does nothing', async () => {
    const first = theIncident(played);
    const seen = new Date(Date.now() + 60_000).toISOString();
    const service = { ...(finding.service as object), count: 3, eventLastSeen: seen };

    const again = await finds('guardduty-credentials', { ...finding, service, updatedAt: seen });

    expect(theIncident(again)).toMatchObject({ outcome: 'needs-analyst', claimedBy: [first.id] });
    expect(actionsOf(theIncident(again))).toEqual([
      `disable-iam-user, IAM user ${name()}: proposed`,
      `tag-iam-user, IAM user ${name()}: verified`,
    ]);
    expect(theSummary(again).body).toContain(`Linked    ${first.id}`);
  });

  it('row: guardduty: undone: the key signs again', async () => {
    const incident = theIncident(played);

    const undone = await undo(
      desk('guardduty-credentials'),
      incident,
      actionOn(incident, 'disable-iam-user', `IAM user ${name()}`),
      { reason: 'a test of our own' },
    );

    expect(undone.status).toBe('SUCCEEDED');
    expect(await whoIs(stage, mallory)).toContain(`user/${name()}`);
  });
});

describe('GuardDuty finds credentials that cordon does not contain by itself', () => {
  it('row: guardduty: a role’s session, severity high: revoking it is proposed, and nothing is changed', async () => {
    const role = `web-${stage.mark}`;
    await makeRole(stage, role, ['s3:ListAllMyBuckets']);

    const played = await finds('guardduty-credentials', theftOf(found.roleKey(role, 'i-0a1b2c3d4e5f60718')));

    expect(theIncident(played)).toMatchObject({ outcome: 'needs-analyst', failures: [] });
    expect(actionsOf(theIncident(played))).toEqual([`revoke-role-sessions, role ${role}: proposed`]);
    const { PolicyNames } = await new IAMClient(as(stage, stage.administrator)).send(
      new ListRolePoliciesCommand({ RoleName: role }),
    );
    expect(PolicyNames).toEqual(['work']);
  });

  it.each([
    ['medium', 5, 'needs-analyst', 'proposed'],
    ['low', 2, 'monitored', 'monitored'],
  ])('row: guardduty: an IAM user’s key, severity %s: nothing is changed', async (_, severity, outcome, status) => {
    const user = `alice-${severity}-${stage.mark}`;
    const alice = await makeAttacker(stage, user, ['sts:*']);

    const played = await finds(
      'guardduty-credentials',
      theftOf(found.userKey(user, alice.accessKeyId), { severity: severity as number }),
    );

    expect(theIncident(played).outcome).toBe(outcome);
    expect(actionsOf(theIncident(played))).toContain(`disable-iam-user, IAM user ${user}: ${status}`);
    expect(await whoIs(stage, alice)).toContain(`user/${user}`);
  });

  it('row: guardduty: a sample finding: it is reported, and contains nobody', async () => {
    const user = `bob-${stage.mark}`;
    const bob = await makeAttacker(stage, user, ['sts:*']);
    const service = { ...found.calledApi('GetCallerIdentity', 'sts.amazonaws.com'), additionalInfo: { sample: true } };

    const played = await finds('guardduty-credentials', theftOf(found.userKey(user, bob.accessKeyId), { service }));

    expect(theIncident(played)).toMatchObject({ outcome: 'benign', status: 'closed', actions: [], questions: [] });
    expect(theSummary(played).body).toContain('a sample finding that GuardDuty made up');
    expect(await whoIs(stage, bob)).toContain(`user/${user}`);
  });
});

describe('GuardDuty finds an open bucket', () => {
  it('row: guardduty: anybody let into a bucket, severity high: its block is on again, read back and mailed', async () => {
    const name = `exports-${stage.mark}`;
    const s3 = new S3Client({ ...as(stage, stage.administrator), forcePathStyle: true });
    await s3.send(new CreateBucketCommand({ Bucket: name }));
    const unrecorded = new S3Client({
      ...as({ ...stage, endpoint: aws.shared.unrecorded }, stage.administrator),
      forcePathStyle: true,
    });
    await unrecorded.send(new DeletePublicAccessBlockCommand({ Bucket: name }));

    const played = await finds(
      'guardduty-bucket',
      made({
        type: 'Policy:S3/BucketAnonymousAccessGranted',
        severity: 8,
        title: `Amazon S3 public anonymous access was granted for the S3 bucket ${name}.`,
        resource: { resourceType: 'S3Bucket', ...found.userKey('nobody'), ...found.bucket(name, 'PUBLIC') },
        service: found.calledApi('PutBucketPolicy', 's3.amazonaws.com'),
      }),
    );

    const incident = theIncident(played);
    expect(incident.actions.filter(({ action }) => action === 'block-public-access')).toMatchObject([
      { label: `bucket ${name}`, status: 'verified' },
    ]);
    const { PublicAccessBlockConfiguration } = await s3.send(new GetPublicAccessBlockCommand({ Bucket: name }));
    expect(Object.values(PublicAccessBlockConfiguration ?? {})).toEqual([true, true, true, true]);
    expectDoneInMail(theSummary(played), incident, actionOn(incident, 'block-public-access', `bucket ${name}`));
  });
});

describe('GuardDuty finds an instance that mines', () => {
  it('row: guardduty: an EC2 instance, severity high: isolating it is asked for, and approved it is done and read back', async () => {
    // Prepare
    const ec2 = ec2Of(stage);
    const network = await makeNetwork(ec2, `mines-${stage.mark}`);
    const instance = await launch(ec2, network);
    const mines = { type: 'CryptoCurrency:EC2/BitcoinTool.B!DNS', severity: 8, title: 'It mines.' };

    // Act
    const played = await finds('guardduty-instance', made({ ...mines, resource: found.instance(instance) }));

    // Assess
    const incident = theIncident(played);
    expect(incident).toMatchObject({ outcome: 'needs-analyst', failures: [] });
    expect(actionsOf(incident)).toEqual([`isolate-instance, instance ${instance} in ${stage.region}: proposed`]);
    expect(Object.values(await groupsOf(ec2, instance))).toEqual([[network.groups[0]]]);
    expect(theSummary(played).body).toContain(`Ask who runs instance ${instance} whether this was meant.`);

    // Act
    const done = await releaseAndRun(desk('guardduty-instance'), incident, incident.actions[0] as ActionRecord);

    // Assess
    expect(done.status).toBe('verified');
    expect(Object.values(await groupsOf(ec2, instance)).flat()).not.toContain(network.groups[0]);
    ec2.destroy();
  });
});

describe('GuardDuty finds what nothing here contains', () => {
  it('row: guardduty: a finding of another account: it is said, and left to it', async () => {
    const other = { ...theftOf(found.userKey('mallory')), accountId: '999988887777' };

    const played = await finds('guardduty-credentials', other);

    expect(theIncident(played)).toMatchObject({ outcome: 'needs-analyst', actions: [], failures: [] });
    expect(theSummary(played).body).toContain('This was found in account 999988887777');
  });

  it.each([
    ['without anything in it', {}],
    ['of a type that says nothing', { type: 7, severity: 'high', id: null, resource: [], service: 'none' }],
    ['of a kind that nobody knows', { ...found.clusterFound, type: 'Discovery:Quantum/Entangled' }],
  ])('row: guardduty: an odd finding, %s: it is reported', async (_, odd) => {
    const played = await finds('guardduty-other', { ...odd, id: randomBytes(8).toString('hex') });

    expect(theIncident(played)).toMatchObject({ outcome: 'needs-analyst', failures: [] });
    expect(theIncident(played).questions).toMatchObject([{ kind: 'task' }]);
    expect(summaries(played, theIncident(played))).toHaveLength(1);
  });
});
