import type { Actor, ActorKind } from '../playbooks/actor.ts';

const BETWEEN = '\u0000';

/** An actor as a text, equal for equal actors: quicker to write and to read than JSON. */
export function writeActor(actor: Actor): string {
  const { kind, key, label, arn = '', name = '', session = '', accountId = '', issuer } = actor;
  const parts = [kind, key, label, arn, name, session, accountId, issuer?.name ?? '', issuer?.arn ?? ''];
  // Names are whatever somebody wrote into a record.
  return parts.some((part) => part.includes(BETWEEN)) ? JSON.stringify(actor) : parts.join(BETWEEN);
}

/** What to call the actor in a sentence, of such a text. */
export function labelIn(text: string): string {
  if (text.startsWith('{')) return readActor(text).label;
  const from = text.indexOf(BETWEEN, text.indexOf(BETWEEN) + 1) + 1;
  return text.slice(from, text.indexOf(BETWEEN, from));
}

/** The actor that {@link writeActor} wrote. */
export function readActor(text: string): Actor {
  if (text.startsWith('{')) return JSON.parse(text) as Actor;
  const [kind, key = '', label = '', arn, name, session, accountId, issuerName = '', issuerArn = ''] =
    text.split(BETWEEN);
  return {
    ...{ kind: kind as ActorKind, key, label },
    ...(arn ? { arn } : {}),
    ...(name ? { name } : {}),
    ...(session ? { session } : {}),
    ...(accountId ? { accountId } : {}),
    ...(issuerName ? { issuer: { name: issuerName, arn: issuerArn } } : {}),
  };
}
