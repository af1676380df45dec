import * as z from 'zod';
import { type CloudTrailRecord, cloudTrailRecord } from '../cloudtrail.ts';
import type { Severity } from '../detection.ts';
import { partitionOf } from '../partition.ts';

/** As long as a text of a finding gets: a person reads it in a mail. */
const MOST_TEXT = 2_000;
/** Taken for absent where it is odd: a finding must not be lost over a field. */
const text = z
  .string()
  .min(1)
  .transform((value) => value.slice(0, MOST_TEXT))
  .optional()
  .catch(undefined);
const time = z
  .string()
  .transform((value) => (Number.isNaN(Date.parse(value)) ? '' : new Date(value).toISOString()))
  .pipe(z.iso.datetime())
  .optional()
  .catch(undefined);
const account = z
  .string()
  .regex(/^\d{12}$/)
  .optional()
  .catch(undefined);
/** What an object declares, all of it absent where there is no object. */
const part = <Shape extends z.ZodRawShape>(shape: Shape) => z.looseObject(shape).nullish().catch(undefined);
const list = <Item extends z.ZodType>(item: Item) => z.array(item).optional().catch(undefined);

const remote = part({ ipAddressV4: text });

/**
 * A finding as GuardDuty hands it to EventBridge, as little of it as is needed to answer it: everything may be absent or odd,
 * and fields not named here are kept.
 * https://docs.aws.amazon.com/guardduty/latest/APIReference/API_Finding.html
 */
export const guardDutyFinding = z.looseObject({
  // It becomes part of a key in the ledger.
  id: z.string().min(1).max(128).optional().catch(undefined),
  type: text,
  accountId: account,
  // It goes into commands and calls.
  region: z
    .string()
    .regex(/^[a-z]{2,6}(-[a-z]+)+-\d+$/)
    .optional()
    .catch(undefined),
  /** 1 to 10. A number as text is one as well. */
  severity: z
    .union([z.number(), z.string().regex(/^\d+(\.\d+)?$/)])
    .transform(Number)
    .optional()
    .catch(undefined),
  title: text,
  description: text,
  createdAt: time,
  /** It grows with each further occurrence, as `service.count` does; the id stays. */
  updatedAt: time,
  resource: part({
    resourceType: text,
    accessKeyDetails: part({ accessKeyId: text, principalId: text, userName: text, userType: text }),
    s3BucketDetails: list(
      part({ name: text, publicAccess: part({ effectivePermission: text }) }).transform((one) => one ?? undefined),
    ),
    instanceDetails: part({ instanceId: text, iamInstanceProfile: part({ arn: text }) }),
  }),
  service: part({
    archived: z.boolean().optional().catch(undefined),
    count: z.number().optional().catch(undefined),
    eventFirstSeen: time,
    eventLastSeen: time,
    additionalInfo: part({ sample: z.unknown().optional() }),
    action: part({
      actionType: text,
      awsApiCallAction: part({
        api: text,
        serviceName: text,
        /** The call was refused or failed. */
        errorCode: text,
        remoteIpDetails: remote,
        remoteAccountDetails: part({ accountId: account }),
      }),
      networkConnectionAction: part({ remoteIpDetails: remote }),
      dnsRequestAction: part({ domain: text }),
      portProbeAction: part({ portProbeDetails: list(part({ remoteIpDetails: remote })) }),
    }),
  }),
});
export type GuardDutyFinding = z.infer<typeof guardDutyFinding>;

/** The `detail-type` of its event. https://docs.aws.amazon.com/guardduty/latest/ug/guardduty_findings_eventbridge.html */
export const FINDING_EVENT = 'GuardDuty Finding';

/** The event around a finding; its account, Region, time and id stand in where the finding has none. */
export interface FindingEvent {
  id: string;
  account: string;
  region: string;
  /** ISO time. */
  time: string;
  /** The finding as it came. */
  detail?: unknown;
}

/** What can be read of a finding, whatever it is. */
export const readFinding = (detail: unknown): GuardDutyFinding => guardDutyFinding.safeParse(detail).data ?? {};

/**
 * The band of a finding's severity; undefined where it has none.
 * https://docs.aws.amazon.com/guardduty/latest/ug/guardduty_findings-severity.html
 */
export function bandOf({ severity }: GuardDutyFinding): Severity | undefined {
  if (severity === undefined) return undefined;
  if (severity >= 9) return 'CRITICAL';
  if (severity >= 7) return 'HIGH';
  return severity >= 4 ? 'MEDIUM' : 'LOW';
}

/**
 * The kind of resource that a type is about: `S3` of `Discovery:S3/MaliciousIPCaller`.
 * https://docs.aws.amazon.com/guardduty/latest/ug/guardduty_finding-format.html
 */
export const resourceKindOf = ({ type }: Pick<GuardDutyFinding, 'type'>): string | undefined =>
  /^[^:]+:([^/]+)\//.exec(type ?? '')?.[1];

/** GuardDuty made it up, as CreateSampleFindings does: nothing happened. Whatever is there but a plain no counts as yes. */
export const isSample = ({ service, title }: GuardDutyFinding): boolean => {
  const { sample } = service?.additionalInfo ?? {};
  return ![undefined, null, false, 'false'].includes(sample as null) || /^\[SAMPLE\]/.test(title ?? '');
};

/** Where the activity came from, as far as one address says it. */
export function remoteAddressOf({ service }: GuardDutyFinding): string | undefined {
  const { awsApiCallAction, networkConnectionAction, portProbeAction } = service?.action ?? {};
  return [awsApiCallAction, networkConnectionAction, ...(portProbeAction?.portProbeDetails ?? [])]
    .map((action) => action?.remoteIpDetails?.ipAddressV4)
    .find((address) => address !== undefined);
}

/** The id of the instance that it is about. Its form is checked, since it goes into commands and calls. */
export const instanceOf = ({ resource }: GuardDutyFinding): string | undefined =>
  /^i-[0-9a-f]{8,17}$/.exec(resource?.instanceDetails?.instanceId ?? '')?.[0];

/** The names of the buckets that it is about. https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html */
export const bucketsOf = ({ resource }: GuardDutyFinding): { name: string; public: boolean }[] =>
  (resource?.s3BucketDetails ?? []).flatMap((bucket) =>
    bucket?.name && /^[\w.-]{3,255}$/.test(bucket.name)
      ? [{ name: bucket.name, public: bucket.publicAccess?.effectivePermission === 'PUBLIC' }]
      : [],
  );

/**
 * A finding as a record, so that it goes an incident's way as any other: who it names is who made the call. The finding itself
 * is kept as it came, in the field `finding`.
 * @param as `first`: its event id is the finding's; `update`: that and the time of the update, since an incident has the finding
 */
export function findingRecord(event: FindingEvent, as: 'first' | 'update' = 'first'): CloudTrailRecord {
  const finding = readFinding(event.detail);
  const id = findingIdOf(event);
  const accountId = finding.accountId ?? event.account;
  const { service } = finding;
  return cloudTrailRecord.parse({
    eventID: as === 'first' ? id : `${id}/${finding.updatedAt ?? event.id}`,
    eventTime: service?.eventLastSeen ?? finding.updatedAt ?? event.time,
    eventSource: 'guardduty.amazonaws.com',
    eventName: finding.type,
    eventType: FINDING_EVENT,
    awsRegion: finding.region ?? event.region,
    recipientAccountId: accountId,
    sourceIPAddress: remoteAddressOf(finding),
    userIdentity: identityOf(finding, accountId, event.region),
    ...(accountId === event.account ? parametersOf(finding) : {}),
    finding: event.detail,
  });
}

/** The id that a finding keeps over all its deliveries; of one without, that of its event. */
export const findingIdOf = (event: FindingEvent): string => readFinding(event.detail).id ?? event.id;

/** A bucket of this account, so that its exposure is looked into. */
const parametersOf = (finding: GuardDutyFinding) => {
  const [bucket] = bucketsOf(finding);
  return bucket ? { requestParameters: { bucketName: bucket.name } } : {};
};

/** The finding that a record is made of; undefined for a record of CloudTrail's. */
export const findingOf = (record: CloudTrailRecord): GuardDutyFinding | undefined =>
  record.eventType === FINDING_EVENT ? readFinding(record.finding) : undefined;

/** It is a further delivery of a finding that an earlier incident answers. */
export const isUpdate = (record: CloudTrailRecord): boolean => {
  const finding = findingOf(record);
  return finding?.id !== undefined && record.eventID !== finding.id;
};

/**
 * Whose credentials it is about, as CloudTrail would name them. An instance that did it itself has nobody behind it, and is
 * named as what it is.
 * https://docs.aws.amazon.com/guardduty/latest/APIReference/API_AccessKeyDetails.html
 */
function identityOf(finding: GuardDutyFinding, accountId: string, region: string): object {
  const { resource, service } = finding;
  const { userName, userType, principalId, accessKeyId } = resource?.accessKeyDetails ?? {};
  const instance = instanceOf(finding);
  if (!userType && !userName && instance) return { principalId: `instance ${instance}`, accountId };
  const common = { principalId, accessKeyId, accountId };
  const arn = (owner: string, what: string) => `arn:${partitionOf(region)}:${owner}::${accountId}:${what}`;
  switch (userType) {
    case 'Root':
      return { ...common, type: 'Root', arn: arn('iam', 'root') };
    case 'IAMUser':
      return { ...common, type: 'IAMUser', userName };
    case 'AssumedRole':
    case 'Role': {
      const session = principalId?.split(':')[1];
      return {
        ...{ ...common, type: 'AssumedRole' },
        ...(userName
          ? {
              ...(session ? { arn: arn('sts', `assumed-role/${userName}/${session}`) } : {}),
              sessionContext: { sessionIssuer: { type: 'Role', userName, arn: arn('iam', `role/${userName}`) } },
            }
          : {}),
      };
    }
    case 'FederatedUser':
      return {
        ...common,
        type: 'FederatedUser',
        ...(userName ? { arn: arn('sts', `federated-user/${userName}`) } : {}),
      };
    case 'AWSAccount': {
      const other = service?.action?.awsApiCallAction?.remoteAccountDetails?.accountId;
      return { ...common, type: userType, ...(other ? { accountId: other } : {}) };
    }
    default:
      return { principalId: principalId ?? userName, accountId, ...(userType ? { type: userType } : {}) };
  }
}
