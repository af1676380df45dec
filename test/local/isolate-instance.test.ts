import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import {
  AuthorizeSecurityGroupIngressCommand,
  CreateTagsCommand,
  DescribeSecurityGroupsCommand,
  DescribeSnapshotsCommand,
  type EC2Client,
  ModifyNetworkInterfaceAttributeCommand,
  TerminateInstancesCommand,
} from '@aws-sdk/client-ec2';
import {
  CreateTargetGroupCommand,
  ElasticLoadBalancingV2Client,
  RegisterTargetsCommand,
} from '@aws-sdk/client-elastic-load-balancing-v2';
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { actionKeyOf } from '../../handlers/actions/action.ts';
import action from '../../handlers/actions/isolate-instance.ts';
import { Ledger } from '../../handlers/incidents/ledger.ts';
import type { ActionRecord } from '../../playbooks/incident.ts';
import { as, type Stage } from '../../simulate/attack.ts';
import { Desk } from './harness/desk.ts';
import { attach, ec2Of, groupsOf, launch, makeNetwork, type Network } from './harness/instances.ts';
import { undo } from './harness/undo.ts';

let desk: Desk;
let stage: Stage;
let ec2: EC2Client;
let lambda: LambdaClient;
let ledger: Ledger;
let network: Network;

beforeAll(async () => {
  desk = await Desk.open('root-usage');
  stage = desk.stage();
  ec2 = ec2Of(stage);
  lambda = new LambdaClient(as(stage, stage.administrator));
  const documents = DynamoDBDocumentClient.from(new DynamoDBClient(as(stage, stage.administrator)));
  ledger = new Ledger(documents, desk.aws.deployment.ledgerTable, () => new Date());
  network = await makeNetwork(ec2, stage.mark);
});
afterAll(async () => {
  await desk?.close();
  for (const client of [ec2, lambda]) client?.destroy();
});

/** An incident in whose ledger the action on an instance is released, as an approval leaves it. */
async function released(instance: string, name: string) {
  const { region, account } = stage;
  // Not deployed here: whoever plays an attack meets no incident of it.
  const id = `flow-remote-access-20261128-030000-${name}`;
  const at = new Date().toISOString();
  await ledger.open({
    ...{
      id,
      detection: 'flow-remote-access',
      account,
      region,
      severity: 'HIGH',
      status: 'open',
      openedAt: at,
      alarmAt: at,
    },
    ...{ alarmName: 'cordon-flow-remote-access', execution: `test:${name}`, failures: [], evidence: 's3://none' },
  });
  const target = { instance, region, account };
  const key = actionKeyOf('isolate-instance', target);
  const planned = { key, action: 'isolate-instance', title: action.title, contains: true, target } as const;
  const told = { because: ['by-hand'], label: action.label(target), status: 'planned' as const };
  await ledger.plan(id, { ...planned, ...told }, key);
  return { id, key };
}

/** Has the deployed function contain, with its own role. Resolves to the action as the ledger has it then. */
async function isolate({ id, key }: { id: string; key: string }): Promise<ActionRecord> {
  const input = { incidentId: id, key, phase: 'contain' };
  const { Payload, FunctionError } = await lambda.send(
    new InvokeCommand({ FunctionName: 'cordon-contain-isolate-instance', Payload: JSON.stringify(input) }),
  );
  if (FunctionError) throw new Error(Buffer.from(Payload ?? []).toString());
  return ledger.action(id, key);
}

const quarantineOf = async (vpc: string) => {
  const { SecurityGroups = [] } = await ec2.send(
    new DescribeSecurityGroupsCommand({
      Filters: [
        { Name: 'vpc-id', Values: [vpc] },
        { Name: 'group-name', Values: ['cordon-quarantine'] },
      ],
    }),
  );
  return SecurityGroups;
};

describe('an instance with interfaces in two subnets and two VPCs', () => {
  let instance: string;
  let incident: { id: string; key: string };
  let before: Record<string, string[]>;
  let other: Network;
  let done: ActionRecord;
  beforeAll(async () => {
    // Prepare
    instance = await launch(ec2, network);
    await attach(ec2, instance, { subnet: network.subnets[1], groups: [...network.groups], at: 1 });
    other = await makeNetwork(ec2, `other-${stage.mark}`);
    await attach(ec2, instance, { subnet: other.subnets[0], groups: [other.groups[1]], at: 2 });
    before = await groupsOf(ec2, instance);
    incident = await released(instance, `a${stage.mark}`);

    // Act
    done = await isolate(incident);
  });

  it('row: isolate-instance: every interface is in its VPC’s quarantine group, which has no rule at all, as read back', async () => {
    const [[here], [there]] = [await quarantineOf(network.vpc), await quarantineOf(other.vpc)];
    for (const group of [here, there]) {
      expect(group).toMatchObject({ IpPermissions: [], IpPermissionsEgress: [] });
      expect(group?.Tags).toEqual([{ Key: 'cordon:quarantine', Value: 'true' }]);
    }
    const groups = Object.values(await groupsOf(ec2, instance)).flat();
    expect(groups.sort()).toEqual([here?.GroupId, here?.GroupId, there?.GroupId].sort());
    expect(done).toMatchObject({ status: 'verified' });
    expect(done.afterWords).toContain(`in ${here?.GroupId} (nothing in, nothing out)`);
  });

  it('row: isolate-instance: its volumes were held first, by snapshots that name the incident', async () => {
    const { Snapshots = [] } = await ec2.send(
      new DescribeSnapshotsCommand({ Filters: [{ Name: 'tag:cordon:incident', Values: [incident.id] }] }),
    );
    expect(Snapshots).toHaveLength(1);
    expect(Snapshots[0]?.Tags).toContainEqual({ Key: 'cordon:instance', Value: instance });
    expect(done.after).toMatchObject({ snapshots: [Snapshots[0]?.SnapshotId] });
  });

  it('row: isolate-instance: done a second time it takes no further snapshot and makes no further group', async () => {
    const again = await isolate(await released(instance, `b${stage.mark}`));

    expect(again).toMatchObject({ status: 'not-needed', reason: 'it is isolated already' });
    expect(await quarantineOf(network.vpc)).toHaveLength(1);
  });

  it('row: isolate-instance: undo refuses where somebody has changed a group since, and with force puts back exactly what was there', async () => {
    // Prepare
    const [interfaceId = ''] = Object.keys(before);
    const meddle = new ModifyNetworkInterfaceAttributeCommand({
      NetworkInterfaceId: interfaceId,
      Groups: [network.groups[1]],
    });
    await ec2.send(meddle);
    const asked = { ...(await ledger.incident(incident.id)) };

    // Act
    const refused = await undo(desk, asked, done, { reason: 'was a drill' });
    const between = await groupsOf(ec2, instance);
    const forced = await undo(desk, asked, done, { reason: 'was a drill', force: true });

    // Assess
    expect(refused.status).toBe('FAILED');
    expect(between[interfaceId]).toEqual([network.groups[1]]);
    expect(forced.status).toBe('SUCCEEDED');
    expect(await groupsOf(ec2, instance)).toEqual(before);
    expect(await ledger.action(incident.id, incident.key)).toMatchObject({ status: 'undone' });
  });
});

describe('the quarantine group', () => {
  it('row: isolate-instance: is found again for the next instance, and rules that somebody put into it are taken out', async () => {
    // Prepare
    const [first] = await quarantineOf(network.vpc);
    await ec2.send(
      new AuthorizeSecurityGroupIngressCommand({
        GroupId: first?.GroupId,
        IpPermissions: [{ IpProtocol: 'tcp', FromPort: 22, ToPort: 22, IpRanges: [{ CidrIp: '0.0.0.0/0' }] }],
      }),
    );
    const instance = await launch(ec2, network);

    // Act
    const done = await isolate(await released(instance, `c${stage.mark}`));

    // Assess
    expect(done.status).toBe('verified');
    expect(Object.values(await groupsOf(ec2, instance))).toEqual([[first?.GroupId]]);
    expect(await quarantineOf(network.vpc)).toEqual([
      expect.objectContaining({ GroupId: first?.GroupId, IpPermissions: [] }),
    ]);
  });
});

describe('what is around the instance', () => {
  it('row: isolate-instance: an Auto Scaling group and a load balancer’s target group are said before', async () => {
    // Prepare
    const instance = await launch(ec2, network);
    const balancing = new ElasticLoadBalancingV2Client(as(stage, stage.administrator));
    const { TargetGroups = [] } = await balancing.send(
      new CreateTargetGroupCommand({ Name: `web-${stage.mark}`, VpcId: network.vpc, Protocol: 'HTTP', Port: 80 }),
    );
    const TargetGroupArn = TargetGroups[0]?.TargetGroupArn;
    await balancing.send(new RegisterTargetsCommand({ TargetGroupArn, Targets: [{ Id: instance }] }));
    await ec2.send(
      new CreateTagsCommand({ Resources: [instance], Tags: [{ Key: 'aws:autoscaling:groupName', Value: 'shop' }] }),
    );

    // Act
    const done = await isolate(await released(instance, `d${stage.mark}`));
    balancing.destroy();

    // Assess
    expect(done.beforeWords).toContain(`in ${network.groups[0]}; in Auto Scaling group shop, which may replace it`);
    expect(done.beforeWords).toContain(`target of the load balancers’ web-${stage.mark}`);
  });

  it('row: isolate-instance: an instance that is terminated is said to be gone, and nothing is made for it', async () => {
    // Prepare
    const alone = await makeNetwork(ec2, `gone-${stage.mark}`);
    const instance = await launch(ec2, alone);
    await ec2.send(new TerminateInstancesCommand({ InstanceIds: [instance] }));

    // Act
    const asked = isolate(await released(instance, `e${stage.mark}`));

    // Assess
    await expect(asked).rejects.toThrow(/is terminated: nothing is left to isolate/);
    expect(await quarantineOf(alone.vpc)).toEqual([]);
  });
});
