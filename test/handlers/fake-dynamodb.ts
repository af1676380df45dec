import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';

type Item = Record<string, unknown>;
type Input = Record<string, unknown>;

/** An error as the SDK throws it: told apart by its name. */
function refusal(name: string, message: string): Error {
  return Object.assign(new Error(message), { name });
}

/**
 * As much of a DynamoDB table as the ledger uses, in memory: keys `pk` and `sk`, the index `by-time`, conditions on existence,
 * transactions of puts, SET expressions and pages. Anything else is refused loudly, so that a test never passes by chance.
 */
export class FakeTable {
  readonly items = new Map<string, Item>();
  /** How many items a page of a query has. */
  pageSize = 2;
  /** Called before every operation: throw in it to let the table fail. */
  before: (operation: string, input: Input) => void = () => undefined;

  /** The document client that the ledger is given. */
  get client(): DynamoDBDocumentClient {
    return { send: (command: object) => this.#send(command) } as unknown as DynamoDBDocumentClient;
  }

  /** The items of a partition, in order of their sort keys. */
  partition(pk: string): Item[] {
    return [...this.items.values()]
      .filter((item) => item.pk === pk)
      .sort((a, b) => (String(a.sk) < String(b.sk) ? -1 : 1));
  }

  async #send(command: object): Promise<unknown> {
    const { input } = command as { input: Input };
    const operation = command.constructor.name.replace(/Command$/, '');
    this.before(operation, input);
    switch (operation) {
      case 'Get':
        return { Item: structuredClone(this.items.get(keyOf(input.Key as Item))) };
      case 'Put':
        return this.#put(input);
      case 'Update':
        return this.#update(input);
      case 'TransactWrite':
        return this.#transact(input.TransactItems as { Put: Input }[]);
      case 'Query':
        return this.#query(input);
      default:
        throw new TypeError(`The fake table has no ${operation}.`);
    }
  }

  #holds(condition: unknown, key: string, values?: Item, names?: Record<string, string>): boolean {
    if (condition === undefined) return true;
    if (condition === 'version = :version') return this.items.get(key)?.version === values?.[':version'];
    if (condition === FREE_PLACE) {
      const held = this.items.get(key)?.held as Item | undefined;
      return (
        held !== undefined && !((names?.['#by'] ?? '') in held) && Object.keys(held).length < Number(values?.[':most'])
      );
    }
    if (condition === 'attribute_not_exists(pk)') return !this.items.has(key);
    if (condition === 'attribute_not_exists(pk) OR sentAt < :sentAt') {
      const item = this.items.get(key);
      return item === undefined || String(item.sentAt) < String(values?.[':sentAt']);
    }
    if (condition === 'attribute_exists(pk)') return this.items.has(key);
    if (condition === 'attribute_exists(pk) AND #from = :from')
      return this.items.get(key)?.status === values?.[':from'];
    throw new TypeError(`The fake table cannot judge the condition ${condition}.`);
  }

  #put({ Item: item, ConditionExpression: condition, ExpressionAttributeValues: values }: Input): object {
    const key = keyOf(item as Item);
    if (!this.#holds(condition, key, values as Item | undefined))
      throw refusal('ConditionalCheckFailedException', 'The conditional request failed');
    this.items.set(key, stored(item as Item));
    return {};
  }

  #transact(puts: { Put: Input }[]): object {
    const refused = puts.some(({ Put }) => !this.#holds(Put.ConditionExpression, keyOf(Put.Item as Item)));
    if (refused) throw refusal('TransactionCanceledException', 'Transaction cancelled [ConditionalCheckFailed]');
    for (const { Put } of puts) this.#put(Put);
    return {};
  }

  #update(input: Input): object {
    const key = keyOf(input.Key as Item);
    const names = (input.ExpressionAttributeNames ?? {}) as Record<string, string>;
    const values = (input.ExpressionAttributeValues ?? {}) as Item;
    if (!this.#holds(input.ConditionExpression, key, values, names)) {
      throw refusal('ConditionalCheckFailedException', 'The conditional request failed');
    }
    const item = structuredClone(this.items.get(key) ?? (input.Key as Item));
    const [, assignments = ''] = /^SET (.+)$/.exec(String(input.UpdateExpression)) ?? [];
    // The commas between assignments, not those of a function's arguments.
    for (const assignment of assignments.split(/, (?![^(]*\))/)) {
      const [, target = '', value = ''] = /^(\S+) = (.+)$/.exec(assignment) ?? [];
      if (!target) throw new TypeError(`The fake table cannot read ${input.UpdateExpression}.`);
      assign(
        item,
        target.split('.').map((name) => names[name] ?? name),
        evaluated(value, item, values),
      );
    }
    this.items.set(key, stored(item));
    return {};
  }

  #query(input: Input): object {
    const values = input.ExpressionAttributeValues as Item;
    const found = this.#matching(String(input.KeyConditionExpression), values, input);
    const filter = filterOf(input);
    const start = input.ExclusiveStartKey as Item | undefined;
    const from = start ? found.findIndex((item) => keyOf(item) === keyOf(start)) + 1 : 0;
    const size = (input.Limit as number | undefined) ?? this.pageSize;
    const page = found.slice(from, from + size);
    const last = page.at(-1);
    return {
      // A filter takes away from the page that was read: it may leave an empty one.
      Items: structuredClone(page.filter(filter)),
      ...(last && from + size < found.length ? { LastEvaluatedKey: { pk: last.pk, sk: last.sk } } : {}),
    };
  }

  #matching(condition: string, values: Item, input: Input): Item[] {
    if (condition === 'pk = :pk') return this.partition(String(values[':pk']));
    if (condition === 'pk = :pk AND begins_with(sk, :prefix)') {
      return this.partition(String(values[':pk'])).filter((item) =>
        String(item.sk).startsWith(String(values[':prefix'])),
      );
    }
    if (
      /^kind = :kind( AND openedAt BETWEEN :from AND :to)?$/.test(condition) &&
      input.IndexName === 'by-time' &&
      !input.ConsistentRead
    ) {
      const [from, to] = condition.includes('BETWEEN') ? [values[':from'], values[':to']] : ['', '\uffff'];
      const within = (at: string) => at >= String(from) && at <= String(to);
      const found = [...this.items.values()].filter(
        (item) => item.kind === values[':kind'] && within(String(item.openedAt)),
      );
      const order = input.ScanIndexForward === false ? -1 : 1;
      return found.sort((a, b) => order * String(a.openedAt).localeCompare(String(b.openedAt)));
    }
    throw new TypeError(`The fake table cannot query by ${condition}.`);
  }
}

const FREE_PLACE = 'attribute_exists(pk) AND attribute_not_exists(held.#by) AND size(held) < :most';

/** A filter of equalities: `#status = :status AND #severity = :severity`. */
function filterOf(input: Input): (item: Item) => boolean {
  if (input.FilterExpression === undefined) return () => true;
  const names = input.ExpressionAttributeNames as Record<string, string>;
  const values = input.ExpressionAttributeValues as Item;
  const parts = String(input.FilterExpression)
    .split(' AND ')
    .map((part) => {
      const [, name = '', value = ''] = /^(#\w+) = (:\w+)$/.exec(part) ?? [];
      if (!names[name] || !(value in values)) throw new TypeError(`The fake table cannot filter by ${part}.`);
      return [names[name], values[value]] as const;
    });
  return (item) => parts.every(([name, value]) => item[name] === value);
}

const keyOf = ({ pk, sk }: Item): string => JSON.stringify([pk, sk]);

/** As DynamoDB keeps an item: undefined values removed, NaN and the infinities refused. */
function stored(item: Item): Item {
  return JSON.parse(
    JSON.stringify(item, (_, value) => {
      if (typeof value === 'number' && !Number.isFinite(value)) throw new TypeError(`DynamoDB takes no ${value}.`);
      return value;
    }),
  ) as Item;
}

function assign(item: Item, path: string[], value: unknown): void {
  const [head = '', ...rest] = path;
  if (rest.length === 0) item[head] = value;
  else if (typeof item[head] === 'object' && item[head] !== null) assign(item[head] as Item, rest, value);
  else
    throw refusal('ValidationException', 'The document path provided in the update expression is invalid for update');
}

function evaluated(text: string, item: Item, values: Item): unknown {
  const [, list, addition] = /^list_append\((\w+), (:\w+)\)$/.exec(text) ?? [];
  if (list && addition) return [...(item[list] as unknown[]), ...(values[addition] as unknown[])];
  const [, counter, step] = /^(\w+) \+ (:\w+)$/.exec(text) ?? [];
  if (counter && step) return Number(item[counter]) + Number(values[step]);
  const [, perhaps, none, more] = /^list_append\(if_not_exists\((\w+), (:\w+)\), (:\w+)\)$/.exec(text) ?? [];
  if (perhaps && none && more) {
    return [...((item[perhaps] ?? values[none]) as unknown[]), ...(values[more] as unknown[])];
  }
  if (!(text in values)) throw new TypeError(`The fake table cannot read the value ${text}.`);
  return values[text];
}
