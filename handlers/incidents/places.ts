import { type DynamoDBDocumentClient, GetCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import * as z from 'zod';
import { errorName } from '../errors.ts';
import { putIfUnchanged } from './versioned.ts';

/** Who holds places under a limit, and since when. */
const item = z.object({
  version: z.number(),
  held: z.record(z.string(), z.iso.datetime()),
});

/** A limit on how many may do something within a time, shared by everything that writes to the table. */
export interface Limit {
  name: string;
  /** How many at most. */
  most: number;
  withinMs: number;
}

/** The limits' part of the table: `LIMIT#name` holds who took a place, and when. */
export class Places {
  readonly #documents: DynamoDBDocumentClient;
  readonly #table: string;
  readonly #now: () => Date;

  constructor(documents: DynamoDBDocumentClient, table: string, now: () => Date) {
    this.#documents = documents;
    this.#table = table;
    this.#now = now;
  }

  /**
   * Takes a place under a limit for `by`, who keeps it when asking again. Exact under concurrency. While there is room it is one
   * conditional write, however many ask at the same moment. Only when the places run out are those that have lapsed cleared away,
   * by a write that holds only on what was read.
   * @returns false when all places of the last `withinMs` are taken
   */
  async take(limit: Limit, by: string): Promise<boolean> {
    const { name, most, withinMs } = limit;
    const key = { pk: `LIMIT#${name}`, sk: 'LIMIT' };
    for (;;) {
      const now = this.#now();
      if (await this.#takeFree(key, most, by, now)) return true;
      const { Item } = await this.#documents.send(
        new GetCommand({ TableName: this.#table, Key: key, ConsistentRead: true }),
      );
      const stored = Item ? item.parse(Item) : undefined;
      const since = now.getTime() - withinMs;
      const held = Object.entries(stored?.held ?? {}).filter(([, at]) => Date.parse(at) > since);
      if (held.some(([holder]) => holder === by)) return true;
      if (held.length >= most) return false;
      const next = { ...key, held: { ...Object.fromEntries(held), [by]: now.toISOString() } };
      if (await putIfUnchanged(this.#documents, this.#table, next, stored?.version)) return true;
    }
  }

  /** Takes a place that nobody ever held; lapsed ones count here as taken. */
  async #takeFree(Key: { pk: string; sk: string }, most: number, by: string, at: Date): Promise<boolean> {
    const write = new UpdateCommand({
      TableName: this.#table,
      Key,
      UpdateExpression: 'SET held.#by = :at, version = version + :one',
      ConditionExpression: 'attribute_exists(pk) AND attribute_not_exists(held.#by) AND size(held) < :most',
      ExpressionAttributeNames: { '#by': by },
      ExpressionAttributeValues: { ':at': at.toISOString(), ':one': 1, ':most': most },
    });
    try {
      await this.#documents.send(write);
      return true;
    } catch (error) {
      if (errorName(error) === 'ConditionalCheckFailedException') return false;
      throw error;
    }
  }
}
