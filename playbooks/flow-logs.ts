import { isIP } from 'node:net';
import * as z from 'zod';
import type { Actor } from './actor.ts';
import type { CloudTrailRecord } from './cloudtrail.ts';
import { all, any, like, type Match, notLike } from './matching/match.ts';

/**
 * The fields of a flow log record in the default format, in their order, by the names that CloudWatch's guide gives them, and
 * the names by which Logs Insights knows them.
 * https://docs.aws.amazon.com/vpc/latest/userguide/flow-log-records.html
 */
export const flowFields = {
  version: 'version',
  account: 'accountId',
  eni: 'interfaceId',
  source: 'srcAddr',
  destination: 'dstAddr',
  srcport: 'srcPort',
  destport: 'dstPort',
  protocol: 'protocol',
  packets: 'packets',
  bytes: 'bytes',
  windowstart: 'startTime',
  windowend: 'endTime',
  action: 'action',
  flowlogstatus: 'logStatus',
} as const;

/** The name of a field of a flow log record. */
export type FlowField = keyof typeof flowFields;
/** The names in their order. */
export const flowFieldNames = Object.keys(flowFields) as FlowField[];

const number = (most: number) =>
  z
    .string()
    .regex(/^\d+$/)
    .refine((text) => Number(text) <= most);
const address = z.string().refine((text) => isIP(text) !== 0);
/** As much as a date can say, in seconds. */
const LATEST = 8_640_000_000_000;

/** A flow log record that tells of traffic, each field as the text that it is. One without data has hyphens, and is none. */
const flowFieldsSchema = z.object({
  version: number(99),
  account: z.string().regex(/^(\d{12}|unknown)$/),
  eni: z.string().regex(/^eni-[0-9a-f]+$/),
  source: address,
  destination: address,
  srcport: number(65_535),
  destport: number(65_535),
  protocol: number(255),
  packets: number(Number.MAX_SAFE_INTEGER),
  bytes: number(Number.MAX_SAFE_INTEGER),
  windowstart: number(LATEST),
  windowend: number(LATEST),
  action: z.enum(['ACCEPT', 'REJECT']),
  flowlogstatus: z.enum(['OK', 'SKIPDATA']),
} satisfies Record<FlowField, z.ZodType>);
export type FlowRecord = z.infer<typeof flowFieldsSchema>;

/** What a message has in the places of the fields; undefined where it has not as many. */
export function flowFieldsOf(message: string): Record<string, string> | undefined {
  const parts = message.trim().split(/ +/);
  if (parts.length !== flowFieldNames.length) return undefined;
  return Object.fromEntries(flowFieldNames.map((name, at) => [name, parts[at] ?? '']));
}

/** The protocols that are told by name. https://www.iana.org/assignments/protocol-numbers/protocol-numbers.xhtml */
const protocols: Record<string, string> = { 1: 'ICMP', 6: 'TCP', 17: 'UDP', 58: 'ICMPv6' };

/** `TCP`, or `protocol 47`. */
export const protocolName = (protocol: string): string => protocols[protocol] ?? `protocol ${protocol}`;

/**
 * A flow log record in the envelope that all records share: an id, a time, what it was and from where. Its own fields stand
 * beside that, as texts, and so matches look at them by their names.
 * @param eventID what the log group knows the event by
 * @returns what is wrong with it, where it is none
 */
export function readFlow(
  fields: unknown,
  eventID: string,
): { record: CloudTrailRecord & FlowRecord } | { problem: string } {
  const { data, error } = flowFieldsSchema.safeParse(fields);
  if (error) return { problem: z.prettifyError(error) };
  const { action, protocol, source, destination, destport, windowstart } = data;
  return {
    record: {
      ...data,
      eventID,
      eventTime: new Date(Number(windowstart) * 1000).toISOString(),
      eventName: `${action} ${protocolName(protocol)} to ${destination} port ${destport}`,
      sourceIPAddress: source,
    } as CloudTrailRecord & FlowRecord,
  };
}

/** The fields of a record that came from a flow log; undefined for any other. */
export const flowOf = (record: CloudTrailRecord): FlowRecord | undefined => flowFieldsSchema.safeParse(record).data;

/** The address that a flow came from: all that the record says of who it was. */
export function sourceActor({ sourceIPAddress = 'unknown' }: CloudTrailRecord): Actor {
  const label = `address ${sourceIPAddress}`;
  return { kind: 'network-address', key: `address:${sourceIPAddress}`, label, name: sourceIPAddress };
}

/** Addresses that nobody on the internet has: private, link-local and unique local ones. RFC 1918, 3927, 4193, 4291. */
const PRIVATE = [
  ...['10.*', '192.168.*', '169.254.*'],
  ...Array.from({ length: 16 }, (_, n) => `172.${16 + n}.*`),
  ...['fc*', 'fd*', 'fe80*'],
];

/** The address in a field is one of a private network. */
export const isPrivate = (field: FlowField): Match => any(...PRIVATE.map((glob) => like(field, glob)));

/** The address in a field is one of the internet. */
export const isPublic = (field: FlowField): Match => all(...PRIVATE.map((glob) => notLike(field, glob)));
