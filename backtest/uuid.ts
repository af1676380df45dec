const DASH = 0x2d;
/** By character code, the value of a lower-case hexadecimal digit; 16 for everything else. */
const DIGITS = Uint8Array.from({ length: 256 }, (_, code) => {
  const value = '0123456789abcdef'.indexOf(String.fromCharCode(code));
  return value < 0 ? 16 : value;
});
const digit = (text: string, at: number): number => DIGITS[text.charCodeAt(at)] ?? 16;

/** A UUID's 16 bytes, or undefined where a text is none as CloudTrail writes them: lower case. */
export function uuidBytes(text: string): Uint8Array | undefined {
  if (text.length !== 36) return undefined;
  const bytes = new Uint8Array(16);
  for (let n = 0, at = 0; n < 16; n += 1, at += 2) {
    if (n === 4 || n === 6 || n === 8 || n === 10) {
      if (text.charCodeAt(at) !== DASH) return undefined;
      at += 1;
    }
    const [high, low] = [digit(text, at), digit(text, at + 1)];
    if (high > 15 || low > 15) return undefined;
    bytes[n] = (high << 4) | low;
  }
  return bytes;
}
