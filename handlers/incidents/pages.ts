import { type DynamoDBDocumentClient, QueryCommand } from '@aws-sdk/lib-dynamodb';
import { type Head, headItem } from './items.ts';

/** Which incidents are wanted; what is not told is not looked at. `from` and `to` are ISO times, both included. */
export interface PageFilter {
  status?: Head['status'];
  severity?: Head['severity'];
  detection?: string;
  from?: string;
  to?: string;
}

/** Where a page begins, and how far it may read. */
export interface PageBounds {
  limit: number;
  /** The last head of the page before. */
  after?: Cursor;
  /** How many reads at most: a filter that takes little would read the whole ledger otherwise. */
  reads?: number;
}

/** A place in the list. */
export interface Cursor {
  openedAt: string;
  id: string;
}

export interface Page {
  heads: Head[];
  /** Where the next page begins; absent where there is nothing older. */
  next?: Cursor;
  /** How many queries it took. */
  reads: number;
  /** Keys of items that are no heads as this version knows them: they are shown, and hide no other. */
  unreadable: string[];
}

/** Items that one read looks at when it filters: some 1 MB, which is what a query answers at most. */
const FILTERED_AT_ONCE = 500;
const MOST_READS = 8;

/**
 * Reads the heads from the index `by-time`, newest first. Where a filter takes few, it ends after `reads` queries with what was
 * found by then, and `next` says where to look further.
 * https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Query.Pagination.html
 */
export async function readPage(
  documents: DynamoDBDocumentClient,
  table: string,
  filter: PageFilter,
  { limit, after, reads: most = MOST_READS }: PageBounds,
): Promise<Page> {
  const query = queryOf(table, filter);
  const page: Page = { heads: [], reads: 0, unreadable: [] };
  let start: Record<string, unknown> | undefined = after ? startOf(after) : undefined;
  do {
    const { Items = [], LastEvaluatedKey } = await documents.send(
      new QueryCommand({
        ...query,
        Limit: query.FilterExpression ? FILTERED_AT_ONCE : limit - page.heads.length,
        ...(start ? { ExclusiveStartKey: start } : {}),
      }),
    );
    page.reads += 1;
    for (const [index, item] of Items.entries()) {
      const { data } = headItem.safeParse(item);
      if (!data) page.unreadable.push(String(item.pk));
      else page.heads.push(data);
      if (page.heads.length === limit) {
        const isLast = index === Items.length - 1 && !LastEvaluatedKey;
        return data && !isLast ? { ...page, next: { openedAt: data.openedAt, id: data.id } } : page;
      }
    }
    start = LastEvaluatedKey;
  } while (start && page.reads < most);
  return start ? { ...page, next: cursorOf(start) } : page;
}

function queryOf(table: string, { from, to, status, severity, detection }: PageFilter) {
  const fields = Object.keys(headItem.shape);
  const range = from || to ? ' AND openedAt BETWEEN :from AND :to' : '';
  const wanted = Object.entries({ status, severity, detection }).filter(([, value]) => value !== undefined);
  const condition = wanted.map(([field]) => `#${field} = :${field}`).join(' AND ');
  return {
    TableName: table,
    IndexName: 'by-time',
    KeyConditionExpression: `kind = :kind${range}`,
    ...(condition ? { FilterExpression: condition } : {}),
    // Some of the names are reserved words.
    ProjectionExpression: ['pk', ...fields.map((field) => `#${field}`)].join(', '),
    ExpressionAttributeNames: Object.fromEntries(fields.map((field) => [`#${field}`, field])),
    ExpressionAttributeValues: {
      ':kind': 'incident',
      ...(range ? { ':from': from ?? '0000', ':to': to ?? '9999' } : {}),
      ...Object.fromEntries(wanted.map(([field, value]) => [`:${field}`, value])),
    },
    ScanIndexForward: false,
  };
}

const startOf = ({ openedAt, id }: Cursor) => ({ pk: `INCIDENT#${id}`, sk: 'HEAD', kind: 'incident', openedAt });
const cursorOf = (key: Record<string, unknown>): Cursor => ({
  openedAt: String(key.openedAt),
  id: String(key.pk).slice('INCIDENT#'.length),
});
