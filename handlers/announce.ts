import { EventBridgeClient, PutEventsCommand, type PutEventsRequestEntry } from '@aws-sdk/client-eventbridge';
import { type Announcement, sourceOf } from '../playbooks/messages/events.ts';
import type { Context } from './context.ts';
import { errorText } from './errors.ts';
import { inParts } from './in-parts.ts';
import { allow } from './permissions.ts';

/** Putting events onto the bus: for every unit that announces. */
export const announcePermission = allow(['events:PutEvents'], '{bus}');

/** All that publishing may take, in milliseconds, whatever is to be published: a playbook waits for it. */
const MOST_MS = 4_000;
/** https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEvents.html */
const MOST_ENTRIES = 10;
/** What the log says of an event that was not published: a metric counts it. */
export const NOT_ANNOUNCED = 'a change could not be put onto the event bus';

/**
 * Puts changes of incidents onto the event bus. It never fails and never takes long: what EventBridge does not accept in
 * that time is logged, counted, and said in the ledger and so in the next mail. Called again for the same change, it
 * publishes it again under the same `detail.id`.
 */
export async function announce(context: Context, ...announcements: Announcement[]): Promise<void> {
  if (announcements.length === 0) return;
  const signal = AbortSignal.timeout(MOST_MS);
  const parts: Announcement[][] = [];
  for (let at = 0; at < announcements.length; at += MOST_ENTRIES)
    parts.push(announcements.slice(at, at + MOST_ENTRIES));
  await inParts(parts, 2, async (part) => {
    const refused = await put(part, context, signal);
    // EventBridge refuses single entries, for one when it is throttled, and the SDK does not repeat these.
    const lost =
      refused.length > 0
        ? await put(
            refused.map(({ announcement }) => announcement),
            context,
            signal,
          )
        : [];
    for (const { announcement, error } of lost) await say(announcement, error, context);
  });
}

interface Refused {
  announcement: Announcement;
  error: string;
}

async function put(announcements: Announcement[], context: Context, abortSignal: AbortSignal): Promise<Refused[]> {
  const { bus, prefix } = context.environment;
  const Entries = announcements.map(
    ({ detailType, detail }): PutEventsRequestEntry => ({
      EventBusName: bus,
      Source: sourceOf(prefix),
      DetailType: detailType,
      Detail: JSON.stringify(detail),
      Time: new Date(detail.at),
    }),
  );
  try {
    const answer = await context.client(EventBridgeClient).send(new PutEventsCommand({ Entries }), { abortSignal });
    return announcements.flatMap((announcement, at) => {
      const { ErrorCode, ErrorMessage } = answer.Entries?.[at] ?? {};
      return ErrorCode ? [{ announcement, error: `${ErrorCode}: ${ErrorMessage ?? 'no reason given'}` }] : [];
    });
  } catch (error) {
    const text = abortSignal.aborted ? `no answer within ${MOST_MS / 1000} seconds` : errorText(error);
    return announcements.map((announcement) => ({ announcement, error: text }));
  }
}

async function say({ detailType, detail }: Announcement, error: string, { ledger, log }: Context): Promise<void> {
  log.error(NOT_ANNOUNCED, { detailType, id: detail.id, error });
  try {
    await ledger.addUnannounced(detail.incident.id, detailType, error);
  } catch (failure) {
    log.error('nor could the ledger be told so', { error: errorText(failure) });
  }
}
