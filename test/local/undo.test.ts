import { createServer, type ServerResponse } from 'node:http';
import {
  CloudFormationClient,
  DescribeStacksCommand,
  GetTemplateCommand,
  UpdateStackCommand,
} from '@aws-sdk/client-cloudformation';
import { CloudTrailClient, StopLoggingCommand } from '@aws-sdk/client-cloudtrail';
import { DeleteRolePolicyCommand, DeleteUserPolicyCommand, IAMClient, PutRolePolicyCommand } from '@aws-sdk/client-iam';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { AccessKey } from '../../local/account.ts';
import type { ActionRecord } from '../../playbooks/incident.ts';
import { as, type Stage } from '../../simulate/attack.ts';
import { listening } from '../loopback-server.ts';
import { Desk, type Played } from './harness/desk.ts';
import { eventually } from './harness/eventually.ts';
import { ended, start } from './harness/executions.ts';
import { actionOn, actionsOf, section, theIncident, theSummary } from './harness/expectations.ts';
import { answerTo, makeOffender, type Offender, readUser, setKey } from './harness/offender.ts';
import { startTestAws, type TestAws } from './harness/test-aws.ts';
import { undo, undoer } from './harness/undo.ts';

let aws: TestAws;
let desk: Desk;
let stage: Stage;

// The trail is stopped again and again, and a function's rights are taken: other files would see it.
beforeAll(async () => {
  aws = await startTestAws();
  desk = await Desk.open('trail-tampering', aws.shared);
  stage = desk.stage();
});
afterAll(async () => {
  await desk?.close();
  await aws?.close();
});

const stopLogging = (key: AccessKey): Promise<unknown> =>
  new CloudTrailClient(as(stage, key)).send(new StopLoggingCommand({ Name: 'cordon' }));
const stop = (key: AccessKey): Promise<Played> => desk.play({ attack: () => stopLogging(key), stopsTrail: true });
const reason = { reason: 'it was a drill' };
const notUndone = (key: string) =>
  desk.mail(({ subject, body }) => subject.includes('NOT UNDONE') && body.includes(`Action: ${key}\n`));

describe('one user in two incidents', () => {
  let mallory: Offender;
  let first: Played;
  let second: Played;
  let actions: ActionRecord[];
  beforeAll(async () => {
    // Prepare
    mallory = await makeOffender(stage, `twice-${stage.mark}`, ['cloudtrail:StopLogging']);
    first = await stop(mallory.key);
    // Somebody lets the key work again, and so it is used again.
    await setKey(stage, mallory.name, mallory.key.accessKeyId, 'Active');
    const iam = new IAMClient(as(stage, stage.administrator));
    await iam.send(new DeleteUserPolicyCommand({ UserName: mallory.name, PolicyName: 'cordon-deny-all' }));
    second = await stop(mallory.key);
    actions = [first, second].map((played) =>
      actionOn(theIncident(played), 'disable-iam-user', `IAM user ${mallory.name}`),
    );
  });

  it('row: undo: the first of two incidents that hold a user: refused with the other’s name, mailed, and the user stays shut out', async () => {
    const [action] = actions as [ActionRecord];
    const { status, cause } = await undo(desk, theIncident(first), action, reason);

    expect(status).toBe('FAILED');
    expect(cause).toContain(`is held by ${action.key} of incident ${theIncident(second).id}`);
    const mail = await notUndone(action.key);
    expect(mail.body).toContain(`is held by ${action.key} of incident ${theIncident(second).id} (verified since `);
    expect(mail.body).toContain(
      `Incident: ${theIncident(first).id}\nAsked by: ${undoer(desk)}\nReason given: it was a drill\n`,
    );
    expect(await answerTo(stage, mallory.key)).toBe('InvalidAccessKeyId');
    expect((await readUser(stage, mallory.name)).policies).toContain('cordon-deny-all');
  });

  it('row: undo: the later of two incidents, then the first: the user works again', async () => {
    const [one, two] = actions as [ActionRecord, ActionRecord];
    const outcomes = [
      (await undo(desk, theIncident(second), two, reason)).status,
      // The key was let loose in between, so the first one does not find what it left.
      (await undo(desk, theIncident(first), one, { ...reason, force: true })).status,
    ];

    expect(outcomes).toEqual(['SUCCEEDED', 'SUCCEEDED']);
    expect(await answerTo(stage, mallory.key)).toBe('allowed');
  });
});

describe('an undo that does not come to its end', () => {
  let played: Played;
  let action: ActionRecord;
  beforeAll(async () => {
    const oscar = await makeOffender(stage, `oscar-${stage.mark}`, ['cloudtrail:StopLogging']);
    played = await stop(oscar.key);
    action = actionOn(theIncident(played), 'disable-iam-user', `IAM user ${oscar.name}`);
  });

  it('row: undo: it fails as cordon is refused the call: mailed with the reason, and the execution fails', async () => {
    // Prepare
    // Past the recorder: whoever changes one of cordon's roles so that anybody could see it is an offender.
    const iam = new IAMClient({ ...as(stage, stage.administrator), endpoint: aws.shared.unrecorded });
    const policy = { RoleName: 'cordon-undo-disable-iam-user', PolicyName: 'in-the-way' };
    const Statement = [{ Effect: 'Deny', Action: 'iam:UpdateAccessKey', Resource: '*' }];
    await iam.send(
      new PutRolePolicyCommand({ ...policy, PolicyDocument: JSON.stringify({ Version: '2012-10-17', Statement }) }),
    );

    // Act
    const { status } = await undo(desk, theIncident(played), action, reason);
    await iam.send(new DeleteRolePolicyCommand(policy));

    // Assess
    expect(status).toBe('FAILED');
    const mail = await notUndone(action.key);
    expect(mail.body).toMatch(
      /^An undo was refused, or it failed: .*\n\nWhy: .*not authorized to perform: iam:UpdateAccessKey/,
    );
    expect((await desk.ledger.action(theIncident(played).id, action.key)).status).toBe('verified');
  });

  it.each([
    ['of an action that is none', { action: 'no-such-action', key: 'no-such-key' }, 'The input names no action'],
    ['of an incident that is none', { action: 'start-logging', key: 'start-logging-000000' }, 'has no action'],
  ])('row: undo: %s: mailed, and nothing is changed', async (_, asked, why) => {
    const { sfn } = desk.clients;
    const input = JSON.stringify({ incidentId: 'none', by: undoer(desk), reason: 'a mistake', force: false, ...asked });
    const { status } = await ended(sfn, await start(sfn, desk.machineOf('undo'), input));

    expect(status).toBe('FAILED');
    expect((await notUndone(asked.key)).body).toContain(why);
  });
});

/** Keeps a deployment going: the custom resource of a stack waits for its gate. */
async function startGate() {
  const waiting: ServerResponse[] = [];
  const server = createServer((_request, response) => void waiting.push(response));
  const { url } = await listening(server);
  return {
    url,
    open: () => {
      for (const response of waiting) response.end('go on');
      return new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

const WAITS = `exports.handler = async (event) => {
  if (event.RequestType !== 'Delete') await (await fetch(event.ResourceProperties.Gate)).text();
  const body = JSON.stringify({ Status: 'SUCCESS', PhysicalResourceId: 'gate', StackId: event.StackId, RequestId: event.RequestId, LogicalResourceId: event.LogicalResourceId });
  await fetch(event.ResponseURL, { method: 'PUT', body });
};`;

describe('the caller of a running deployment', () => {
  it('row: guard: caller of a running deployment, by real calls: withheld, the trail restored, and disabled once it is over', async () => {
    // Prepare
    const dora = await makeOffender(stage, `dora-${stage.mark}`, [
      'cloudtrail:StopLogging',
      'cloudformation:*',
      'lambda:*',
      'iam:PassRole',
      's3:*',
      'logs:*',
    ]);
    const gate = await startGate();
    const cloudFormation = new CloudFormationClient(as(stage, dora.key));
    const StackName = 'cordon-trail';
    const { TemplateBody = '{}' } = await cloudFormation.send(new GetTemplateCommand({ StackName }));
    const template = JSON.parse(TemplateBody) as { Resources: Record<string, unknown> };
    template.Resources.GateFunction = {
      Type: 'AWS::Lambda::Function',
      Properties: {
        ...{ FunctionName: 'gate', Handler: 'index.handler', Runtime: 'nodejs20.x', Timeout: 300 },
        Role: `arn:aws:iam::${stage.account}:role/cordon-claim`,
        Code: { ZipFile: WAITS },
      },
    };
    const ServiceToken = { 'Fn::GetAtt': ['GateFunction', 'Arn'] };
    template.Resources.Gate = { Type: 'Custom::Gate', Properties: { ServiceToken, Gate: gate.url } };
    const statusOf = async () =>
      (await cloudFormation.send(new DescribeStacksCommand({ StackName }))).Stacks?.[0]?.StackStatus ?? '';

    // Act
    const seen: string[] = [];
    const during = await desk.play({
      attack: async () => {
        await cloudFormation.send(
          new UpdateStackCommand({
            StackName,
            TemplateBody: JSON.stringify(template),
            Capabilities: ['CAPABILITY_NAMED_IAM'],
          }),
        );
        seen.push(await statusOf());
        await stopLogging(dora.key);
      },
      stopsTrail: true,
    });
    seen.push(await statusOf());
    await gate.open();
    await eventually(
      'the end of the deployment',
      async () => ((await statusOf()).endsWith('_COMPLETE') ? true : undefined),
      statusOf,
    );
    const after = await stop(dora.key);

    // Assess
    expect(seen).toEqual(['UPDATE_IN_PROGRESS', 'UPDATE_IN_PROGRESS']);
    expect(actionsOf(theIncident(during))).toEqual([
      `disable-iam-user, IAM user ${dora.name}: withheld`,
      'start-logging, trail cordon: verified',
      `tag-iam-user, IAM user ${dora.name}: withheld`,
    ]);
    expect(section(theSummary(during), 'STILL OPEN').join('\n')).toContain(
      'is deploying the stack cordon-trail right now',
    );
    expect(actionOn(theIncident(after), 'disable-iam-user', `IAM user ${dora.name}`).status).toBe('verified');
  });
});
