import { randomBytes } from 'node:crypto';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import type { CloudTrailRecord } from '../../playbooks/cloudtrail.ts';
import type { DeliveryStatus, Trail } from './trails.ts';

const compress = promisify(gzip);

/** Where records go: the account's log groups and buckets. Each call fails with the service's error. */
export interface Destinations {
  /** Creates the stream where it is missing. `timestamp` in milliseconds. */
  putLogs(
    group: { region: string; name: string },
    stream: string,
    events: { timestamp: number; message: string }[],
  ): Promise<void>;
  putFile(bucket: string, region: string, key: string, body: Buffer): Promise<void>;
}

/** What a delivery works with. */
export interface DeliveryOptions {
  account: string;
  destinations: Destinations;
  /** Milliseconds that records are gathered for before they go to log groups. */
  logsEvery: number;
  /** Milliseconds between files. */
  filesEvery: number;
  now: () => Date;
  /** Tells how a trail's delivery went. */
  note: (trailArn: string, status: DeliveryStatus) => void;
  /** Records stand in a log group. */
  delivered: (group: { region: string; name: string }, events: { timestamp: number; message: string }[]) => void;
}

interface Batch {
  trail: Trail;
  region: string;
  records: CloudTrailRecord[];
}

/** PutLogEvents takes at most 10,000 events and 1 MiB, each event counting 26 bytes more than its text. */
const BATCH_EVENTS = 10_000;
const BATCH_BYTES = 1_048_576 - 4096;

/** Carries records to the log groups and buckets of trails, in batches as CloudTrail does, only sooner. */
export class Delivery {
  readonly #options: DeliveryOptions;
  readonly #logs = new Map<string, Batch>();
  readonly #files = new Map<string, Batch>();
  #logsTimer: NodeJS.Timeout | undefined;
  #filesTimer: NodeJS.Timeout | undefined;
  /** Deliveries run one after the other, so that a log stream keeps the order of its events. */
  #running: Promise<void> = Promise.resolve();

  constructor(options: DeliveryOptions) {
    this.#options = options;
  }

  /** Takes a record for a trail. */
  take(trail: Trail, record: CloudTrailRecord): void {
    const region = record.awsRegion ?? trail.homeRegion;
    if (trail.logGroupArn !== undefined) {
      batch(this.#logs, trail, region).records.push(record);
      this.#logsTimer ??= setTimeout(() => this.#startLogs(), this.#options.logsEvery);
    }
    if (trail.bucket !== '') {
      batch(this.#files, trail, region).records.push(record);
      this.#filesTimer ??= setTimeout(() => this.#startFiles(), this.#options.filesEvery);
    }
  }

  /** Delivers everything taken so far. */
  async flush(): Promise<void> {
    this.#startLogs();
    this.#startFiles();
    await this.#running;
  }

  #startLogs(): void {
    clearTimeout(this.#logsTimer);
    this.#logsTimer = undefined;
    const batches = [...this.#logs.values()];
    this.#logs.clear();
    this.#run(batches, (next) => this.#toLogs(next));
  }

  #startFiles(): void {
    clearTimeout(this.#filesTimer);
    this.#filesTimer = undefined;
    const batches = [...this.#files.values()];
    this.#files.clear();
    this.#run(batches, (next) => this.#toBucket(next));
  }

  #run(batches: Batch[], deliver: (batch: Batch) => Promise<void>): void {
    if (batches.length === 0) return;
    this.#running = this.#running.then(async () => {
      for (const next of batches) await deliver(next);
    });
  }

  async #toLogs({ trail, region, records }: Batch): Promise<void> {
    const group = parseGroup(trail.logGroupArn ?? '');
    if (!group) return this.#options.note(trail.arn, { toLogsError: 'InvalidCloudWatchLogsLogGroupArnException' });
    const stream = `${this.#options.account}_CloudTrail_${region}`;
    const events = records
      .map((record) => ({ timestamp: Date.parse(record.eventTime), message: JSON.stringify(record) }))
      .sort((left, right) => left.timestamp - right.timestamp);
    try {
      for (const part of parts(events)) {
        await this.#options.destinations.putLogs(group, stream, part);
        this.#options.delivered(group, part);
      }
      this.#options.note(trail.arn, { toLogs: this.#options.now() });
    } catch (error) {
      this.#options.note(trail.arn, { toLogsError: nameOf(error) });
    }
  }

  async #toBucket({ trail, region, records }: Batch): Promise<void> {
    const at = this.#options.now();
    try {
      const body = await compress(JSON.stringify({ Records: records }));
      await this.#options.destinations.putFile(trail.bucket, trail.homeRegion, this.#key(trail, region, at), body);
      this.#options.note(trail.arn, { toBucket: at, toBucketAttempt: at });
    } catch (error) {
      this.#options.note(trail.arn, { toBucketAttempt: at, toBucketError: nameOf(error) });
    }
  }

  /** https://docs.aws.amazon.com/awscloudtrail/latest/userguide/get-and-view-cloudtrail-log-files.html */
  #key(trail: Trail, region: string, at: Date): string {
    const { account } = this.#options;
    const iso = at.toISOString();
    const minute = `${iso.slice(0, 16).replace(/[-:]/g, '')}Z`;
    const unique = randomBytes(12).toString('base64url').replace(/[-_]/g, 'x').slice(0, 16);
    const folder = `AWSLogs/${account}/CloudTrail/${region}/${iso.slice(0, 10).replaceAll('-', '/')}`;
    const prefix = trail.prefix ? `${trail.prefix}/` : '';
    return `${prefix}${folder}/${account}_CloudTrail_${region}_${minute}_${unique}.json.gz`;
  }
}

function batch(batches: Map<string, Batch>, trail: Trail, region: string): Batch {
  const key = `${trail.arn} ${trail.logGroupArn} ${trail.bucket} ${region}`;
  let found = batches.get(key);
  if (!found) {
    found = { trail, region, records: [] };
    batches.set(key, found);
  }
  return found;
}

function parseGroup(arn: string): { region: string; name: string } | undefined {
  const [, region, name] = /^arn:[^:]+:logs:([^:]+):\d+:log-group:([^:]+)/.exec(arn) ?? [];
  return region === undefined || name === undefined ? undefined : { region, name };
}

function* parts<Event extends { message: string }>(events: Event[]): Generator<Event[]> {
  let part: Event[] = [];
  let bytes = 0;
  for (const event of events) {
    const size = Buffer.byteLength(event.message) + 26;
    if (part.length > 0 && (part.length === BATCH_EVENTS || bytes + size > BATCH_BYTES)) {
      yield part;
      part = [];
      bytes = 0;
    }
    part.push(event);
    bytes += size;
  }
  if (part.length > 0) yield part;
}

function nameOf(error: unknown): string {
  return error instanceof Error ? error.name : String(error);
}
