import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { SFNClient } from '@aws-sdk/client-sfn';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import type { Head } from '../handlers/incidents/items.ts';
import { Ledger } from '../handlers/incidents/ledger.ts';
import type { Incident } from '../playbooks/incident.ts';
import { historyOf } from './executions.ts';
import type { LocalAws } from './local-aws.ts';

/** Something that happened. */
export interface Happening {
  at: Date;
  kind: 'attack' | 'record' | 'alarm' | 'alert' | 'playbook' | 'step' | 'done' | 'mail' | 'proof';
  text: string;
}

/** What one attack came to, as the parts of the local AWS tell it. */
export interface Followed {
  /** Id and stored state of the incident, once there is one. */
  incident?: Incident & Head;
  /** The mails of the playbook about it, alerts not counted. */
  mails: { subject: string; body: string; at: Date }[];
}

const INCIDENT_OF = /^Incident\s+(\S+)$/m;
const POLL_MS = 150;

/**
 * Follows one detection's way from the attack to the mail, live.
 * @param actor what a record's identity must contain to belong to the attack
 * @param tell gets each happening once, as soon as it is known
 */
export class Timeline {
  readonly followed: Followed = { mails: [] };
  readonly #aws: LocalAws;
  readonly #detection: string;
  readonly #tell: (happening: Happening) => void;
  readonly #ledger: Ledger;
  readonly #sfn: SFNClient;
  readonly #told = new Set<string>();
  readonly #offs: (() => void)[] = [];
  /** Executions that the alarm and the events of the calls have started: the one whose incident has the records is followed. */
  readonly #executions = new Set<string>();

  constructor(aws: LocalAws, detection: string, actor: string, tell: (happening: Happening) => void) {
    this.#aws = aws;
    this.#detection = detection;
    this.#tell = tell;
    const config = { endpoint: aws.endpoint, region: aws.region, credentials: aws.soc };
    this.#ledger = new Ledger(
      DynamoDBDocumentClient.from(new DynamoDBClient(config)),
      aws.deployment?.ledgerTable ?? '',
      () => new Date(),
    );
    // The history is read past the recorder: following the playbook must not fill CloudTrail with reads.
    this.#sfn = new SFNClient({
      endpoint: aws.emulator.url.origin,
      region: aws.region,
      credentials: aws.root,
    });
    this.#listen(actor);
  }

  #listen(actor: string): void {
    const { signals, mailbox } = this.#aws;
    const name = `cordon-${this.#detection}`;
    const now = () => new Date();
    const onRecord = (...[record, trails]: Parameters<Parameters<typeof signals.on<'record'>>[1]>) => {
      const { userIdentity: who, readOnly, eventName, sourceIPAddress } = record;
      const by = who?.type === 'Root' ? 'root' : (who?.userName ?? '');
      if (by !== actor || readOnly === true || trails.length === 0) return;
      this.#tell({ at: now(), kind: 'record', text: `CloudTrail: ${eventName} by ${by} from ${sourceIPAddress}` });
    };
    const onAlarm = (change: { name: string; to: string; at: Date }) => {
      if (change.name === name && change.to === 'ALARM') {
        this.#tell({ at: now(), kind: 'alarm', text: `${name} is in ALARM` });
      }
    };
    const onDelivery = (delivery: { rule: string; started?: string; error?: string }) => {
      if (delivery.rule !== name && delivery.rule !== `${name}-event`) return;
      const by = delivery.rule === name ? 'alarm' : 'event';
      if (delivery.started) this.#executions.add(delivery.started);
      if (!this.#isNew(`started by ${by}`)) return;
      const text = delivery.error ?? `started by the ${by}: ${delivery.started?.split(':').slice(6).join(' ')}`;
      this.#tell({ at: now(), kind: 'playbook', text });
    };
    const onMail = (mail: { subject: string; body: string; at: Date }) => {
      if (mail.subject.includes(`"${name}"`)) this.#tell({ at: now(), kind: 'alert', text: `mail: ${mail.subject}` });
      if (!INCIDENT_OF.exec(mail.body)?.[1]?.startsWith(`${this.#detection}-`)) return;
      this.followed.mails.push(mail);
      this.#tell({ at: now(), kind: 'mail', text: mail.subject });
    };
    signals.on('record', onRecord).on('alarm', onAlarm).on('delivery', onDelivery);
    mailbox.events.on('mail', onMail);
    this.#offs.push(() => {
      signals.off('record', onRecord).off('alarm', onAlarm).off('delivery', onDelivery);
      mailbox.events.off('mail', onMail);
      this.#sfn.destroy();
    });
  }

  /**
   * Follows until `enough` says so of the incident and its mails, or `deadlineMs` have passed.
   * @returns whether it was enough
   */
  async until(enough: (followed: Followed) => boolean, deadlineMs: number, signal: AbortSignal): Promise<boolean> {
    const deadline = performance.now() + deadlineMs;
    for (;;) {
      await this.#look();
      if (enough(this.followed)) return true;
      if (performance.now() > deadline) return false;
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
      signal.throwIfAborted();
    }
  }

  /** Stops listening. */
  end(): void {
    for (const off of this.#offs) off();
  }

  /** Reads how far the playbook is, and tells what is new in the order in which it happened. */
  async #look(): Promise<void> {
    const head = await this.#head();
    if (!head) return;
    const news = [...(await this.#steps(head.execution)), ...(await this.#actions(head.id))];
    for (const happening of news.sort((a, b) => Number(a.at) - Number(b.at))) this.#tell(happening);
  }

  async #steps(executionArn: string): Promise<Happening[]> {
    const news: Happening[] = [];
    const events = await historyOf(this.#sfn, executionArn);
    for (const { id, timestamp, type, stateEnteredEventDetails: entered } of events) {
      if (!/^(Task|Map|Succeed|Fail)StateEntered$/.test(type ?? '') || !entered?.name || !timestamp) continue;
      if (this.#isNew(`step ${executionArn} ${id}`)) news.push({ at: timestamp, kind: 'step', text: entered.name });
    }
    return news;
  }

  async #actions(id: string): Promise<Happening[]> {
    const news: Happening[] = [];
    this.followed.incident = await this.#ledger.incident(id);
    for (const action of this.followed.incident.actions) {
      const at = action.at[action.status];
      if (!at || action.status === 'planned' || action.status === 'captured' || action.status === 'contained') continue;
      const words = action.status === 'verified' ? 'done and read back' : action.status;
      if (!this.#isNew(`${action.key} ${action.status}`)) continue;
      news.push({ at: new Date(at), kind: 'done', text: `${action.title}, ${action.label}: ${words}` });
    }
    return news;
  }

  /** The incident that was mailed, or else the first that is no duplicate: several calls may each have started the playbook. */
  async #head(): Promise<Head | undefined> {
    const heads = (await this.#ledger.recent(20)).filter(
      ({ execution, outcome }) => this.#executions.has(execution) && outcome !== 'duplicate',
    );
    return heads.find(({ mailedRound }) => mailedRound !== undefined) ?? heads.at(-1);
  }

  #isNew(key: string): boolean {
    if (this.#told.has(key)) return false;
    this.#told.add(key);
    return true;
  }
}
