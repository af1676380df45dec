/** Percentiles of measured times, in the unit of the values. */
export interface Spread {
  n: number;
  p50: number;
  p95: number;
  min: number;
  max: number;
}

/**
 * The value that a share of the values does not exceed, by nearest rank: always one that was measured, never one between
 * two. Of fewer than 20 values the 95th percentile is therefore the largest.
 * @param share from above 0 to 1
 * @throws {RangeError} when there are no values
 */
export function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  const found = sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)];
  if (found === undefined) throw new RangeError('There is no percentile of no values.');
  return found;
}

/** The spread of the values, or undefined where there are none. */
export function spread(values: readonly (number | undefined)[]): Spread | undefined {
  const known = values.filter((value) => value !== undefined);
  if (known.length === 0) return undefined;
  return {
    n: known.length,
    p50: percentile(known, 0.5),
    p95: percentile(known, 0.95),
    min: Math.min(...known),
    max: Math.max(...known),
  };
}
