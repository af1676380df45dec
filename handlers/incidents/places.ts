import { type DynamoDBDocumentClient, GetCommand } from '@aws-sdk/lib-dynamodb';
import { z } from 'zod';
import { putIfUnchanged } from './versioned.ts';

/** Who holds places under a limit, and since when. */
const item = z.object({
  version: z.number(),
  held: z.array(z.object({ by: z.string(), at: z.iso.datetime() })),
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
   * Takes a place under a limit for `by`, who keeps it when asking again. Exact under concurrency: the write holds only on
   * what was read, and is tried again otherwise. Each lost race is a place that somebody else took, so the tries are few.
   * @returns false when all places of the last `withinMs` are taken
   */
  async take({ name, most, withinMs }: Limit, by: string): Promise<boolean> {
    const key = { pk: `LIMIT#${name}`, sk: 'LIMIT' };
    for (;;) {
      const now = this.#now();
      const { Item } = await this.#documents.send(
        new GetCommand({ TableName: this.#table, Key: key, ConsistentRead: true }),
      );
      const stored = Item ? item.parse(Item) : undefined;
      const held = (stored?.held ?? []).filter((place) => Date.parse(place.at) > now.getTime() - withinMs);
      if (held.some((place) => place.by === by)) return true;
      if (held.length >= most) return false;
      const next = { ...key, held: [...held, { by, at: now.toISOString() }] };
      if (await putIfUnchanged(this.#documents, this.#table, next, stored?.version)) return true;
    }
  }
}
