import type { CloudTrailRecord } from '../../playbooks/cloudtrail.ts';
import type { CallSeen, HandedOver, LogsWritten, Signals } from '../signals.ts';
import { Alarms } from './alarms.ts';
import { type Clients, EmulatorClients, type Endpoint } from './clients.ts';
import { busEvent, cloudTrailEvent, isReadOnlyManagement } from './event.ts';
import { EventBuses } from './event-bus.ts';
import { LogVolume } from './log-volume.ts';
import { MetricFilters } from './metric-filters.ts';
import { type Log, Work } from './work.ts';

/** How the detection plane runs. `endpoint` is the emulator's own address, so that none of the plane's calls is recorded. */
export interface PlaneOptions extends Endpoint {
  account: string;
  region: string;
  signals: Signals;
  now?: () => Date;
  /**
   * How many times faster datapoints leave the windows of the alarms that watch them, so that an alarm without new data is OK again
   * sooner; 1 as on AWS. At 10 an alarm over 5 minutes counts what came in 30 seconds.
   */
  returnSpeed?: number;
  /** Takes what could not be done: an emulator that does not answer, a filter pattern that cannot be read. */
  log?: Log;
}

/** The running detection plane. */
export interface Plane {
  /** Stops it. Resolves when the work that ran has ended. */
  close(): Promise<void>;
  /** Resolves when everything signalled so far was evaluated and delivered. */
  settled(): Promise<void>;
}

const tick = 1_000;
/** Where all alarms are OK, only missing data can change them: they are looked at so many ticks apart, each look costs a core 40 ms. */
const quietTicks = 5;
/** Calls that can change an alarm's state, or make alarms in a region where there were none. */
const alarmCalls: Record<string, readonly string[]> = {
  cloudwatch: ['PutMetricData', 'SetAlarmState', 'PutMetricAlarm', 'PutCompositeAlarm'],
  cloudformation: ['CreateStack', 'UpdateStack', 'ExecuteChangeSet'],
};

/**
 * Starts the detection plane of the local AWS: what CloudWatch and EventBridge do on AWS and the emulator does not. It evaluates metric
 * filters on what is put into log groups and counts it, lets alarms return, and brings alarm state changes and CloudTrail's records to the
 * EventBridge rules that match them, and delivers to API destinations. It reads what is deployed, when it needs it, and knows no detection by name.
 * `clients` speak to `options.endpoint` unless given.
 * @throws when the emulator does not answer at the start
 */
export async function startPlane(
  options: PlaneOptions,
  clients: Clients = new EmulatorClients(options),
): Promise<Plane> {
  const { signals, account, region, now = () => new Date(), returnSpeed = 1, log = console.error } = options;
  if (!(returnSpeed > 0)) throw new RangeError(`returnSpeed must be greater than 0, it is ${returnSpeed}`);
  const work = new Work(log);
  const buses = new EventBuses({ clients, work, signals, now });
  const alarms = new Alarms({
    ...{ clients, work, signals, account, now, returnSpeed },
    onEvent: (where, event) => buses.publish(where, event),
  });
  const filters = new MetricFilters({ clients, work, now, returnSpeed, onData: (where) => alarms.look(where) });
  const volume = new LogVolume({ clients, work, now, returnSpeed, onData: (where) => alarms.look(where) });
  await alarms.watch(region);

  const onLogs = (written: LogsWritten) => {
    filters.add(written);
    volume.add(written);
  };
  const onCall = (call: CallSeen) => {
    if (call.status < 300 && alarmCalls[call.service]?.includes(call.operation)) alarms.called(call.region);
  };
  const onRecord = (record: CloudTrailRecord, trails: string[]) => {
    if (trails.length === 0) return;
    const event = cloudTrailEvent(record, account, region);
    buses.publish(event.region, event, isReadOnlyManagement(record));
  };
  const onFinding = (detail: Record<string, unknown>) => {
    const event = {
      'detail-type': 'GuardDuty Finding',
      source: 'aws.guardduty',
      account,
      region,
      resources: [],
      detail,
    };
    buses.publish(region, busEvent({ ...event, time: now() }));
  };
  const onHandedOver = (handed: HandedOver) => buses.deliver(handed);
  signals.on('logs', onLogs).on('call', onCall).on('record', onRecord);
  signals.on('finding', onFinding).on('handed-over', onHandedOver);
  let ticks = 0;
  const timer = setInterval(() => {
    volume.flush();
    ticks += 1;
    if (ticks % quietTicks === 0) alarms.evaluate();
    else alarms.evaluateUnsettled();
  }, tick);

  return {
    settled: () => {
      volume.flush();
      return work.settled();
    },
    async close() {
      clearInterval(timer);
      signals.off('logs', onLogs).off('call', onCall).off('record', onRecord);
      signals.off('finding', onFinding).off('handed-over', onHandedOver);
      await work.end();
      clients.destroy();
    },
  };
}
