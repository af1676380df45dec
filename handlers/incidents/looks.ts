import { type DynamoDBDocumentClient, PutCommand } from '@aws-sdk/lib-dynamodb';
import * as z from 'zod';
import { itemsBelow } from './partition.ts';

const iso = z.iso.datetime();

/** A difference that the watchdog has told of or an incident has already, or something it could not look at. */
const seenItem = z.object({
  /** The difference's key, or what could not be looked at. */
  key: z.string(),
  /** How often an incident was opened for it, or a mail was sent, since it is so: 0 where an alarm had opened its incident. */
  told: z.number().int().min(0),
  /** When that was last, or when it was seen in that incident. */
  toldAt: iso,
  /** When it was seen to be as it should be again. */
  gone: iso.optional(),
});
export type Seen = z.infer<typeof seenItem>;

/** That the account's public access block was seen with all of its settings on. */
const blockItem = z.object({ takenAt: iso, full: z.boolean(), because: z.string() });
export type BlockBaseline = z.infer<typeof blockItem>;

/** What a watchdog's look came to. */
export interface LastLook {
  /** When the last look began that saw everything. */
  at: string;
  seen: Map<string, Seen>;
  /** How the account's public access block was. */
  block?: BlockBaseline;
}

const PK = 'WATCHDOG';

/** What the watchdog has seen, in the ledger's table: `WATCHDOG` holds its last look, and every difference that it told of. */
export class Looks {
  readonly #documents: DynamoDBDocumentClient;
  readonly #table: string;

  constructor(documents: DynamoDBDocumentClient, table: string) {
    this.#documents = documents;
    this.#table = table;
  }

  /** Everything that it knows. `at` is absent before its first look. */
  async all(): Promise<Partial<Pick<LastLook, 'at' | 'block'>> & Pick<LastLook, 'seen'>> {
    const items = await itemsBelow(this.#documents, this.#table, PK);
    const last = items.find(({ sk }) => sk === 'LAST');
    const block = items.find(({ sk }) => sk === 'BLOCK');
    const seen = items.filter(({ sk }) => String(sk).startsWith('SEEN#')).map((item) => seenItem.parse(item));
    return {
      seen: new Map(seen.map((one) => [one.key, one])),
      ...(last ? { at: iso.parse(last.at) } : {}),
      ...(block ? { block: blockItem.parse(block) } : {}),
    };
  }

  /** Keeps when a look began that saw everything. */
  async keepLast(at: string): Promise<void> {
    await this.#put({ sk: 'LAST', at });
  }

  /** Keeps what was told of a difference. */
  async keepSeen(seen: Seen): Promise<void> {
    await this.#put({ sk: `SEEN#${seen.key}`, ...seen });
  }

  /** Keeps how the account's public access block should be. */
  async keepBlock(block: BlockBaseline): Promise<void> {
    await this.#put({ sk: 'BLOCK', ...block });
  }

  async #put(item: Record<string, unknown>): Promise<void> {
    await this.#documents.send(new PutCommand({ TableName: this.#table, Item: { pk: PK, ...item } }));
  }
}
