import { cloudWatchPattern, PatternTooLong } from './cloudwatch-pattern.ts';
import { all, any, is, type Literal, type Match, oneOf } from './match.ts';

/** A match whose pattern is too long for CloudWatch, and whose parts would take some record twice where none may. */
export class NotExclusive extends Error {
  override readonly name = 'NotExclusive';
}

/**
 * A match as CloudWatch patterns, as few as its limit for a pattern allows: a record has the match exactly when it has one
 * of them. Where a pattern would be too long, an "or" of the match is split.
 * @param exclusive each record may have one of them at most
 * @throws {NotExclusive} where the parts cannot exclude each other, but are to
 * @throws {PatternTooLong} where a part that has no "or" is too long
 */
export const cloudWatchPatterns = (match: Match, { exclusive = false } = {}): string[] =>
  inParts(match, cloudWatchPattern, exclusive);

/**
 * What {@link cloudWatchPatterns} does, for any form.
 * @param write writes a part; throws PatternTooLong where the part has to be split
 */
export function inParts<Form>(match: Match, write: (part: Match) => Form, exclusive = false): Form[] {
  try {
    return [write(match)];
  } catch (error) {
    if (!(error instanceof PatternTooLong)) throw error;
    const found = alternatives(match);
    const usable = found.filter(({ disjoint }) => disjoint || !exclusive);
    if (usable.length === 0) {
      if (found.length === 0) throw error;
      throw new NotExclusive(`${error.message}. Its parts would take a record twice.`);
    }
    const ways = usable.map(({ branches, among }) =>
      packed(branches, among, write).flatMap((part) => inParts(part, write, exclusive)),
    );
    return ways.reduce((fewest, way) => (way.length < fewest.length ? way : fewest));
  }
}

/** One place in a match where it says "or". */
interface Alternatives {
  branches: Match[];
  /** The whole match with some of the branches in that place. */
  among: (branches: Match[]) => Match;
  /** No record has two of the branches. */
  disjoint: boolean;
}

/** The places where a match can be split: itself, or a condition of its `all`. */
function alternatives(match: Match): Alternatives[] {
  if (match.kind === 'any' || match.kind === 'oneOf') {
    const branches = branchesOf(match);
    return branches.length > 1 ? [{ branches, among: joined, disjoint: areDisjoint(branches) }] : [];
  }
  if (match.kind !== 'all') return [];
  return match.of.flatMap((one, index) =>
    alternatives(one).map((found) => ({
      ...found,
      among: (branches: Match[]) => all(...match.of.with(index, found.among(branches))),
    })),
  );
}

const branchesOf = (match: Match): Match[] => {
  if (match.kind === 'any') return [...match.of];
  return match.kind === 'oneOf' ? match.values.map((value) => is(match.path, value)) : [match];
};

/** Names beside each other as one list, the rest as it is. */
function joined(branches: Match[]): Match {
  const [first] = branches;
  const same = branches.every((one) => one.kind === 'is' && first?.kind === 'is' && one.path === first.path);
  return same && first?.kind === 'is'
    ? oneOf(
        first.path,
        branches.flatMap((one) => (one.kind === 'is' ? [one.value] : [])),
      )
    : any(...branches);
}

/** Each demands another value of the same field. */
function areDisjoint(branches: Match[]): boolean {
  const demanded = branches.map((branch) => (branch.kind === 'all' ? branch.of : [branch]).flatMap(valuesOf));
  const [first = []] = demanded;
  return first.some(({ path }) => {
    const values = demanded.map((fields) => fields.find((field) => field.path === path)?.values);
    const listed = values.flatMap((some) => some ?? []);
    return values.every((some) => some !== undefined) && new Set(listed).size === listed.length;
  });
}

/** Puts as many branches into each part as fit; one that is too long by itself is a part of its own. */
function packed(branches: Match[], among: (branches: Match[]) => Match, write: (part: Match) => unknown): Match[] {
  const fits = (some: Match[]): boolean => {
    try {
      write(among(some));
      return true;
    } catch (error) {
      if (error instanceof PatternTooLong) return false;
      throw error;
    }
  };
  const groups: Match[][] = [];
  for (const branch of branches) {
    const last = groups.at(-1);
    if (last && fits([...last, branch])) last.push(branch);
    else groups.push([branch]);
  }
  return groups.map(among);
}

/** The fields that a condition compares for equality, with their values. */
export function valuesOf(match: Match): { path: string; values: readonly Literal[] }[] {
  if (match.kind === 'is') return [{ path: match.path, values: [match.value] }];
  return match.kind === 'oneOf' ? [{ path: match.path, values: match.values }] : [];
}
