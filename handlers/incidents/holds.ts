import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import * as z from 'zod';
import { itemsBelow } from './partition.ts';

const item = z.object({ incident: z.string(), key: z.string() });

/** An action of an incident. */
export type Holder = z.infer<typeof item>;

/**
 * The holds' part of the table: `HOLD#what` names every action of every incident that was to hold the same thing, whatever
 * became of it. What each came to says its own item.
 */
export class Holds {
  readonly #documents: DynamoDBDocumentClient;
  readonly #table: string;

  constructor(documents: DynamoDBDocumentClient, table: string) {
    this.#documents = documents;
    this.#table = table;
  }

  /** Every action that was to hold `what`. */
  async of(what: string): Promise<Holder[]> {
    return (await itemsBelow(this.#documents, this.#table, pk(what))).map((found) => item.parse(found));
  }
}

/** The item that says that an action is to hold `what`; it is written with the action. */
export const holdItem = (what: string, { incident, key }: Holder): Record<string, unknown> => ({
  ...{ pk: pk(what), sk: `${incident}#${key}` },
  ...{ incident, key },
});

const pk = (what: string): string => `HOLD#${what}`;
