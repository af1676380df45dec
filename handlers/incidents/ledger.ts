import {
  type DynamoDBDocumentClient,
  GetCommand,
  PutCommand,
  QueryCommand,
  TransactWriteCommand,
  UpdateCommand,
} from '@aws-sdk/lib-dynamodb';
import type { z } from 'zod';
import type { CloudTrailRecord } from '../../playbooks/cloudtrail.ts';
import type { Findings } from '../../playbooks/findings.ts';
import type { ActionRecord, ActionStatus, Incident, IncidentEvent, Verdict } from '../../playbooks/incident.ts';
import { errorName, NotInLedger, Overtaken } from '../errors.ts';
import { Baselines } from './baselines.ts';
import { firstAndLast, withMore } from './because.ts';
import { Canaries } from './canaries.ts';
import { findingsOf, foundItems } from './found.ts';
import { Holds, holdItem } from './holds.ts';
import { actionItem, eventItem, type Head, headItem, triggerItem } from './items.ts';
import { Looks } from './looks.ts';
import { type Page, type PageBounds, type PageFilter, readPage } from './pages.ts';
import { itemsBelow } from './partition.ts';
import { Places } from './places.ts';
import { parseQuestion, Questions } from './questions.ts';

/** When a record came to its incident: in which round of the playbook, and at which place of the log. */
export interface Seat {
  round: number;
  order: number;
}

/** What became of claiming a record for an incident. */
export type Claimed = { by: 'us'; fresh: boolean } | { by: 'other'; incident: string };

/**
 * The incident ledger: the only code that touches the table. Everything that must happen once is a conditional write.
 *
 * Keys: `INCIDENT#id` holds `HEAD`, `TRIGGER#eventID`, `EVENT#time#eventID`, `ACTION#key`, `QUESTION#key` and `FOUND#investigation#part`;
 * `SEEN#detection#eventID` says which incident has
 * a record. The index `by-time` lists the heads, newest first.
 */
export class Ledger {
  readonly #documents: DynamoDBDocumentClient;
  readonly #table: string;
  readonly #now: () => Date;
  /** The places under limits, such as the cap of automatic actions. */
  readonly places: Places;
  /** The baselines of trails. */
  readonly baselines: Baselines;
  /** The last canaries that came through. */
  readonly canaries: Canaries;
  /** What waits for analysts. */
  readonly questions: Questions;
  /** What the watchdog has seen. */
  readonly looks: Looks;
  /** Which actions hold the same thing. */
  readonly holds: Holds;

  constructor(documents: DynamoDBDocumentClient, table: string, now: () => Date) {
    this.#documents = documents;
    this.#table = table;
    this.#now = now;
    this.places = new Places(documents, table, now);
    this.baselines = new Baselines(documents, table);
    this.canaries = new Canaries(documents, table);
    this.questions = new Questions(documents, table, now);
    this.looks = new Looks(documents, table);
    this.holds = new Holds(documents, table);
  }

  /** Opens an incident. False when it is open already: the same alarm was delivered before. */
  async open(head: Head): Promise<boolean> {
    return this.#putOnce({ pk: pk(head.id), sk: 'HEAD', kind: 'incident', ...head });
  }

  /** Hands an incident a record whose event came, until its playbook claims it. Doing it again changes nothing. */
  async keepTrigger(id: string, record: CloudTrailRecord): Promise<void> {
    await this.#putOnce({ pk: pk(id), sk: `TRIGGER#${record.eventID}`, record: JSON.stringify(record) });
  }

  /** The records whose events came for an incident. */
  async triggers(id: string): Promise<CloudTrailRecord[]> {
    return (await itemsBelow(this.#documents, this.#table, pk(id), 'TRIGGER#')).map(
      (item) => triggerItem.parse(item).record,
    );
  }

  /** The head of an incident. @throws {NotInLedger} */
  async head(id: string): Promise<Head> {
    const head = await this.headIfAny(id);
    if (!head) throw new NotInLedger(`There is no incident ${id} in the ledger ${this.#table}.`);
    return head;
  }

  /** The head of an incident that may not be there. */
  async headIfAny(id: string): Promise<Head | undefined> {
    const { Item } = await this.#documents.send(
      new GetCommand({ TableName: this.#table, Key: { pk: pk(id), sk: 'HEAD' }, ConsistentRead: true }),
    );
    return Item && headItem.parse(Item);
  }

  /** Everything about an incident, records in order of their time. @throws {NotInLedger} */
  async incident(id: string): Promise<Incident & Head> {
    const items = await itemsBelow(this.#documents, this.#table, pk(id));
    const head = items.find((item) => item.sk === 'HEAD');
    if (!head) throw new NotInLedger(`There is no incident ${id} in the ledger ${this.#table}.`);
    return {
      ...headItem.parse(head),
      findings: findingsOf(items),
      events: items
        .filter((item) => String(item.sk).startsWith('EVENT#'))
        // CloudTrail's times have whole seconds: within one, the order of the log stands.
        .sort((a, b) => secondOf(a).localeCompare(secondOf(b)) || Number(a.order ?? 0) - Number(b.order ?? 0))
        .map(parseEvent),
      actions: items
        .filter((item) => String(item.sk).startsWith('ACTION#'))
        .map(parseAction)
        .sort((a, b) => firstTime(a).localeCompare(firstTime(b))),
      questions: items
        .filter((item) => String(item.sk).startsWith('QUESTION#'))
        .map(parseQuestion)
        .sort((a, b) => (a.order ?? 0) - (b.order ?? 0) || a.askedAt.localeCompare(b.askedAt)),
    };
  }

  /** The newest incidents, at most `limit`. */
  async recent(limit: number): Promise<Head[]> {
    const { Items = [] } = await this.#documents.send(
      new QueryCommand({
        TableName: this.#table,
        IndexName: 'by-time',
        KeyConditionExpression: 'kind = :kind',
        ExpressionAttributeValues: { ':kind': 'incident' },
        ScanIndexForward: false,
        Limit: limit,
      }),
    );
    return Items.map((item) => headItem.parse(item));
  }

  /** A page of the incidents' heads, newest first. */
  page(filter: PageFilter, bounds: PageBounds): Promise<Page> {
    return readPage(this.#documents, this.#table, filter, bounds);
  }

  /**
   * All incidents, the newest first, read page by page as they are asked for.
   * @param since ISO time: none that was opened before it
   * @param after id of an incident: only those that are older
   * @throws {NotInLedger} where there is no incident of that id
   */
  async *newest({ since, after }: { since?: string; after?: string } = {}): AsyncGenerator<Head> {
    const head = after === undefined ? undefined : await this.head(after);
    let start: Record<string, unknown> | undefined = head && {
      ...{ pk: pk(head.id), sk: 'HEAD', kind: 'incident' },
      openedAt: head.openedAt,
    };
    do {
      const page = await this.#documents.send(
        new QueryCommand({
          TableName: this.#table,
          IndexName: 'by-time',
          KeyConditionExpression: since ? 'kind = :kind AND openedAt >= :since' : 'kind = :kind',
          ExpressionAttributeValues: { ':kind': 'incident', ...(since ? { ':since': since } : {}) },
          ScanIndexForward: false,
          Limit: 100,
          ...(start ? { ExclusiveStartKey: start } : {}),
        }),
      );
      for (const item of page.Items ?? []) yield headItem.parse(item);
      start = page.LastEvaluatedKey;
    } while (start);
  }

  /**
   * Claims a record for an incident and stores it; each record belongs to one incident of a detection. It stays fresh for
   * the whole round that claimed it, so that a round that is cut short and repeated treats it all the same.
   */
  async claimEvent(id: string, detection: string, event: IncidentEvent, seat: Seat): Promise<Claimed> {
    const seen = seenKey(detection, event.record.eventID);
    try {
      await this.#documents.send(
        new TransactWriteCommand({
          TransactItems: [
            {
              Put: {
                TableName: this.#table,
                Item: { ...seen, incident: id, round: seat.round },
                ConditionExpression: 'attribute_not_exists(pk)',
              },
            },
            { Put: { TableName: this.#table, Item: storedEvent(id, event, seat) } },
          ],
        }),
      );
      return { by: 'us', fresh: true };
    } catch (error) {
      if (errorName(error) !== 'TransactionCanceledException') throw error;
      const { Item } = await this.#documents.send(
        new GetCommand({ TableName: this.#table, Key: seen, ConsistentRead: true }),
      );
      // Cancelled for another reason than the condition, a conflict for instance: let Step Functions try again.
      if (!Item) throw error;
      return Item.incident === id
        ? { by: 'us', fresh: Item.round === seat.round }
        : { by: 'other', incident: String(Item.incident) };
    }
  }

  /** The id of the incident of a detection that has claimed a record, if one has. */
  async holderOf(detection: string, eventID: string): Promise<string | undefined> {
    const { Item } = await this.#documents.send(
      new GetCommand({ TableName: this.#table, Key: seenKey(detection, eventID), ConsistentRead: true }),
    );
    return Item && String(Item.incident);
  }

  /** Adds a record that only belongs to the picture. False when the incident has it from an earlier round. */
  async addRelated(id: string, event: IncidentEvent, seat: Seat): Promise<boolean> {
    if (await this.#putOnce(storedEvent(id, event, seat))) return true;
    const { Item } = await this.#documents.send(
      new GetCommand({ TableName: this.#table, Key: { pk: pk(id), sk: eventKey(event) }, ConsistentRead: true }),
    );
    return Item?.verdict === 'related' && Item.round === seat.round;
  }

  /** Changes what a record turned out to be. */
  async judge(id: string, event: IncidentEvent, verdict: Verdict, reason: string): Promise<void> {
    await this.#update(id, eventKey(event), { verdict, reason });
  }

  /**
   * Plans an action, and writes down what it is to hold. When it is there already, the records are added to it, and it is planned
   * again if it was finished: the offender has done it once more. What was done and may not be done anew unasked is read back once
   * more.
   * @param action `because` names all records so far, the known ones too
   * @param holds what it holds, as {@link Holds} tells of it
   */
  async plan(id: string, action: Omit<ActionRecord, 'at'>, holds: string): Promise<ActionRecord> {
    const at = this.#now().toISOString();
    const record: ActionRecord = { ...action, ...firstAndLast(action.because), at: { [action.status]: at } };
    const existing = await this.#planOnce(id, record, holds);
    if (!existing) return record;
    const more = withMore(existing, action.because);
    if (!more) return existing;
    // What the records say of the target may be more by now.
    const again: Partial<ActionRecord> =
      action.status !== 'planned' && (isDone(existing) || isReleased(existing, action))
        ? { ...more, target: action.target, status: existing.status === 'verified' ? 'contained' : existing.status }
        : {
            ...{ ...more, target: action.target, status: action.status, reason: action.reason, held: action.held },
            at: { ...existing.at, [action.status]: at },
          };
    await this.#update(id, actionKey(action.key), again);
    return { ...existing, ...again };
  }

  /** Resolves to the action as it stands where it is planned already. */
  async #planOnce(id: string, record: ActionRecord, holds: string): Promise<ActionRecord | undefined> {
    const { key } = record;
    const Item = { pk: pk(id), sk: actionKey(key), ...record };
    try {
      await this.#documents.send(
        new TransactWriteCommand({
          TransactItems: [
            { Put: { TableName: this.#table, Item, ConditionExpression: 'attribute_not_exists(pk)' } },
            // With the action: from here on an undo of another incident leaves the target to this one.
            { Put: { TableName: this.#table, Item: holdItem(holds, { incident: id, key }) } },
          ],
        }),
      );
      return undefined;
    } catch (error) {
      if (errorName(error) !== 'TransactionCanceledException') throw error;
      const existing = await this.#actionIfAny(id, key);
      // Cancelled for another reason than the condition, a conflict for instance: let Step Functions try again.
      if (!existing) throw error;
      return existing;
    }
  }

  /** One action. @throws {NotInLedger} */
  async action(id: string, key: string): Promise<ActionRecord> {
    const found = await this.#actionIfAny(id, key);
    if (!found) throw new NotInLedger(`Incident ${id} has no action ${key}.`);
    return found;
  }

  async #actionIfAny(id: string, key: string): Promise<ActionRecord | undefined> {
    const { Item } = await this.#documents.send(
      new GetCommand({ TableName: this.#table, Key: { pk: pk(id), sk: actionKey(key) }, ConsistentRead: true }),
    );
    return Item && parseAction(Item);
  }

  /** All actions of an incident. */
  async actions(id: string): Promise<ActionRecord[]> {
    return (await itemsBelow(this.#documents, this.#table, pk(id), 'ACTION#')).map(parseAction);
  }

  /**
   * Moves an action on that nobody else has moved meanwhile: only one of two that capture has the state before. What was
   * captured earlier keeps that `time`.
   * @throws {Overtaken}
   */
  async capture(
    id: string,
    action: ActionRecord,
    change: Pick<ActionRecord, 'beforeWords'> & { before: unknown },
    time = this.#now().toISOString(),
  ) {
    const at = { ...action.at, captured: time };
    try {
      await this.#update(id, actionKey(action.key), { ...change, status: 'captured', at }, action.status);
    } catch (error) {
      if (errorName(error) !== 'ConditionalCheckFailedException') throw error;
      throw new Overtaken(`${action.key} of incident ${id} is not ${action.status} any more: somebody else is at it.`);
    }
    return { ...action, ...change, status: 'captured' as const, at };
  }

  /** Moves an action on, with the time: now, unless it is said. */
  async advance(
    id: string,
    action: ActionRecord,
    status: ActionStatus,
    change: Partial<
      Pick<ActionRecord, 'before' | 'after' | 'beforeWords' | 'afterWords' | 'reason' | 'benign' | 'approvedBy'>
    > & {
      undoneBy?: string;
    } = {},
    time = this.#now().toISOString(),
  ): Promise<ActionRecord> {
    const at = { ...action.at, [status]: time };
    await this.#update(id, actionKey(action.key), { ...change, status, at });
    return { ...action, ...change, status, at };
  }

  /** Writes down that an undo begins, before it changes anything. */
  async beginUndo(id: string, key: string, by: string): Promise<void> {
    await this.#update(id, actionKey(key), { undoBegan: { by, at: this.#now().toISOString() } });
  }

  /** Changes fields of the head. */
  async updateHead(
    id: string,
    change: Partial<
      Pick<
        Head,
        | 'severity'
        | 'status'
        | 'outcome'
        | 'closedAt'
        | 'mailedRound'
        | 'claimedBy'
        | 'ownCalls'
        | 'leftTo'
        | 'odd'
        | 'unread'
        | 'explained'
        | 'firstAt'
        | 'containedAt'
        | 'marked'
      >
    >,
  ): Promise<void> {
    await this.#update(id, 'HEAD', change as Record<string, unknown>);
  }

  /** Stores what an investigation found. */
  async addFinding<K extends keyof Findings>(id: string, investigation: K, found: Findings[K]): Promise<void> {
    for (const part of foundItems(investigation, found)) {
      await this.#documents.send(new PutCommand({ TableName: this.#table, Item: { pk: pk(id), ...part } }));
    }
  }

  /** Records that a step failed for good. */
  async addFailure(id: string, step: string, error: string): Promise<void> {
    await this.#documents.send(
      new UpdateCommand({
        TableName: this.#table,
        Key: { pk: pk(id), sk: 'HEAD' },
        UpdateExpression: 'SET failures = list_append(failures, :failure)',
        ConditionExpression: 'attribute_exists(pk)',
        ExpressionAttributeValues: {
          ':failure': [{ step, error: error.slice(0, LONGEST_ERROR), at: this.#now().toISOString() }],
        },
      }),
    );
  }

  /** Records that a change could not be put onto the event bus. */
  async addUnannounced(id: string, what: string, error: string): Promise<void> {
    await this.#documents.send(
      new UpdateCommand({
        TableName: this.#table,
        Key: { pk: pk(id), sk: 'HEAD' },
        UpdateExpression: 'SET unannounced = list_append(if_not_exists(unannounced, :none), :one)',
        ConditionExpression: 'attribute_exists(pk)',
        ExpressionAttributeValues: { ':none': [], ':one': [{ what, error, at: this.#now().toISOString() }] },
      }),
    );
  }

  async #putOnce(item: Record<string, unknown>): Promise<boolean> {
    try {
      await this.#documents.send(
        new PutCommand({ TableName: this.#table, Item: item, ConditionExpression: 'attribute_not_exists(pk)' }),
      );
      return true;
    } catch (error) {
      if (errorName(error) === 'ConditionalCheckFailedException') return false;
      throw error;
    }
  }

  /** `from`: only while that is its status. */
  async #update(id: string, sk: string, change: Record<string, unknown>, from?: ActionStatus): Promise<void> {
    const fields = Object.entries(change).filter(([, value]) => value !== undefined);
    const names = Object.fromEntries(fields.map(([name], index) => [`#f${index}`, name]));
    const values = Object.fromEntries(fields.map(([, value], index) => [`:v${index}`, value]));
    await this.#documents.send(
      new UpdateCommand({
        TableName: this.#table,
        Key: { pk: pk(id), sk },
        UpdateExpression: `SET ${fields.map((_, index) => `#f${index} = :v${index}`).join(', ')}`,
        ConditionExpression: from ? 'attribute_exists(pk) AND #from = :from' : 'attribute_exists(pk)',
        ExpressionAttributeNames: from ? { ...names, '#from': 'status' } : names,
        ExpressionAttributeValues: from ? { ...values, ':from': from } : values,
      }),
    );
  }
}

/** Characters of an error that the head keeps: it is one item, and all failures are in it. */
const LONGEST_ERROR = 1_000;

const pk = (id: string): string => `INCIDENT#${id}`;
const seenKey = (detection: string, eventID: string) => ({ pk: `SEEN#${detection}#${eventID}`, sk: 'SEEN' });
const actionKey = (key: string): string => `ACTION#${key}`;
const eventKey = (event: IncidentEvent): string => `EVENT#${event.record.eventTime}#${event.record.eventID}`;
const storedEvent = (id: string, event: IncidentEvent, seat: Seat): Record<string, unknown> => ({
  ...event,
  ...seat,
  pk: pk(id),
  sk: eventKey(event),
  record: JSON.stringify(event.record),
});
/** The change was made, or is being made: only its undo, or another reading of the target, says otherwise. */
const isDone = ({ status }: ActionRecord): boolean => ['captured', 'contained', 'verified'].includes(status);
/** Released, and about to be done: what would be asked again is answered. */
const isReleased = (existing: ActionRecord, { status }: Pick<ActionRecord, 'status'>): boolean =>
  existing.status === 'planned' && status === 'proposed';
const secondOf = (item: Record<string, unknown>): string => String(item.sk).split('#')[1] ?? '';
const firstTime = (action: ActionRecord): string => Object.values(action.at).sort()[0] ?? '';
const parseEvent = (item: unknown): IncidentEvent => eventItem.parse(item) satisfies z.infer<typeof eventItem>;
const parseAction = (item: unknown): ActionRecord => {
  const parsed = actionItem.parse(item);
  return { ...parsed, target: parsed.target };
};
