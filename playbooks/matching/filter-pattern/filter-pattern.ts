import { InvalidPath, readSteps, select } from '../path.ts';
import { type JsonPattern, readJsonPattern } from './json.ts';
import { InvalidFilterPattern, Scanner } from './scanner.ts';
import { type DelimitedPattern, placeFields, readDelimitedPattern } from './space-delimited.ts';
import { matchesTerms, readTerms, type TermsPattern } from './terms.ts';

/** A filter pattern of CloudWatch Logs that was read: it is evaluated by {@link matchesPattern}. */
export type FilterPattern = JsonPattern | DelimitedPattern | TermsPattern;

/**
 * Reads a filter pattern: for JSON events (`{ ... }`), for space-delimited ones (`[ ... ]`), or words.
 * Patterns that CloudWatch documents as unsupported are refused, its quotas on wildcards and regular expressions included.
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntax.html
 * @throws InvalidFilterPattern with position and reason
 */
export function parseFilterPattern(text: string): FilterPattern {
  const scanner = new Scanner(text);
  scanner.skipSpace();
  const pattern =
    scanner.char === '{'
      ? readJsonPattern(scanner)
      : scanner.char === '['
        ? readDelimitedPattern(scanner)
        : readTerms(scanner);
  scanner.skipSpace();
  if (!scanner.atEnd) scanner.fail('nothing may follow the pattern');
  return pattern;
}

/** Whether a log event's message matches. A message that is no JSON object matches no JSON pattern. Never throws. */
export function matchesPattern(pattern: FilterPattern, message: string): boolean {
  switch (pattern.kind) {
    case 'json': {
      const record = parseObject(message);
      return record !== undefined && pattern.test(record);
    }
    case 'fields':
      return placeFields(pattern, message)?.every(({ field, text }) => field.test(text)) ?? false;
    case 'terms':
      return matchesTerms(pattern, message);
  }
}

/**
 * The value that a metric filter takes from a matching event, for its metric's value or a dimension: `$.latency` from a JSON
 * event, `$bytes` from a space-delimited one. Undefined where the event has none (a text, number, true or false).
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntaxForMetricFilters.html
 * @throws InvalidFilterPattern when the selector cannot be read
 */
export function extractValue(pattern: FilterPattern, selector: string, message: string): string | undefined {
  const text = selector.trim();
  if (pattern.kind === 'fields') {
    const name = text.replace(/^\$\.?/, '');
    return placeFields(pattern, message)?.find(({ field }) => field.name === name)?.text;
  }
  if (!/^\$[.[]/.test(text)) throw new InvalidFilterPattern(text, 0, 'a selector begins with "$."');
  const [value] = select(parseObject(message), stepsOf(text));
  return ['string', 'number', 'boolean'].includes(typeof value) ? String(value) : undefined;
}

function stepsOf(text: string) {
  try {
    const { steps, end } = readSteps(text, 1);
    if (end < text.length) throw new InvalidPath(text, end, 'it does not belong here');
    return steps;
  } catch (error) {
    if (error instanceof InvalidPath) throw new InvalidFilterPattern(text, error.position, 'the selector is wrong');
    throw error;
  }
}

function parseObject(message: string): object | undefined {
  if (!/^\s*\{/.test(message)) return undefined;
  try {
    return JSON.parse(message) as object;
  } catch {
    return undefined;
  }
}
