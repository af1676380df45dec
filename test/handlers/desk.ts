import { Logger } from '@aws-lambda-powertools/logger';
import type { Context } from '../../handlers/context.ts';
import type { Head } from '../../handlers/incidents/items.ts';
import { Ledger } from '../../handlers/incidents/ledger.ts';
import { claim } from '../../handlers/steps/claim.ts';
import { call } from '../../playbooks/detections/samples.ts';
import { defaultOptions } from '../../playbooks/options.ts';
import { defaultQuestionTimes } from '../../playbooks/question-times.ts';
import { FakeAccount } from './fake-account.ts';
import { FakeTable } from './fake-dynamodb.ts';

/** The account that is watched in all tests. */
export const ACCOUNT = '111122223333';
/** Its trail. */
export const TRAIL = `arn:aws:cloudtrail:us-east-1:${ACCOUNT}:trail/cordon`;

/** What a step works with, and what a test looks at: a fake account, a fake table, a clock that moves when told. */
export class Desk {
  readonly account = new FakeAccount();
  readonly table = new FakeTable();
  readonly context: Context;

  constructor(environment: Partial<Context['environment']> = {}) {
    const now = () => this.account.now;
    this.context = {
      environment: {
        account: ACCOUNT,
        region: 'us-east-1',
        prefix: 'cordon',
        table: 'cordon-ledger',
        topic: `arn:aws:sns:us-east-1:${ACCOUNT}:cordon-mails`,
        escalationTopic: `arn:aws:sns:us-east-1:${ACCOUNT}:cordon-escalations`,
        bus: 'cordon-incidents',
        evidence: 'cordon-evidence',
        logGroup: '/aws/cloudtrail/cordon',
        trailParts: {},
        packs: [],
        ownRoles: ['cordon-contain-start-logging', 'cordon-undo-start-logging'],
        protectedPrincipals: [],
        mode: 'auto',
        detectionModes: {},
        cap: 10,
        suppressions: [],
        options: defaultOptions,
        questions: defaultQuestionTimes,
        ...environment,
      },
      ledger: new Ledger(this.table.client, 'cordon-ledger', now),
      now,
      log: new Logger({ serviceName: 'cordon', logLevel: 'SILENT' }),
      client: this.account.client,
    };
  }

  /** Lets time go by. */
  pass(seconds: number): void {
    this.account.now = new Date(this.account.now.getTime() + seconds * 1000);
  }

  /** Opens an incident as the playbook does. */
  async open(detection: string, at = '2026-05-01T03:01:00.000+0000'): Promise<string> {
    return (await this.claim(`run-${at}`, alarm(detection, at))).incidentId;
  }

  /** What starts a playbook comes to it, in an execution that begins now. */
  claim(execution: string, event: Parameters<typeof claim>[0]['event']) {
    return claim({ execution, startedAt: this.account.now.toISOString(), event }, this.context);
  }

  head(incidentId: string): Promise<Head> {
    return this.context.ledger.head(incidentId);
  }
}

/** The event of an alarm, as EventBridge delivers it. */
export const alarm = (detection: string, timestamp = '2026-05-01T03:01:00.000+0000') => ({
  version: '0',
  id: '6a7e8feb-b491-4cf7-a9f1-bf3703467718',
  'detail-type': 'CloudWatch Alarm State Change' as const,
  source: 'aws.cloudwatch',
  account: ACCOUNT,
  time: '2026-05-01T03:01:00Z',
  region: 'us-east-1',
  resources: [`arn:aws:cloudwatch:us-east-1:${ACCOUNT}:alarm:cordon-${detection}`],
  detail: {
    alarmName: `cordon-${detection}`,
    state: { value: 'ALARM' as const, reason: 'Threshold Crossed', reasonData: '{}', timestamp },
    previousState: { value: 'OK', timestamp: '2026-05-01T02:00:00.000+0000' },
  },
});

let count = 0;
/** An event id that no other record has. */
export const eventId = (): string => `00000000-0000-4000-8000-${String(++count).padStart(12, '0')}`;

/** A CloudTrail call at a time of the day, with an event id of its own. */
export const callAt = (
  time: string,
  eventSource: string,
  eventName: string,
  userIdentity: Record<string, unknown>,
  rest: Record<string, unknown> = {},
): Record<string, unknown> =>
  call(eventSource, eventName, userIdentity, { eventTime: `2026-05-01T${time}Z`, eventID: eventId(), ...rest });
