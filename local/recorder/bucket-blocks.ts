import type { Exchange } from './record.ts';
import {
  type Answered,
  answered,
  type Block,
  errorAnswer,
  makeBlock,
  NO_BLOCK,
  readBlock,
  sameBlock,
  writeBlock,
} from './s3-answers.ts';

/** The account's buckets as the emulator has them. */
export interface Buckets {
  list(): Promise<string[]>;
  /** A bucket's block; undefined where it has none, or the bucket is gone. */
  readBlock(bucket: string): Promise<Block | undefined>;
  /** Gives a bucket this block, or none. Does nothing to a bucket that is gone. */
  writeBlock(bucket: string, block: Block | undefined): Promise<void>;
}

const NAMESPACE = 'http://s3.amazonaws.com/doc/2006-03-01/';

interface Kept {
  /** The bucket's own block, as its owner put it. */
  own: Block | undefined;
  /** The block that stands in the emulator. */
  applied: Block | undefined;
}

/**
 * Puts the account's public access block into effect. What holds on AWS is the most restrictive of a bucket's own block and the account's;
 * the emulator judges by the bucket's alone. So while the account has a block, each bucket gets in the emulator what holds, and its own
 * block is kept here: callers read and write that one.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html
 */
export class BucketBlocks {
  readonly #buckets: Buckets;
  readonly #kept = new Map<string, Kept>();
  #account: Block | undefined;
  #running: Promise<void> = Promise.resolve();
  #looking: Promise<void> | undefined;

  constructor(buckets: Buckets) {
    this.#buckets = buckets;
  }

  /** Puts a block of the account, or none, into effect on every bucket. */
  enforce(account: Block | undefined): Promise<void> {
    return this.#alone(async () => {
      const before = this.#account;
      this.#account = account;
      try {
        await this.#all();
      } catch (error) {
        // What holds is what was answered: not this. The next change sets right which buckets have it already.
        this.#account = before;
        throw error;
      }
      if (!account) this.#kept.clear();
    });
  }

  /** Follows a call that has been answered. What it returns is the caller's answer in place of the emulator's. */
  async follow(exchange: Exchange): Promise<Answered | undefined> {
    if (!this.#account) return undefined;
    const { call, refusal } = exchange;
    const { bucket } = call;
    // Stacks make and change buckets within the emulator.
    if (call.model.name === 'cloudformation' && !refusal) await this.#lookAgain();
    if (call.model.name !== 's3' || bucket === undefined) return undefined;
    if (call.operation.name === 'GetPublicAccessBlock') return this.#own(exchange, bucket);
    if (refusal) return undefined;
    switch (call.operation.name) {
      case 'CreateBucket':
        await this.#alone(() => this.#one(bucket));
        break;
      case 'PutPublicAccessBlock':
        await this.#changed(bucket, readBlock(call.request.body));
        break;
      case 'DeletePublicAccessBlock':
        await this.#changed(bucket, undefined);
        break;
      case 'DeleteBucket':
        this.#kept.delete(bucket);
        break;
    }
    return undefined;
  }

  #own(exchange: Exchange, bucket: string): Answered | undefined {
    const kept = this.#kept.get(bucket);
    if (!kept || exchange.response.status !== 200) return undefined;
    const none = () => errorAnswer(404, NO_BLOCK, { more: { BucketName: bucket } });
    return answered(exchange, kept.own ? { status: 200, body: writeBlock(kept.own, NAMESPACE) } : none());
  }

  /** A bucket's owner put this block, or took it away: in the emulator it stands already. */
  #changed(bucket: string, own: Block | undefined): Promise<void> {
    return this.#alone(async () => {
      this.#kept.set(bucket, { own, applied: own });
      await this.#one(bucket);
    });
  }

  /** Looks at all buckets once more; calls that ask for it meanwhile share one look. */
  #lookAgain(): Promise<void> {
    this.#looking ??= this.#alone(() => {
      this.#looking = undefined;
      return this.#all();
    });
    return this.#looking;
  }

  async #all(): Promise<void> {
    const buckets = await this.#buckets.list();
    for (const gone of this.#kept.keys()) if (!buckets.includes(gone)) this.#kept.delete(gone);
    for (const bucket of buckets) await this.#one(bucket);
  }

  async #one(bucket: string): Promise<void> {
    const current = await this.#buckets.readBlock(bucket);
    const kept = this.#kept.get(bucket);
    // What is not as it was left here has been put there by the bucket's owner, past the recorder.
    const own = kept && sameBlock(current, kept.applied) ? kept.own : current;
    const applied = mostRestrictive(own, this.#account);
    if (!sameBlock(current, applied)) await this.#buckets.writeBlock(bucket, applied);
    this.#kept.set(bucket, { own, applied });
  }

  /** One change after the other, so that each sees what the one before has left. */
  #alone(change: () => Promise<void>): Promise<void> {
    const done = this.#running.then(change);
    this.#running = done.catch(() => undefined);
    return done;
  }
}

function mostRestrictive(own: Block | undefined, account: Block | undefined): Block | undefined {
  if (!account || !Object.values(account).includes(true)) return own;
  return makeBlock((name) => account[name] || own?.[name] === true);
}
