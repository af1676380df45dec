import type { CloudTrailRecord } from '../../playbooks/cloudtrail.ts';
import { isStructure, type Structure, timestamp } from './protocols/values.ts';

/** How long event history goes back. */
const KEPT = 90 * 24 * 60 * 60 * 1000;
/** The oldest records are dropped beyond this many, so that a machine left running keeps its memory. */
const MOST = 100_000;
const PAGE = 50;

/** LookupEvents was asked something that CloudTrail refuses; `name` is its exception. */
export class LookupRefused extends Error {
  constructor(name: string, message: string) {
    super(message);
    this.name = name;
  }
}

interface Entry {
  /** Grows by one with each record: what a page's token points to. */
  number: number;
  time: number;
  record: CloudTrailRecord;
}

/**
 * CloudTrail's event history: the management events of the last 90 days, whether or not a trail is logging.
 * https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_LookupEvents.html
 */
export class History {
  #entries: Entry[] = [];
  #next = 0;

  /** Adds a record. */
  add(record: CloudTrailRecord): void {
    this.#entries.push({ number: this.#next++, time: Date.parse(record.eventTime), record });
    if (this.#entries.length > MOST * 1.1) this.#entries = this.#entries.slice(-MOST);
  }

  /**
   * Answers LookupEvents for a region, newest first.
   * @throws {LookupRefused} for parameters that CloudTrail refuses
   */
  lookup(input: Structure, region: string, now: Date): Structure {
    const attribute = readAttribute(input.LookupAttributes);
    const from = Math.max(seconds(input.StartTime) ?? 0, now.getTime() - KEPT);
    const to = seconds(input.EndTime) ?? Number.POSITIVE_INFINITY;
    if (from > to) throw new LookupRefused('InvalidTimeRangeException', 'The start time is after the end time.');
    const size = pageSize(input.MaxResults);
    const before = readToken(input.NextToken);
    const events: Structure[] = [];
    let last: number | undefined;
    if (input.EventCategory !== undefined) return { Events: [] }; // The only category to ask for is insight.
    for (let index = this.#entries.length - 1; index >= 0; index -= 1) {
      const entry = this.#entries[index];
      if (!entry || entry.number >= before || entry.record.awsRegion !== region) continue;
      if (entry.time < from || entry.time > to || !attribute(entry.record)) continue;
      if (events.length === size) return { Events: events, NextToken: writeToken(last ?? 0) };
      events.push(lookupEvent(entry));
      last = entry.number;
    }
    return { Events: events };
  }
}

function seconds(value: unknown): number | undefined {
  const date = value === undefined ? undefined : timestamp(value);
  return date instanceof Date ? date.getTime() : undefined;
}

function pageSize(value: unknown): number {
  const size = value === undefined ? PAGE : Number(value);
  if (Number.isInteger(size) && size >= 1 && size <= PAGE) return size;
  throw new LookupRefused('InvalidMaxResultsException', `MaxResults must be between 1 and ${PAGE}.`);
}

function writeToken(number: number): string {
  return Buffer.from(`before:${number}`).toString('base64url');
}

function readToken(token: unknown): number {
  if (token === undefined) return Number.POSITIVE_INFINITY;
  const number = /^before:(\d+)$/.exec(Buffer.from(String(token), 'base64url').toString())?.[1];
  if (number === undefined)
    throw new LookupRefused('InvalidNextTokenException', 'The token is not one that LookupEvents gave.');
  return Number(number);
}

type Filter = (record: CloudTrailRecord) => boolean;

function readAttribute(attributes: unknown): Filter {
  if (attributes === undefined || (Array.isArray(attributes) && attributes.length === 0)) return () => true;
  const [first, ...more] = Array.isArray(attributes) ? attributes : [];
  const key = isStructure(first) ? String(first.AttributeKey) : '';
  const value = isStructure(first) ? String(first.AttributeValue) : '';
  const refused = () =>
    new LookupRefused('InvalidLookupAttributesException', 'LookupEvents takes one attribute, by its key and value.');
  if (more.length > 0) throw refused();
  const filters: Record<string, Filter> = {
    EventId: (record) => record.eventID === value,
    EventName: (record) => record.eventName === value,
    EventSource: (record) => record.eventSource === value,
    ReadOnly: (record) => String(record.readOnly ?? false) === value,
    Username: (record) => username(record) === value,
    AccessKeyId: (record) => record.userIdentity?.accessKeyId === value,
    ResourceName: (record) => namedResources(record).some(({ ResourceName }) => ResourceName === value),
    ResourceType: (record) => namedResources(record).some(({ ResourceType }) => ResourceType === value),
  };
  const filter = Object.hasOwn(filters, key) ? filters[key] : undefined;
  if (!filter) throw refused();
  return filter;
}

function lookupEvent({ record, time }: Entry): Structure {
  const name = username(record);
  const keyId = record.userIdentity?.accessKeyId;
  return {
    EventId: record.eventID,
    EventName: record.eventName ?? '',
    ReadOnly: String(record.readOnly ?? false),
    ...(keyId !== undefined && { AccessKeyId: keyId }),
    EventTime: time / 1000,
    EventSource: record.eventSource ?? '',
    ...(name !== undefined && { Username: name }),
    Resources: namedResources(record).map((resource) => ({ ...resource })),
    CloudTrailEvent: JSON.stringify(record),
  };
}

/** History calls an assumed role by its session's name, and root by `root`. */
function username({ userIdentity }: CloudTrailRecord): string | undefined {
  if (userIdentity?.type === 'Root') return 'root';
  if (userIdentity?.type === 'AssumedRole') return userIdentity.arn?.split('/').at(-1);
  return userIdentity?.userName ?? userIdentity?.arn?.split('/').at(-1);
}

interface NamedResource {
  ResourceType: string;
  ResourceName: string;
}

/** Parameters whose value names a resource, and what kind of it. */
const RESOURCE_PARAMETERS: Record<string, Record<string, string>> = {
  'cloudtrail.amazonaws.com': {
    name: 'AWS::CloudTrail::Trail',
    trailName: 'AWS::CloudTrail::Trail',
    s3BucketName: 'AWS::S3::Bucket',
  },
  'ec2.amazonaws.com': { instanceId: 'AWS::EC2::Instance', groupId: 'AWS::EC2::SecurityGroup', vpcId: 'AWS::EC2::VPC' },
  'iam.amazonaws.com': {
    userName: 'AWS::IAM::User',
    roleName: 'AWS::IAM::Role',
    groupName: 'AWS::IAM::Group',
    policyArn: 'AWS::IAM::Policy',
    accessKeyId: 'AWS::IAM::AccessKey',
  },
  'lambda.amazonaws.com': { functionName: 'AWS::Lambda::Function' },
  'logs.amazonaws.com': { logGroupName: 'AWS::Logs::LogGroup' },
  's3.amazonaws.com': { bucketName: 'AWS::S3::Bucket' },
  'sns.amazonaws.com': { topicArn: 'AWS::SNS::Topic' },
  'sts.amazonaws.com': { roleArn: 'AWS::IAM::Role', roleSessionName: 'AWS::STS::AssumedRole' },
};

function namedResources(record: CloudTrailRecord): NamedResource[] {
  const parameters = isStructure(record.requestParameters) ? record.requestParameters : {};
  const types = RESOURCE_PARAMETERS[record.eventSource ?? ''] ?? {};
  const named = Object.entries(types).flatMap(([parameter, ResourceType]) => {
    const value = parameters[parameter];
    return typeof value === 'string' ? [{ ResourceType, ResourceName: value }] : [];
  });
  const answer = isStructure(record.responseElements) ? record.responseElements.accessKey : undefined;
  if (isStructure(answer) && typeof answer.accessKeyId === 'string') {
    named.push({ ResourceType: 'AWS::IAM::AccessKey', ResourceName: answer.accessKeyId });
  }
  return named;
}
