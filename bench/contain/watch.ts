import { EventEmitter, on } from 'node:events';
import { LocalFailure } from '../../local/failure.ts';
import type { LocalAws } from '../../local/local-aws.ts';
import type { LocalSignals } from '../../local/signals.ts';
import type { CloudTrailRecord } from '../../playbooks/cloudtrail.ts';
import { LOG_GROUP } from './account.ts';

/** A call by one of the playbooks' functions. */
export interface OwnCall {
  function: string;
  service: string;
  operation: string;
}

/** Functions that work by the clock, whatever incidents there are. */
const BY_THE_CLOCK = ['keep-baseline', 'watchdog', 'send-canary', 'conclude-canary'].map((unit) => `cordon-${unit}`);

const INCIDENT_OF = /^Incident\s+(\S+)$/m;

/** Everything of note that happens on the local AWS from its start to its end, as the parts of it tell. */
export class Watch {
  readonly calls: OwnCall[] = [];
  /** Records by the attacks, reads left out. */
  readonly records: CloudTrailRecord[] = [];
  /** Executions that the detection's rule started. */
  readonly started: string[] = [];
  /** When each incident's summary was mailed, by its id. */
  readonly mailed = new Map<string, number>();
  /** When the log group had the first of the attack's records, in ms since the epoch. */
  deliveredAt: number | undefined;
  readonly #changed = new EventEmitter();
  readonly #offs: (() => void)[] = [];

  constructor(
    aws: LocalAws,
    detection: string,
    functionsByKey: ReadonlyMap<string, string>,
    isAttackers: (record: CloudTrailRecord) => boolean,
  ) {
    const { signals, mailbox } = aws;
    const listen = <K extends keyof LocalSignals>(name: K, listener: (...told: LocalSignals[K]) => void): void => {
      signals.on(name, listener as never);
      this.#offs.push(() => signals.off(name, listener as never));
    };
    listen('call', ({ accessKeyId = '', service, operation }) => {
      const name = functionsByKey.get(accessKeyId);
      if (name && !BY_THE_CLOCK.includes(name)) this.calls.push({ function: name, service, operation });
    });
    listen('record', (record) => {
      if (record.readOnly !== true && isAttackers(record)) this.records.push(record);
    });
    listen('logs', ({ logGroupName, events }) => {
      // What functions log comes this way as well, and is no JSON of records.
      if (logGroupName !== LOG_GROUP) return;
      const now = Date.now();
      const first = events.some(({ message }) => isAttackers(JSON.parse(message) as CloudTrailRecord));
      if (first) this.deliveredAt ??= now;
    });
    listen('delivery', ({ rule, started }) => {
      if (rule === `cordon-${detection}` && started) this.started.push(started);
    });
    const onMail = ({ body }: { body: string }): void => {
      const id = INCIDENT_OF.exec(body)?.[1];
      if (!id?.startsWith(`${detection}-`) || this.mailed.has(id)) return;
      this.mailed.set(id, Date.now());
      this.#changed.emit('mailed', id);
    };
    mailbox.events.on('mail', onMail);
    this.#offs.push(() => mailbox.events.off('mail', onMail));
  }

  /** Calls back with each incident whose summary is mailed from now on. */
  onReported(listener: (incidentId: string) => void): void {
    this.#changed.on('mailed', listener);
  }

  /**
   * Resolves when so many incidents have their summary.
   * @throws LocalFailure of kind `failed` when they have not within `deadline` ms
   */
  async summaries(count: number, deadline: number, signal: AbortSignal): Promise<void> {
    const late = AbortSignal.timeout(deadline);
    try {
      const changes = on(this.#changed, 'mailed', { signal: AbortSignal.any([signal, late]) });
      if (this.mailed.size >= count) return;
      for await (const _ of changes) if (this.mailed.size >= count) return;
    } catch (error) {
      signal.throwIfAborted();
      if (!late.aborted) throw error;
      throw new LocalFailure(
        'failed',
        `${this.mailed.size} of ${count} incidents were reported within ${deadline / 1000} s: the others hang, or their playbooks failed.`,
      );
    }
  }

  /** Stops listening. */
  end(): void {
    for (const off of this.#offs) off();
  }
}
