import { z } from 'zod';

/**
 * Who made a call, as CloudTrail records it. Every field may be absent: real records come with `{}`, without `type`,
 * and with an empty `sessionIssuer`. Fields not named here are kept.
 * https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-user-identity.html
 */
export const userIdentity = z.looseObject({
  type: z.string().optional(),
  principalId: z.string().optional(),
  arn: z.string().optional(),
  accountId: z.string().optional(),
  accessKeyId: z.string().optional(),
  userName: z.string().optional(),
  invokedBy: z.string().optional(),
  sessionContext: z
    .looseObject({
      sessionIssuer: z
        .looseObject({
          type: z.string().optional(),
          principalId: z.string().optional(),
          arn: z.string().optional(),
          accountId: z.string().optional(),
          userName: z.string().optional(),
        })
        .nullish(),
      attributes: z
        .looseObject({ creationDate: z.string().optional(), mfaAuthenticated: z.string().optional() })
        .nullish(),
    })
    .nullish(),
});

/**
 * One CloudTrail record, as little as a playbook needs of it to be safe: an event id and a time. Everything else may be
 * absent or odd in published records, so code reads it defensively. Fields not named here are kept.
 * https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html
 */
export const cloudTrailRecord = z.looseObject({
  eventVersion: z.string().optional(),
  eventID: z.string().min(1),
  /** ISO 8601 in UTC, whole seconds. */
  eventTime: z.iso.datetime(),
  eventSource: z.string().optional(),
  eventName: z.string().optional(),
  eventType: z.string().optional(),
  eventCategory: z.string().optional(),
  awsRegion: z.string().optional(),
  sourceIPAddress: z.string().optional(),
  userAgent: z.string().nullish(),
  userIdentity: userIdentity.nullish(),
  requestParameters: z.unknown().optional(),
  responseElements: z.unknown().optional(),
  additionalEventData: z.unknown().optional(),
  errorCode: z.string().optional(),
  errorMessage: z.string().nullish(),
  requestID: z.string().nullish(),
  readOnly: z.boolean().optional(),
  managementEvent: z.boolean().optional(),
  recipientAccountId: z.string().optional(),
  resources: z.unknown().optional(),
});

/** A parsed CloudTrail record. */
export type CloudTrailRecord = z.infer<typeof cloudTrailRecord>;
/** The `userIdentity` of a record. */
export type UserIdentity = z.infer<typeof userIdentity>;
