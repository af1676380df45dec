import { type DynamoDBDocumentClient, PutCommand } from '@aws-sdk/lib-dynamodb';
import { errorName } from '../errors.ts';

/**
 * Writes an item with the next version, if nobody has written it since it was read.
 * @param version the item's version as it was read; undefined where there was none
 * @returns false when somebody else was faster: read it again
 */
export async function putIfUnchanged(
  documents: DynamoDBDocumentClient,
  TableName: string,
  item: Record<string, unknown>,
  version: number | undefined,
): Promise<boolean> {
  const unchanged =
    version === undefined
      ? { ConditionExpression: 'attribute_not_exists(pk)' }
      : { ConditionExpression: 'version = :version', ExpressionAttributeValues: { ':version': version } };
  const Item = { ...item, version: (version ?? 0) + 1 };
  try {
    await documents.send(new PutCommand({ TableName, Item, ...unchanged }));
    return true;
  } catch (error) {
    if (errorName(error) === 'ConditionalCheckFailedException') return false;
    throw error;
  }
}
