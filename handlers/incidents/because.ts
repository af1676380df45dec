/** Of the records that called for an action so many of the first and as many of the last are named in it. */
const NAMED = 50;

/** The records that called for an action, as its item keeps them: an item of DynamoDB has 400 KB, a storm has no end. */
export interface Because {
  /** Their eventIDs, in order; of very many the first and the last. */
  because: string[];
  /** How many they are, where that is more than are named. */
  records?: number | undefined;
}

/** As an item keeps them. */
export function firstAndLast(eventIDs: readonly string[]): Because {
  const ids = [...new Set(eventIDs)];
  if (ids.length <= 2 * NAMED) return { because: ids };
  return { because: [...ids.slice(0, NAMED), ...ids.slice(-NAMED)], records: ids.length };
}

/**
 * What is known with what more is given, or undefined where nothing is new. Where not all that is known is named, the
 * number says whether there is more: what is given are all records so far.
 */
export function withMore(known: Because, given: readonly string[]): Because | undefined {
  if (known.records === undefined) {
    const all = new Set([...known.because, ...given]);
    return all.size > known.because.length ? firstAndLast([...all]) : undefined;
  }
  const distinct = [...new Set(given)];
  if (distinct.length <= known.records) return undefined;
  return { because: [...known.because.slice(0, NAMED), ...distinct.slice(-NAMED)], records: distinct.length };
}
