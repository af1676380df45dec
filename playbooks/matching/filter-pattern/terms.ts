import type { TextTest } from '../values.ts';
import type { Scanner } from './scanner.ts';

/** A pattern of words: `ERROR -debug "exact phrase"`, `?ERROR ?WARN`, `%regex%`, or nothing, which takes every event. */
export interface TermsPattern {
  kind: 'terms';
  required: TextTest[];
  excluded: TextTest[];
  /** Of these one must stand in the event; they count only while nothing else is asked for. */
  optional: TextTest[];
}

/** Reads words up to the pattern's end. @throws InvalidFilterPattern */
export function readTerms(scanner: Scanner): TermsPattern {
  const pattern: TermsPattern = { kind: 'terms', required: [], excluded: [], optional: [] };
  for (scanner.skipSpace(); !scanner.atEnd; scanner.skipSpace()) {
    const list = scanner.take('?') ? pattern.optional : scanner.take('-') ? pattern.excluded : pattern.required;
    list.push(readTerm(scanner));
  }
  return pattern;
}

function readTerm(scanner: Scanner): TextTest {
  if (scanner.char === '%') {
    return scanner.takeExpression();
  }
  if (scanner.char === '"') {
    const phrase = scanner.takeQuoted();
    // `" "` is CloudWatch's way to take every event, those without a space too.
    return phrase.trim() === '' ? () => true : (text) => text.includes(phrase);
  }
  const word = scanner.takeMatch(/[\p{L}\p{N}_]+/uy);
  if (word === undefined) return scanner.fail('a word is expected; other characters go in double quotes');
  if (scanner.char !== '' && !/\s/.test(scanner.char)) scanner.fail('words with other characters go in double quotes');
  return (text) => text.includes(word);
}

/** Whether a log event has the pattern's words. */
export function matchesTerms({ required, excluded, optional }: TermsPattern, message: string): boolean {
  if (required.length + excluded.length === 0) return optional.length === 0 || optional.some((term) => term(message));
  return required.every((term) => term(message)) && !excluded.some((term) => term(message));
}
