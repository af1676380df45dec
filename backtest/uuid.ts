const DASH = 0x2d;
/** By character code, the value of a lower-case hexadecimal digit; 16 for everything else. */
const DIGITS = Uint8Array.from({ length: 256 }, (_, code) => {
  const value = '0123456789abcdef'.indexOf(String.fromCharCode(code));
  return value < 0 ? 16 : value;
});
const digit = (text: string, at: number): number => DIGITS[text.charCodeAt(at)] ?? 16;

/** Where the four numbers of a UUID stand in its text, and the dashes between them; the second and third have one inside. */
const NUMBERS = [0, 9, 19, 28];
const DASHES = [8, 13, 18, 23];

/**
 * Writes a UUID to four places of `to`, from `at` on: its 16 bytes, as they lie in memory. Returns false, and has written nothing that
 * counts, where a text is none as CloudTrail writes them: lower case.
 */
export function uuidInto(text: string, to: Int32Array, at: number): boolean {
  if (text.length !== 36 || DASHES.some((dash) => text.charCodeAt(dash) !== DASH)) return false;
  let wrong = 0;
  for (let n = 0; n < 4; n += 1) {
    let from = NUMBERS[n] ?? 0;
    let value = 0;
    for (let byte = 0; byte < 32; byte += 8) {
      if (from === 13 || from === 23) from += 1;
      const [high, low] = [digit(text, from), digit(text, from + 1)];
      wrong |= high | low;
      value |= ((high << 4) | low) << byte;
      from += 2;
    }
    to[at + n] = value;
  }
  return wrong < 16;
}

/** A UUID's 16 bytes, or undefined where a text is none as CloudTrail writes them. */
export function uuidBytes(text: string): Uint8Array | undefined {
  const numbers = new Int32Array(4);
  return uuidInto(text, numbers, 0) ? new Uint8Array(numbers.buffer) : undefined;
}
