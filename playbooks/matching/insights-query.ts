import type { Literal, Match } from './match.ts';
import { isPlainKey, parsePath } from './path.ts';

/** A match that CloudWatch Logs Insights cannot say; `place` is the condition. */
export class NotInInsights extends Error {
  override readonly name = 'NotInInsights';
  readonly place: string;

  constructor(place: string, reason: string) {
    super(`CloudWatch Logs Insights cannot express ${place}: ${reason}.`);
    this.place = place;
  }
}

/** How the fields of a log group are shown and named. */
export interface InsightsNames {
  /** The name by which Insights knows a field of a record. */
  nameOf: (name: string) => string;
  /** The fields that the query shows beside the time. */
  shows: readonly string[];
}

const ofTrail: InsightsNames = {
  nameOf: (name) => name,
  shows: ['eventSource', 'eventName', 'userIdentity.arn', 'sourceIPAddress', 'errorCode', 'eventID'],
};

/**
 * The match as a query of CloudWatch Logs Insights, which shows the matching records, newest first. Insights flattens JSON and
 * finds at most 200 fields of a record; true and false become 1 and 0; fields of arrays have their index as a name.
 * So `isTrue` also takes the number 1. What is not there is asked for explicitly, so that `!=` does not depend on it.
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CWL_AnalyzeLogData-discoverable-fields.html
 * @throws NotInInsights, InvalidPath
 */
export function insightsQuery(match: Match, { nameOf, shows }: InsightsNames = ofTrail): string {
  return [
    `fields ${['@timestamp', ...shows].join(', ')}`,
    `filter ${condition(match, nameOf, 'top')}`,
    'sort @timestamp desc',
  ].join('\n| ');
}

function condition(match: Match, nameOf: InsightsNames['nameOf'], around: 'top' | 'inner'): string {
  switch (match.kind) {
    case 'all':
    case 'any': {
      const text = match.of.map((one) => condition(one, nameOf, 'inner')).join(match.kind === 'all' ? ' and ' : ' or ');
      return around === 'top' ? text : `(${text})`;
    }
    default:
      return single(match, nameOf);
  }
}

function single(match: Exclude<Match, { kind: 'all' | 'any' }>, nameOf: InsightsNames['nameOf']): string {
  const place = `${match.kind}("${match.path}")`;
  const field = fieldOf(nameOf(match.path), place);
  switch (match.kind) {
    case 'is':
      return `${field} = ${literal(match.value, place)}`;
    case 'isNot':
      return `(ispresent(${field}) and ${field} != ${literal(match.value, place)})`;
    case 'oneOf':
      return `${field} in [${match.values.map((value) => literal(value, place)).join(', ')}]`;
    case 'like':
      return `${field} like ${expression(match.glob, place)}`;
    case 'notLike':
      return `(ispresent(${field}) and ${field} not like ${expression(match.glob, place)})`;
    case 'exists':
      return `ispresent(${field})`;
    case 'missing':
      return `not ispresent(${field})`;
    case 'isTrue':
      return `${field} = 1`;
    case 'isFalse':
      return `${field} = 0`;
    case 'isNull':
      throw new NotInInsights(place, 'it does not tell null from absent');
    default:
      return `${field} ${{ above: '>', atLeast: '>=', below: '<', atMost: '<=' }[match.kind]} ${match.value}`;
  }
}

function fieldOf(path: string, place: string): string {
  const names = parsePath(path).map((step) => {
    if ('any' in step) throw new NotInInsights(place, 'it has no wildcard for elements or fields');
    if ('index' in step) return String(step.index);
    if (/[`\\]/.test(step.key)) throw new NotInInsights(place, `no field can be named ${JSON.stringify(step.key)}`);
    return step.key;
  });
  const plain = names.every((name) => isPlainKey(name) && !name.includes('-'));
  return plain ? names.join('.') : `\`${names.join('.')}\``;
}

function literal(value: Literal, place: string): string {
  if (typeof value === 'number') return String(value);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
  const bad = /["\\\u0000-\u001f\u007f]/.exec(value)?.[0];
  if (bad !== undefined)
    throw new NotInInsights(place, `no way is documented to write ${JSON.stringify(bad)} in a text`);
  return `"${value}"`;
}

function expression(glob: string, place: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
  if (/[\u0000-\u001f]/.test(glob)) throw new NotInInsights(place, 'a control character stands in it');
  const parts = glob.split('*').map((part) => part.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&'));
  return `/^${parts.join('.*')}$/`;
}
