import { type DynamoDBDocumentClient, GetCommand, TransactWriteCommand } from '@aws-sdk/lib-dynamodb';
import { type TrailBaseline, trailBaseline } from '../../playbooks/trail-baseline.ts';
import { errorName } from '../errors.ts';
import { itemsBelow } from './partition.ts';

/**
 * The baselines of trails, in the ledger's table. `BASELINE#trail` holds every version; `BASELINES` holds the current one of each
 * trail, so that one query finds all.
 */
export class Baselines {
  readonly #documents: DynamoDBDocumentClient;
  readonly #table: string;

  constructor(documents: DynamoDBDocumentClient, table: string) {
    this.#documents = documents;
    this.#table = table;
  }

  /** The current baseline of a trail (ARN), if one was ever taken. */
  async of(trail: string): Promise<TrailBaseline | undefined> {
    const { Item } = await this.#documents.send(
      new GetCommand({ TableName: this.#table, Key: { pk: CURRENT, sk: trail }, ConsistentRead: true }),
    );
    return Item ? trailBaseline.parse(Item) : undefined;
  }

  /** The current baseline of every trail. */
  async all(): Promise<TrailBaseline[]> {
    const items = await itemsBelow(this.#documents, this.#table, CURRENT);
    return items.map((item) => trailBaseline.parse(item));
  }

  /** Keeps a new version. False when somebody else has just kept it. */
  async keep(baseline: TrailBaseline): Promise<boolean> {
    const version = `VERSION#${String(baseline.version).padStart(6, '0')}`;
    try {
      await this.#documents.send(
        new TransactWriteCommand({
          TransactItems: [
            {
              Put: {
                TableName: this.#table,
                Item: { pk: `BASELINE#${baseline.trail}`, sk: version, ...baseline },
                ConditionExpression: 'attribute_not_exists(pk)',
              },
            },
            { Put: { TableName: this.#table, Item: { pk: CURRENT, sk: baseline.trail, ...baseline } } },
          ],
        }),
      );
      return true;
    } catch (error) {
      if (errorName(error) === 'TransactionCanceledException') return false;
      throw error;
    }
  }
}

const CURRENT = 'BASELINES';
