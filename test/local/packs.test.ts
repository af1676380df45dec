import {
  AttachUserPolicyCommand,
  CreateAccessKeyCommand,
  CreateRoleCommand,
  CreateUserCommand,
  GetRoleCommand,
  IAMClient,
  ListAttachedUserPoliciesCommand,
} from '@aws-sdk/client-iam';
import { CreateKeyCommand, DisableKeyCommand, KMSClient } from '@aws-sdk/client-kms';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { AccessKey } from '../../local/account.ts';
import { strangersOf } from '../../playbooks/policy-documents.ts';
import { as, makeAttacker, refused, type Stage, whoIs } from '../../simulate/attack.ts';
import { cordon } from './harness/cordon.ts';
import { Desk, type Played } from './harness/desk.ts';
import {
  actionOn,
  actionsOf,
  callsOf,
  expectDoneInMail,
  expectEvidence,
  expectOneAnsweredAlarm,
  section,
  theIncident,
  theSummary,
} from './harness/expectations.ts';
import { startTestAws, type TestAws } from './harness/test-aws.ts';
import { undo } from './harness/undo.ts';

// Both packs are on, which no other file wants: making a user for a test would be an incident.
let aws: TestAws;
const desks: Record<string, Desk> = {};
let stage: Stage;
let mallory: AccessKey;
let iam: IAMClient;
const name = () => `mallory-${stage.mark}`;
const ci = () => `ci-${stage.mark}`;
const desk = (id: string): Desk => desks[id] as Desk;
const administrator = () => new IAMClient(as(stage, stage.administrator));

beforeAll(async () => {
  aws = await startTestAws({ settings: { packs: 'credentials,cis' } });
  const ids = [
    'access-key-made',
    'admin-rights-given',
    'role-trust-opened',
    'cis-iam-policy-changes',
    'cis-key-disabled',
  ];
  for (const id of ids) desks[id] = await Desk.open(id, aws.shared);
  stage = desk('access-key-made').stage();
  // Who is there before the attack is made past the recorder: giving a user a key is what is looked for.
  const before: Stage = { ...stage, endpoint: aws.shared.unrecorded };
  mallory = await makeAttacker(before, name(), ['iam:*', 'kms:*', 'sts:*']);
  await new IAMClient(as(before, before.administrator)).send(new CreateUserCommand({ UserName: ci() }));
  iam = new IAMClient(as(stage, mallory));
});
afterAll(async () => {
  await Promise.all(Object.values(desks).map((one) => one.close()));
  await aws?.close();
});

describe('somebody makes an access key for a user of a program', () => {
  let played: Played;
  let stolen: AccessKey;
  beforeAll(async () => {
    played = await desk('access-key-made').play({
      attack: async () => {
        const { AccessKey: made } = await iam.send(new CreateAccessKeyCommand({ UserName: ci() }));
        stolen = { accessKeyId: made?.AccessKeyId ?? '', secretAccessKey: made?.SecretAccessKey ?? '' };
      },
    });
  });

  it('sets off one alarm, which one execution answers', () => expectOneAnsweredAlarm(played, 'access-key-made'));

  it('row: credentials: key made for another user: the key is deactivated, read back and mailed; its maker waits for a decision', async () => {
    const incident = theIncident(played);
    const label = `access key ${stolen.accessKeyId} of IAM user ${ci()}`;

    expect(callsOf(incident)).toEqual([{ call: 'CreateAccessKey', by: `IAM user ${name()}`, verdict: 'offence' }]);
    expect(incident).toMatchObject({ outcome: 'contained', severity: 'HIGH', failures: [] });
    expect(actionsOf(incident)).toEqual([
      `deactivate-access-key, ${label}: verified`,
      `disable-iam-user, IAM user ${name()}: proposed`,
      `tag-iam-user, IAM user ${name()}: verified`,
    ]);
    expectDoneInMail(theSummary(played), incident, actionOn(incident, 'deactivate-access-key', label));
    expect(section(theSummary(played), 'WHAT WAS GIVEN')).toEqual([
      expect.stringMatching(
        new RegExp(`CreateAccessKey, userName ${ci()}, access key ${stolen.accessKeyId}, by IAM user ${name()}`),
      ),
    ]);
    expect(await refused('the key that was made', () => whoIs(stage, stolen))).toMatchObject({ holds: true });
    await expectEvidence(desk('access-key-made'), played);
  });

  it('row: credentials: key made for another user: taken back, undone: the key signs again', async () => {
    const incident = theIncident(played);
    const label = `access key ${stolen.accessKeyId} of IAM user ${ci()}`;

    const undone = await undo(desk('access-key-made'), incident, actionOn(incident, 'deactivate-access-key', label), {
      reason: 'it was asked for',
    });

    expect(undone.status).toBe('SUCCEEDED');
    expect(await whoIs(stage, stolen)).toContain(`user/${ci()}`);
  });
});

describe('somebody gives a user administrator rights', () => {
  let played: Played;
  let beside: Played;
  beforeAll(async () => {
    const attack = () =>
      iam.send(
        new AttachUserPolicyCommand({ UserName: ci(), PolicyArn: 'arn:aws:iam::aws:policy/AdministratorAccess' }),
      );
    let done: () => void = () => {};
    const finished = new Promise<void>((resolve) => {
      done = resolve;
    });
    // The pack cis has an alarm for the same call, and for the call that takes the policy back.
    [beside, played] = await Promise.all([
      desk('cis-iam-policy-changes').play({ attack: () => finished }),
      desk('admin-rights-given').play({ attack: () => attack().finally(done) }),
    ]);
  });

  it('row: credentials: administrator policy attached: it is taken away, read back and mailed', async () => {
    const incident = theIncident(played);
    const { AttachedPolicies } = await administrator().send(new ListAttachedUserPoliciesCommand({ UserName: ci() }));

    expect(AttachedPolicies).toEqual([]);
    expect(incident).toMatchObject({ outcome: 'contained', severity: 'CRITICAL', failures: [] });
    expect(actionsOf(incident)).toEqual([
      `disable-iam-user, IAM user ${name()}: proposed`,
      `tag-iam-user, IAM user ${name()}: verified`,
      `take-back-policy, AdministratorAccess of IAM user ${ci()}: verified`,
    ]);
    expectDoneInMail(
      theSummary(played),
      incident,
      actionOn(incident, 'take-back-policy', `AdministratorAccess of IAM user ${ci()}`),
    );
  });

  it('row: cis: a call that another detection answers: both alarms fire, one summary is mailed', () => {
    expect(beside.alarm).toContain('ALARM');
    for (const one of beside.incidents) {
      expect(one).toMatchObject({ outcome: 'duplicate', status: 'closed', events: [] });
    }
    expect(beside.incidents.flatMap(({ leftTo = [] }) => leftTo)).toContain('admin-rights-given');
    expect(beside.mails.filter(({ subject }) => !subject.startsWith('ALARM'))).toEqual([]);
  });
});

describe('somebody makes a role that another account may assume', () => {
  it('row: credentials: role opened to another account: closed at once where the role is new', async () => {
    const trust = JSON.stringify({
      Version: '2012-10-17',
      Statement: [
        { Effect: 'Allow', Principal: { AWS: 'arn:aws:iam::999988887777:root' }, Action: 'sts:AssumeRole' },
        { Effect: 'Allow', Principal: { Service: 'ec2.amazonaws.com' }, Action: 'sts:AssumeRole' },
      ],
    });
    const RoleName = `support-${stage.mark}`;

    const played = await desk('role-trust-opened').play({
      attack: () => iam.send(new CreateRoleCommand({ RoleName, AssumeRolePolicyDocument: trust })),
    });

    const incident = theIncident(played);
    expect(incident).toMatchObject({ outcome: 'contained', failures: [] });
    const closed = actionOn(incident, 'close-role-trust', `role ${RoleName}`);
    expectDoneInMail(theSummary(played), incident, closed);
    expect(closed).toMatchObject({ beforeWords: 'trusts account 999988887777', afterWords: 'trusts no other account' });
    const { Role } = await administrator().send(new GetRoleCommand({ RoleName }));
    const document = decodeURIComponent(Role?.AssumeRolePolicyDocument ?? '');
    expect(strangersOf(document, stage.account)).toEqual([]);
    expect(document).toContain('ec2.amazonaws.com');
  });
});

describe('somebody disables a key', () => {
  it('row: cis: a call that no other detection looks at: said who did what, nothing contained, left to an analyst', async () => {
    const kms = new KMSClient(as(stage, mallory));
    const { KeyMetadata } = await kms.send(new CreateKeyCommand({}));
    const KeyId = KeyMetadata?.KeyId ?? '';

    const played = await desk('cis-key-disabled').play({ attack: () => kms.send(new DisableKeyCommand({ KeyId })) });

    const incident = theIncident(played);
    expect(incident).toMatchObject({ outcome: 'needs-analyst', status: 'handed-over', actions: [], failures: [] });
    const mail = theSummary(played);
    expect(mail.subject).toBe(
      `[cordon] MEDIUM NEEDS AN ANALYST: cis-key-disabled, IAM user ${name()}, ${stage.account}`,
    );
    expect(section(mail, 'WHAT WAS DONE')).toEqual([
      expect.stringMatching(new RegExp(`DisableKey, keyId ${KeyId}, by IAM user ${name()}, from `)),
    ]);
    expect(section(mail, 'FOR YOU TO DO')[0]).toMatch(/^1\. Ask those who made the calls/);
  });
});

describe('the desk', () => {
  const shell = () => ({ ...aws.shared, credentials: aws.shared.soc });

  it('lists detections with their packs, and finds nothing wrong with their filters', async () => {
    const { stdout } = await cordon(shell(), 'detections', 'list', '--json');
    const rows = JSON.parse(stdout) as { id: string; pack: string | null; live: { off?: true; alarm?: object } }[];

    expect(rows.find(({ id }) => id === 'cis-vpc-changes')).toMatchObject({ pack: 'cis', live: { alarm: {} } });
    expect(rows.find(({ id }) => id === 'root-usage')).toMatchObject({ pack: null });
    const doctor = await cordon(shell(), 'doctor');
    const deployed = rows.filter(({ live }) => live.alarm);
    expect(deployed.length).toBeGreaterThan(20);
    expect(doctor.stdout).toContain(`${deployed.length} detections: every sample of the catalog is told right`);
  });
});
