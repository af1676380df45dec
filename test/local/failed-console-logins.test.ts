import { IAMClient, PutUserPolicyCommand } from '@aws-sdk/client-iam';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { AccessKey } from '../../local/account.ts';
import {
  as,
  type Credentials,
  makeAttacker,
  type Prepared,
  type Stage,
  sessionOf,
  signIn,
} from '../../local/attacks/attack.ts';
import failedConsoleLogins from '../../local/attacks/failed-console-logins.ts';
import { Desk, type Played } from './harness/desk.ts';
import {
  actionsOf,
  expectDoneInMail,
  expectEvidence,
  expectNothingElse,
  expectOneAnsweredAlarm,
  section,
  theIncident,
  theSummary,
} from './harness/expectations.ts';
import { addKey, answerTo, readUser } from './harness/offender.ts';

let desk: Desk;
let stage: Stage;
const incidents: string[] = [];

beforeAll(async () => {
  desk = await Desk.open('failed-console-logins');
  stage = desk.stage();
});
afterAll(() => desk?.close());

async function play(attack: () => Promise<unknown>): Promise<Played> {
  const played = await desk.play({ attack });
  incidents.push(...played.incidents.map(({ id }) => id));
  return played;
}

const TIME = String.raw`\d\d:\d\d:\d\dZ`;

describe('a password is guessed, and the sign-in after it succeeds without MFA', () => {
  const SOURCE = '198.51.100.77';
  let prepared: Prepared;
  let key: AccessKey;
  let session: Credentials;
  let before: string[];
  let played: Played;
  beforeAll(async () => {
    // Prepare
    prepared = await failedConsoleLogins.prepare(stage);
    key = await addKey(stage, prepared.actor, 'Active');
    const PolicyDocument = JSON.stringify({
      Version: '2012-10-17',
      Statement: [{ Effect: 'Allow', Action: ['s3:ListAllMyBuckets', 'sts:GetSessionToken'], Resource: '*' }],
    });
    await new IAMClient(as(stage, stage.administrator)).send(
      new PutUserPolicyCommand({ UserName: prepared.actor, PolicyName: 'work', PolicyDocument }),
    );
    session = await sessionOf(stage, key);
    before = [await answerTo(stage, key), await answerTo(stage, session)];

    // Act
    played = await play(() => prepared.attack(() => {}));
  });

  it('sets off one alarm, which one execution answers', () => {
    expectOneAnsweredAlarm(played, 'failed-console-logins');
  });

  it('ends with every key and session of the user refused, which worked before', async () => {
    expect(before).toEqual(['allowed', 'allowed']);
    expect(await answerTo(stage, key)).toBe('InvalidAccessKeyId');
    expect(await answerTo(stage, session)).toBe('AccessDenied');
    const { keys, policies, tags } = await readUser(stage, prepared.actor);
    expect(Object.values(keys)).toEqual(['Inactive', 'Inactive']);
    expect(policies).toEqual(['cordon-deny-all', 'work']);
    expect(tags['cordon:incident']).toBe(theIncident(played).id);
  });

  it('stands in the ledger with users, addresses, times, frequency and the success', () => {
    const incident = theIncident(played);
    expect(incident).toMatchObject({ outcome: 'contained', severity: 'HIGH', status: 'closed', failures: [] });
    const failures = incident.events
      .filter(({ verdict }) => verdict === 'attempt')
      .map(({ record }) => record.eventTime);
    const success = incident.events.find(({ verdict }) => verdict === 'related');
    expect(failures).toHaveLength(6);
    expect(incident.findings['login-pattern']).toEqual({
      kind: 'brute-force',
      failures: 6,
      first: failures[0],
      last: failures[5],
      perMinute: 6,
      users: [{ user: prepared.actor, failures: 6, addresses: [SOURCE], exists: true }],
      addresses: [{ address: SOURCE, failures: 6, users: [prepared.actor] }],
      successes: [{ time: success?.record.eventTime, user: prepared.actor, address: SOURCE, mfa: false }],
    });
    expect(actionsOf(incident)).toEqual([
      `disable-iam-user, IAM user ${prepared.actor}: verified`,
      `tag-iam-user, IAM user ${prepared.actor}: verified`,
    ]);
  });

  it('is mailed with users, addresses, times, frequency, the success, and what was done', () => {
    const incident = theIncident(played);
    const mail = theSummary(played);
    expect(mail.subject).toContain(`HIGH CONTAINED: failed-console-logins, user ${prepared.actor}`);
    expect(section(mail, 'WHAT HAPPENED')[0]).toMatch(
      new RegExp(`^- 6 failed sign-ins from ${TIME} to ${TIME}, 6 a minute$`),
    );
    expect(section(mail, 'USERS')).toEqual([`- ${prepared.actor}, 6 failures, from ${SOURCE}`]);
    expect(section(mail, 'ADDRESSES')).toEqual([`- ${SOURCE}, 6 failures, users: ${prepared.actor}`]);
    expect(section(mail, 'DID ANY SIGN-IN SUCCEED?')).toEqual([
      expect.stringMatching(new RegExp(`^- YES: ${prepared.actor} from ${SOURCE} at ${TIME}, WITHOUT MFA$`)),
    ]);
    for (const action of incident.actions) expectDoneInMail(mail, incident, action);
  });

  it('leaves its evidence where the mail says', () => expectEvidence(desk, played));
});

describe('one address tries the passwords of a user and of nobody, and none is right', () => {
  const SOURCE = '203.0.113.9';
  const name = () => `grace-${stage.mark}`;
  let key: AccessKey;
  let played: Played;
  beforeAll(async () => {
    // Prepare
    key = await makeAttacker(stage, name(), ['s3:ListAllMyBuckets'], `Secret-${stage.mark}-1!`);

    // Act
    played = await play(async () => {
      for (const userName of [name(), 'admin', name(), 'administrator', name(), 'root']) {
        await signIn(stage, { userName, password: 'Spring2026!', sourceIPAddress: SOURCE });
      }
    });
  });

  it('is an attempt: the user is tagged and goes on working', async () => {
    expectOneAnsweredAlarm(played, 'failed-console-logins');
    const incident = theIncident(played);
    expect(incident).toMatchObject({ outcome: 'attempt', severity: 'MEDIUM', status: 'closed', failures: [] });
    expect(actionsOf(incident)).toEqual([`tag-iam-user, IAM user ${name()}: verified`]);
    expect(await answerTo(stage, key)).toBe('allowed');
  });

  it('is mailed with who exists and who does not, and that nobody got in', () => {
    const mail = theSummary(played);
    expect(mail.subject).toContain('MEDIUM ATTEMPT: failed-console-logins');
    expect(section(mail, 'USERS')).toEqual([
      `- ${name()}, 3 failures, from ${SOURCE}`,
      `- a user name that does not exist (no such user in this account), 3 failures, from ${SOURCE}`,
    ]);
    expect(section(mail, 'DID ANY SIGN-IN SUCCEED?')).toEqual([expect.stringMatching(/^- No successful sign-in/)]);
  });
});

describe('four sign-ins fail', () => {
  it('sets nothing off', async () => {
    // Prepare
    const name = `heidi-${stage.mark}`;
    await makeAttacker(stage, name, ['s3:ListAllMyBuckets'], `Secret-${stage.mark}-2!`);

    // Act
    const came = await desk.playHarmless(async () => {
      for (let n = 1; n <= 4; n++) await signIn(stage, { userName: name, password: `Forgotten-${n}` });
    });

    // Assess
    const failures = await desk.delivered(({ userIdentity }) => userIdentity?.userName === name);
    expect(failures.map(({ responseElements }) => responseElements)).toEqual(
      Array(4).fill({ ConsoleLogin: 'Failure' }),
    );
    expect(came).toEqual({ alarm: [], mails: [] });
    await expectNothingElse(desk, { incidents, executions: 2 });
  });
});
