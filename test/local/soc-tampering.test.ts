import {
  CloudWatchClient,
  DeleteAlarmsCommand,
  DescribeAlarmsCommand,
  DisableAlarmActionsCommand,
  PutMetricAlarmCommand,
} from '@aws-sdk/client-cloudwatch';
import { DynamoDBClient, UpdateTableCommand } from '@aws-sdk/client-dynamodb';
import {
  DescribeRuleCommand,
  DisableRuleCommand,
  EventBridgeClient,
  ListTargetsByRuleCommand,
  RemoveTargetsCommand,
} from '@aws-sdk/client-eventbridge';
import { IAMClient, ListRolePoliciesCommand, PutRolePolicyCommand } from '@aws-sdk/client-iam';
import { DeleteFunctionConcurrencyCommand, LambdaClient, PutFunctionConcurrencyCommand } from '@aws-sdk/client-lambda';
import { ListBucketsCommand, PutBucketVersioningCommand, S3Client } from '@aws-sdk/client-s3';
import { DescribeStateMachineCommand, SFNClient, UpdateStateMachineCommand } from '@aws-sdk/client-sfn';
import { SetTopicAttributesCommand, SNSClient, SubscribeCommand, UnsubscribeCommand } from '@aws-sdk/client-sns';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { as, from } from '../../simulate/attack.ts';
import { Desk, type Played } from './harness/desk.ts';
import { switchRule } from './harness/event-lane.ts';
import {
  actionOn,
  actionsOf,
  callsOf,
  section,
  theIncident,
  theTreated,
  theTreatedSummary,
} from './harness/expectations.ts';
import { answerTo, makeOffender, type Offender } from './harness/offender.ts';
import { startTestAws, type TestAws } from './harness/test-aws.ts';
import { undo } from './harness/undo.ts';
import { look } from './harness/watchdog.ts';

const SOURCE = '198.51.100.23';
const ALARM = 'cordon-root-usage';
const RULE = 'cordon-failed-console-logins';

let aws: TestAws;
let desk: Desk;
let stage: ReturnType<Desk['stage']>;
let mallory: Offender;
let count = 0;

// What detects and answers is switched off: no other file could rely on it. Everything is on, as it is deployed.
beforeAll(async () => {
  // As many offenders in an hour are never there.
  aws = await startTestAws({ returnSpeed: 8, eventLane: true, watchdog: true, settings: { cap: '100' } });
  desk = await Desk.open('soc-tampering', aws.shared);
  stage = desk.stage();
});
afterAll(async () => {
  await desk?.close();
  await aws?.close();
});
beforeEach(async () => {
  count += 1;
  const actions = [
    ...['cloudwatch:*', 'events:*', 'states:*', 'iam:*RolePolicy', 'iam:PassRole'],
    ...['sns:*', 'dynamodb:UpdateTable', 's3:PutBucketVersioning', 'lambda:PutFunctionConcurrency'],
  ];
  mallory = await makeOffender(stage, `mallory-${count}-${stage.mark}`, actions);
});

const attacker = <C>(type: new (config: ReturnType<typeof as>) => C): C => new type(as(stage, mallory.key));
const administrator = <C>(type: new (config: ReturnType<typeof as>) => C): C =>
  new type(as(stage, stage.administrator));
const alarms = () => from(SOURCE, attacker(CloudWatchClient));
const events = () => from(SOURCE, attacker(EventBridgeClient));

async function alarm() {
  const { MetricAlarms = [] } = await administrator(CloudWatchClient).send(
    new DescribeAlarmsCommand({ AlarmNames: [ALARM] }),
  );
  const { ActionsEnabled, AlarmActions, Threshold, Namespace, MetricName, Period } = MetricAlarms[0] ?? {};
  return { there: MetricAlarms.length > 0, ActionsEnabled, AlarmActions, Threshold, Namespace, MetricName, Period };
}

async function rule(Name = RULE) {
  const client = administrator(EventBridgeClient);
  const { State, EventPattern } = await client.send(new DescribeRuleCommand({ Name }));
  const { Targets = [] } = await client.send(new ListTargetsByRuleCommand({ Rule: Name }));
  // As it is meant, however it is spaced.
  const pattern = JSON.parse(EventPattern ?? 'null') as unknown;
  return { State, pattern, targets: Targets.map(({ Arn, RoleArn, Id }) => ({ Arn, RoleArn, Id })) };
}

/** What of cordon's own no action puts back. */
interface Own {
  topicArn: string;
  /** A subscription that nobody needs. */
  subscriptionArn: string;
  ledgerTable: string;
  bucket: string;
}

/** An administrator whose calls no trail records. */
const unseen = <C>(type: new (config: ReturnType<typeof as>) => C): C =>
  new type({ ...as(stage, stage.administrator), endpoint: stage.unrecorded });

const protectLedger = ({ ledgerTable: TableName }: Own): Promise<unknown> =>
  unseen(DynamoDBClient).send(new UpdateTableCommand({ TableName, DeletionProtectionEnabled: true }));

async function ownThings(): Promise<Own> {
  const { topicArn, ledgerTable } = aws.shared.deployment;
  const { SubscriptionArn = '' } = await administrator(SNSClient).send(
    new SubscribeCommand({
      ...{ TopicArn: topicArn, Protocol: 'email', Endpoint: `somebody-${count}@example.com` },
      ReturnSubscriptionArn: true,
    }),
  );
  const { Buckets = [] } = await administrator(S3Client).send(new ListBucketsCommand());
  const bucket = Buckets.map(({ Name = '' }) => Name).find((one) => one.startsWith('cordon-evidence')) ?? '';
  return { topicArn, subscriptionArn: SubscriptionArn, ledgerTable, bucket };
}

const play = (attack: () => Promise<unknown>): Promise<Played> => desk.play({ attack });

/** The one treated incident is contained, by who did it, who is shut out. */
async function expectContained(played: Played, action: string) {
  const incident = theTreated(played);
  expect(incident).toMatchObject({ outcome: 'contained', failures: [] });
  expect(actionsOf(incident)).toEqual([
    `disable-iam-user, IAM user ${mallory.name}: verified`,
    `${action}: verified`,
    `tag-iam-user, IAM user ${mallory.name}: verified`,
  ]);
  expect(await answerTo(stage, mallory.key)).toBe('InvalidAccessKeyId');
  return incident;
}

describe('the defence of the SOC itself', () => {
  it.each([
    [
      'actions disabled',
      () => alarms().send(new DisableAlarmActionsCommand({ AlarmNames: [ALARM] })),
      { there: true, ActionsEnabled: false },
    ],
    ['deleted', () => alarms().send(new DeleteAlarmsCommand({ AlarmNames: [ALARM] })), { there: false }],
    [
      'threshold put out of reach',
      () =>
        alarms().send(
          new PutMetricAlarmCommand({
            ...{ AlarmName: ALARM, Namespace: 'cordon', MetricName: 'root-usage', Statistic: 'Sum', Period: 60 },
            ...{ EvaluationPeriods: 1, Threshold: 1_000_000, ComparisonOperator: 'GreaterThanOrEqualToThreshold' },
          }),
        ),
      { there: true, Threshold: 1_000_000 },
    ],
  ])(
    'row: Defence of the SOC: alarm, %s: as deployed again, the actor contained; undo puts it as it was',
    async (_, attack, tampered) => {
      // Prepare
      const healthy = await alarm();

      // Act
      const incident = await expectContained(await play(attack), `restore-alarm, alarm ${ALARM}`);

      // Assess
      expect(await alarm()).toEqual(healthy);
      expect(healthy.ActionsEnabled).toBe(true);

      // Undone, it is as it was found; restored once more by what comes next.
      const restored = actionOn(incident, 'restore-alarm', `alarm ${ALARM}`);
      const { status, cause } = await undo(desk, incident, restored, { reason: 'to see it undone' });
      expect(status, cause).toBe('SUCCEEDED');
      expect(await alarm()).toMatchObject(tampered);
      const { AlarmActions, ...rest } = healthy;
      await unseen(CloudWatchClient).send(
        new PutMetricAlarmCommand({
          ...{ AlarmName: ALARM, AlarmActions, Namespace: rest.Namespace, MetricName: rest.MetricName },
          ...{ Statistic: 'Sum', Period: rest.Period, EvaluationPeriods: 1, Threshold: rest.Threshold },
          ...{ ComparisonOperator: 'GreaterThanOrEqualToThreshold', TreatMissingData: 'notBreaching' },
        }),
      );
    },
  );

  it.each([
    ['disabled', () => events().send(new DisableRuleCommand({ Name: RULE }))],
    ['its target removed', () => events().send(new RemoveTargetsCommand({ Rule: RULE, Ids: ['playbook'] }))],
  ])('row: Defence of the SOC: rule, %s: on again with its target, the actor contained', async (_, attack) => {
    // Prepare
    const healthy = await rule();
    expect(healthy.State).toBe('ENABLED');

    // Act
    await expectContained(await play(attack), `restore-rule, rule ${RULE}`);

    // Assess
    expect(await rule()).toEqual(healthy);
  });

  it('row: Defence of the SOC: playbook, its definition replaced: as deployed again, the actor contained', async () => {
    // Prepare
    const stateMachineArn = desk.machineOf('close-bucket');
    const read = async () =>
      (await administrator(SFNClient).send(new DescribeStateMachineCommand({ stateMachineArn }))).definition;
    const healthy = await read();
    const nothing = JSON.stringify({ StartAt: 'Nothing', States: { Nothing: { Type: 'Succeed' } } });

    // Act
    const played = await play(() =>
      from(SOURCE, attacker(SFNClient)).send(new UpdateStateMachineCommand({ stateMachineArn, definition: nothing })),
    );

    // Assess
    await expectContained(played, 'restore-playbook, playbook cordon-close-bucket');
    expect(await read()).toBe(healthy);
  });

  it('row: Defence of the SOC: role of cordon, given another policy: taken away again, the actor contained', async () => {
    // Prepare
    const RoleName = 'cordon-collect';
    const wider = { Version: '2012-10-17', Statement: [{ Effect: 'Deny', Action: '*', Resource: '*' }] };

    // Act
    const played = await play(() =>
      from(SOURCE, attacker(IAMClient)).send(
        new PutRolePolicyCommand({
          RoleName: 'cordon-undo-tag-iam-user',
          PolicyName: 'x',
          PolicyDocument: JSON.stringify(wider),
        }),
      ),
    );

    // Assess
    await expectContained(played, 'restore-own-role, role cordon-undo-tag-iam-user');
    const { PolicyNames } = await administrator(IAMClient).send(
      new ListRolePoliciesCommand({ RoleName: 'cordon-undo-tag-iam-user' }),
    );
    const { PolicyNames: others } = await administrator(IAMClient).send(new ListRolePoliciesCommand({ RoleName }));
    expect(PolicyNames?.sort()).toEqual(others?.sort());
  });

  it('row: Defence of the SOC: the rules that would start the playbook are the victims: the watchdog is the third way, restores all and names the actor', async () => {
    // Prepare: what was switched off while nobody could see it
    await switchRule(aws.shared, 'cordon-soc-tampering', 'off');
    await switchRule(aws.shared, 'cordon-soc-tampering-event', 'off');

    // Act
    const played = await play(async () => {
      await alarms().send(new DisableAlarmActionsCommand({ AlarmNames: [ALARM] }));
      await look(stage);
    });

    // Assess
    const incident = theIncident(played);
    expect(incident).toMatchObject({ outcome: 'contained', lane: 'watchdog', failures: [] });
    expect(callsOf(incident)).toEqual([
      { call: 'DisableAlarmActions', by: `IAM user ${mallory.name}`, verdict: 'offence' },
    ]);
    expect(actionsOf(incident)).toEqual([
      `disable-iam-user, IAM user ${mallory.name}: verified`,
      `restore-alarm, alarm ${ALARM}: verified`,
      'restore-rule, rule cordon-soc-tampering-event: verified',
      'restore-rule, rule cordon-soc-tampering: verified',
      `tag-iam-user, IAM user ${mallory.name}: verified`,
    ]);
    expect((await rule('cordon-soc-tampering')).State).toBe('ENABLED');
    expect((await alarm()).ActionsEnabled).toBe(true);
    expect(section(theTreatedSummary(played), 'WHAT THE WATCHDOG FOUND').join('\n')).toContain('IS OFF');
    expect(await look(stage)).toEqual({ different: [], started: [], unlooked: [] });
  });

  it('row: Defence of the SOC: a refused call: an attempt, the user tagged, nothing restored', async () => {
    // Prepare
    const trudy = await makeOffender(stage, `trudy-${stage.mark}`, []);

    // Act
    const played = await play(async () => {
      const refused = from(SOURCE, new EventBridgeClient(as(stage, trudy.key))).send(
        new DisableRuleCommand({ Name: RULE }),
      );
      await expect(refused).rejects.toThrow(/not authorized/);
    });

    // Assess
    expect(theTreated(played)).toMatchObject({ outcome: 'attempt', failures: [] });
    expect(actionsOf(theTreated(played))).toEqual([`tag-iam-user, IAM user ${trudy.name}: verified`]);
    expect(await answerTo(stage, trudy.key)).toBe('allowed');
  });

  it.each<[string, (own: Own) => Promise<unknown>, (own: Own) => Promise<unknown>, string, RegExp]>([
    [
      'a subscription taken away',
      ({ subscriptionArn }) =>
        from(SOURCE, attacker(SNSClient)).send(new UnsubscribeCommand({ SubscriptionArn: subscriptionArn })),
      async () => {},
      'Unsubscribe',
      /Subscribe who was subscribed by .*:cordon-mails:/,
    ],
    [
      'the topic of the mails changed',
      ({ topicArn: TopicArn }) =>
        from(SOURCE, attacker(SNSClient)).send(
          new SetTopicAttributesCommand({ TopicArn, AttributeName: 'DisplayName', AttributeValue: 'nothing' }),
        ),
      ({ topicArn: TopicArn }) =>
        unseen(SNSClient).send(
          new SetTopicAttributesCommand({ TopicArn, AttributeName: 'DisplayName', AttributeValue: '' }),
        ),
      'SetTopicAttributes',
      /Look at the topic .*:cordon-mails/,
    ],
    [
      'the ledger’s protection off',
      ({ ledgerTable: TableName }) =>
        from(SOURCE, attacker(DynamoDBClient)).send(
          new UpdateTableCommand({ TableName, DeletionProtectionEnabled: false }),
        ),
      protectLedger,
      'UpdateTable',
      /Protect the ledger cordon-ledger again/,
    ],
    [
      'the evidence bucket’s versions off',
      ({ bucket: Bucket }) =>
        from(SOURCE, attacker(S3Client)).send(
          new PutBucketVersioningCommand({ Bucket, VersioningConfiguration: { Status: 'Suspended' } }),
        ),
      ({ bucket: Bucket }) =>
        unseen(S3Client).send(
          new PutBucketVersioningCommand({ Bucket, VersioningConfiguration: { Status: 'Enabled' } }),
        ),
      'PutBucketVersioning',
      /Protect the evidence bucket .*evidence.* again/,
    ],
    [
      'a function throttled to nothing',
      () =>
        from(SOURCE, attacker(LambdaClient)).send(
          new PutFunctionConcurrencyCommand({
            FunctionName: 'cordon-undo-tag-iam-user',
            ReservedConcurrentExecutions: 0,
          }),
        ),
      () =>
        unseen(LambdaClient).send(new DeleteFunctionConcurrencyCommand({ FunctionName: 'cordon-undo-tag-iam-user' })),
      'PutFunctionConcurrency',
      /Put the function cordon-undo-tag-iam-user right/,
    ],
  ])(
    'row: Defence of the SOC: %s: the actor contained, and an analyst told how to put it back',
    async (_, attack, mend, name, step) => {
      // Prepare
      const own = await ownThings();

      // Act
      const played = await play(() => attack(own));
      await mend(own);

      // Assess
      const incident = theTreated(played);
      expect(incident).toMatchObject({ outcome: 'needs-analyst', status: 'handed-over', failures: [] });
      expect(callsOf(incident)).toEqual([
        { call: expect.stringContaining(name), by: `IAM user ${mallory.name}`, verdict: 'offence' },
      ]);
      expect(actionsOf(incident)).toEqual([
        `disable-iam-user, IAM user ${mallory.name}: verified`,
        `tag-iam-user, IAM user ${mallory.name}: verified`,
      ]);
      const mail = theTreatedSummary(played);
      expect(section(mail, 'STILL OPEN').join('\n')).toContain('cannot be put back by itself');
      expect(mail.body.replace(/\s+/g, ' ')).toMatch(step);
    },
  );

  it('row: Watchdog: playbook, role and ledger changed unnoticed: found, put back as far as that goes, the rest left to an analyst', async () => {
    // Prepare
    const own = await ownThings();
    const stateMachineArn = desk.machineOf('close-bucket');
    const read = async () =>
      (await administrator(SFNClient).send(new DescribeStateMachineCommand({ stateMachineArn }))).definition;
    const healthy = await read();
    const definition = JSON.stringify({ StartAt: 'Nothing', States: { Nothing: { Type: 'Succeed' } } });
    const PolicyDocument = JSON.stringify({
      Version: '2012-10-17',
      Statement: [{ Effect: 'Deny', Action: '*', Resource: '*' }],
    });
    const policy = { RoleName: 'cordon-undo-tag-iam-user', PolicyName: 'x', PolicyDocument };
    // What was handed over to an analyst before is theirs until a look has seen it well again.
    expect(await look(stage)).toEqual({ different: [], started: [], unlooked: [] });

    // Act
    const played = await play(async () => {
      await unseen(SFNClient).send(new UpdateStateMachineCommand({ stateMachineArn, definition }));
      await unseen(IAMClient).send(new PutRolePolicyCommand(policy));
      await unseen(DynamoDBClient).send(
        new UpdateTableCommand({ TableName: own.ledgerTable, DeletionProtectionEnabled: false }),
      );
      await look(stage);
    });
    await protectLedger(own);

    // Assess
    const incident = theIncident(played);
    expect(incident).toMatchObject({ lane: 'watchdog', outcome: 'needs-analyst', events: [], failures: [] });
    expect(actionsOf(incident)).toEqual([
      'restore-own-role, role cordon-undo-tag-iam-user: verified',
      'restore-playbook, playbook cordon-close-bucket: verified',
    ]);
    const found = section(theTreatedSummary(played), 'WHAT THE WATCHDOG FOUND').join('\n');
    for (const one of ['cordon-close-bucket', 'cordon-undo-tag-iam-user', 'cordon-ledger'])
      expect(found).toContain(one);
    expect(found).toContain('NO CALL WAS FOUND THAT DID IT');
    expect(await read()).toBe(healthy);
    expect(await look(stage)).toEqual({ different: [], started: [], unlooked: [] });
  });
});
