import { CreateTagsCommand, type EC2Client, EC2Client as Ec2 } from '@aws-sdk/client-ec2';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DEFAULT_VPC } from '../../local/packs.ts';
import type { Stage } from '../../simulate/attack.ts';
import { releaseAndRun } from './harness/approve.ts';
import { Desk, type Played } from './harness/desk.ts';
import { actionsOf, section, theIncident, theSummary } from './harness/expectations.ts';
import { deliverFlows, flowLine, interfaceOf } from './harness/flow-logs.ts';
import { ec2Of, groupsOf, launch, makeNetwork, type Network } from './harness/instances.ts';
import { startTestAws, type TestAws } from './harness/test-aws.ts';

// The pack is off unless a deployment asks for it, so these tests have a local AWS of their own.
let aws: TestAws;
let desks: Desk[] = [];
let stage: Stage & { unrecorded: string };
let ec2: EC2Client;
let network: Network;

const deskOf = async (detection: string): Promise<Desk> => {
  const desk = await Desk.open(detection, aws.shared);
  desks = [...desks, desk];
  return desk;
};

beforeAll(async () => {
  aws = await startTestAws({ settings: { flowLogs: DEFAULT_VPC } });
  stage = (await deskOf('flow-remote-access')).stage();
  ec2 = ec2Of(stage);
  network = await makeNetwork(ec2, stage.mark);
});
afterAll(async () => {
  await Promise.all(desks.map((desk) => desk.close()));
  ec2?.destroy();
  await aws?.close();
});

/** Ports that somebody tries who looks around. */
const ports = (count: number): number[] => Array.from({ length: count }, (_, at) => 1000 + at);

describe('SSH from the internet', () => {
  const STRANGER = '198.51.100.23';
  let desk: Desk;
  let instance: string;
  let played: Played;
  beforeAll(async () => {
    // Prepare
    [desk] = desks as [Desk];
    instance = await launch(ec2, network);
    const { eni, address } = await interfaceOf(ec2, instance);
    const inside = { eni, source: '172.16.9.9', destination: address, destport: 22, action: 'ACCEPT' as const };
    const session = { ...inside, source: STRANGER, bytes: 6203, packets: 31 };

    // Act
    played = await desk.play({
      attack: () =>
        deliverFlows(stage, [
          flowLine(stage, inside),
          flowLine(stage, session),
          flowLine(stage, { ...session, source: address, destination: '203.0.113.80', destport: 443 }),
        ]),
    });
  });

  it('row: flow logs: SSH let in from the internet: the metric filter on the lines sets the alarm off, and the playbook names who', () => {
    const incident = theIncident(played);
    expect(played.alarm[0]).toBe('ALARM');
    expect(incident.events.map(({ verdict }) => verdict)).toEqual(['offence']);
    expect(incident.events[0]).toMatchObject({
      actor: { kind: 'network-address', name: STRANGER },
      record: { action: 'ACCEPT', destport: '22', source: STRANGER },
    });
    expect(incident).toMatchObject({ outcome: 'needs-analyst', status: 'handed-over', failures: [] });
  });

  it('row: flow logs: the mail says whose the interface is and who talked to what, what the pattern does not take included', () => {
    const mail = theSummary(played);
    expect(mail.subject).toContain(`flow-remote-access, instance ${instance}`);
    expect(section(mail, 'WHERE IT CAME FROM').join('\n')).toContain(
      `address ${STRANGER}, 1 record accepted, 0 rejected`,
    );
    const talked = section(mail, 'WHO TALKED TO WHAT').join('\n');
    expect(talked).toContain('to 203.0.113.80, TCP port 443, accepted, 1 record, 31 packets, 6.2 kB');
    expect(talked).toContain('172.16.9.9 to ');
  });

  it('row: flow logs: isolating the instance is asked for, and approved it is done and read back', async () => {
    // Prepare
    const incident = theIncident(played);
    const label = `instance ${instance} in ${stage.region}`;
    expect(actionsOf(incident)).toEqual([`isolate-instance, ${label}: proposed`]);
    const [proposed] = incident.actions;
    expect(proposed?.beforeWords).toContain(network.groups[0]);

    // Act
    const done = await releaseAndRun(desk, incident, incident.actions[0] as NonNullable<typeof proposed>);

    // Assess
    expect(done).toMatchObject({ status: 'verified' });
    expect(Object.values(await groupsOf(ec2, instance)).flat()).not.toContain(network.groups[0]);
  });
});

describe('a scan from inside', () => {
  it('row: flow logs: many rejected connections are attempts of the instance that made them; an odd line is counted and said', async () => {
    // Prepare
    const desk = await deskOf('flow-scan-inside');
    const instance = await launch(ec2, network);
    const { eni, address } = await interfaceOf(ec2, instance);
    const tried = { eni, source: address, destination: '10.20.2.77', action: 'REJECT' as const, packets: 1 };
    const lines = ports(110).map((destport) => flowLine(stage, { ...tried, destport, bytes: 40 }));

    // Act
    const played = await desk.play({
      attack: () => deliverFlows(stage, [...lines, flowLine(stage, { ...tried, destport: 22, bytes: 'many' })]),
    });

    // Assess
    const incident = theIncident(played);
    expect(incident.events).toHaveLength(110);
    expect(incident.events.every(({ verdict }) => verdict === 'attempt')).toBe(true);
    expect(incident.odd).toBe(1);
    expect(section(theSummary(played), 'WHAT IS NOT IN THIS REPORT').join('\n')).toContain(
      '1 log event matched, but could not be read',
    );
    expect(actionsOf(incident)).toEqual([`isolate-instance, instance ${instance} in ${stage.region}: proposed`]);
  });
});

describe('a large volume out', () => {
  it('row: flow logs: the bytes of the lines are summed up: less than the threshold sets nothing off, as much does; a protected instance is left', async () => {
    // Prepare
    const desk = await deskOf('flow-volume-out');
    const instance = await launch(ec2, network);
    const { region, administrator: credentials } = stage;
    // Past the recorder: a tag that nobody saw put lately.
    const unseen = new Ec2({ endpoint: stage.unrecorded, region, credentials });
    await unseen.send(
      new CreateTagsCommand({ Resources: [instance], Tags: [{ Key: 'cordon:protected', Value: 'true' }] }),
    );
    const { eni, address } = await interfaceOf(ec2, instance);
    const out = { eni, source: address, destination: '203.0.113.80', destport: 443, action: 'ACCEPT' as const };
    const line = flowLine(stage, { ...out, packets: 4_200_000, bytes: 6_000_000_000 });

    // Act
    const little = await desk.playHarmless(() => deliverFlows(stage, [line]));
    const played = await desk.play({ attack: () => deliverFlows(stage, [line]) });

    // Assess
    expect(little.alarm).toEqual([]);
    const incident = theIncident(played);
    // What other tests' instances sent to the internet is in the window as well.
    expect(incident.events.filter(({ actor }) => actor.name === address)).toHaveLength(2);
    expect(actionsOf(incident)).toContain(`isolate-instance, instance ${instance} in ${region}: withheld`);
    expect(section(theSummary(played), 'WHO TALKED TO WHAT').join('\n')).toContain('12.0 GB');
  });
});

describe('a storm of scans from outside', () => {
  it('row: flow logs: of very many records some are taken, which is said, and nobody’s instance is asked about', async () => {
    // Prepare
    const desk = await deskOf('flow-scan-outside');
    const { eni, address } = await interfaceOf(ec2, await launch(ec2, network));
    const tried = {
      eni,
      source: '203.0.113.66',
      destination: address,
      action: 'REJECT' as const,
      packets: 1,
      bytes: 40,
    };

    // Act
    const played = await desk.play({
      attack: () =>
        deliverFlows(
          stage,
          ports(2000).map((destport) => flowLine(stage, { ...tried, destport })),
        ),
    });

    // Assess
    const incident = theIncident(played);
    expect(incident.events).toHaveLength(400);
    expect(incident).toMatchObject({ unread: true, outcome: 'attempt' });
    expect(actionsOf(incident)).toEqual([]);
    expect(section(theSummary(played), 'WHAT IS NOT IN THIS REPORT').join('\n')).toContain(
      'There are more matching records than the 400 records',
    );
  });
});
