import type { CloudTrailRecord } from '../../playbooks/cloudtrail.ts';
import type { Signals } from '../signals.ts';
import { AccountBlock } from './account-block.ts';
import type { AccountServices } from './account-services.ts';
import { BucketBlocks } from './bucket-blocks.ts';
import type { Passwords } from './console.ts';
import type { Delivery } from './delivery.ts';
import { isGlobal, isManagement } from './event-names.ts';
import type { SeenRequest, SeenResponse } from './exchange.ts';
import { type History, LookupRefused } from './history.ts';
import { type Call, decodeInput, identify } from './identify.ts';
import type { Identities } from './identities.ts';
import type { Models } from './models.ts';
import { parseJson } from './protocols/json.ts';
import { type Structure, structures } from './protocols/values.ts';
import type { Observation, Observer } from './proxy.ts';
import { decodeExchange, type Exchange, writeRecord } from './record.ts';
import { isUnauthenticated } from './refusals.ts';
import type { Answered } from './s3-answers.ts';
import { insightsError, isLacking, type Replacement, trailAnswer } from './trail-answers.ts';
import { type Trail, type Trails, takes } from './trails.ts';

/** What the observer works with. */
export interface ObserverParts {
  account: string;
  region: string;
  models: Models;
  identities: Identities;
  passwords: Passwords;
  trails: Trails;
  history: History;
  delivery: Delivery;
  services: AccountServices;
  signals: Signals;
  now: () => Date;
}

/** What a caller is answered in place of the emulator's answer: a text as it stands, or JSON. */
interface Answer {
  status: number;
  body: Replacement['body'] | string;
}

/** Watches the calls that pass: writes a record of each management call, keeps what the emulator drops, answers LookupEvents. */
export class CallObserver implements Observer {
  readonly #parts: ObserverParts;
  readonly #pending = new Set<Promise<void>>();
  readonly #bucketBlocks: BucketBlocks;
  readonly #accountBlock: AccountBlock;

  constructor(parts: ObserverParts) {
    this.#parts = parts;
    const { account, identities, services } = parts;
    this.#bucketBlocks = new BucketBlocks(services.buckets);
    this.#accountBlock = new AccountBlock({
      account,
      authorize: ({ call: { request, region, signature } }, identity, action) => {
        const session = identities.sessionPolicies(signature?.accessKeyId ?? '');
        return services.authorize({ identity, session, request, region, action, resource: '*' });
      },
      enforce: (block) => this.#bucketBlocks.enforce(block),
    });
  }

  /** Resolves when a record has been written of every call answered so far. */
  async settled(): Promise<void> {
    while (this.#pending.size > 0) await Promise.all(this.#pending);
  }

  observe(request: SeenRequest): Observation {
    const { models, region, trails } = this.#parts;
    const call = identify(models, request, region);
    const before = trails.list();
    if (!call) return { hold: false, complete: async () => undefined };
    return {
      hold: isManagement(call.model, call.operation),
      complete: async (response) => {
        const replacement = isManagement(call.model, call.operation)
          ? await this.#managed(call, response, before)
          : this.#watched(call, response);
        this.#parts.signals.emit('call', {
          service: call.model.name,
          operation: call.operation.name,
          region: call.region,
          status: replacement?.status ?? response.status,
          accessKeyId: call.signature?.accessKeyId,
        });
        return replacement && { status: replacement.status, body: Buffer.from(text(replacement.body)) };
      },
    };
  }

  /** A data call: only what others must hear of. */
  #watched(call: Call, response: SeenResponse): undefined {
    if (response.status >= 300 || call.model.name !== 'logs' || call.operation.name !== 'PutLogEvents') return;
    const { logGroupName, logEvents } = decodeInput(call);
    const events = structures(logEvents).map((event) => ({
      timestamp: Number(event.timestamp),
      message: String(event.message ?? ''),
    }));
    this.#parts.signals.emit('logs', { region: call.region, logGroupName: String(logGroupName), events });
  }

  async #managed(call: Call, response: SeenResponse, before: Trail[]): Promise<Answer | undefined> {
    const { account, identities, trails } = this.#parts;
    const answered = decodeExchange(call, response, account);
    const blocked = await this.#blocks(answered);
    if (blocked) {
      this.#write(blocked.exchange, trails.list());
      return blocked.replacement;
    }
    const [exchange, failure] = isLacking(answered) ? provided(answered, trails) : [answered, undefined];
    if (exchange.code !== undefined && isUnauthenticated(exchange.code)) return undefined;
    // Anybody can send S3 requests that name no call of this account's: an anonymous list of buckets, a page for a browser.
    if (!call.signature && call.model.name === 's3' && call.bucket === undefined) return undefined;
    identities.learn(exchange);
    trails.observe(exchange);
    const isLookup = call.model.name === 'cloudtrail' && call.operation.name === 'LookupEvents' && !exchange.refusal;
    if (isLookup) await this.settled();
    const lookup = isLookup ? this.#lookup(exchange) : undefined;
    await this.#tag(exchange);
    const body = (parseJson(response.body) ?? {}) as Structure;
    const amended = call.model.name === 'cloudtrail' ? trailAnswer(exchange, body, trails) : undefined;
    // The record tells what the caller is answered.
    this.#write(amended ? { ...exchange, output: amended.body } : exchange, judging(exchange, before, trails.list()));
    return failure ?? lookup ?? amended;
  }

  /** What concerns the account's public access block, which the emulator lacks. */
  async #blocks(answered: Exchange): Promise<Answered | undefined> {
    if (this.#accountBlock.isLacking(answered)) {
      return this.#accountBlock.answer(answered, await this.#parts.identities.of(answered));
    }
    try {
      return await this.#bucketBlocks.follow(answered);
    } catch (error) {
      // The call was carried out, and its record must not be lost over this.
      console.error(`The account's public access block could not be put into effect: ${String(error)}`);
      return undefined;
    }
  }

  #lookup({ call, input }: Exchange): Replacement {
    const { history, now } = this.#parts;
    try {
      return { status: 200, body: history.lookup(input, call.region, now()) };
    } catch (error) {
      if (!(error instanceof LookupRefused)) throw error;
      return { status: 400, body: { __type: error.name, message: error.message } };
    }
  }

  /** Tags are part of how a trail was made, and the emulator's CreateTrail drops them. */
  async #tag({ call, input, output, refusal }: Exchange): Promise<void> {
    if (refusal || call.model.name !== 'cloudtrail' || call.operation.name !== 'CreateTrail') return;
    const wanted = structures(input.TagsList).map(({ Key, Value }) => ({
      Key: String(Key),
      Value: String(Value ?? ''),
    }));
    await this.#parts.services.tagTrail(String(output.TrailARN), call.region, wanted);
  }

  /** Writes the record without keeping the caller waiting: asking who they are may take a few calls. */
  #write(exchange: Exchange, judges: Trail[]): void {
    const { account, identities, passwords } = this.#parts;
    const written = identities
      .of(exchange)
      .then((identity) => {
        passwords.learn(exchange, identity);
        this.publish(writeRecord(exchange, identity, account), isGlobal(exchange.call.model), judges);
      })
      .catch((error: unknown) => {
        const { model, operation } = exchange.call;
        console.error(`No record could be written of ${model.name} ${operation.name}: ${String(error)}`);
      })
      .finally(() => this.#pending.delete(written));
    this.#pending.add(written);
  }

  /** Puts a record into event history and on its way to those of the given trails that take it. */
  publish(record: CloudTrailRecord, global: boolean, judges: Trail[] = this.#parts.trails.list()): void {
    const { delivery, history, signals } = this.#parts;
    const taking = judges.filter((trail) => takes(trail, record, global));
    history.add(record);
    for (const trail of taking) delivery.take(trail, record);
    signals.emit(
      'record',
      record,
      taking.map(({ arn }) => arn),
    );
  }
}

/**
 * The state of the trails that decides who gets a call's record: as before the call, so that a StopLogging is itself delivered; only
 * StartLogging is judged as after it.
 */
function judging({ call, refusal }: Exchange, before: Trail[], after: Trail[]): Trail[] {
  if (call.model.name !== 'cloudtrail' || refusal) return after;
  return call.operation.name === 'StartLogging' ? after : before;
}

function text(body: Answer['body']): string {
  return typeof body === 'string' ? body : JSON.stringify(body);
}

/** The recorder does what the emulator lacks: the exchange as it is then, and the error when it cannot be done. */
function provided(answered: Exchange, trails: Trails): [Exchange, Replacement | undefined] {
  const { call, response, input } = answered;
  const failure = insightsError(answered, trails);
  if (failure) {
    const { __type = '', message = '' } = failure.body as { __type?: string; message?: string };
    const refusal = { errorCode: __type, errorMessage: message, denied: false };
    return [{ call, response, input, output: {}, code: __type, refusal }, failure];
  }
  const trail = trails.find(input.TrailName, call.region);
  const output = { TrailARN: trail?.arn ?? '', InsightSelectors: input.InsightSelectors ?? [] };
  return [{ call, response, input, output }, undefined];
}
