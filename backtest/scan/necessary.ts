import type { Match } from '../../playbooks/matching/match.ts';
import { parsePath } from '../../playbooks/matching/path.ts';
import { predicate } from '../../playbooks/matching/predicate.ts';
import { numberOf } from '../../playbooks/matching/values.ts';

/**
 * What a record cannot do without if a match is to hold, as far as raw bytes can tell it. These are necessary conditions only:
 * a record that fails them does not match, one that passes is parsed and judged by the predicate.
 */
export interface Necessary {
  /** Whether the match can hold of a record with this `eventName`, or with none. */
  couldHaveName: (name: string | undefined) => boolean;
  /**
   * Texts of which one must stand in the record as a whole string, key or value, written without escapes. Undefined where nothing
   * is known, or where they would say no more than the name.
   */
  texts?: readonly NecessaryText[];
}

/** A text, and where it is a key, what its value must contain, should it be a text that is written without escapes. */
export interface NecessaryText {
  text: string;
  /** How many brackets are open around it, the record's own included; undefined where there can be more or fewer. */
  level?: number;
  contains?: string;
}

/** Derives the necessary conditions of a match. @throws InvalidPath */
export function necessary(match: Match): Necessary {
  const couldHaveName = nameTest(match);
  // A name that no detection asks for, and none: where both are ruled out, the name decides.
  const byName = !couldHaveName('\u0000') && !couldHaveName(undefined);
  const texts = textsOf(match);
  if (!texts || (byName && texts.cost >= UNSELECTIVE)) return { couldHaveName };
  return { couldHaveName, texts: texts.texts };
}

function nameTest(match: Match): (name: string | undefined) => boolean {
  switch (match.kind) {
    case 'all': {
      const tests = match.of.map(nameTest);
      return (name) => tests.every((test) => test(name));
    }
    case 'any': {
      const tests = match.of.map(nameTest);
      return (name) => tests.some((test) => test(name));
    }
    default: {
      const [first] = parsePath(match.path);
      if (!first || !('key' in first) || first.key !== 'eventName') return () => true;
      const test = predicate(match);
      return (name) => test(name === undefined ? {} : { eventName: name });
    }
  }
}

interface Texts {
  texts: readonly NecessaryText[];
  /** Values tell records apart better than keys, and few better than many. */
  cost: number;
}

/** The cost of what stands in every record, or says no more than the event's name does. */
const UNSELECTIVE = 1000;
const unselective = ['eventName', 'eventSource'];

function textsOf(match: Match): Texts | undefined {
  switch (match.kind) {
    case 'all':
      return match.of
        .map(textsOf)
        .reduce((best, one) => (one && (!best || one.cost < best.cost) ? one : best), undefined);
    case 'any': {
      const each = match.of.map(textsOf);
      if (!each.every((one) => one !== undefined)) return undefined;
      return { texts: each.flatMap((one) => one.texts), cost: each.reduce((sum, one) => sum + one.cost, 0) };
    }
    case 'missing':
      return undefined;
    case 'is':
      return valueTexts(match.path, [match.value]) ?? keyText(match.path);
    case 'oneOf':
      return valueTexts(match.path, match.values) ?? keyText(match.path);
    case 'like':
      return keyText(match.path, match.glob);
    default:
      return keyText(match.path);
  }
}

function valueTexts(path: string, values: readonly (string | number)[]): Texts | undefined {
  const texts = values.filter((value): value is string => typeof value === 'string' && isPlain(value));
  if (texts.length !== values.length) return undefined;
  const level = levelOf(path);
  return { texts: texts.map((text) => ({ text, ...level })), cost: texts.length + costOf(path) };
}

/** A key; of a glob, with the longest text that its value must contain. */
function keyText(path: string, glob = ''): Texts | undefined {
  const step = parsePath(path).at(-1);
  if (!step || !('key' in step) || !isPlain(step.key)) return undefined;
  const [contains = ''] = glob.split('*').sort((a, b) => b.length - a.length);
  const text = { text: step.key, ...levelOf(path) };
  if (!plainText.test(contains)) return { texts: [text], cost: 100 + costOf(path) };
  return { texts: [{ ...text, contains }], cost: 10 + costOf(path) };
}

const costOf = (path: string): number => (unselective.includes(path) ? UNSELECTIVE : 0);

/** Of a path of keys alone: each opens a bracket. */
function levelOf(path: string): { level?: number } {
  const steps = parsePath(path);
  return steps.every((step) => 'key' in step) ? { level: steps.length } : {};
}

const plainText = /^[A-Za-z0-9 _.:@#$%&()*+,;=?!~|<>^{}[\]'-]{3,40}$/;

/**
 * Whether JSON can write a text only as it is, or with `\u`, which the scanner takes for a sign to look closer. A text that a number
 * could be as well is none, since a JSON number compares with text by its digits.
 */
function isPlain(text: string): boolean {
  return plainText.test(text) && numberOf(text) === undefined && !/^-?Infinity$/.test(text);
}
