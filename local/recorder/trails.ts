import type { CloudTrailRecord } from '../../playbooks/cloudtrail.ts';
import { isStructure, type Structure } from './protocols/values.ts';
import type { Exchange } from './record.ts';
import { type Selectors, selects } from './selectors.ts';

/** What is known of a trail beyond what the emulator keeps. Never changed in place, so that a list of trails stays as of its moment. */
export interface Trail {
  arn: string;
  name: string;
  homeRegion: string;
  multiRegion: boolean;
  globalEvents: boolean;
  logging: boolean;
  bucket: string;
  prefix?: string;
  logGroupArn?: string;
  roleArn?: string;
  snsTopicArn?: string;
  kmsKeyId?: string;
  selectors: Selectors;
  insights: Structure[];
  insightsDestination?: string;
  started?: Date;
  stopped?: Date;
}

/** What became of a trail's deliveries; changes all the time, so it is kept apart from the trail. */
export interface DeliveryStatus {
  toBucket?: Date;
  toBucketAttempt?: Date;
  toBucketError?: string;
  toLogs?: Date;
  toLogsError?: string;
}

/** The account's trails, as told by the calls that make and change them. */
export class Trails {
  readonly #trails = new Map<string, Trail>();
  readonly #status = new Map<string, DeliveryStatus>();
  readonly #account: string;

  constructor(account: string) {
    this.#account = account;
  }

  /** The trails as they are now. */
  list(): Trail[] {
    return [...this.#trails.values()];
  }

  /** Finds a trail by name or ARN, as seen from a region: by name only its own trails and multi-region ones. */
  find(nameOrArn: unknown, region: string): Trail | undefined {
    if (typeof nameOrArn !== 'string') return undefined;
    if (nameOrArn.startsWith('arn:')) return this.#trails.get(nameOrArn);
    return (
      this.#trails.get(`arn:aws:cloudtrail:${region}:${this.#account}:trail/${nameOrArn}`) ??
      this.list().find((trail) => trail.name === nameOrArn && trail.multiRegion)
    );
  }

  /** How a trail's deliveries went. */
  status(arn: string): DeliveryStatus {
    return this.#status.get(arn) ?? {};
  }

  /** Notes how a delivery went; for a trail deleted meanwhile there is nothing to note. */
  note(arn: string, change: DeliveryStatus): void {
    if (this.#trails.has(arn)) this.#status.set(arn, { ...this.status(arn), ...change });
  }

  /** Takes over a trail that existed before the recorder started. */
  adopt(view: Structure, logging: boolean, selectors: Selectors): void {
    this.#apply(String(view.TrailARN), fields(view), { logging, selectors });
  }

  /** Follows a successful call of CloudTrail's. */
  observe({ call, input, output, refusal }: Exchange): void {
    if (refusal || call.model.name !== 'cloudtrail') return;
    const { at } = call.request;
    const existing = this.find(input.Name ?? input.TrailName, call.region);
    switch (call.operation.name) {
      case 'CreateTrail':
        this.#apply(String(output.TrailARN), { homeRegion: call.region, ...fields(present(output)), ...fields(input) });
        return;
      case 'UpdateTrail':
        if (existing) this.#apply(existing.arn, { ...fields(present(output)), ...fields(input) });
        return;
      case 'DeleteTrail':
        if (existing) this.#trails.delete(existing.arn);
        if (existing) this.#status.delete(existing.arn);
        return;
      case 'StartLogging':
        if (existing) this.#apply(existing.arn, { logging: true, started: at });
        return;
      case 'StopLogging':
        // AWS disables Insights with the logging that it is made from.
        if (existing)
          this.#apply(existing.arn, { logging: false, ...(existing.logging && { stopped: at }), insights: [] });
        return;
      case 'PutEventSelectors':
        if (existing) this.#apply(existing.arn, { selectors: selectorsOf(output) });
        return;
      case 'PutInsightSelectors':
        if (existing) this.#apply(existing.arn, insightsOf(input));
        return;
    }
  }

  #apply(arn: string, ...changes: Partial<Trail>[]): void {
    const base: Trail = this.#trails.get(arn) ?? {
      arn,
      name: arn.split('/').at(-1) ?? arn,
      homeRegion: arn.split(':')[3] ?? '',
      multiRegion: false,
      globalEvents: true,
      logging: false,
      bucket: '',
      selectors: {},
      insights: [],
    };
    this.#trails.set(arn, Object.assign({}, base, ...changes));
  }
}

/** Event selectors as GetEventSelectors and PutEventSelectors answer them. */
export function selectorsOf(view: Structure): Selectors {
  const structures = (value: unknown) => (Array.isArray(value) ? value.filter(isStructure) : undefined);
  const basic = structures(view.EventSelectors);
  const advanced = structures(view.AdvancedEventSelectors);
  return { ...(basic?.length && { basic }), ...(advanced?.length && { advanced }) };
}

function insightsOf(input: Structure): Partial<Trail> {
  const insights = Array.isArray(input.InsightSelectors)
    ? (input.InsightSelectors.filter(isStructure) as Structure[])
    : [];
  return {
    insights,
    ...(typeof input.InsightsDestination === 'string' && { insightsDestination: input.InsightsDestination }),
  };
}

/** The emulator answers with empty texts for what it does not keep, which says nothing about the trail. */
function present(output: Structure): Structure {
  return Object.fromEntries(Object.entries(output).filter(([, value]) => value !== ''));
}

/** A trail's fields among a call's parameters or an answer. An empty text takes the value away, as UpdateTrail does. */
function fields(view: Structure): Partial<Trail> {
  const changes: [string, unknown][] = [];
  const take = (from: string, to: keyof Trail) => {
    const value = view[from];
    if (value !== undefined && value !== null) changes.push([to, value === '' ? undefined : value]);
  };
  take('HomeRegion', 'homeRegion');
  take('IsMultiRegionTrail', 'multiRegion');
  take('IncludeGlobalServiceEvents', 'globalEvents');
  take('S3KeyPrefix', 'prefix');
  take('CloudWatchLogsLogGroupArn', 'logGroupArn');
  take('CloudWatchLogsRoleArn', 'roleArn');
  take('KmsKeyId', 'kmsKeyId');
  if (typeof view.S3BucketName === 'string' && view.S3BucketName !== '') changes.push(['bucket', view.S3BucketName]);
  if (typeof view.SnsTopicName === 'string') changes.push(['snsTopicArn', view.SnsTopicName || undefined]);
  return Object.fromEntries(changes) as Partial<Trail>;
}

/** Whether a logging trail takes a record: by its regions, global service events and selectors. */
export function takes(trail: Trail, record: CloudTrailRecord, global: boolean): boolean {
  if (!trail.logging) return false;
  if (!trail.multiRegion && trail.homeRegion !== record.awsRegion) return false;
  if (global && !trail.globalEvents) return false;
  return selects(trail.selectors, record);
}
