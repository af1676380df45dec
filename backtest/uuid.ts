/** A UUID as CloudTrail writes them: lower case. */
const FORM = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** A UUID's 16 bytes, or undefined where a text is none as CloudTrail writes them. */
export const uuidBytes = (text: string): Uint8Array | undefined =>
  FORM.test(text) ? Uint8Array.from(Buffer.from(text.replaceAll('-', ''), 'hex')) : undefined;

/**
 * Writes a UUID to four places of `to`, from `at` on, as numbers of 32 bits. Returns false, and has written nothing, where a text is
 * none as CloudTrail writes them.
 */
export function uuidInto(text: string, to: Int32Array, at: number): boolean {
  if (!FORM.test(text)) return false;
  to[at] = Number.parseInt(text.slice(0, 8), 16);
  to[at + 1] = Number.parseInt(text.slice(9, 13) + text.slice(14, 18), 16);
  to[at + 2] = Number.parseInt(text.slice(19, 23) + text.slice(24, 28), 16);
  to[at + 3] = Number.parseInt(text.slice(28), 16);
  return true;
}
