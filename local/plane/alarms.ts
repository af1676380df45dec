import {
  AlarmType,
  type CloudWatchClient,
  type CompositeAlarm,
  DescribeAlarmsCommand,
  GetMetricStatisticsCommand,
  type MetricAlarm,
  SetAlarmStateCommand,
} from '@aws-sdk/client-cloudwatch';
import type { Signals } from '../signals.ts';
import { type AlarmState, alarmEvent, stateOf } from './alarm-event.ts';
import { AlarmHistory, type Transition } from './alarm-history.ts';
import { eventTime, type Verdict, verdict, windowOf } from './alarm-verdict.ts';
import type { Clients } from './clients.ts';
import type { BusEvent } from './event.ts';
import { Batcher, type Work } from './work.ts';

export interface AlarmsOptions {
  clients: Clients;
  work: Work;
  signals: Signals;
  account: string;
  now: () => Date;
  returnSpeed: number;
  /** Called with the event of each transition. */
  onEvent: (region: string, event: BusEvent) => void;
}

/** What is to be done in a region: look for transitions, or evaluate the alarms as well. */
type Task = 'look' | 'evaluate';

/**
 * Alarms. The emulator evaluates them when datapoints are put, over the time back from the moment; what it leaves out is done here:
 * alarms change their state as data leave their window, and every change, whoever made it, becomes a signal and an event.
 */
export class Alarms {
  readonly #options: AlarmsOptions;
  readonly #start: Date;
  readonly #regions = new Map<string, { alarms: RegionAlarms; tasks: Batcher<Task> }>();

  constructor(options: AlarmsOptions) {
    this.#options = options;
    this.#start = options.now();
  }

  /** Watches a region from now on. Resolves when what its alarms' history holds already is left behind. */
  async watch(region: string): Promise<void> {
    await this.#in(region).alarms.skipPast();
  }

  /** Finds the transitions that happened in a region meanwhile; from then on the region is watched. */
  look(region: string): void {
    this.#in(region).tasks.add('look');
  }

  /** Evaluates the alarms of every region that is watched. */
  evaluate(): void {
    for (const { tasks } of this.#regions.values()) tasks.add('evaluate');
  }

  /** Evaluates those of every region where an alarm is not OK, or may have changed by a call. */
  evaluateUnsettled(): void {
    for (const { alarms, tasks } of this.#regions.values()) if (!alarms.isSettled) tasks.add('evaluate');
  }

  /** Somebody may have made alarms in a region, or changed them. */
  called(region: string): void {
    const { alarms, tasks } = this.#in(region);
    alarms.called();
    tasks.add('look');
  }

  #in(region: string) {
    const known = this.#regions.get(region);
    if (known) return known;
    const alarms = new RegionAlarms(region, this.#options, this.#start);
    const handle = (tasks: Task[]) => alarms.work(tasks.includes('evaluate'));
    const made = { alarms, tasks: new Batcher<Task>(this.#options.work, `alarms in ${region}`, handle) };
    this.#regions.set(region, made);
    return made;
  }
}

type Alarm = MetricAlarm | CompositeAlarm;

/** The alarms of one region. */
class RegionAlarms {
  readonly #region: string;
  readonly #options: AlarmsOptions;
  readonly #client: CloudWatchClient;
  readonly #history: AlarmHistory;
  readonly #states = new Map<string, AlarmState>();
  /** Whether the alarms are those that were found last, as far as calls tell. */
  #isKnown = false;

  constructor(region: string, options: AlarmsOptions, since: Date) {
    this.#region = region;
    this.#options = options;
    this.#client = options.clients.in(region).cloudWatch;
    this.#history = new AlarmHistory(this.#client, since);
  }

  /** All are OK. */
  get isSettled(): boolean {
    return this.#isKnown && [...this.#states.values()].every(({ value }) => value === 'OK');
  }

  /** Somebody may have made alarms, or changed them. */
  called(): void {
    this.#isKnown = false;
  }

  async skipPast(): Promise<void> {
    await this.#history.next();
    this.#remember(await this.#describe());
  }

  async work(evaluate: boolean): Promise<void> {
    await this.#announce();
    if (!evaluate) return;
    // Before they are read: a call in between says otherwise again.
    this.#isKnown = true;
    const alarms = await this.#describe();
    this.#remember(alarms);
    let changed = false;
    for (const alarm of alarms.values()) if (await this.#evaluate(alarm)) changed = true;
    if (changed) await this.#announce();
  }

  async #announce(): Promise<void> {
    const transitions = await this.#history.next();
    if (transitions.length === 0) return;
    const alarms = await this.#describe([...new Set(transitions.map(({ name }) => name))]);
    for (const transition of transitions) this.#announceOne(transition, alarms.get(transition.name));
  }

  #announceOne(transition: Transition, alarm: Alarm | undefined): void {
    const { signals, account, now, onEvent } = this.#options;
    const region = this.#region;
    // History knows whole seconds; of a change found at once the moment is known better.
    const found = now();
    const at = Math.abs(found.getTime() - transition.at.getTime()) < 2_000 ? found : transition.at;
    const { name, from, to } = transition;
    const state = stateOf({ ...transition, at }, alarm);
    const known = this.#states.get(name);
    const previousState = known?.value === from ? known : { value: from, reason: '', timestamp: state.timestamp };
    this.#states.set(name, state);
    signals.emit('alarm', { region, name, from, to, reason: state.reason, at });
    const arn = alarm?.AlarmArn ?? `arn:aws:cloudwatch:${region}:${account}:alarm:${name}`;
    onEvent(region, alarmEvent({ name, arn, at, state, previousState }, alarm, { account, region }));
  }

  #remember(alarms: Map<string, Alarm>): void {
    for (const [name, alarm] of alarms) {
      if (this.#states.has(name)) continue;
      const { StateValue = 'INSUFFICIENT_DATA', StateReason = '', StateReasonData, StateUpdatedTimestamp } = alarm;
      this.#states.set(name, {
        value: StateValue,
        reason: StateReason,
        ...(StateReasonData ? { reasonData: StateReasonData } : {}),
        timestamp: eventTime(StateUpdatedTimestamp ?? this.#options.now()),
      });
    }
    for (const name of this.#states.keys()) if (!alarms.has(name)) this.#states.delete(name);
  }

  async #describe(AlarmNames?: string[]): Promise<Map<string, Alarm>> {
    const alarms = new Map<string, Alarm>();
    const AlarmTypes = [AlarmType.MetricAlarm, AlarmType.CompositeAlarm];
    for (let at = 0; at === 0 || at < (AlarmNames?.length ?? 0); at += 100) {
      let NextToken: string | undefined;
      do {
        const names = AlarmNames?.slice(at, at + 100);
        const request = { AlarmTypes, MaxRecords: 100, NextToken, ...(names ? { AlarmNames: names } : {}) };
        const page = await this.#client.send(new DescribeAlarmsCommand(request));
        for (const alarm of [...(page.MetricAlarms ?? []), ...(page.CompositeAlarms ?? [])]) {
          alarms.set(alarm.AlarmName ?? '', alarm);
        }
        NextToken = page.NextToken;
      } while (NextToken);
    }
    return alarms;
  }

  /** Sets the alarm to the state that its data call for. Resolves to whether it changed. */
  async #evaluate(alarm: Alarm): Promise<boolean> {
    if (!('MetricName' in alarm) || !alarm.MetricName || !this.#isDue(alarm)) return false;
    const due = await this.#verdict(alarm);
    if (!due || due.state === alarm.StateValue) return false;
    await this.#client.send(
      new SetAlarmStateCommand({
        AlarmName: alarm.AlarmName,
        StateValue: due.state,
        StateReason: due.reason,
        StateReasonData: due.reasonData,
      }),
    );
    return true;
  }

  /**
   * Whether to look at an alarm now. CloudWatch evaluates once a minute, so a state set by hand stands for a while; an alarm that is OK
   * can only change by new data, which the emulator evaluates, unless missing data mean something to it.
   */
  #isDue(alarm: MetricAlarm): boolean {
    const quiet = alarm.TreatMissingData === 'notBreaching' || alarm.TreatMissingData === 'ignore';
    if (alarm.StateValue === 'OK' && quiet) return false;
    if (alarm.StateValue === 'INSUFFICIENT_DATA' && quiet) return true;
    const since = alarm.StateUpdatedTimestamp?.getTime() ?? 0;
    const pause = Math.min(windowOf(alarm), 60_000) / this.#options.returnSpeed;
    return this.#options.now().getTime() - since >= pause;
  }

  async #verdict(alarm: MetricAlarm): Promise<Verdict | undefined> {
    const now = this.#options.now();
    const { Datapoints = [] } = await this.#client.send(
      new GetMetricStatisticsCommand({
        Namespace: alarm.Namespace,
        MetricName: alarm.MetricName,
        Dimensions: alarm.Dimensions,
        StartTime: new Date(now.getTime() - windowOf(alarm)),
        EndTime: new Date(now.getTime() + 1_000),
        Period: windowOf(alarm) / 1_000,
        Statistics: ['Sum', 'SampleCount', 'Minimum', 'Maximum'],
      }),
    );
    return verdict(alarm, Datapoints, now);
  }
}
