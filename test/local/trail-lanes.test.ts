import {
  CloudTrailClient,
  DeleteTrailCommand,
  GetTrailStatusCommand,
  StopLoggingCommand,
  UpdateTrailCommand,
} from '@aws-sdk/client-cloudtrail';
import { CreateUserCommand, IAMClient } from '@aws-sdk/client-iam';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Context } from '../../handlers/context.ts';
import { readTrail } from '../../handlers/trails/read-trail.ts';
import type { CloudTrailRecord } from '../../playbooks/cloudtrail.ts';
import { as, from, type Stage } from '../../simulate/attack.ts';
import { withEndpoint } from './harness/between.ts';
import { Desk, type Played } from './harness/desk.ts';
import { switchEventLane, switchRule } from './harness/event-lane.ts';
import { eventually } from './harness/eventually.ts';
import { statesOf } from './harness/executions.ts';
import {
  actionOn,
  actionsOf,
  section,
  summaries,
  theIncident,
  theSummary,
  theTreated,
} from './harness/expectations.ts';
import { startHolding } from './harness/holding.ts';
import { alarmInput, callInput, second } from './harness/lanes.ts';
import { answerTo, makeOffender, type Offender } from './harness/offender.ts';
import { runAgain } from './harness/run-again.ts';
import { deliveredTwice } from './harness/second-delivery.ts';
import { startTestAws, type TestAws } from './harness/test-aws.ts';
import { undo } from './harness/undo.ts';

const SOURCE = '198.51.100.23';
const ALARM_RULE = 'cordon-trail-tampering';

let aws: TestAws;
let desk: Desk;
let stage: Stage;
let offender: Offender;
let count = 0;

// The trail is stopped and deleted again and again, and rules are switched off: no other file could rely on it.
beforeAll(async () => {
  // An alarm that returns before the playbook has looked twice would make two incidents of what is one.
  aws = await startTestAws({ returnSpeed: 8 });
  desk = await Desk.open('trail-tampering', aws.shared);
  stage = desk.stage();
});
afterAll(async () => {
  await desk?.close();
  await aws?.close();
});
beforeEach(async () => {
  count += 1;
  offender = await makeOffender(stage, `mallory-${count}-${stage.mark}`, ['cloudtrail:*', 'iam:CreateUser']);
});

const trailArn = () => `arn:aws:cloudtrail:${stage.region}:${stage.account}:trail/cordon`;
const attacker = () => from(SOURCE, new CloudTrailClient(as(stage, offender.key)));
const stopLogging = () => attacker().send(new StopLoggingCommand({ Name: 'cordon' }));

async function trail() {
  const made: CloudTrailClient = new CloudTrailClient(as(stage, stage.administrator));
  return readTrail(trailArn(), { client: (() => made) as unknown as Context['client'] } as Context);
}

const recordsAgain = () =>
  eventually(
    'the trail records again',
    async () => ((await trail())?.logging ? true : undefined),
    async () => JSON.stringify(await trail()),
  );

/** Plays an attack of the offender; ends when the trail records again. */
const play = (attack: () => Promise<unknown> = stopLogging): Promise<Played> =>
  desk.play({
    attack: async () => {
      await attack();
      await recordsAgain();
    },
  });

/** The offender's record of a call, as the trail delivered it. */
async function recordOf(eventName: string): Promise<CloudTrailRecord> {
  const [record] = await desk.delivered(
    (one) => one.eventName === eventName && one.userIdentity?.userName === offender.name,
  );
  return record as CloudTrailRecord;
}

/** How often the playbooks' own roles made a call since a time. */
const ownCalls = async (eventName: string, since: string): Promise<number> =>
  (
    await desk.delivered(
      (one) =>
        one.eventName === eventName &&
        one.eventTime >= since &&
        (one.userIdentity?.sessionContext?.sessionIssuer?.userName ?? '').startsWith('cordon-contain-'),
    )
  ).length;

describe('the lane of alarms and the lane of events', () => {
  it('row: trail: event, then alarm: the alarm finds its record claimed, no second mail, nothing done twice', async () => {
    // Prepare
    await switchEventLane(aws.shared, 'on');
    await switchRule(aws.shared, ALARM_RULE, 'off');

    // Act
    const played = await play();
    const late = await second(desk, await alarmInput(stage, ALARM_RULE));

    // Assess
    const incident = theIncident(played);
    expect(incident).toMatchObject({ outcome: 'contained', lane: 'event', failures: [] });
    expect(incident.id).toMatch(/^trail-tampering-\d{8}-\d{6}-[0-9a-f]{4}$/);
    expect(theSummary(played).body).toMatch(
      /Event {5}EventBridge delivered the event of StopLogging \(\S+\) before any alarm/,
    );
    expect(late.mails.filter(({ subject }) => !subject.startsWith('ALARM'))).toEqual([]);
    expect(late.incidents).toMatchObject([
      { outcome: 'duplicate', claimedBy: expect.arrayContaining([incident.id]), events: [], actions: [] },
    ]);
    expect(await desk.ledger.incident(incident.id)).toEqual(incident);
    expect(await ownCalls('PutUserPolicy', incident.alarmAt)).toBe(1);
    expect(await answerTo(stage, offender.key)).toBe('InvalidAccessKeyId');
  });

  it('row: trail: alarm, then event: the event finds its record claimed, opens nothing, no second mail, nothing done twice', async () => {
    // Prepare
    await switchEventLane(aws.shared, 'off');
    await switchRule(aws.shared, ALARM_RULE, 'on');

    // Act
    const played = await play();
    const late = await second(desk, callInput(stage, 'trail-tampering', await recordOf('StopLogging')));

    // Assess
    const incident = theIncident(played);
    expect(incident).toMatchObject({ outcome: 'contained', failures: [] });
    expect(late).toMatchObject({ mails: [], incidents: [] });
    expect(await desk.ledger.incident(incident.id)).toEqual(incident);
  });

  it('row: trail: event and alarm at once, each delivered twice: one incident has the record, one mail, nothing done twice', async () => {
    // Prepare
    await switchEventLane(aws.shared, 'on');
    await switchRule(aws.shared, ALARM_RULE, 'on');

    // Act
    const played = await deliveredTwice(desk, () => deliveredTwice(desk, () => play(), `${ALARM_RULE}-event`));

    // Assess
    const incident = theTreated(played);
    expect(incident).toMatchObject({ outcome: 'contained', failures: [] });
    expect(incident.events.map(({ record }) => record.eventName)).toEqual(['StopLogging']);
    expect(played.executions.map(({ status }) => status)).toEqual(['SUCCEEDED', 'SUCCEEDED', 'SUCCEEDED', 'SUCCEEDED']);
    expect(played.incidents.length).toBeLessThanOrEqual(2);
    const states = await Promise.all(played.executions.map(({ arn }) => statesOf(desk.clients.sfn, arn)));
    expect(states.filter((of) => of.at(-1) === 'Delivered twice').length).toBeGreaterThanOrEqual(2);
    expect(summaries(played, incident)).toHaveLength(1);
    expect(await ownCalls('StartLogging', incident.openedAt.slice(0, 19))).toBe(1);
    expect(await ownCalls('PutUserPolicy', incident.openedAt.slice(0, 19))).toBe(1);
    await switchEventLane(aws.shared, 'off');
  });
});

describe('an actor who repeats the call, seen by events only', () => {
  it('row: trail: a storm of events: one incident takes them all, and no other is opened', async () => {
    // Prepare: a trail that is stopped again and again tells EventBridge nothing; one that is narrowed does.
    await switchEventLane(aws.shared, 'on');
    await switchRule(aws.shared, ALARM_RULE, 'off');
    const narrow = () => attacker().send(new UpdateTrailCommand({ Name: 'cordon', EnableLogFileValidation: false }));

    // Act
    const played = await play(async () => {
      await narrow();
      // What comes at the very same moment may not see that an incident is open.
      await eventually(
        'the first incident',
        async () => (await desk.ledger.recent(1)).find(({ status }) => status === 'open'),
        async () => 'none is open',
      );
      await Promise.all(Array.from({ length: 6 }, narrow));
    });

    // Assess
    const incident = theIncident(played);
    expect(incident).toMatchObject({ outcome: 'contained', failures: [] });
    expect(incident.events).toHaveLength(7);
    expect(played.executions).toHaveLength(7);
    expect((await trail())?.state.settings.validation).toBe(true);
    await switchEventLane(aws.shared, 'off');
    await switchRule(aws.shared, ALARM_RULE, 'on');
  });
});

describe('while the only trail is off', () => {
  it('row: trail: the only trail is off: what the actor did meanwhile comes from event history, in the summary', async () => {
    // Prepare
    const UserName = `backdoor-${stage.mark}`;
    const iam = from(SOURCE, new IAMClient(as(stage, offender.key)));

    // Act
    const played = await play(async () => {
      await stopLogging();
      await iam.send(new CreateUserCommand({ UserName }));
    });

    // Assess
    expect(
      await desk.delivered(({ eventName }) => eventName === 'CreateUser').then((all) => all.map(nameOf)),
    ).not.toContain(UserName);
    expect(theIncident(played)).toMatchObject({ outcome: 'contained', failures: [] });
    const meanwhile = section(theSummary(played), 'WHAT WAS DONE WHILE THE TRAIL WAS OFF').join('\n');
    expect(meanwhile).toMatch(/call of the offenders while cordon was off|calls of the offenders while cordon was off/);
    expect(meanwhile).toMatch(new RegExp(`iam:CreateUser, by IAM user ${offender.name}, from ${SOURCE}`));
  });

  it('row: trail: the actor repeats the call while the playbook runs: restored again within the same incident, the actor contained before the second look', async () => {
    // Prepare: the actor is not contained before the second call.
    const holding = await startHolding(stage.endpoint, /Action=(PutUserPolicy|UpdateAccessKey)/);
    const repeat = async () => {
      await stopLogging();
      await recordsAgain();
      await stopLogging();
      holding.release();
    };

    // Act
    const disabling = 'cordon-contain-disable-iam-user';
    const played = await withEndpoint(desk.stage(), disabling, 'IAM', holding.url, () => play(repeat)).finally(
      holding.close,
    );

    // Assess
    const incident = theIncident(played);
    expect(incident).toMatchObject({ outcome: 'contained', failures: [] });
    expect(incident.events.map(({ record }) => record.eventName)).toEqual(['StopLogging', 'StopLogging']);
    expect(incident.findings['logging-gap']).toMatchObject([{ logging: true, interruptions: 2 }]);
    const restored = actionOn(incident, 'start-logging', 'trail cordon');
    const disabled = actionOn(incident, 'disable-iam-user', `IAM user ${offender.name}`);
    expect([restored.status, disabled.status]).toEqual(['verified', 'verified']);
    // The summary of the first look, which is mailed before the second one, has the actor contained and read back.
    const mails = summaries(played, incident);
    expect(mails).toHaveLength(2);
    const [first = ''] = mails.map((mail) => section(mail, 'WHAT CORDON DID').join('\n'));
    expect(first).toMatch(new RegExp(`DONE, read back: disable the IAM user .*, IAM user ${offender.name}`));
    expect(await answerTo(stage, offender.session)).toBe('AccessDenied');
    const { IsLogging } = await desk.clients.cloudTrail.send(new GetTrailStatusCommand({ Name: 'cordon' }));
    expect(IsLogging).toBe(true);
  });
});

const nameOf = ({ requestParameters }: CloudTrailRecord): unknown =>
  (requestParameters as { userName?: string } | null)?.userName;

describe('undoing the restoring of a trail', () => {
  it.each([
    [
      'narrowed',
      () =>
        attacker().send(
          new UpdateTrailCommand({ Name: 'cordon', IsMultiRegionTrail: false, EnableLogFileValidation: false }),
        ),
      { settings: { multiRegion: false, validation: false } },
    ],
    ['deleted', () => attacker().send(new DeleteTrailCommand({ Name: 'cordon' })), undefined],
  ])(
    'row: undo: restore-trail of a trail that was %s: exactly as it was before, nothing contained anew',
    async (_, attack, left) => {
      // Prepare
      const healthy = await trail();
      const played = await play(attack);
      const incident = theIncident(played);
      const restored = actionOn(incident, 'restore-trail', 'trail cordon');
      expect(restored.status).toBe('verified');

      // Act
      const after = await desk.playHarmless(async () => {
        const { status, cause } = await undo(desk, incident, restored, { reason: 'to see it undone' });
        expect(status, cause).toBe('SUCCEEDED');
      });

      // Assess
      const undone = await trail();
      if (left) expect(undone?.state).toMatchObject(left);
      else expect(undone).toBeUndefined();
      expect(after.alarm).toEqual([]);
      expect(await desk.ledger.head(incident.id)).toMatchObject({ outcome: 'undone' });
      expect(actionsOf(await desk.ledger.incident(incident.id))).toContain('restore-trail, trail cordon: undone');

      // Restored once more by hand, it is as it was.
      const again = await runAgain(desk, incident, restored);
      expect(again.status).toBe('verified');
      expect(await trail()).toMatchObject({ state: healthy?.state, logging: true });
    },
  );
});
