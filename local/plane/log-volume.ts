import { DescribeAlarmsForMetricCommand, type MetricDatum, PutMetricDataCommand } from '@aws-sdk/client-cloudwatch';
import type { LogsWritten } from '../signals.ts';
import type { Clients } from './clients.ts';
import { placing } from './placing.ts';
import type { Work } from './work.ts';

/** The metric in which CloudWatch Logs counts the log events that a log group was given. */
const METRIC = { Namespace: 'AWS/Logs', MetricName: 'IncomingLogEvents' };

export interface LogVolumeOptions {
  clients: Clients;
  work: Work;
  now: () => Date;
  returnSpeed: number;
  /** Called when datapoints were put in a region. */
  onData: (region: string) => void;
}

/**
 * Counts the log events that come into each log group, as CloudWatch Logs does by itself.
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CloudWatch-Logs-Monitoring-CloudWatch-Metrics.html
 */
export class LogVolume {
  readonly #options: LogVolumeOptions;
  /** What came since the last {@link flush}, by region and log group. */
  #counts = new Map<string, Map<string, number>>();

  constructor(options: LogVolumeOptions) {
    this.#options = options;
  }

  /** Takes log events that stand in a log group. */
  add({ region, logGroupName, events }: LogsWritten): void {
    const groups = this.#counts.get(region) ?? new Map<string, number>();
    this.#counts.set(region, groups.set(logGroupName, (groups.get(logGroupName) ?? 0) + events.length));
  }

  /** Puts what was counted. A log group that nothing came to gets no datapoint, as on AWS. */
  flush(): void {
    const counts = this.#counts;
    this.#counts = new Map();
    for (const [region, groups] of counts) {
      this.#options.work.start(`volume of log groups in ${region}`, () => this.#put(region, groups));
    }
  }

  async #put(region: string, groups: ReadonlyMap<string, number>): Promise<void> {
    const { clients, now, returnSpeed, onData } = this.#options;
    const { cloudWatch } = clients.in(region);
    const { MetricAlarms = [] } = await cloudWatch.send(new DescribeAlarmsForMetricCommand(METRIC));
    const present = now().getTime();
    const data = [...groups].map(([Value, count]): MetricDatum => {
      const watching = MetricAlarms.filter(({ Dimensions = [] }) => Dimensions.some((one) => one.Value === Value));
      return {
        MetricName: METRIC.MetricName,
        Dimensions: [{ Name: 'LogGroupName', Value }],
        Timestamp: new Date(placing(watching, present, returnSpeed)(present)),
        Value: count,
        Unit: 'Count',
      };
    });
    for (let at = 0; at < data.length; at += 500) {
      const MetricData = data.slice(at, at + 500);
      await cloudWatch.send(new PutMetricDataCommand({ Namespace: METRIC.Namespace, MetricData }));
    }
    onData(region);
  }
}
