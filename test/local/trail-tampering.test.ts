import {
  CloudTrailClient,
  GetTrailStatusCommand,
  StartLoggingCommand,
  StopLoggingCommand,
} from '@aws-sdk/client-cloudtrail';
import { DeleteAccessKeyCommand, DeleteUserCommand, DeleteUserPolicyCommand, IAMClient } from '@aws-sdk/client-iam';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { AccessKey } from '../../local/account.ts';
import { plural } from '../../playbooks/report/words.ts';
import { as, from, makeAttacker, type Stage } from '../../simulate/attack.ts';
import { Desk, type Played } from './harness/desk.ts';
import { ended, start, statesOf } from './harness/executions.ts';
import {
  actionOn,
  actionsOf,
  callsOf,
  expectDoneInMail,
  expectEvidence,
  expectNothingElse,
  expectOneAnsweredAlarm,
  section,
  summaries,
  theIncident,
  theSummary,
} from './harness/expectations.ts';
import { answerTo, makeOffender, type Offender, readUser } from './harness/offender.ts';
import { deliveredTwice } from './harness/second-delivery.ts';

const SOURCE = '198.51.100.23';
const DUPLICATE = ['Claim', 'New?', 'Delivered twice'];

let desk: Desk;
let stage: Stage;
const incidents: string[] = [];
let executions = 0;

beforeAll(async () => {
  desk = await Desk.open('trail-tampering');
  stage = desk.stage();
});
afterAll(() => desk?.close());

/** Plays an attack that stops the trail, or tries to, and remembers what came of it. */
async function play(attack: () => Promise<unknown>, stopsTrail = true): Promise<Played> {
  const played = await desk.play({ attack, stopsTrail });
  incidents.push(...played.incidents.map(({ id }) => id));
  executions += played.executions.length;
  return played;
}

const stopLogging = (key: AccessKey): Promise<unknown> =>
  from(SOURCE, new CloudTrailClient(as(stage, key))).send(new StopLoggingCommand({ Name: 'cordon' }));

async function isLogging(): Promise<boolean | undefined> {
  const cloudTrail = new CloudTrailClient(as(stage, stage.administrator));
  return (await cloudTrail.send(new GetTrailStatusCommand({ Name: 'cordon' }))).IsLogging;
}

describe('an IAM user stops the trail', () => {
  let offender: Offender;
  let before: string[];
  let stopped: boolean | undefined;
  let played: Played;
  beforeAll(async () => {
    // Prepare
    offender = await makeOffender(stage, `mallory-${stage.mark}`, ['cloudtrail:StopLogging']);
    before = [await answerTo(stage, offender.key), await answerTo(stage, offender.session)];

    // Act
    played = await play(async () => {
      await stopLogging(offender.key);
      stopped = await isLogging();
    });
  });

  it('sets off one alarm, which one execution answers', () => {
    expectOneAnsweredAlarm(played, 'trail-tampering');
  });

  it('is undone: the trail, which was off, records again', async () => {
    expect(stopped).toBe(false);
    expect(await isLogging()).toBe(true);
    const [action] = theIncident(played).actions;
    expect(action).toMatchObject({ action: 'start-logging', before: { logging: false }, after: { logging: true } });
  });

  it('ends with every key and session of the user refused, which worked before', async () => {
    expect(before).toEqual(['allowed', 'allowed']);
    expect(await answerTo(stage, offender.key)).toBe('InvalidAccessKeyId');
    expect(await answerTo(stage, offender.session)).toBe('AccessDenied');
  });

  it('leaves the user disabled and tagged, as IAM reads back', async () => {
    const incident = theIncident(played);
    expect(await readUser(stage, offender.name)).toEqual({
      keys: { [offender.key.accessKeyId]: 'Inactive' },
      policies: ['cordon-deny-all', 'work'],
      tags: {
        'cordon:incident': incident.id,
        'cordon:detection': 'trail-tampering',
        'cordon:at': expect.stringMatching(/^\d{4}-/),
      },
    });
  });

  it('stands in the ledger with user, action and the time that logging was off', () => {
    const incident = theIncident(played);
    expect(incident).toMatchObject({ outcome: 'contained', severity: 'CRITICAL', status: 'handed-over', failures: [] });
    expect(callsOf(incident)).toEqual([{ call: 'StopLogging', by: `IAM user ${offender.name}`, verdict: 'offence' }]);
    expect(incident.findings.actor).toMatchObject([{ kind: 'iam-user', addresses: [SOURCE] }]);
    const [gap] = incident.findings['logging-gap'] ?? [];
    expect(gap).toMatchObject({ logging: true, stoppedAt: incident.events[0]?.record.eventTime });
    const off = (Date.parse(gap?.restartedAt ?? '') - Date.parse(gap?.stoppedAt ?? '')) / 1000;
    expect(gap?.offSeconds).toBe(Math.round(off));
    expect(off).toBeGreaterThanOrEqual(0);
    expect(off).toBeLessThan(30);
    expect(actionsOf(incident)).toEqual([
      `disable-iam-user, IAM user ${offender.name}: verified`,
      'start-logging, trail cordon: verified',
      `tag-iam-user, IAM user ${offender.name}: verified`,
    ]);
  });

  it('is mailed with user, exact action, seconds off, logging on again, and what was done', () => {
    const incident = theIncident(played);
    const mail = theSummary(played);
    expect(summaries(played, incident)).toHaveLength(1);
    expect(mail.subject).toBe(`[cordon] CRITICAL CONTAINED: trail-tampering, trail cordon, ${stage.account}`);
    expect(section(mail, 'WHAT HAPPENED')).toEqual([
      expect.stringMatching(/^- \d\d:\d\d:\d\dZ StopLogging, trail cordon, by IAM user mallory-\w+, logging stopped$/),
    ]);
    expect(section(mail, 'LOGGING')).toEqual([
      expect.stringMatching(/^- Trail cordon is logging \(read back\), was off for \d+ seconds?, from \S+Z to \S+Z$/),
    ]);
    expect(section(mail, 'WHO')[0]).toBe(`- IAM user ${offender.name}, from ${SOURCE}`);
    for (const action of incident.actions) expectDoneInMail(mail, incident, action);
    expect(section(mail, 'STILL OPEN')).toEqual([]);
  });

  it('leaves its evidence where the mail says', () => expectEvidence(desk, played));

  it('makes one incident when its alarm is delivered again later', async () => {
    // Act
    const again = await start(desk.clients.sfn, desk.machine, played.executions[0]?.input ?? '');
    executions += 1;
    const { status } = await ended(desk.clients.sfn, again);

    // Assess
    expect(status).toBe('SUCCEEDED');
    expect(await statesOf(desk.clients.sfn, again)).toEqual(DUPLICATE);
    const incident = theIncident(played);
    expect(await desk.ledger.incident(incident.id)).toEqual(incident);
    const { mails } = await desk.playHarmless(async () => {});
    expect(mails).toEqual([]);
  });
});

describe('a user without the permission tries to stop the trail, and the alarm is delivered twice at once', () => {
  let key: AccessKey;
  const name = () => `eve-${stage.mark}`;
  let played: Played;
  beforeAll(async () => {
    // Prepare
    key = await makeAttacker(stage, name(), ['s3:ListAllMyBuckets']);

    // Act
    played = await deliveredTwice(desk, () =>
      play(() => expect(stopLogging(key)).rejects.toThrow('not authorized to perform: cloudtrail:StopLogging'), false),
    );
  });

  it('is an attempt with nothing to restore: tagged, not disabled', async () => {
    const incident = theIncident(played);
    expect(incident).toMatchObject({ outcome: 'attempt', status: 'closed', failures: [] });
    expect(callsOf(incident)).toEqual([{ call: 'StopLogging', by: `IAM user ${name()}`, verdict: 'attempt' }]);
    expect(actionsOf(incident)).toEqual([`tag-iam-user, IAM user ${name()}: verified`]);
    expect(await answerTo(stage, key)).toBe('allowed');
    expect(await readUser(stage, name())).toMatchObject({
      keys: { [key.accessKeyId]: 'Active' },
      policies: ['work'],
      tags: { 'cordon:incident': incident.id },
    });
    expect(await isLogging()).toBe(true);
  });

  it('is mailed as an attempt, with the refusal', () => {
    const mail = theSummary(played);
    expect(mail.subject).toContain('CRITICAL ATTEMPT: trail-tampering');
    expect(section(mail, 'WHAT HAPPENED')).toEqual([expect.stringMatching(/refused: AccessDenied/)]);
    expect(section(mail, 'LOGGING')).toEqual(['- Trail cordon is logging (read back), was not interrupted']);
  });

  it('is one incident with one summary: one of the two executions ends at once', async () => {
    expect(played.executions.map(({ status }) => status)).toEqual(['SUCCEEDED', 'SUCCEEDED']);
    expect(played.executions[1]?.input).toBe(played.executions[0]?.input);
    const states = await Promise.all(played.executions.map(({ arn }) => statesOf(desk.clients.sfn, arn)));
    expect(states.filter((of) => of.join() === DUPLICATE.join())).toHaveLength(1);
    expect(summaries(played, theIncident(played))).toHaveLength(1);
  });
});

describe('the account administrator, a protected principal, stops the trail', () => {
  let played: Played;
  beforeAll(async () => {
    // Act
    played = await play(() => stopLogging(stage.administrator));
  });

  it('restores the trail and withholds the rest for an analyst', async () => {
    const incident = theIncident(played);
    expect(incident).toMatchObject({ outcome: 'needs-analyst', status: 'handed-over' });
    expect(actionsOf(incident)).toEqual([
      'disable-iam-user, IAM user account-admin: withheld',
      'start-logging, trail cordon: verified',
      'tag-iam-user, IAM user account-admin: withheld',
    ]);
    expect(await isLogging()).toBe(true);
    expect(await answerTo(stage, stage.administrator)).toBe('allowed');
    expect(await readUser(stage, 'account-admin')).toMatchObject({ policies: [], tags: {} });
  });

  it('is mailed with what was withheld, and why', () => {
    const mail = theSummary(played);
    expect(mail.subject).toContain('CRITICAL NEEDS AN ANALYST: trail-tampering');
    const open = section(mail, 'STILL OPEN').join('\n');
    expect(open).toContain(
      'disable the IAM user (access keys inactive, everything denied) (IAM user account-admin) was withheld',
    );
    expect(open).toContain(`arn:aws:iam::${stage.account}:user/account-admin is protected`);
  });
});

describe('a second user stops the trail while the alarm of the first is on', () => {
  let first: Offender;
  let second: Offender;
  let played: Played;
  beforeAll(async () => {
    // Prepare
    first = await makeOffender(stage, `oscar-${stage.mark}`, ['cloudtrail:StopLogging']);
    second = await makeOffender(stage, `victor-${stage.mark}`, ['cloudtrail:StopLogging']);

    // Act
    played = await play(async () => {
      await stopLogging(first.key);
      await desk.trailRecords();
      await stopLogging(second.key);
    });
  });

  it('row: settle: a second offender while the alarm of the first is on: the same incident, both disabled, the trail restored', async () => {
    expectOneAnsweredAlarm(played, 'trail-tampering');
    const incident = theIncident(played);
    expect(incident).toMatchObject({ outcome: 'contained', failures: [] });
    expect(actionsOf(incident)).toEqual([
      `disable-iam-user, IAM user ${first.name}: verified`,
      `disable-iam-user, IAM user ${second.name}: verified`,
      'start-logging, trail cordon: verified',
      `tag-iam-user, IAM user ${first.name}: verified`,
      `tag-iam-user, IAM user ${second.name}: verified`,
    ]);
    expect(await isLogging()).toBe(true);
    for (const { key, session } of [first, second]) {
      expect(await answerTo(stage, key)).toBe('InvalidAccessKeyId');
      expect(await answerTo(stage, session)).toBe('AccessDenied');
    }
  });

  it('is mailed with both', () => {
    const mail = theSummary(played);
    const happened = section(mail, 'WHAT HAPPENED').join('\n');
    expect(happened).toContain(first.name);
    expect(happened).toContain(second.name);
  });

  it('row: trail: stopped twice: both times that logging was off are counted', () => {
    const incident = theIncident(played);
    const [gap] = incident.findings['logging-gap'] ?? [];
    const whole = (Date.parse(gap?.restartedAt ?? '') - Date.parse(gap?.stoppedAt ?? '')) / 1000;
    expect(gap).toMatchObject({ logging: true, interruptions: 2, stoppedAt: incident.events[0]?.record.eventTime });
    expect(gap?.offSeconds).toBeLessThanOrEqual(whole);
    expect(section(theSummary(played), 'LOGGING')[0]).toContain(
      `off for ${plural(gap?.offSeconds ?? 0, 'second')} in 2 interruptions`,
    );
  });
});

describe('a user who stops the trail is deleted before the playbook comes to it', () => {
  const UserName = () => `walter-${stage.mark}`;
  let played: Played;
  beforeAll(async () => {
    // Prepare
    const key = await makeAttacker(stage, UserName(), ['cloudtrail:StopLogging']);
    const iam = new IAMClient(as(stage, stage.administrator));

    // Act
    played = await play(async () => {
      await stopLogging(key);
      await iam.send(new DeleteAccessKeyCommand({ UserName: UserName(), AccessKeyId: key.accessKeyId }));
      await iam.send(new DeleteUserPolicyCommand({ UserName: UserName(), PolicyName: 'work' }));
      await iam.send(new DeleteUserCommand({ UserName: UserName() }));
    });
  });

  it('does the rest all the same, and says what failed and why', async () => {
    expectOneAnsweredAlarm(played, 'trail-tampering');
    const incident = theIncident(played);
    expect(incident).toMatchObject({ outcome: 'needs-analyst', status: 'handed-over' });
    expect(actionsOf(incident)).toEqual([
      `disable-iam-user, IAM user ${UserName()}: failed`,
      'start-logging, trail cordon: verified',
      `tag-iam-user, IAM user ${UserName()}: failed`,
    ]);
    expect(actionOn(incident, 'disable-iam-user', `IAM user ${UserName()}`).reason).toContain(
      `IAM user ${UserName()} does not exist any more`,
    );
    expect(await isLogging()).toBe(true);
    const mail = theSummary(played);
    expect(mail.subject).toContain('NEEDS AN ANALYST');
    expect(section(mail, 'STILL OPEN').join('\n')).toContain(`(IAM user ${UserName()}) failed`);
  });
});

describe('what does no harm to the trail', () => {
  it('sets nothing off when it is StartLogging', async () => {
    // Prepare
    const name = `trent-${stage.mark}`;
    const key = await makeAttacker(stage, name, ['cloudtrail:StartLogging']);

    // Act
    const came = await desk.playHarmless(() =>
      new CloudTrailClient(as(stage, key)).send(new StartLoggingCommand({ Name: 'cordon' })),
    );

    // Assess
    const [record] = await desk.delivered(({ userIdentity }) => userIdentity?.userName === name);
    expect(record).toMatchObject({ eventSource: 'cloudtrail.amazonaws.com', eventName: 'StartLogging' });
    expect(came).toEqual({ alarm: [], mails: [] });
  });

  it('sets nothing off when the playbooks do it: nothing came but what was played', () =>
    expectNothingElse(desk, { incidents, executions }));
});
