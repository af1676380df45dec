import { EventEmitter } from 'node:events';
import type { CloudTrailRecord } from '../playbooks/cloudtrail.ts';

/** Log events that were put into a log group, whoever put them there. */
export interface LogsWritten {
  region: string;
  logGroupName: string;
  /** `timestamp` in milliseconds since the epoch. */
  events: { timestamp: number; message: string }[];
}

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

/**
 * What the parts of the local AWS tell each other.
 * `record`: CloudTrail made a record; `trails` are the ARNs of the logging trails whose selectors take it (none: only event history has it).
 * `logs`: log events stand in a log group. `call`: a call was answered.
 * `alarm`: an alarm changed its state. `delivery`: an EventBridge rule matched and its target was started (or refused: `error`).
 */
export interface LocalSignals {
  record: [record: CloudTrailRecord, trails: string[]];
  logs: [written: LogsWritten];
  call: [call: CallSeen];
  alarm: [change: { region: string; name: string; from: string; to: string; reason: string; at: Date }];
  delivery: [
    delivery: { rule: string; bus: string; target: string; detailType: string; started?: string; error?: string },
  ];
}

/** The emitter that carries {@link LocalSignals}; one for each running local AWS. */
export class Signals extends EventEmitter<LocalSignals> {}
