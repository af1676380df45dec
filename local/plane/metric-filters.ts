import { DescribeAlarmsForMetricCommand, type MetricDatum, PutMetricDataCommand } from '@aws-sdk/client-cloudwatch';
import {
  DescribeMetricFiltersCommand,
  type MetricFilter,
  type MetricTransformation,
  ResourceNotFoundException,
} from '@aws-sdk/client-cloudwatch-logs';
import {
  extractValue,
  type FilterPattern,
  matchesPattern,
  parseFilterPattern,
} from '../../playbooks/matching/filter-pattern/filter-pattern.ts';
import { InvalidFilterPattern } from '../../playbooks/matching/filter-pattern/scanner.ts';
import { numberOf } from '../../playbooks/matching/values.ts';
import type { LogsWritten } from '../signals.ts';
import type { Clients } from './clients.ts';
import { placing } from './placing.ts';
import { Batcher, type Work } from './work.ts';

type LogEvent = LogsWritten['events'][number];
type Point = { dimensions: { Name: string; Value: string }[]; value: number; timestamp: number };

export interface MetricFiltersOptions {
  clients: Clients;
  work: Work;
  now: () => Date;
  returnSpeed: number;
  /** Called when datapoints were put in a region. */
  onData: (region: string) => void;
}

/**
 * Metric filters: evaluates the filters that a log group has at the moment on the events that were put into it, and puts the datapoints.
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/MonitoringLogData.html
 */
export class MetricFilters {
  readonly #options: MetricFiltersOptions;
  readonly #groups = new Map<string, Batcher<LogEvent>>();
  readonly #patterns = new Map<string, FilterPattern | InvalidFilterPattern>();

  constructor(options: MetricFiltersOptions) {
    this.#options = options;
  }

  /** Takes log events that stand in a log group. */
  add({ region, logGroupName, events }: LogsWritten): void {
    const key = `${region} ${logGroupName}`;
    let group = this.#groups.get(key);
    if (!group) {
      const handle = (batch: LogEvent[]) => this.#evaluate(region, logGroupName, batch);
      group = new Batcher(this.#options.work, `metric filters of ${logGroupName} in ${region}`, handle);
      this.#groups.set(key, group);
    }
    group.add(...events);
  }

  async #evaluate(region: string, logGroupName: string, events: LogEvent[]): Promise<void> {
    const filters = await this.#filtersOf(region, logGroupName);
    const data = new Map<string, MetricDatum[]>();
    for (const filter of filters) {
      const pattern = this.#patternOf(filter, logGroupName);
      if (!pattern) continue;
      const matching = events.filter((event) => matchesPattern(pattern, event.message));
      for (const transformation of filter.metricTransformations ?? []) {
        const points = pointsOf(pattern, transformation, matching, this.#options.now().getTime());
        if (points.length === 0) continue;
        const list = data.get(transformation.metricNamespace ?? '') ?? [];
        list.push(...(await this.#datums(region, transformation, points)));
        data.set(transformation.metricNamespace ?? '', list);
      }
    }
    await this.#put(region, data);
  }

  async #put(region: string, data: Map<string, MetricDatum[]>): Promise<void> {
    const { cloudWatch } = this.#options.clients.in(region);
    for (const [Namespace, all] of data) {
      for (let at = 0; at < all.length; at += 500) {
        await cloudWatch.send(new PutMetricDataCommand({ Namespace, MetricData: all.slice(at, at + 500) }));
      }
    }
    if (data.size > 0) this.#options.onData(region);
  }

  async #filtersOf(region: string, logGroupName: string): Promise<MetricFilter[]> {
    const { logs } = this.#options.clients.in(region);
    const filters: MetricFilter[] = [];
    try {
      let nextToken: string | undefined;
      do {
        const page = await logs.send(new DescribeMetricFiltersCommand({ logGroupName, nextToken }));
        filters.push(...(page.metricFilters ?? []));
        nextToken = page.nextToken;
      } while (nextToken);
    } catch (error) {
      // The group was deleted meanwhile: its filters went with it.
      if (!(error instanceof ResourceNotFoundException)) throw error;
    }
    return filters;
  }

  #patternOf(filter: MetricFilter, logGroupName: string): FilterPattern | undefined {
    const text = filter.filterPattern ?? '';
    let pattern = this.#patterns.get(text);
    if (!pattern) {
      pattern = parsed(text);
      if (this.#patterns.size > 1_000) this.#patterns.clear();
      this.#patterns.set(text, pattern);
    }
    if (!(pattern instanceof InvalidFilterPattern)) return pattern;
    const name = `metric filter ${filter.filterName} of ${logGroupName}`;
    this.#options.work.sayOnce(name, `${name} is not evaluated: ${pattern.message}`);
    return undefined;
  }

  /** The points as CloudWatch takes them, those of one time and dimension together. */
  async #datums(region: string, transformation: MetricTransformation, points: Point[]): Promise<MetricDatum[]> {
    const place = await this.#placing(region, transformation);
    const datums = new Map<string, MetricDatum>();
    for (const { dimensions, value, timestamp } of points) {
      const at = place(timestamp);
      const key = JSON.stringify([dimensions, value, at]);
      const same = datums.get(key);
      if (same?.Counts) same.Counts[0] = (same.Counts[0] ?? 0) + 1;
      else {
        datums.set(key, {
          MetricName: transformation.metricName,
          Dimensions: dimensions,
          Timestamp: new Date(at),
          Values: [value],
          Counts: [1],
          Unit: transformation.unit ?? 'None',
        });
      }
    }
    return [...datums.values()];
  }

  async #placing(
    region: string,
    { metricName, metricNamespace }: MetricTransformation,
  ): Promise<(t: number) => number> {
    const { clients, now, returnSpeed } = this.#options;
    const { MetricAlarms = [] } = await clients
      .in(region)
      .cloudWatch.send(new DescribeAlarmsForMetricCommand({ MetricName: metricName, Namespace: metricNamespace }));
    return placing(MetricAlarms, now().getTime(), returnSpeed);
  }
}

function parsed(text: string): FilterPattern | InvalidFilterPattern {
  try {
    return parseFilterPattern(text);
  } catch (error) {
    if (error instanceof InvalidFilterPattern) return error;
    throw error;
  }
}

function pointsOf(
  pattern: FilterPattern,
  transformation: MetricTransformation,
  events: LogEvent[],
  now: number,
): Point[] {
  const { defaultValue, dimensions = {} } = transformation;
  if (events.length === 0) {
    return defaultValue === undefined ? [] : [{ dimensions: [], value: defaultValue, timestamp: now }];
  }
  return events.flatMap((event) => {
    const value = metricValueOf(pattern, transformation.metricValue ?? '', event.message);
    const pairs = Object.entries(dimensions).map(([Name, from]) => ({
      Name,
      Value: fieldOf(pattern, from, event.message),
    }));
    // An event without the value, or without one of the dimensions, gives no point.
    if (value === undefined || pairs.some((pair) => !pair.Value)) return [];
    return [{ dimensions: pairs as Point['dimensions'], value, timestamp: event.timestamp }];
  });
}

function metricValueOf(pattern: FilterPattern, metricValue: string, message: string): number | undefined {
  const literal = numberOf(metricValue.trim());
  return literal ?? numberOf(fieldOf(pattern, metricValue, message) ?? '');
}

function fieldOf(pattern: FilterPattern, selector: string, message: string): string | undefined {
  try {
    return extractValue(pattern, selector, message);
  } catch (error) {
    if (error instanceof InvalidFilterPattern) return undefined;
    throw error;
  }
}
