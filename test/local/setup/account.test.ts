import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CloudFormationClient, CreateStackCommand, waitUntilStackCreateComplete } from '@aws-sdk/client-cloudformation';
import {
  AttachUserPolicyCommand,
  CreateAccessKeyCommand,
  CreatePolicyVersionCommand,
  CreateRoleCommand,
  CreateUserCommand,
  DeleteUserPermissionsBoundaryCommand,
  GetUserCommand,
  IAMClient,
  ListRolesCommand,
  ListUsersCommand,
  PutUserPolicyCommand,
} from '@aws-sdk/client-iam';
import { CreateTopicCommand, PublishCommand, SNSClient } from '@aws-sdk/client-sns';
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { socPolicyArn } from '../../../infra/soc-administrator.ts';
import { type AccessKey, type AccountAddress, makeUser, setUpAccount } from '../../../local/account.ts';
import { type Emulator, startEmulator } from '../../../local/emulator.ts';
import { type Mailbox, startMailbox } from '../../../local/mailbox.ts';

const ACCOUNT = '111122223333';
const REGION = 'us-east-1';
const root: AccessKey = { accessKeyId: 'AKIAROOTROOTROOTROOT', secretAccessKey: randomBytes(20).toString('hex') };

let dir: string;
let emulator: Emulator;
let address: AccountAddress;
let soc: AccessKey;
let accountAdministrator: AccessKey;

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'cordon-test-'));
  const endpointForLambdas = new URL('http://localhost:1');
  emulator = await startEmulator({ endpointForLambdas, root, account: ACCOUNT, region: REGION, dir });
  address = { endpoint: emulator.url.href, account: ACCOUNT, region: REGION };
  ({ soc, accountAdministrator } = await setUpAccount(address, root));
});

afterAll(async () => {
  await emulator?.close();
  await rm(dir, { recursive: true, force: true });
});

const client = (credentials: AccessKey): IAMClient => new IAMClient({ ...address, credentials });

describe('the SOC administrator', () => {
  const trust = JSON.stringify({
    Version: '2012-10-17',
    Statement: [{ Effect: 'Allow', Principal: { Service: 'lambda.amazonaws.com' }, Action: 'sts:AssumeRole' }],
  });

  it('is an IAM user held by its boundary', async () => {
    // Prepare
    const sts = new STSClient({ ...address, credentials: soc });

    // Act
    const identity = await sts.send(new GetCallerIdentityCommand({}));
    const { User: user } = await client(soc).send(new GetUserCommand({ UserName: 'soc-admin' }));

    // Assess
    expect(identity.Arn).toBe(`arn:aws:iam::${ACCOUNT}:user/soc-admin`);
    expect(user?.PermissionsBoundary?.PermissionsBoundaryArn).toBe(socPolicyArn(ACCOUNT, 'boundary'));
  });

  it('deploys a stack of the product, and none of another name', async () => {
    // Prepare
    const cloudFormation = new CloudFormationClient({ ...address, credentials: soc });
    const TemplateBody = JSON.stringify({
      Resources: {
        Step: {
          Type: 'AWS::IAM::Role',
          Properties: {
            AssumeRolePolicyDocument: JSON.parse(trust),
            PermissionsBoundary: socPolicyArn(ACCOUNT, 'roleBoundary'),
          },
        },
        Alerts: { Type: 'AWS::SNS::Topic' },
      },
    });
    const Capabilities = ['CAPABILITY_IAM' as const];

    // Act
    await cloudFormation.send(new CreateStackCommand({ StackName: 'cordon-response', TemplateBody, Capabilities }));
    await waitUntilStackCreateComplete(
      { client: cloudFormation, maxWaitTime: 20, minDelay: 1 },
      { StackName: 'cordon-response' },
    );
    const other = cloudFormation.send(new CreateStackCommand({ StackName: 'other', TemplateBody, Capabilities }));

    // Assess
    await expect(other).rejects.toMatchObject({ name: expect.stringMatching(/^AccessDenied/) });
    const { Roles: roles } = await client(soc).send(new ListRolesCommand({}));
    expect(roles?.map((role) => role.RoleName)).toEqual([expect.stringMatching(/^cordon-response-Step-/)]);
  });

  it.each([
    [
      'a role without the boundary',
      new CreateRoleCommand({ RoleName: 'cordon-free', AssumeRolePolicyDocument: trust }),
    ],
    [
      'a role that is not of the product',
      new CreateRoleCommand({
        RoleName: 'other',
        AssumeRolePolicyDocument: trust,
        PermissionsBoundary: socPolicyArn(ACCOUNT, 'roleBoundary'),
      }),
    ],
    ['a user', new CreateUserCommand({ UserName: 'mallory' })],
    ['a key for another user', new CreateAccessKeyCommand({ UserName: 'account-admin' })],
    ['the end of its boundary', new DeleteUserPermissionsBoundaryCommand({ UserName: 'soc-admin' })],
    [
      'another version of its boundary',
      new CreatePolicyVersionCommand({
        PolicyArn: socPolicyArn(ACCOUNT, 'boundary'),
        PolicyDocument: '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}',
        SetAsDefault: true,
      }),
    ],
    [
      'more rights for itself',
      new AttachUserPolicyCommand({ UserName: 'soc-admin', PolicyArn: 'arn:aws:iam::aws:policy/AdministratorAccess' }),
    ],
  ])('is refused %s', async (_what, command) => {
    // Act
    const call = client(soc).send(command as CreateUserCommand);

    // Assess
    await expect(call).rejects.toMatchObject({ name: expect.stringMatching(/^AccessDenied/) });
  });

  it('stays within its boundary even with all rights', async () => {
    // Prepare
    const everything = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}';
    const administrator = client(accountAdministrator);
    await administrator.send(
      new PutUserPolicyCommand({ UserName: 'soc-admin', PolicyName: 'all', PolicyDocument: everything }),
    );

    // Act
    const call = client(soc).send(new CreateUserCommand({ UserName: 'mallory' }));

    // Assess
    await expect(call).rejects.toMatchObject({ name: expect.stringMatching(/^AccessDenied/) });
  });
});

describe('makeUser', () => {
  it('makes an administrator, and only a key for one who exists', async () => {
    // Act
    const first = await makeUser(address, accountAdministrator, 'alice');
    const second = await makeUser(address, accountAdministrator, 'alice');

    // Assess
    expect(second.accessKeyId).not.toBe(first.accessKeyId);
    const { Users: users } = await client(second).send(new ListUsersCommand({}));
    expect(users?.map((user) => user.UserName).sort()).toEqual(['account-admin', 'alice', 'soc-admin']);
  });

  it('refuses a name that IAM does not take, before any call', async () => {
    // Act
    const call = makeUser(address, accountAdministrator, 'alice; rm -rf /');

    // Assess
    await expect(call).rejects.toThrow('"alice; rm -rf /" is no IAM user name');
  });
});

describe('the mailbox', () => {
  let mailbox: Mailbox;
  beforeAll(async () => {
    mailbox = await startMailbox({ endpoint: emulator.url });
  });
  afterAll(() => mailbox?.close());

  it('gets what is published to a topic that it subscribed to', async () => {
    // Prepare
    const sns = new SNSClient({ ...address, credentials: soc });
    const { TopicArn: topic = '' } = await sns.send(new CreateTopicCommand({ Name: 'cordon-alerts' }));
    await mailbox.subscribe(sns, topic);

    // Act
    const published = await sns.send(
      new PublishCommand({
        TopicArn: topic,
        Subject: 'HIGH: a bucket is public',
        Message: 'Line one\nline two – ünïcode',
      }),
    );
    const mail = await mailbox.waitFor((candidate) => candidate.messageId === published.MessageId);

    // Assess
    expect(mail).toMatchObject({ topic, subject: 'HIGH: a bucket is public', body: 'Line one\nline two – ünïcode' });
    expect(mailbox.mails).toHaveLength(1);
  });
});
