import * as z from 'zod';

/** A text; anything else in its place is taken for absent, since a record that counts must not be lost over an odd field. */
const text = z.string().optional().catch(undefined);
const textOrNull = z.string().nullish().catch(undefined);

/** An odd error is one all the same: taking it for absent would turn a refused call into one that succeeded. */
const error = z
  .unknown()
  .transform((value) => (value === undefined || value === null || value === '' ? undefined : asText(value)))
  .optional();
const asText = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value));

/**
 * Who made a call, as CloudTrail records it. Every field may be absent: real records come with `{}`, without `type`,
 * and with an empty `sessionIssuer`. Fields not named here are kept.
 * https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-user-identity.html
 */
export const userIdentity = z.looseObject({
  type: text,
  principalId: text,
  arn: text,
  accountId: text,
  accessKeyId: text,
  userName: text,
  invokedBy: text,
  sessionContext: z
    .looseObject({
      sessionIssuer: z
        .looseObject({
          type: text,
          principalId: text,
          arn: text,
          accountId: text,
          userName: text,
        })
        .nullish()
        .catch(undefined),
      attributes: z.looseObject({ creationDate: text, mfaAuthenticated: text }).nullish().catch(undefined),
    })
    .nullish()
    .catch(undefined),
});

/**
 * One CloudTrail record, as little as a playbook needs of it to be safe: an event id and a time. Everything else may be
 * absent or odd in published records, so code reads it defensively. Fields not named here are kept.
 * https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html
 */
export const cloudTrailRecord = z.looseObject({
  eventVersion: text,
  eventID: z.string().min(1),
  /** ISO 8601 in UTC, whole seconds. */
  eventTime: z.iso.datetime(),
  eventSource: text,
  eventName: text,
  eventType: text,
  eventCategory: text,
  awsRegion: text,
  sourceIPAddress: text,
  userAgent: textOrNull,
  userIdentity: userIdentity.nullish().catch(undefined),
  requestParameters: z.unknown().optional(),
  responseElements: z.unknown().optional(),
  additionalEventData: z.unknown().optional(),
  errorCode: error,
  errorMessage: textOrNull,
  requestID: textOrNull,
  readOnly: z.boolean().optional().catch(undefined),
  managementEvent: z.boolean().optional().catch(undefined),
  recipientAccountId: text,
  resources: z.unknown().optional(),
});

/**
 * How the type of every event ends that EventBridge makes of a CloudTrail record: `AWS API Call via CloudTrail`,
 * `AWS Console Sign In via CloudTrail`, `AWS Service Event via CloudTrail`.
 * https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-service-event-cloudtrail.html
 */
export const CLOUDTRAIL_EVENT = ' via CloudTrail';

/** A parsed CloudTrail record. */
export type CloudTrailRecord = z.infer<typeof cloudTrailRecord>;
/** The `userIdentity` of a record. */
export type UserIdentity = z.infer<typeof userIdentity>;
