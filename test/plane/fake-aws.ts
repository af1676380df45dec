import type { Datapoint, MetricAlarm, MetricDatum } from '@aws-sdk/client-cloudwatch';
import type { MetricFilter } from '@aws-sdk/client-cloudwatch-logs';
import type { Rule, Target } from '@aws-sdk/client-eventbridge';
import type { Clients, RegionalClients } from '../../local/plane/clients.ts';

type Input = Record<string, unknown>;
type Answer = Record<string, unknown>;

/** A call that was made, by the name of its command without `Command`. */
export interface Call {
  operation: string;
  input: Input;
  region: string;
}

/**
 * As much of AWS as the detection plane talks to, in memory: it evaluates no alarm by itself. `answers` sets or overrides what an
 * operation answers; a function in it may throw.
 */
export class FakeAws implements Clients {
  readonly calls: Call[] = [];
  readonly filters: MetricFilter[] = [];
  readonly alarms = new Map<string, MetricAlarm>();
  readonly rules: Rule[] = [];
  readonly targets = new Map<string, Target[]>();
  readonly history: { AlarmName: string; Timestamp: Date; HistoryData: string }[] = [];
  datapoints: Datapoint[] = [];
  answers: Record<string, (input: Input) => Answer | Promise<Answer>> = {};
  now = new Date('2026-03-01T10:00:00.250Z');
  destroyed = false;

  in(region: string): RegionalClients {
    const send = async (command: { constructor: { name: string }; input: Input }): Promise<Answer> => {
      const operation = command.constructor.name.replace(/Command$/, '');
      this.calls.push({ operation, input: command.input, region });
      const answer = this.answers[operation] ?? this.#known(operation);
      return answer ? answer(command.input) : {};
    };
    const client = { send, destroy: () => undefined };
    return {
      ...{ cloudWatch: client, logs: client, events: client, lambda: client },
      ...{ stepFunctions: client, sns: client, sqs: client },
    } as unknown as RegionalClients;
  }

  destroy(): void {
    this.destroyed = true;
  }

  /** The inputs of the calls of an operation, in order. */
  inputs(operation: string): Input[] {
    return this.calls.filter((call) => call.operation === operation).map(({ input }) => input);
  }

  /** All datapoints that were put. */
  get data(): MetricDatum[] {
    return this.inputs('PutMetricData').flatMap((input) => input.MetricData as MetricDatum[]);
  }

  /** Makes an alarm over the sum of one minute unless told otherwise. */
  addAlarm(alarm: MetricAlarm & { AlarmName: string }): void {
    this.alarms.set(alarm.AlarmName, {
      AlarmArn: `arn:aws:cloudwatch:us-east-1:111122223333:alarm:${alarm.AlarmName}`,
      Namespace: 'Trail',
      MetricName: alarm.AlarmName,
      Statistic: 'Sum',
      Period: 60,
      EvaluationPeriods: 1,
      Threshold: 1,
      ComparisonOperator: 'GreaterThanOrEqualToThreshold',
      TreatMissingData: 'notBreaching',
      StateValue: 'OK',
      StateUpdatedTimestamp: this.now,
      ...alarm,
    });
  }

  /** Changes an alarm's state and its history, as `SetAlarmState` does. */
  setState(name: string, state: string, reason: string, reasonData?: string): void {
    const alarm = this.alarms.get(name);
    const data = {
      oldState: { stateValue: alarm?.StateValue ?? 'INSUFFICIENT_DATA' },
      newState: { stateValue: state, stateReason: reason },
    };
    const Timestamp = new Date(Math.floor(this.now.getTime() / 1_000) * 1_000);
    this.history.push({ AlarmName: name, Timestamp, HistoryData: JSON.stringify(data) });
    if (!alarm) return;
    Object.assign(alarm, { StateValue: state, StateReason: reason, StateReasonData: reasonData });
    alarm.StateUpdatedTimestamp = Timestamp;
  }

  addRule(Name: string, pattern: unknown, targets: Target[], more: Partial<Rule> = {}): void {
    const Arn = `arn:aws:events:us-east-1:111122223333:rule/${Name}`;
    this.rules.push({
      Name,
      Arn,
      EventBusName: 'default',
      State: 'ENABLED',
      EventPattern: JSON.stringify(pattern),
      ...more,
    });
    this.targets.set(Name, targets);
  }

  #known(operation: string): ((input: Input) => Answer) | undefined {
    const known: Record<string, (input: Input) => Answer> = {
      DescribeMetricFilters: () => ({ metricFilters: this.filters }),
      DescribeAlarmsForMetric: (input) => ({
        MetricAlarms: [...this.alarms.values()].filter((alarm) => alarm.MetricName === input.MetricName),
      }),
      DescribeAlarms: (input) => ({
        MetricAlarms: [...this.alarms.values()].filter(
          ({ AlarmName = '' }) => !input.AlarmNames || (input.AlarmNames as string[]).includes(AlarmName),
        ),
      }),
      DescribeAlarmHistory: (input) => ({
        AlarmHistoryItems: this.history.filter((item) => item.Timestamp >= (input.StartDate as Date)),
      }),
      GetMetricStatistics: () => ({ Datapoints: this.datapoints }),
      SetAlarmState: (input) => {
        const { AlarmName, StateValue, StateReason, StateReasonData } = input as Record<string, string>;
        this.setState(AlarmName ?? '', StateValue ?? '', StateReason ?? '', StateReasonData);
        return {};
      },
      ListRules: (input) => ({ Rules: this.rules.filter((rule) => rule.EventBusName === input.EventBusName) }),
      ListTargetsByRule: (input) => ({ Targets: this.targets.get(input.Rule as string) }),
      TestEventPattern: () => ({ Result: true }),
      StartExecution: (input) => ({ executionArn: `${input.stateMachineArn}:run` }),
      GetQueueUrl: (input) => ({ QueueUrl: `http://queue/${input.QueueName}` }),
      SendMessage: () => ({ MessageId: 'm-1' }),
      Invoke: () => ({ $metadata: { requestId: 'i-1' } }),
    };
    return known[operation];
  }
}
