import { DescribeInstancesCommand, EC2Client } from '@aws-sdk/client-ec2';
import { describe, expect, it } from 'vitest';
import { collect } from '../../handlers/steps/collect.ts';
import { investigate } from '../../handlers/steps/investigate.ts';
import { summarize } from '../../handlers/steps/summarize.ts';
import { Desk } from './desk.ts';

const ENI = 'eni-0a1b2c3d4e5f60718';
const INSTANCE = 'i-0123456789abcdef0';
const line = (port: number, bytes: number | string = 40) =>
  `2 111122223333 ${ENI} 10.0.1.5 10.0.2.17 40122 ${port} 6 1 ${bytes} 1777604400 1777604460 REJECT OK`;

/** An incident of a scan from inside, as far as its summary. The account's EC2 has the one instance. */
async function scanned(lines: string[]) {
  const desk = new Desk({ packs: ['flows'], flowLogGroup: '/cordon/flow-logs' });
  desk.account.logs.push(...lines);
  const networkInterface = {
    NetworkInterfaceId: ENI,
    PrivateIpAddress: '10.0.1.5',
    Attachment: { InstanceId: INSTANCE },
  };
  const ec2 = {
    send: async (command: object) =>
      command instanceof DescribeInstancesCommand
        ? { Reservations: [{ Instances: [{ InstanceId: INSTANCE, State: { Name: 'running' }, Tags: [] }] }] }
        : { NetworkInterfaces: [networkInterface] },
  };
  const context = {
    ...desk.context,
    client: ((type: never, region?: string) =>
      (type as unknown) === EC2Client ? ec2 : desk.account.client(type, region)) as never,
  };
  const incidentId = await desk.open('flow-scan-inside');
  await collect({ incidentId, round: 0, empty: 0 }, context);
  await investigate({ incidentId }, context);
  await summarize({ incidentId, round: 0 }, context);
  const groups = desk.account.calls
    .filter(({ operation, input }) => operation === 'FilterLogEvents' && String(input.filterPattern).startsWith('['))
    .map(({ input }) => input.logGroupName);
  return { incident: await context.ledger.incident(incidentId), groups, text: desk.account.mails[0]?.text ?? '' };
}

describe('an incident of flow logs', () => {
  it('asks whether to isolate the instance that the scan came from, and says who talked to what', async () => {
    const { incident, groups, text } = await scanned([line(22), line(445), line(3389)]);

    expect(incident.failures).toEqual([]);
    expect(incident.events.map(({ verdict, actor }) => `${verdict} ${actor.label}`)).toEqual(
      Array(3).fill('attempt address 10.0.1.5'),
    );
    expect(incident.actions).toMatchObject([
      { action: 'isolate-instance', status: 'proposed', target: { instance: INSTANCE, region: 'us-east-1' } },
    ]);
    expect(new Set(groups)).toEqual(new Set(['/cordon/flow-logs']));
    expect(text).toContain(`${ENI} (10.0.1.5), of instance ${INSTANCE}`);
    expect(text).toContain('10.0.1.5 to 10.0.2.17, TCP port 445, rejected, 1 record, 1 packet, 40 B');
  });

  it('counts what matched and is no usable record, and says so', async () => {
    const { incident, text } = await scanned([line(22), line(23, 'many')]);

    expect(incident.events).toHaveLength(1);
    expect(incident.odd).toBe(1);
    expect(text).toContain('1 log event matched, but could not be read as a record');
  });

  it('takes so many of a storm and no more, and says that there are more', async () => {
    const { incident, text } = await scanned(Array.from({ length: 405 }, (_, at) => line(at)));

    expect(incident.events).toHaveLength(400);
    expect(incident.unread).toBe(true);
    expect(text).toContain('There are more matching records than the 400 records of this incident');
  });
});
