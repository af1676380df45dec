import type { ServiceModel } from './models.ts';
import { isStructure, shapeOf, type Value } from './protocols/values.ts';

/** What CloudTrail writes in place of a value that must not be read. */
export const HIDDEN = 'HIDDEN_DUE_TO_SECURITY_REASONS';

/** A value as it stands in a record's JSON. */
export type Recorded = null | boolean | number | string | Recorded[] | { [name: string]: Recorded };

/** Services that leave secret values out of their records; the others write {@link HIDDEN} in their place. */
const LEAVES_OUT = new Set(['iam', 'kms', 'sts', 'lambda', 'secretsmanager', 'cloudformation']);
/** Secrets by name: service models do not mark all of them. */
const SECRET_NAMES =
  /^(password|oldpassword|newpassword|masteruserpassword|secretaccesskey|privatekey|secretstring|secretbinary|plaintext|ciphertextblob|keymaterial|webidentitytoken|samlassertion|tokencode|authenticationcode[12]|authtoken)$/i;
/** Temporary credentials: CloudTrail writes the token, which must not leave even a local machine in a log. */
const TOKENS = /^sessiontoken$/i;

const dates = new Intl.DateTimeFormat('en-US', {
  year: 'numeric',
  month: 'short',
  day: 'numeric',
  hour: 'numeric',
  minute: '2-digit',
  second: '2-digit',
  hour12: true,
  timeZone: 'UTC',
});

/** A time as CloudTrail prints it within parameters and answers: `Nov 5, 2023, 4:29:11 AM`, in UTC. */
export function spellDate(date: Date): string {
  return dates.format(date).replace(/\u202f/g, ' ');
}

/** The first letter in lower case, and only that: CloudTrail writes `sAMLProviderArn` and `aWSAccountId`. */
export function lowerFirst(name: string): string {
  return name.charAt(0).toLowerCase() + name.slice(1);
}

/**
 * Writes a decoded input or output the way CloudTrail records it: names in lower camel case, secrets left out or hidden, binary data
 * left out, times as text.
 */
export function spell(
  model: ServiceModel,
  shapeName: string | undefined,
  value: Value | undefined,
): Recorded | undefined {
  if (value === null || value === undefined) return undefined;
  if (value instanceof Date) return spellDate(value);
  if (Buffer.isBuffer(value)) return undefined;
  const shape = shapeOf(model, shapeName);
  if (shape.sensitive) return LEAVES_OUT.has(model.name) ? undefined : HIDDEN;
  if (Array.isArray(value)) {
    return value.map((item) => spell(model, shape.member?.shape, item)).filter((item) => item !== undefined);
  }
  if (!isStructure(value)) return value;
  const recorded: [string, Recorded][] = [];
  for (const [name, item] of Object.entries(value)) {
    const isMap = shape.type === 'map';
    const inner = isMap ? shape.value?.shape : shape.members?.[name]?.shape;
    const kept = spellNamed(model, inner, name, item as Value);
    if (kept !== undefined) recorded.push([isMap ? name : lowerFirst(name), kept]);
  }
  return Object.fromEntries(recorded);
}

function spellNamed(model: ServiceModel, shape: string | undefined, name: string, item: Value): Recorded | undefined {
  if (SECRET_NAMES.test(name)) return LEAVES_OUT.has(model.name) ? undefined : HIDDEN;
  if (TOKENS.test(name)) return HIDDEN;
  return spell(model, shape, item);
}
