import { CloudTrailClient, GetTrailStatusCommand, StopLoggingCommand } from '@aws-sdk/client-cloudtrail';
import {
  AttachUserPolicyCommand,
  CreateAccessKeyCommand,
  CreateLoginProfileCommand,
  CreateRoleCommand,
  CreateUserCommand,
  GetLoginProfileCommand,
  GetRolePolicyCommand,
  IAMClient,
  ListAttachedUserPoliciesCommand,
  ListRolePoliciesCommand,
  PutRolePolicyCommand,
} from '@aws-sdk/client-iam';
import { GetPublicAccessBlockCommand, S3ControlClient } from '@aws-sdk/client-s3-control';
import { GetFederationTokenCommand, STSClient } from '@aws-sdk/client-sts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { AccessKey } from '../../local/account.ts';
import type { ActionRecord } from '../../playbooks/incident.ts';
import { as, type Credentials, from, givenBy, makeAttacker, type Stage, signIn } from '../../simulate/attack.ts';
import { releaseAndRun } from './harness/approve.ts';
import '../../local/loopback.mjs';
import { Desk, type Played } from './harness/desk.ts';
import { actionOn, actionsOf, section, theIncident, theSummary } from './harness/expectations.ts';
import { answerTo, readUser } from './harness/offender.ts';
import { assumeRole, makeRole } from './harness/roles.ts';
import { startTestAws, type TestAws } from './harness/test-aws.ts';
import { undo } from './harness/undo.ts';

const SOURCE = '198.51.100.23';

let aws: TestAws;

// The trail is stopped here, and root used: other files would see it, so this one has a local AWS of its own.
beforeAll(async () => {
  aws = await startTestAws({ returnSpeed: 10, settings: { denyAddresses: 'approve', newPassword: 'approve' } });
});
afterAll(() => aws?.close());

/** What the service answers to a harmless call whose authorization looks at addresses and at a token's time of issue. */
async function answer(stage: Stage, credentials: Credentials, address = SOURCE): Promise<string> {
  // S3 Control puts the account's number before the host: an address is none then, a name is.
  const config = { ...as(stage, credentials), endpoint: aws.local.endpointByName };
  const control = from(address, new S3ControlClient(config));
  try {
    await control.send(new GetPublicAccessBlockCommand({ AccountId: stage.account }));
    return 'allowed';
  } catch (error) {
    const name = error instanceof Error ? error.name : String(error);
    return name === 'NoSuchPublicAccessBlockConfiguration' ? 'allowed' : name;
  } finally {
    control.destroy();
  }
}

/** A token's time of issue has whole seconds: the next one begins. */
const aSecond = () => new Promise((resolve) => setTimeout(resolve, 1_100 - (Date.now() % 1_000)));

describe('a role that several use', () => {
  let desk: Desk;
  let stage: Stage;
  let played: Played;
  let role: string;
  let mallory: AccessKey;
  let stolen: Credentials;

  const assume = (key: AccessKey, session: string): Promise<Credentials> => assumeRole(stage, key, role, session);

  beforeAll(async () => {
    // Prepare
    desk = await Desk.open('trail-tampering', aws.shared);
    stage = desk.stage();
    role = `deployer-${stage.mark}`;
    await makeRole(stage, role, ['cloudtrail:*', 's3:*']);
    mallory = await makeAttacker(stage, `mallory-${stage.mark}`, ['sts:AssumeRole']);
    const alice = await makeAttacker(stage, `alice-${stage.mark}`, ['sts:AssumeRole']);
    const nightly = await assume(alice, 'nightly');
    await new CloudTrailClient(as(stage, nightly)).send(new GetTrailStatusCommand({ Name: 'cordon' }));

    // Act
    played = await desk.play({
      stopsTrail: true,
      attack: async () => {
        stolen = await assume(mallory, 'build-7');
        await from(SOURCE, new CloudTrailClient(as(stage, stolen))).send(new StopLoggingCommand({ Name: 'cordon' }));
      },
    });
  });
  afterAll(() => desk?.close());

  it('row: actors: assumed role: revoking its sessions is proposed, and the question says who uses the role', () => {
    const incident = theIncident(played);
    const question = section(theSummary(played), 'FOR YOU TO DECIDE').join('\n');
    expect(actionOn(incident, 'revoke-role-sessions', `role ${role}`)).toMatchObject({ status: 'proposed' });
    expect(incident.outcome).toBe('needs-analyst');
    expect(question).toContain('every session of the role ends');
    expect(question).toContain('2 sessions of it made calls (nightly, build-7)');
    expect(question).toContain(
      `2 principals (assumed by IAM user alice-${stage.mark}, IAM user mallory-${stage.mark})`,
    );
    expect(question).toContain(`it trusts arn:aws:iam::${stage.account}:root`);
  });

  it('row: actors: assumed role: who assumed it is to be found by hand, by an exact command', () => {
    const steps = section(theSummary(played), 'FOR YOU TO DO').join('\n');
    expect(steps).toMatch(new RegExp(`Find out who assumed role ${role} \\(session build-7\\)`));
    expect(steps).toContain(`AttributeValue=arn:aws:iam::${stage.account}:role/${role}`);
  });

  it('row: actors: assumed role: released, older sessions are refused and newer ones work, and undo takes it back', async () => {
    const incident = theIncident(played);
    const proposed = actionOn(incident, 'revoke-role-sessions', `role ${role}`);
    const before = await answer(stage, stolen);
    await aSecond();

    const done = await releaseAndRun(desk, incident, proposed);
    const during = await answer(stage, stolen);
    const newer = await answer(stage, await assume(mallory, 'build-8'));
    const undone = await undo(desk, incident, done, { reason: 'the build needs it' });

    expect(done).toMatchObject({ status: 'verified', beforeWords: 'no sessions revoked by cordon' });
    expect({ before, during, newer }).toEqual({ before: 'allowed', during: 'AccessDenied', newer: 'allowed' });
    expect(undone.status).toBe('SUCCEEDED');
    expect(await answer(stage, stolen)).toBe('allowed');
    const iam = new IAMClient(as(stage, stage.administrator));
    expect((await iam.send(new ListRolePoliciesCommand({ RoleName: role }))).PolicyNames).toEqual(['work']);
  });

  it('row: actors: federated user: is contained through the IAM user who made the credentials, tagged with why and when', async () => {
    // Prepare
    const name = `maker-${stage.mark}`;
    const maker = await makeAttacker(stage, name, ['sts:GetFederationToken', 'cloudtrail:*', 's3:ListAllMyBuckets']);
    const rights = { Effect: 'Allow', Action: ['cloudtrail:*', 's3:ListAllMyBuckets'], Resource: '*' };
    const { Credentials: made } = await new STSClient(as(stage, maker)).send(
      new GetFederationTokenCommand({
        Name: 'guest',
        Policy: JSON.stringify({ Version: '2012-10-17', Statement: [rights] }),
      }),
    );
    const guest = givenBy(made);
    const before = await answerTo(stage, guest);

    // Act
    const federated = await desk.play({
      stopsTrail: true,
      attack: () => new CloudTrailClient(as(stage, guest)).send(new StopLoggingCommand({ Name: 'cordon' })),
    });

    // Assess
    const incident = theIncident(federated);
    expect(incident.events[0]?.actor).toMatchObject({ kind: 'federated-user', name: 'guest', issuer: { name } });
    expect(actionOn(incident, 'disable-iam-user', `IAM user ${name}`).status).toBe('verified');
    expect(incident.outcome).toBe('contained');
    expect([before, await answerTo(stage, guest)]).toEqual(['allowed', 'AccessDenied']);
    const { tags } = await readUser(stage, name);
    expect(tags).toEqual({
      'cordon:incident': incident.id,
      'cordon:detection': 'trail-tampering',
      'cordon:at': expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
    });
  });
});

describe('what root made', () => {
  let desk: Desk;
  let stage: Stage;
  let played: Played;
  let key: string;
  const person = (name: string) => `${name}-${stage.mark}`;
  const iam = () => new IAMClient(as(stage, stage.administrator));
  const read = async () => ({
    backdoor: await readUser(stage, person('backdoor')),
    bob: await readUser(stage, person('bob')),
    attached: (await iam().send(new ListAttachedUserPoliciesCommand({ UserName: person('bob') }))).AttachedPolicies,
    role: (await iam().send(new ListRolePoliciesCommand({ RoleName: person('app') }))).PolicyNames,
  });

  beforeAll(async () => {
    // Prepare
    desk = await Desk.open('root-usage', aws.shared);
    stage = desk.stage();
    await makeAttacker(stage, person('bob'), ['s3:ListAllMyBuckets']);
    await iam().send(
      new CreateRoleCommand({
        RoleName: person('app'),
        AssumeRolePolicyDocument: JSON.stringify({
          Version: '2012-10-17',
          Statement: [{ Effect: 'Allow', Principal: { Service: 'ec2.amazonaws.com' }, Action: 'sts:AssumeRole' }],
        }),
      }),
    );
    const root = from(SOURCE, new IAMClient(as(stage, stage.root)));
    const all = JSON.stringify({ Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action: '*', Resource: '*' }] });

    // Act
    played = await desk.play({
      attack: async () => {
        await signIn(stage, { root: true, password: stage.rootPassword, sourceIPAddress: SOURCE });
        await root.send(new CreateUserCommand({ UserName: person('backdoor') }));
        await root.send(new CreateLoginProfileCommand({ UserName: person('backdoor'), Password: 'Let-me-in-7' }));
        const made = await root.send(new CreateAccessKeyCommand({ UserName: person('bob') }));
        key = made.AccessKey?.AccessKeyId ?? '';
        await root.send(
          new AttachUserPolicyCommand({
            UserName: person('bob'),
            PolicyArn: 'arn:aws:iam::aws:policy/AdministratorAccess',
          }),
        );
        await root.send(new PutRolePolicyCommand({ RoleName: person('app'), PolicyName: 'all', PolicyDocument: all }));
      },
    });
  });
  afterAll(() => desk?.close());

  it('row: root: users, keys and policies that it made are proposed for containment, and nothing is done unasked', () => {
    const incident = theIncident(played);
    expect(actionsOf(incident)).toEqual([
      `deactivate-access-key, access key ${key} of IAM user ${person('bob')}: proposed`,
      `disable-iam-user, IAM user ${person('backdoor')}: proposed`,
      `take-back-policy, AdministratorAccess of IAM user ${person('bob')}: proposed`,
      `take-back-policy, inline policy all of IAM role ${person('app')}: proposed`,
    ]);
    expect(incident.outcome).toBe('needs-analyst');
    expect(section(theSummary(played), 'FOR YOU TO DECIDE').filter((line) => line.startsWith('- '))).toHaveLength(4);
  });

  it('row: root: its own access keys and missing MFA are reported from the account summary', () => {
    expect(theIncident(played).findings['root-credentials']).toMatchObject({ accessKeys: false, mfa: false });
    expect(section(theSummary(played), 'WHAT ROOT SIGNS IN WITH')).toEqual([
      '- root has no access keys',
      '- ROOT HAS NO MFA',
    ]);
    expect(section(theSummary(played), 'FOR YOU TO DO').join('\n')).toContain('Root has no MFA device');
  });

  it('row: root: what it did stands in the mail in order, and the manual steps are a checklist', () => {
    const calls = section(theSummary(played), 'WHAT ROOT DID').map((line) => /Z (\w+)/.exec(line)?.[1]);
    expect(calls).toEqual([
      ...['ConsoleLogin', 'CreateUser', 'CreateLoginProfile', 'CreateAccessKey'],
      ...['AttachUserPolicy', 'PutRolePolicy'],
    ]);
    const steps = section(theSummary(played), 'FOR YOU TO DO').filter((line) => /^\d+\. /.test(line));
    expect(steps.length).toBeGreaterThanOrEqual(5);
  });

  it('row: root: what it made is contained once released, and undo puts back exactly what was there', async () => {
    const incident = theIncident(played);
    const before = await read();

    const done: ActionRecord[] = [];
    for (const action of incident.actions) done.push(await releaseAndRun(desk, incident, action));
    const during = await read();
    for (const action of [...done].reverse()) {
      const { status, cause } = await undo(desk, incident, action, { reason: 'it was the break-glass drill' });
      expect(cause ?? status).toBe('SUCCEEDED');
    }

    expect(done.map(({ status }) => status)).toEqual(['verified', 'verified', 'verified', 'verified']);
    expect(during.backdoor.policies).toEqual(['cordon-deny-all']);
    expect(during.bob.keys[key]).toBe('Inactive');
    expect(during.attached).toEqual([]);
    expect(during.role).toEqual([]);
    expect(await read()).toEqual(before);
    const policy = await iam().send(new GetRolePolicyCommand({ RoleName: person('app'), PolicyName: 'all' }));
    expect(JSON.parse(decodeURIComponent(policy.PolicyDocument ?? ''))).toMatchObject({ Statement: [{ Action: '*' }] });
  });
});

describe('sign-ins that fail', () => {
  let desk: Desk;
  let stage: Stage;
  let played: Played;
  let key: AccessKey;
  let name: string;

  beforeAll(async () => {
    // Prepare
    desk = await Desk.open('failed-console-logins', aws.shared);
    stage = desk.stage();
    name = `carol-${stage.mark}`;
    key = await makeAttacker(stage, name, ['s3:GetAccountPublicAccessBlock'], 'Right-pass-7');

    // Act
    played = await desk.play({
      attack: async () => {
        for (let at = 0; at < 6; at += 1) {
          await signIn(stage, { userName: name, password: `guess-${at}`, sourceIPAddress: SOURCE });
        }
      },
    });
  });
  afterAll(() => desk?.close());

  it('row: logins: brute force without a success: the user is tagged, and the optional actions are proposed as set', () => {
    const incident = theIncident(played);
    expect(incident.findings['login-pattern']).toMatchObject({ kind: 'brute-force', failures: 6, successes: [] });
    expect(actionsOf(incident)).toEqual([
      `deny-addresses, IAM user ${name} from ${SOURCE}: proposed`,
      `require-new-password, IAM user ${name}: proposed`,
      `tag-iam-user, IAM user ${name}: verified`,
    ]);
  });

  it('row: logins: denying the addresses holds there and nowhere else, and undo takes it back', async () => {
    const incident = theIncident(played);
    const proposed = actionOn(incident, 'deny-addresses', `IAM user ${name} from ${SOURCE}`);
    const before = await answer(stage, key);

    const done = await releaseAndRun(desk, incident, proposed);
    const during = { there: await answer(stage, key), elsewhere: await answer(stage, key, '203.0.113.77') };
    const { status, cause } = await undo(desk, incident, done, { reason: 'the office’s address' });

    expect(done.status).toBe('verified');
    expect(before).toBe('allowed');
    expect(during).toEqual({ there: 'AccessDenied', elsewhere: 'allowed' });
    expect(cause ?? status).toBe('SUCCEEDED');
    expect(await answer(stage, key)).toBe('allowed');
    expect((await readUser(stage, name)).policies).toEqual(['work']);
  });

  it('row: logins: a new password is required at the next sign-in once released, and undo takes it back', async () => {
    const incident = theIncident(played);
    const proposed = actionOn(incident, 'require-new-password', `IAM user ${name}`);
    const required = async () => {
      const iam = new IAMClient(as(stage, stage.administrator));
      return (await iam.send(new GetLoginProfileCommand({ UserName: name }))).LoginProfile?.PasswordResetRequired;
    };
    const before = await required();

    const done = await releaseAndRun(desk, incident, proposed);
    const during = await required();
    const { status, cause } = await undo(desk, incident, done, { reason: 'it was Carol' });

    expect(done.status).toBe('verified');
    expect([before, during, await required()]).toEqual([false, true, false]);
    expect(cause ?? status).toBe('SUCCEEDED');
  });
});
