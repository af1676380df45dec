import { IAMClient, PutUserPolicyCommand, TagUserCommand } from '@aws-sdk/client-iam';
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
} from '../../simulate/attack.ts';
import failedConsoleLogins from '../../simulate/failed-console-logins.ts';
import { Desk, type Played } from './harness/desk.ts';
import {
  actionOn,
  actionsOf,
  expectDoneInMail,
  expectEvidence,
  expectNothingElse,
  expectOneAnsweredAlarm,
  section,
  theIncident,
  theSummary,
} from './harness/expectations.ts';
import { addKey, answerTo, deactivateKey, readUser, setKey } from './harness/offender.ts';
import { undo, undoer } from './harness/undo.ts';

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
  let inactive: string;
  let session: Credentials;
  let before: string[];
  let played: Played;
  beforeAll(async () => {
    // Prepare
    prepared = await failedConsoleLogins.prepare(stage);
    inactive = await deactivateKey(stage, prepared.actor);
    key = await addKey(stage, prepared.actor);
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
    expect(keys).toEqual({ [inactive]: 'Inactive', [key.accessKeyId]: 'Inactive' });
    expect(policies).toEqual(['cordon-deny-all', 'work']);
    expect(tags['cordon:incident']).toBe(theIncident(played).id);
  });

  it('stands in the ledger with users, addresses, times, frequency and the success', () => {
    const incident = theIncident(played);
    expect(incident).toMatchObject({ outcome: 'contained', severity: 'HIGH', status: 'handed-over', failures: [] });
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
      successes: [
        {
          time: success?.record.eventTime,
          user: prepared.actor,
          key: `user:${prepared.actor}`,
          address: SOURCE,
          mfa: false,
        },
      ],
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

  describe('and an analyst undoes what was done', () => {
    const contained = { policies: ['cordon-deny-all', 'work'] };
    const now = async (action: string) => {
      const incident = await desk.ledger.incident(theIncident(played).id);
      return { incident, action: actionOn(incident, action, `IAM user ${prepared.actor}`) };
    };

    it('is refused while the user is not as it was left', async () => {
      // Prepare
      const { incident, action } = await now('disable-iam-user');
      await setKey(stage, prepared.actor, key.accessKeyId, 'Active');

      // Act
      const { status } = await undo(desk, incident, action, { reason: 'too early' });

      // Assess
      await setKey(stage, prepared.actor, key.accessKeyId, 'Inactive');
      expect(status).toBe('FAILED');
      expect((await now('disable-iam-user')).action).toEqual(action);
      expect(await readUser(stage, prepared.actor)).toMatchObject(contained);
    });

    it('gives the user back exactly the keys that were active, once, and mails it', async () => {
      // Prepare
      const { incident, action } = await now('disable-iam-user');
      const by = undoer(desk);

      // Act
      const first = await undo(desk, incident, action, { reason: 'it was the user after all' });
      const mail = await desk.mail(
        ({ subject, body }) => subject.includes('UNDONE: failed-console-logins') && body.includes(action.key),
      );
      const second = await undo(desk, incident, action, { reason: 'once more' });

      // Assess
      expect([first.status, second.status]).toEqual(['SUCCEEDED', 'FAILED']);
      const { keys, policies } = await readUser(stage, prepared.actor);
      expect(keys).toEqual({ [inactive]: 'Inactive', [key.accessKeyId]: 'Active' });
      expect(policies).toEqual(['work']);
      expect([await answerTo(stage, key), await answerTo(stage, session)]).toEqual(['allowed', 'allowed']);
      const { action: undone } = await now('disable-iam-user');
      expect(undone).toMatchObject({ status: 'undone', undoneBy: by, reason: 'it was the user after all' });
      expect(undone.at.undone).toMatch(/^\d{4}-\d\d-\d\dT/);
      expect(mail.subject).toBe(
        `[cordon] ${incident.severity} UNDONE: failed-console-logins, ${action.label}, ${incident.account}`,
      );
      expect(mail.body).toContain(by);
      expect(mail.body).toContain('it was the user after all');
    });

    it('is done to what was changed since only by force', async () => {
      // Prepare
      const { incident, action } = await now('tag-iam-user');
      await new IAMClient(as(stage, stage.administrator)).send(
        new TagUserCommand({ UserName: prepared.actor, Tags: [{ Key: 'cordon:incident', Value: 'another' }] }),
      );

      // Act
      const unforced = await undo(desk, incident, action, { reason: 'not looked at' });
      const { tags } = await readUser(stage, prepared.actor);
      const forced = await undo(desk, incident, action, { reason: 'looked at', force: true });

      // Assess
      expect([unforced.status, forced.status]).toEqual(['FAILED', 'SUCCEEDED']);
      expect(tags['cordon:incident']).toBe('another');
      expect((await readUser(stage, prepared.actor)).tags).toEqual({});
    });
  });
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
    expect(incident).toMatchObject({ outcome: 'attempt', severity: 'MEDIUM', status: 'handed-over', failures: [] });
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
