import { EventEmitter } from 'node:events';
import * as z from 'zod';
import type { CloudTrailRecord } from '../playbooks/cloudtrail.ts';

/** Log events that were put into a log group, whoever put them there. `timestamp` in milliseconds since the epoch. */
export const logsWritten = z.object({
  region: z.string(),
  logGroupName: z.string(),
  events: z.array(z.object({ timestamp: z.number(), message: z.string() })),
});
export type LogsWritten = z.infer<typeof logsWritten>;

/** A call that passed the recorder and was answered by the emulator. */
export interface CallSeen {
  /** The API's name as botocore's model spells it, without spaces and in lower case: `cloudwatch`, `s3`, `sns`. */
  service: string;
  /** The operation's name: `PutMetricData`. */
  operation: string;
  region: string;
  /** HTTP status of the answer. */
  status: number;
  /** Id of the key that signed it; absent where nobody signed. */
  accessKeyId?: string | undefined;
}

/** An event that a rule of a custom bus has matched, for a target that the emulator hands over. */
export const handedOver = z.object({
  region: z.string(),
  event: z.object({
    version: z.literal('0'),
    id: z.string(),
    'detail-type': z.string(),
    source: z.string(),
    account: z.string(),
    time: z.string(),
    region: z.string(),
    resources: z.array(z.string()),
    detail: z.record(z.string(), z.unknown()),
  }),
  rule: z.looseObject({ Name: z.string(), Arn: z.string(), EventBusName: z.string() }),
  target: z.looseObject({
    Id: z.string(),
    Arn: z.string(),
    Input: z.string().optional(),
    InputPath: z.string().optional(),
    // CloudFormation's numbers may be texts.
    RetryPolicy: z
      .object({
        MaximumRetryAttempts: z.coerce.number().optional(),
        MaximumEventAgeInSeconds: z.coerce.number().optional(),
      })
      .optional(),
    DeadLetterConfig: z.object({ Arn: z.string() }).optional(),
  }),
});
export type HandedOver = z.infer<typeof handedOver>;

/** A finding as GuardDuty would hand it to EventBridge, whatever is in it: an account's rules must take odd ones too. */
export const guardDutyFound = z.record(z.string(), z.unknown());

/**
 * What the parts of the local AWS tell each other.
 * `record`: CloudTrail made a record; `trails` are the ARNs of the logging trails whose selectors take it (none: only event history has it).
 * `logs`: log events stand in a log group. `call`: a call was answered.
 * `finding`: GuardDuty found something. `handed-over`: a rule of a custom bus matched, and its target is an API destination.
 * `alarm`: an alarm changed its state. `delivery`: an EventBridge rule matched and its target was started (or refused: `error`).
 */
export interface LocalSignals {
  record: [record: CloudTrailRecord, trails: string[]];
  logs: [written: LogsWritten];
  call: [call: CallSeen];
  finding: [detail: Record<string, unknown>];
  'handed-over': [handed: HandedOver];
  alarm: [change: { region: string; name: string; from: string; to: string; reason: string; at: Date }];
  delivery: [
    delivery: { rule: string; bus: string; target: string; detailType: string; started?: string; error?: string },
  ];
}

/** The emitter that carries {@link LocalSignals}; one for each running local AWS. */
export class Signals extends EventEmitter<LocalSignals> {}
