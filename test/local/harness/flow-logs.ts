import { randomUUID } from 'node:crypto';
import { CloudWatchLogsClient, CreateLogStreamCommand, PutLogEventsCommand } from '@aws-sdk/client-cloudwatch-logs';
import { DescribeNetworkInterfacesCommand, type EC2Client } from '@aws-sdk/client-ec2';
import { as, type Stage } from '../../../simulate/attack.ts';

/** What a line of a flow log tells; the rest is as it usually is. */
export interface Flow {
  eni: string;
  source: string;
  destination: string;
  destport: number;
  action: 'ACCEPT' | 'REJECT';
  packets?: number;
  bytes?: number | string;
}

/** A line as a flow log in the default format delivers it, of the last minute. */
export function flowLine(stage: Stage, { eni, source, destination, destport, action, ...rest }: Flow): string {
  const end = Math.floor(stage.now().getTime() / 1000);
  const { packets = 4, bytes = 240 } = rest;
  return `2 ${stage.account} ${eni} ${source} ${destination} 40122 ${destport} 6 ${packets} ${bytes} ${end - 60} ${end} ${action} OK`;
}

/** Puts lines into the log group of the flow logs, as the service delivers them. */
export async function deliverFlows(stage: Stage, lines: string[]): Promise<void> {
  const logs = new CloudWatchLogsClient(as(stage, stage.administrator));
  const stream = { logGroupName: '/cordon/flow-logs', logStreamName: `flows-${randomUUID()}` };
  await logs.send(new CreateLogStreamCommand(stream));
  const timestamp = stage.now().getTime();
  await logs.send(new PutLogEventsCommand({ ...stream, logEvents: lines.map((message) => ({ timestamp, message })) }));
  logs.destroy();
}

/** An instance's first interface: its id and its address. */
export async function interfaceOf(ec2: EC2Client, instance: string): Promise<{ eni: string; address: string }> {
  const { NetworkInterfaces = [] } = await ec2.send(
    new DescribeNetworkInterfacesCommand({ Filters: [{ Name: 'attachment.instance-id', Values: [instance] }] }),
  );
  const [found] = NetworkInterfaces;
  return { eni: found?.NetworkInterfaceId ?? '', address: found?.PrivateIpAddress ?? '' };
}
