import type { UserIdentity } from '../../playbooks/cloudtrail.ts';
import type { Decision } from './authorization/decision.ts';
import { headerValue } from './exchange.ts';
import type { Exchange } from './record.ts';
import {
  type Answered,
  answered,
  type Block,
  errorAnswer,
  NO_BLOCK,
  type Replaced,
  readBlock,
  writeBlock,
} from './s3-answers.ts';

/** What {@link AccountBlock} leaves to others. */
export interface AccountBlockParts {
  account: string;
  /** Decides on an authenticated call. */
  authorize(exchange: Exchange, identity: UserIdentity, action: string): Promise<Decision>;
  /** Puts the account's block into effect on the buckets; the caller is answered after that. */
  enforce(block: Block | undefined): Promise<void>;
}

/** The permission of each call. Taking the block away is writing it. */
const ACTIONS: Record<string, string> = {
  GetPublicAccessBlock: 's3:GetAccountPublicAccessBlock',
  PutPublicAccessBlock: 's3:PutAccountPublicAccessBlock',
  DeletePublicAccessBlock: 's3:PutAccountPublicAccessBlock',
};
const NAMESPACE = 'http://awss3control.amazonaws.com/doc/2018-08-20/';

/**
 * The account's public access block. The emulator authenticates the three calls and then does not know them: the recorder authorizes and
 * answers them.
 * https://docs.aws.amazon.com/AmazonS3/latest/API/API_control_PutPublicAccessBlock.html
 */
export class AccountBlock {
  readonly #parts: AccountBlockParts;
  #block: Block | undefined;

  constructor(parts: AccountBlockParts) {
    this.#parts = parts;
  }

  /** Whether the emulator's refusal only says that it lacks the account's block. */
  isLacking({ call, code }: Exchange): boolean {
    return call.model.name === 's3control' && call.operation.name in ACTIONS && code === 'InvalidURI';
  }

  /** Does what was asked, and tells what to answer. */
  async answer(exchange: Exchange, identity: UserIdentity): Promise<Answered> {
    try {
      return answered(exchange, (await this.#refusal(exchange, identity)) ?? (await this.#done(exchange)));
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      const message = `The emulator does not let the recorder carry this out: ${reason}`;
      return answered(exchange, failed(500, 'InternalError', message));
    }
  }

  async #refusal(exchange: Exchange, identity: UserIdentity): Promise<Replaced | undefined> {
    const { call } = exchange;
    const named = headerValue(call.request.headers, 'x-amz-account-id');
    if (named === undefined) {
      return failed(400, 'InvalidRequest', 'Missing required header for this request: x-amz-account-id');
    }
    // Nobody else's block is within reach, and nobody is let in without a signature.
    if (named !== this.#parts.account || !call.signature) return failed(403, 'AccessDenied', 'Access Denied');
    const action = ACTIONS[call.operation.name] ?? '';
    const decision = await this.#parts.authorize(exchange, identity, action);
    if (decision.allowed) return undefined;
    const who = identity.arn ?? 'unknown';
    return failed(403, 'AccessDenied', `User: ${who} is not authorized to perform: ${action} ${decision.because}`);
  }

  async #done({ call }: Exchange): Promise<Replaced> {
    switch (call.operation.name) {
      case 'PutPublicAccessBlock': {
        const wanted = readBlock(call.request.body);
        if (!wanted) return failed(400, 'MalformedXML', 'The body is no well-formed PublicAccessBlockConfiguration');
        await this.#change(wanted);
        return { status: 201, body: '' };
      }
      case 'DeletePublicAccessBlock':
        await this.#change(undefined);
        return { status: 204, body: '' };
      default:
        if (this.#block) return { status: 200, body: writeBlock(this.#block, NAMESPACE) };
        return errorAnswer(404, NO_BLOCK, { wrap: true, more: { AccountId: this.#parts.account } });
    }
  }

  async #change(block: Block | undefined): Promise<void> {
    await this.#parts.enforce(block);
    this.#block = block;
  }
}

function failed(status: number, code: string, message: string): Replaced {
  return errorAnswer(status, { code, message }, { wrap: true });
}
