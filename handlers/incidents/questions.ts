import { type DynamoDBDocumentClient, GetCommand, QueryCommand } from '@aws-sdk/lib-dynamodb';
import * as z from 'zod';
import { type Asked, answerKinds, isWaiting, type Question, questionStatuses } from '../../playbooks/question.ts';
import { NotInLedger } from '../errors.ts';
import { putIfUnchanged } from './versioned.ts';

const iso = z.iso.datetime();

/** A question, as stored. */
export const questionItem = z.object({
  incidentId: z.string(),
  key: z.string(),
  kind: z.enum(['approval', 'task']),
  number: z.number().int().min(1),
  status: z.enum(questionStatuses),
  what: z.string(),
  why: z.array(z.string()),
  action: z.string().optional(),
  blastRadius: z.string().optional(),
  undo: z.string().optional(),
  commands: z.array(z.string()),
  onTimeout: z.enum(['nothing', 'contain']),
  twoPersons: z.boolean(),
  stage: z.enum(['asked', 'reminded', 'escalated']),
  order: z.number().int().min(0).optional(),
  askedAt: iso,
  timesOutAt: iso,
  settledAt: iso.optional(),
  answers: z.array(
    z.object({ answer: z.enum(answerKinds), by: z.string(), from: z.string(), at: iso, note: z.string() }),
  ),
  /** ARN of the execution that waits, once it does. */
  execution: z.string().optional(),
  /** What its wait is ended with. */
  token: z.string().optional(),
});
/** A question with its incident and what waits for its answer. */
export type StoredQuestion = z.infer<typeof questionItem>;

/** The partition of the index that holds what waits for an answer: it empties as answers come. */
const WAITING = 'question';

/** The questions' part of the table: `QUESTION#key` beside the incident's other items. */
export class Questions {
  readonly #documents: DynamoDBDocumentClient;
  readonly #table: string;
  readonly #now: () => Date;

  constructor(documents: DynamoDBDocumentClient, table: string, now: () => Date) {
    this.#documents = documents;
    this.#table = table;
    this.#now = now;
  }

  /**
   * Asks, unless that was done before. What is asked again after it was settled, as `before` says, is a new question.
   * @returns the question when it is new
   */
  async ask(
    incidentId: string,
    asked: Asked,
    withinMs: number,
    before?: Question,
  ): Promise<StoredQuestion | undefined> {
    const now = this.#now();
    const question: StoredQuestion = {
      ...asked,
      incidentId,
      number: (before?.number ?? 0) + 1,
      status: 'open',
      stage: 'asked',
      askedAt: now.toISOString(),
      timesOutAt: new Date(now.getTime() + withinMs).toISOString(),
      answers: [],
    };
    if (!before) return (await this.#put(question, undefined)) ? question : undefined;
    const { version, question: last } = await this.#read(incidentId, asked.key);
    if (last.number !== before.number || isWaiting(last)) return undefined;
    return (await this.#put(question, version)) ? question : undefined;
  }

  /** One question. @throws {NotInLedger} */
  async of(incidentId: string, key: string): Promise<StoredQuestion> {
    return (await this.#read(incidentId, key)).question;
  }

  /** What waits for an answer in all incidents, newest first, at most `limit`. */
  async waiting(limit: number): Promise<StoredQuestion[]> {
    const { Items = [] } = await this.#documents.send(
      new QueryCommand({
        TableName: this.#table,
        IndexName: 'by-time',
        KeyConditionExpression: 'kind = :kind',
        ExpressionAttributeValues: { ':kind': WAITING },
        ScanIndexForward: false,
        Limit: limit,
      }),
    );
    return Items.map(parseQuestion);
  }

  /**
   * Changes a question by what it is at that moment: the write holds only on what was read, and is tried again otherwise.
   * @param change what to change, or undefined to leave it as it is; what it throws is thrown
   * @returns the question as it is then, and whether it was changed
   * @throws {NotInLedger}
   */
  async change(
    incidentId: string,
    key: string,
    change: (question: StoredQuestion) => Partial<StoredQuestion> | undefined,
  ): Promise<{ question: StoredQuestion; changed: boolean }> {
    for (;;) {
      const { version, question } = await this.#read(incidentId, key);
      const changes = change(question);
      if (!changes) return { question, changed: false };
      const next = { ...question, ...changes };
      if (await this.#put(next, version)) return { question: next, changed: true };
    }
  }

  async #read(incidentId: string, key: string): Promise<{ version: number; question: StoredQuestion }> {
    const { Item } = await this.#documents.send(
      new GetCommand({ TableName: this.#table, Key: keyOf(incidentId, key), ConsistentRead: true }),
    );
    if (!Item) throw new NotInLedger(`Incident ${incidentId} asks nothing under the key ${key}.`);
    return { version: Number(Item.version), question: parseQuestion(Item) };
  }

  /** False when somebody else wrote since that version. */
  #put(question: StoredQuestion, version: number | undefined): Promise<boolean> {
    const { kind: asks, ...rest } = question;
    const item = {
      ...keyOf(question.incidentId, question.key),
      ...rest,
      asks,
      // The index's keys: what kind of question it is has another name here.
      kind: isWaiting(question) ? WAITING : `settled-${WAITING}`,
      openedAt: question.askedAt,
    };
    return putIfUnchanged(this.#documents, this.#table, item, version);
  }
}

const keyOf = (incidentId: string, key: string) => ({ pk: `INCIDENT#${incidentId}`, sk: `QUESTION#${key}` });

/** A question from its item. */
export const parseQuestion = (item: unknown): StoredQuestion => {
  const { asks, ...rest } = item as Record<string, unknown>;
  return questionItem.parse({ ...rest, kind: asks });
};
