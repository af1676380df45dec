import { randomUUID } from 'node:crypto';
import { CloudWatchLogsClient, CreateLogStreamCommand, PutLogEventsCommand } from '@aws-sdk/client-cloudwatch-logs';
import { GetUserCommand, IAMClient } from '@aws-sdk/client-iam';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { as, type Prepared, type Stage } from '../../simulate/attack.ts';
import rootUsage from '../../simulate/root-usage.ts';
import { Desk, type Played } from './harness/desk.ts';
import {
  actionsOf,
  callsOf,
  expectEvidence,
  expectNothingElse,
  expectOneAnsweredAlarm,
  section,
  theIncident,
  theSummary,
} from './harness/expectations.ts';

const SOURCE = '203.0.113.66';

let desk: Desk;
let stage: Stage;
const incidents: string[] = [];

beforeAll(async () => {
  desk = await Desk.open('root-usage');
  stage = desk.stage();
});
afterAll(() => desk?.close());

/**
 * Records of what AWS does in root's name. Nothing that can be called makes one here, so they are put where the trail
 * would have delivered them.
 */
async function deliverByHand(...records: Record<string, unknown>[]): Promise<void> {
  const logs = new CloudWatchLogsClient(as(stage, stage.administrator));
  const stream = { logGroupName: '/cordon/trail', logStreamName: `by-hand-${stage.mark}` };
  const logEvents = records.map((record) => ({ timestamp: Date.now(), message: JSON.stringify(record) }));
  await logs.send(new CreateLogStreamCommand(stream));
  await logs.send(new PutLogEventsCommand({ ...stream, logEvents }));
}

const byRoot = (userIdentity: Record<string, unknown>, rest: Record<string, unknown>) => ({
  eventVersion: '1.11',
  userIdentity: {
    type: 'Root',
    principalId: stage.account,
    arn: `arn:aws:iam::${stage.account}:root`,
    accountId: stage.account,
    ...userIdentity,
  },
  eventTime: `${new Date().toISOString().slice(0, 19)}Z`,
  awsRegion: stage.region,
  requestParameters: null,
  responseElements: null,
  eventID: randomUUID(),
  readOnly: false,
  eventType: 'AwsApiCall',
  managementEvent: true,
  recipientAccountId: stage.account,
  eventCategory: 'Management',
  ...rest,
});

describe('what AWS does in the name of root', () => {
  it('sets nothing off', async () => {
    // Prepare
    const invoked = byRoot(
      { invokedBy: 'autoscaling.amazonaws.com' },
      {
        eventSource: 'ec2.amazonaws.com',
        eventName: 'TerminateInstances',
        sourceIPAddress: 'autoscaling.amazonaws.com',
        userAgent: 'autoscaling.amazonaws.com',
      },
    );
    const ofService = byRoot(
      {},
      {
        eventSource: 'kms.amazonaws.com',
        eventName: 'RotateKey',
        sourceIPAddress: 'AWS Internal',
        userAgent: 'AWS Internal',
        eventType: 'AwsServiceEvent',
      },
    );

    // Act
    const came = await desk.playHarmless(() => deliverByHand(invoked, ofService));

    // Assess
    const delivered = await desk.delivered(({ userIdentity }) => userIdentity?.type === 'Root');
    expect(delivered).toEqual([invoked, ofService]);
    expect(came).toEqual({ alarm: [], mails: [] });
  });
});

describe('somebody signs in as root and makes an administrator', () => {
  let prepared: Prepared;
  let played: Played;
  const backdoor = () => `support-${stage.mark}`;
  beforeAll(async () => {
    // Prepare
    prepared = await rootUsage.prepare(stage);

    // Act
    played = await desk.play({ attack: () => prepared.attack(() => {}) });
    incidents.push(...played.incidents.map(({ id }) => id));
  });

  it('sets off one alarm, which one execution answers', () => {
    expectOneAnsweredAlarm(played, 'root-usage');
  });

  it('stands in the ledger with each use, its time, address and call', () => {
    const incident = theIncident(played);
    expect(incident).toMatchObject({ severity: 'CRITICAL', failures: [] });
    expect(callsOf(incident)).toEqual(
      ['ConsoleLogin', 'CreateUser', 'AttachUserPolicy'].map((call) => ({
        call,
        by: 'the root user',
        verdict: 'offence',
      })),
    );
    const uses = incident.events.map(({ record }) => ({
      time: record.eventTime,
      call: record.eventName,
      address: SOURCE,
    }));
    expect(incident.findings['root-activity']?.uses).toMatchObject(uses);
    expect(incident.findings['root-activity']?.uses[0]).toMatchObject({ mfa: false });
  });

  it('is never called contained: nothing is done to root, and an analyst gets a list of what to do', async () => {
    const incident = theIncident(played);
    const mail = theSummary(played);
    expect(incident).toMatchObject({ outcome: 'needs-analyst', status: 'handed-over' });
    expect(actionsOf(incident)).toEqual([`disable-iam-user, IAM user ${backdoor()}: proposed`]);
    expect(mail.subject).toBe(`[cordon] CRITICAL NEEDS AN ANALYST: root-usage, root, ${stage.account}`);
    expect(`${mail.subject}\n${mail.body}`).not.toMatch(/\bcontained\b/i);
    expect(section(mail, 'STILL OPEN').join()).toContain('nothing inside the account can contain this principal');
    const toDo = section(mail, 'FOR YOU TO DO').filter((line) => /^\d+\. /.test(line));
    expect(toDo.length).toBeGreaterThanOrEqual(4);
    expect(toDo.join('\n')).toMatch(/change its password, replace its MFA device, and delete its access keys/);
    const iam = new IAMClient(as(stage, stage.administrator));
    const { User } = await iam.send(new GetUserCommand({ UserName: backdoor() }));
    expect(User?.UserName).toBe(backdoor());
  });

  it('is mailed with each use, its time, address and call', () => {
    const at = String.raw`\d\d:\d\d:\d\dZ`;
    expect(section(theSummary(played), 'WHAT ROOT DID')).toEqual([
      expect.stringMatching(new RegExp(`^- ${at} ConsoleLogin, from ${SOURCE}, WITHOUT MFA`)),
      expect.stringMatching(new RegExp(`^- ${at} CreateUser, from ${SOURCE}, .*${backdoor()}`)),
      expect.stringMatching(new RegExp(`^- ${at} AttachUserPolicy, from ${SOURCE}, .*AdministratorAccess`)),
    ]);
  });

  it('leaves its evidence where the mail says', () => expectEvidence(desk, played));

  it('is all that came of root, before and after', () => expectNothingElse(desk, { incidents, executions: 1 }));
});
