import type { CloudTrailRecord, UserIdentity } from '../playbooks/cloudtrail.ts';
import { isoTime } from '../playbooks/iso-time.ts';
import { objectOf } from '../playbooks/parameters.ts';
import { type ActorText, ActorWriter } from './actor-text.ts';
import { type Criterion, type RecordTest, testOf } from './criterion.ts';
import { type Bits, hasBit } from './scan/layout.ts';

/** What there is to know of a record that matches, as little of it as the results need. */
export interface Facts extends ActorText {
  /** Numbers of the criteria that it fits. */
  fits: number[];
  /** That of a UUID may be four numbers. */
  eventID: string | Int32Array | undefined;
  /** ms since 1970. */
  time: number;
  address: string;
  /** It is a call that was refused or failed, and that a playbook would count: it has an eventID and a time in UTC. */
  isAttempt: boolean;
}

/** What a record that may match comes to. */
export type Judged = Facts | 'unfit';

/** Judges records: whether they fit, and who is behind them. */
export class Judge {
  readonly #tests: readonly RecordTest[];
  readonly #actors = new ActorWriter();

  /** @throws InvalidPath, InvalidFilterPattern */
  constructor(criteria: readonly Criterion[]) {
    this.#tests = criteria.map(testOf);
  }

  /**
   * What a record comes to, as far as those may want it whose bits are set. `text` is as it was written, or as much of it as was parsed;
   * `id` its eventID, where that was read otherwise.
   */
  judge(record: Record<string, unknown>, text: string, bits: Bits, id?: Int32Array): Judged {
    const fits: number[] = [];
    this.#tests.forEach((test, n) => {
      if (hasBit(bits, n) && test(record, text)) fits.push(n);
    });
    return fits.length > 0 ? factsOf(record, this.#actors, { fits, id }) : 'unfit';
  }
}

/** The fields that {@link factsOf} reads, besides the eventID. */
export const factFields = [
  ...['eventTime', 'awsRegion', 'sourceIPAddress'],
  ...['userIdentity', 'recipientAccountId', 'errorCode', 'responseElements'],
] as const satisfies readonly (keyof CloudTrailRecord)[];

/** What there is to know of a record that fits; its time is NaN where it has none that can be read. */
export function factsOf(
  record: Record<string, unknown>,
  actors: ActorWriter,
  { fits, id }: { fits: number[]; id?: Int32Array | undefined },
): Facts {
  const { eventTime, userIdentity, recipientAccountId } = record;
  const identity = (typeof userIdentity === 'object' ? userIdentity : undefined) as UserIdentity | null | undefined;
  const address = textOf(record.sourceIPAddress);
  // A playbook knows the account that it watches, and that the other fields are texts.
  const { actor, session } = actors.write(
    { userIdentity: identity, awsRegion: textOf(record.awsRegion), sourceIPAddress: address },
    textOf(recipientAccountId) || textOf(identity?.accountId),
  );
  const eventID = id ?? (textOf(record.eventID) || undefined);
  const isClaimable = eventID !== undefined && typeof eventTime === 'string' && eventTime.endsWith('Z');
  return {
    fits,
    eventID,
    time: typeof eventTime === 'string' ? isoTime(eventTime) : Number.NaN,
    actor,
    session,
    address,
    isAttempt: isClaimable && isFailed(record),
  };
}

/** The same as playbooks tell it, of a record that nobody has checked yet. */
const isFailed = ({ errorCode, responseElements }: Record<string, unknown>): boolean =>
  (errorCode ?? '') !== '' || objectOf(responseElements).ConsoleLogin === 'Failure';

export const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');
