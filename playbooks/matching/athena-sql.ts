import type { Literal, Match } from './match.ts';
import { type Path, type PathStep, parsePath } from './path.ts';
import { hasInnerWildcard, numberOf } from './values.ts';

/** A match that SQL cannot say as the predicate means it; `place` is the condition. */
export class NotInSql extends Error {
  override readonly name = 'NotInSql';
  readonly place: string;

  constructor(place: string, reason: string) {
    super(`SQL cannot express ${place}: ${reason}.`);
    this.place = place;
  }
}

/** The few things that two engines write differently; all else of the SQL is the same text. */
export interface Dialect {
  /** A step to a key that is no plain word. */
  key: (key: string) => string;
  /** Whether the condition holds of any element of the array, or field of the object, at a path of a JSON value. */
  any: (value: string, path: string, kind: 'element' | 'field', holds: (node: string) => string) => string;
}

/**
 * Athena's engine, which is Trino. The match reads a column of type JSON.
 * https://docs.aws.amazon.com/athena/latest/ug/functions-env3.html
 */
export const athena: Dialect = {
  key: (key) => `["${key}"]`,
  any: (value, path, kind, holds) => {
    const list =
      kind === 'element'
        ? `TRY(CAST(json_extract(${value}, ${quoted(path)}) AS ARRAY(JSON)))`
        : `map_values(TRY(CAST(json_extract(${value}, ${quoted(path)}) AS MAP(VARCHAR, JSON))))`;
    return `COALESCE(any_match(${list}, node -> ${holds('node')}), false)`;
  },
};

/**
 * DuckDB, in which the tests run what Athena would. It needs three functions under the names that Athena has for them: see
 * {@link duckDbFunctions}.
 */
export const duckDb: Dialect = {
  key: (key) => `."${key}"`,
  any: (value, path, kind, holds) => {
    const type = kind === 'element' ? 'ARRAY' : 'OBJECT';
    const list = `json_extract(${value}, ${quoted(`${path}${kind === 'element' ? '[*]' : '.*'}`)})`;
    const right = `json_type(${value}, ${quoted(path)}) = '${type}'`;
    return `(COALESCE(${right}, false) AND len(list_filter(${list}, lambda node: ${holds('node')})) > 0)`;
  },
};

/** Statements that give DuckDB the functions of Athena that the SQL uses. */
export const duckDbFunctions: readonly string[] = [
  'CREATE OR REPLACE MACRO json_format(value) AS CAST(value AS VARCHAR)',
  'CREATE OR REPLACE MACRO json_extract_scalar(value, path) AS json_extract_string(value, path)',
  'CREATE OR REPLACE MACRO regexp_like(value, expression) AS regexp_matches(value, expression)',
];

/**
 * The match as a boolean SQL expression over a column that holds a record as JSON, meaning exactly what the predicate means:
 * comparisons hold of texts and numbers only, absence and null are told apart, case counts. It is never NULL.
 * Numbers with a fraction compare with text as they are written in the record.
 * @param column the column, or an expression of type JSON
 * @throws NotInSql, InvalidPath
 */
export function sqlCondition(match: Match, column = 'record', dialect: Dialect = athena): string {
  switch (match.kind) {
    case 'all':
    case 'any': {
      const word = match.kind === 'all' ? ' AND ' : ' OR ';
      return `(${match.of.map((one) => sqlCondition(one, column, dialect)).join(word)})`;
    }
    default: {
      const place = `${match.kind}("${match.path}")`;
      return at(column, parsePath(match.path), dialect, conditionOf(match, place), place, match.kind === 'missing');
    }
  }
}

type Condition = Exclude<Match, { kind: 'all' | 'any' }>;
type Holds = (node: string) => string;

/** The condition on the nodes at a path: with a wildcard, on any of them. `absent`: that there are none. */
function at(value: string, path: Path, dialect: Dialect, holds: Holds, place: string, absent: boolean): string {
  if (absent) return `NOT ${at(value, path, dialect, (node) => `(${node} IS NOT NULL)`, place, false)}`;
  const star = path.findIndex((step) => 'any' in step);
  if (star < 0)
    return holds(path.length === 0 ? value : `json_extract(${value}, ${quoted(`$${steps(path, dialect, place)}`)})`);
  const kind = (path[star] as { any: 'element' | 'field' }).any;
  const before = `$${steps(path.slice(0, star), dialect, place)}`;
  return dialect.any(value, before, kind, (node) => at(node, path.slice(star + 1), dialect, holds, place, false));
}

function steps(path: readonly PathStep[], dialect: Dialect, place: string): string {
  return path
    .map((step) => {
      if ('index' in step) return `[${step.index}]`;
      if (!('key' in step)) return '';
      if (/^[A-Za-z_][A-Za-z0-9_]*$/.test(step.key)) return `.${step.key}`;
      if (/["\\]/.test(step.key)) throw new NotInSql(place, `no path can hold the key ${JSON.stringify(step.key)}`);
      return dialect.key(step.key);
    })
    .join('');
}

function conditionOf(match: Condition, place: string): Holds {
  switch (match.kind) {
    case 'is':
      return sure((node) => equals(node, match.value));
    case 'isNot':
      return sure((node) => `${isValue(node)} AND NOT COALESCE(${equals(node, match.value)}, false)`);
    case 'oneOf':
      return sure((node) => match.values.map((value) => equals(node, value)).join(' OR '));
    case 'like':
      return sure((node) => like(node, match.glob, place));
    case 'notLike':
      return sure((node) => `${isValue(node)} AND NOT COALESCE(${like(node, match.glob, place)}, false)`);
    case 'exists':
      return sure(isValue);
    case 'missing':
      return (node) => `(${node} IS NULL)`;
    case 'isNull':
      return sure((node) => `json_format(${node}) = 'null'`);
    case 'isTrue':
      return sure((node) => `json_format(${node}) = 'true'`);
    case 'isFalse':
      return sure((node) => `json_format(${node}) = 'false'`);
    default: {
      const operator = { above: '>', atLeast: '>=', below: '<', atMost: '<=' }[match.kind];
      return sure((node) => compare(node, operator, match.value));
    }
  }
}

/** Of what is not there nothing holds: SQL's third truth value must not get out. */
const sure =
  (holds: Holds): Holds =>
  (node) =>
    `COALESCE((${holds(node)}), false)`;

const isString = (node: string): string => `substr(json_format(${node}), 1, 1) = '"'`;
const isNumber = (node: string): string => `regexp_like(json_format(${node}), '^[-0-9]')`;
const isValue = (node: string): string => `regexp_like(json_format(${node}), '^["0-9-]')`;
const scalar = (node: string): string => `json_extract_scalar(${node}, '$')`;
const number = (value: number): string => `CAST('${value}' AS DOUBLE)`;

function equals(node: string, value: Literal): string {
  if (typeof value === 'number') return compare(node, '=', value);
  const text = `(${isString(node)} AND ${scalar(node)} = ${quoted(value)})`;
  const same = numberOf(value);
  // A JSON number is a text by its digits, in their shortest form.
  if (same === undefined || String(same) !== value) return text;
  return `(${text} OR (${isNumber(node)} AND TRY_CAST(json_format(${node}) AS DOUBLE) = ${number(same)}))`;
}

/** Numbers, and texts that write one. */
function compare(node: string, operator: string, value: number): string {
  const form = "'^[+-]?([0-9]+([.][0-9]*)?|[.][0-9]+)([eE][+-]?[0-9]+)?\\z'";
  return (
    `(${isValue(node)} AND regexp_like(${scalar(node)}, ${form}) AND ` +
    `TRY_CAST(${scalar(node)} AS DOUBLE) ${operator} ${number(value)})`
  );
}

function like(node: string, glob: string, place: string): string {
  const pattern = `LIKE ${quoted(glob.replace(/[\\%_]/g, '\\$&').replaceAll('*', '%'))} ESCAPE '\\'`;
  const text = `CASE WHEN ${isString(node)} THEN ${scalar(node)} WHEN ${isNumber(node)} THEN ${digits(node)} END`;
  if (!hasInnerWildcard(glob)) return `${text} ${pattern}`;
  if (/[\n\r\u2028\u2029]/.test(glob))
    throw new NotInSql(place, 'a line break stands beside "*" in the middle of a text');
  // In the middle of a text "*" ends at a line's end: all of the text must be one line.
  const breaks = ['chr(10)', 'chr(13)', 'chr(8232)', 'chr(8233)'].map((one) => `strpos(${scalar(node)}, ${one}) = 0`);
  return `(${text} ${pattern} AND ${breaks.join(' AND ')})`;
}

/** A number's digits: whole ones without exponent, as long as they are exact. */
function digits(node: string): string {
  const value = `TRY_CAST(json_format(${node}) AS DOUBLE)`;
  const whole = `abs(${value}) < 1e15 AND ${value} = floor(${value})`;
  return `CASE WHEN ${whole} THEN CAST(CAST(${value} AS BIGINT) AS VARCHAR) ELSE json_format(${node}) END`;
}

/** A text as an SQL literal. */
export const quoted = (text: string): string => `'${text.replaceAll("'", "''")}'`;
