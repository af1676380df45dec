import {
  CloudTrailClient,
  StartLoggingCommand,
  StopLoggingCommand,
  UpdateTrailCommand,
} from '@aws-sdk/client-cloudtrail';
import {
  CloudWatchLogsClient,
  DeleteMetricFilterCommand,
  DescribeMetricFiltersCommand,
} from '@aws-sdk/client-cloudwatch-logs';
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import {
  DeletePublicAccessBlockCommand,
  GetPublicAccessBlockCommand,
  PutPublicAccessBlockCommand,
} from '@aws-sdk/client-s3-control';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { fullBlock } from '../../handlers/buckets/exposure.ts';
import type { Watched } from '../../handlers/steps/watchdog.ts';
import { as, from, type Stage } from '../../simulate/attack.ts';
import { Desk, type Played } from './harness/desk.ts';
import { switchRule } from './harness/event-lane.ts';
import { actionOn, actionsOf, callsOf, section, theIncident, theSummary } from './harness/expectations.ts';
import { answerTo, makeOffender, type Offender } from './harness/offender.ts';
import { s3Control } from './harness/s3-control.ts';
import { startTestAws, type TestAws } from './harness/test-aws.ts';
import { undo } from './harness/undo.ts';
import { look } from './harness/watchdog.ts';

const SOURCE = '198.51.100.23';

let aws: TestAws;
let trail: Desk;
let s3: Desk;
let pipeline: Desk;
let stage: Stage;
let offender: Offender;
let count = 0;

// The trail is stopped, and the rules on its alarms are off: no other file could rely on it.
beforeAll(async () => {
  // The rules that are off here are cordon's own, which the watchdog is to leave off.
  aws = await startTestAws({ settings: { modes: 'soc-tampering=monitor' } });
  [trail, s3, pipeline] = await Promise.all([
    Desk.open('trail-tampering', aws.shared),
    Desk.open('s3-public-exposure', aws.shared),
    Desk.open('trail-pipeline-tampering', aws.shared),
  ]);
  stage = trail.stage();
  // Both lanes are blind: those of events are off already.
  for (const detection of ['trail-tampering', 's3-public-exposure']) {
    await switchRule(aws.shared, `cordon-${detection}`, 'off');
  }
});
afterAll(async () => {
  await Promise.all([trail?.close(), s3?.close(), pipeline?.close()]);
  await aws?.close();
});
beforeEach(async () => {
  count += 1;
  const actions = ['cloudtrail:*', 's3:PutAccountPublicAccessBlock'];
  offender = await makeOffender(stage, `mallory-${count}-${stage.mark}`, actions);
});

const attacker = () => from(SOURCE, new CloudTrailClient(as(stage, offender.key)));
const administrator = () => new CloudTrailClient(as(stage, stage.administrator));
const stopLogging = () => attacker().send(new StopLoggingCommand({ Name: 'cordon' }));

/** What is different, without the rules that are off on purpose. */
const ofTheAccount = ({ different }: Watched): string[] =>
  different.filter((words) => !/^the (rule|actions)/.test(words));

/** Attacks, and has the watchdog look. */
const play = (desk: Desk, attack: () => Promise<unknown>): Promise<Played> =>
  desk.play({
    attack: async () => {
      await attack();
      await look(stage);
    },
  });

describe('the watchdog, where neither alarms nor events start anything', () => {
  it('row: Watchdog: trail stopped, both lanes blind: the incident opens all the same, logging is restored, the actor named by event history and contained', async () => {
    // Act
    const played = await play(trail, async () => {
      await stopLogging();
    });

    // Assess
    const incident = theIncident(played);
    expect(incident).toMatchObject({ outcome: 'contained', lane: 'watchdog', failures: [] });
    expect(callsOf(incident)).toEqual([{ call: 'StopLogging', by: `IAM user ${offender.name}`, verdict: 'offence' }]);
    expect(actionsOf(incident)).toEqual([
      `disable-iam-user, IAM user ${offender.name}: verified`,
      'start-logging, trail cordon: verified',
      `tag-iam-user, IAM user ${offender.name}: verified`,
    ]);
    expect(await answerTo(stage, offender.key)).toBe('InvalidAccessKeyId');
    const mail = theSummary(played);
    expect(mail.body).toMatch(
      /Watchdog {2}read the state itself: 1 difference, which no alarm and no event had reported/,
    );
    expect(section(mail, 'WHAT THE WATCHDOG FOUND')[0]).toBe('- trail cordon: logging off');
    await trail.trailRecords();
  });

  it('row: Watchdog: a second look: nothing is opened, nothing is mailed, and all is well', async () => {
    // Act
    let seen: Watched = { different: [], started: [], unlooked: [] };
    const after = await trail.playHarmless(async () => {
      seen = await look(stage);
    });

    // Assess
    expect(seen).toMatchObject({ started: [], unlooked: [] });
    expect(ofTheAccount(seen)).toEqual([]);
    expect(after.mails).toEqual([]);
  });

  it('row: Watchdog: two looks at once: one incident and one execution', async () => {
    // Act
    const played = await trail.play({
      attack: async () => {
        await stopLogging();
        await Promise.all([look(stage), look(stage)]);
      },
    });

    // Assess
    expect(theIncident(played)).toMatchObject({ outcome: 'contained', lane: 'watchdog', failures: [] });
    expect(played.executions.map(({ status }) => status)).toEqual(['SUCCEEDED']);
  });

  it('row: Watchdog: an analyst has undone the restoring: the trail stays as the analyst left it, and no incident opens', async () => {
    // Prepare
    const incident = theIncident(
      await play(trail, async () => {
        await stopLogging();
      }),
    );
    const restored = actionOn(incident, 'start-logging', 'trail cordon');
    const { status, cause } = await undo(trail, incident, restored, { reason: 'maintenance' });
    expect(status, cause).toBe('SUCCEEDED');

    // Act
    const { incidents: before } = await trail.everything();
    const seen = await look(stage);

    // Assess
    expect(seen).toMatchObject({ started: [], unlooked: [] });
    expect(ofTheAccount(seen)).toEqual(['trail cordon: logging off']);
    expect((await trail.everything()).incidents).toHaveLength(before.length);
    await administrator().send(new StartLoggingCommand({ Name: 'cordon' }));
    await look(stage);
  });

  it('row: Watchdog: trail narrowed past both lanes: put back as in its baseline, the actor contained', async () => {
    // Act
    const played = await play(trail, () =>
      attacker().send(new UpdateTrailCommand({ Name: 'cordon', IsMultiRegionTrail: false })),
    );

    // Assess
    const incident = theIncident(played);
    expect(incident).toMatchObject({ outcome: 'contained', lane: 'watchdog', failures: [] });
    expect(actionsOf(incident)).toContain('restore-trail, trail cordon: verified');
    expect(actionsOf(incident)).toContain(`disable-iam-user, IAM user ${offender.name}: verified`);
  });

  it('row: Watchdog: no call of it is known: the incident says so, restores by the state, names no offender and stays with an analyst', async () => {
    // Prepare
    const { region, administrator: credentials } = stage;
    const unseen = new CloudWatchLogsClient({ endpoint: aws.shared.unrecorded, region, credentials });
    const filter = { logGroupName: '/cordon/trail', filterName: 'cordon-root-usage' };

    // Act
    const played = await play(pipeline, () => unseen.send(new DeleteMetricFilterCommand(filter)));

    // Assess
    const incident = theIncident(played);
    expect(incident).toMatchObject({ lane: 'watchdog', outcome: 'needs-analyst', events: [], failures: [] });
    expect(incident.status).toBe('handed-over');
    expect(actionsOf(incident)).toEqual(['restore-log-group, log group /cordon/trail: verified']);
    const mail = theSummary(played);
    expect(mail.subject).toContain('log group /cordon/trail');
    expect(section(mail, 'WHAT THE WATCHDOG FOUND').join('\n')).toContain('NO CALL WAS FOUND THAT DID IT');
    expect(section(mail, 'STILL OPEN').join('\n')).toContain('no call was found that did it');
    expect(mail.body).toContain('aws cloudtrail lookup-events');
    const { metricFilters = [] } = await unseen.send(
      new DescribeMetricFiltersCommand({ ...filter, filterNamePrefix: filter.filterName }),
    );
    expect(metricFilters.map(({ filterName }) => filterName)).toEqual([filter.filterName]);
  });
});

describe('the account’s public access block', () => {
  it('row: Watchdog: the account’s block removed unnoticed: on again, the actor tagged, and whether to disable asked', async () => {
    // Prepare: it was on, and so it was kept.
    const control = s3Control(stage, stage.administrator);
    const where = { AccountId: stage.account };
    await control.send(new PutPublicAccessBlockCommand({ ...where, PublicAccessBlockConfiguration: fullBlock }));
    const lambda = new LambdaClient(as(stage, stage.administrator));
    await lambda.send(new InvokeCommand({ FunctionName: 'cordon-keep-baseline', Payload: '{}' }));

    // Act
    const played = await play(s3, () =>
      from(SOURCE, s3Control(stage, offender.key)).send(new DeletePublicAccessBlockCommand(where)),
    );

    // Assess
    const incident = theIncident(played);
    expect(incident).toMatchObject({ lane: 'watchdog', outcome: 'contained', failures: [] });
    expect(callsOf(incident)).toMatchObject([{ call: 'DeleteAccountPublicAccessBlock' }]);
    expect(actionsOf(incident)).toContain(`block-account-public-access, account ${stage.account}: verified`);
    const { PublicAccessBlockConfiguration } = await control.send(new GetPublicAccessBlockCommand(where));
    expect(PublicAccessBlockConfiguration).toEqual(fullBlock);
  });
});
