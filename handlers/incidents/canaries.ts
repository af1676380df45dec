import { type DynamoDBDocumentClient, GetCommand, PutCommand } from '@aws-sdk/lib-dynamodb';
import * as z from 'zod';
import { type Arrival, type Arrivals, type CanaryLane, canaryLanes } from '../../playbooks/canary.ts';
import { errorName } from '../errors.ts';

const iso = z.iso.datetime();
const arrivalItem = z.object({ eventID: z.string(), sentAt: iso, arrivedAt: iso });

/** The last canary that came through by each lane: one item each, `CANARY` and the lane, which the next one overwrites. */
export class Canaries {
  readonly #documents: DynamoDBDocumentClient;
  readonly #table: string;

  constructor(documents: DynamoDBDocumentClient, table: string) {
    this.#documents = documents;
    this.#table = table;
  }

  /** Writes down one that came through. False where that or a later one has been: events are delivered twice, and out of order. */
  async arrived(lane: CanaryLane, arrival: Arrival): Promise<boolean> {
    try {
      await this.#documents.send(
        new PutCommand({
          TableName: this.#table,
          Item: { pk: 'CANARY', sk: lane, ...arrival },
          ConditionExpression: 'attribute_not_exists(pk) OR sentAt < :sentAt',
          ExpressionAttributeValues: { ':sentAt': arrival.sentAt },
        }),
      );
      return true;
    } catch (error) {
      if (errorName(error) === 'ConditionalCheckFailedException') return false;
      throw error;
    }
  }

  /** The last one by each lane. */
  async last(): Promise<Arrivals> {
    const found = await Promise.all(
      canaryLanes.map(async (lane) => {
        const { Item } = await this.#documents.send(
          new GetCommand({ TableName: this.#table, Key: { pk: 'CANARY', sk: lane }, ConsistentRead: true }),
        );
        return Item ? [[lane, arrivalItem.parse(Item)] as const] : [];
      }),
    );
    return Object.fromEntries(found.flat());
  }
}
