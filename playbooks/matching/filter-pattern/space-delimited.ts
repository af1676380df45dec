import { combinedTest, readBoolean, readComparison } from './comparison.ts';
import type { Scanner } from './scanner.ts';

/** One field of a space-delimited pattern: its name, empty where it has none, and what its text must be. */
export interface DelimitedField {
  name: string;
  test: (text: string) => boolean;
}

/** A pattern for space-delimited log events, `[ip, user, ..., status = 4*, bytes > 1000]`. */
export interface DelimitedPattern {
  kind: 'fields';
  /** The fields before the ellipsis, or all of them. */
  before: DelimitedField[];
  /** The fields after the ellipsis; undefined where there is no ellipsis. */
  after?: DelimitedField[];
}

/** Reads `[ ... ]`. @throws InvalidFilterPattern */
export function readDelimitedPattern(scanner: Scanner): DelimitedPattern {
  scanner.expect('[', 'before the fields');
  const pattern: DelimitedPattern = { kind: 'fields', before: [] };
  do {
    scanner.skipSpace();
    const at = scanner.position;
    if (!scanner.take('...')) (pattern.after ?? pattern.before).push(readField(scanner));
    else if (pattern.after) scanner.fail('a pattern may have one ellipsis only', at);
    else pattern.after = [];
  } while (scanner.take(','));
  scanner.expect(']', 'after the fields');
  return pattern;
}

function readField(scanner: Scanner): DelimitedField {
  scanner.skipSpace();
  const start = scanner.position;
  const name = /^\(*\s*([A-Za-z0-9_]*)/.exec(scanner.text.slice(start))?.[1] ?? '';
  const bare = scanner.takeMatch(/[A-Za-z0-9_]*\s*(?=[,\]])/y);
  if (bare !== undefined || /[,\]]/.test(scanner.char)) return { name, test: () => true };
  const readOne = (): ((text: string) => boolean) => {
    scanner.skipSpace();
    const at = scanner.position;
    const used = scanner.takeMatch(/[A-Za-z0-9_]+/y);
    if (used === undefined) return scanner.fail("a field's name is expected");
    if (used !== name) return scanner.fail(`the condition is on "${used}", not on its field "${name}"`, at);
    return readComparison(scanner, 'fields').test;
  };
  return { name, test: readBoolean(scanner, readOne, combinedTest) };
}

/** The fields of a log event: separated by space; what stands in brackets or double quotes is one field, without them. */
export function splitFields(message: string): string[] {
  return splitAt(message).map(({ text }) => text);
}

function splitAt(message: string): { text: string; at: number }[] {
  const found: { text: string; at: number }[] = [];
  for (const match of message.matchAll(/\[([^\]]*)\]|"((?:[^"\\]|\\.)*)"|(\S+)/gs)) {
    found.push({ text: match[1] ?? match[2] ?? match[3] ?? '', at: match.index });
  }
  return found;
}

/**
 * Puts a log event's fields in the pattern's places, or gives undefined where they do not fit: with an ellipsis there must be enough
 * of them, without one the last place takes the rest of the event.
 */
export function placeFields(
  pattern: DelimitedPattern,
  message: string,
): { field: DelimitedField; text: string }[] | undefined {
  const parts = splitAt(message);
  const { before, after } = pattern;
  if (parts.length < before.length + (after?.length ?? 0)) return undefined;
  const tail = after ?? [];
  const placed = before.map((field, n) => ({ field, text: parts[n]?.text ?? '' }));
  const last = placed.at(-1);
  if (!after && last && parts.length > before.length) last.text = message.slice(parts[before.length - 1]?.at).trimEnd();
  const shift = parts.length - tail.length;
  return [...placed, ...tail.map((field, n) => ({ field, text: parts[shift + n]?.text ?? '' }))];
}
