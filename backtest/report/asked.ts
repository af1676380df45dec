import type { BacktestResult } from '../backtest.ts';
import { when } from './words.ts';

/** What a run was asked. */
export interface Asked {
  /** The path or bucket, as it was typed. */
  archive: string;
  /** The filter pattern, where one was tried instead of detections. */
  pattern?: string | undefined;
  /** Times in ms: records from `since` on, and before `until`. */
  since?: number | undefined;
  until?: number | undefined;
}

/** Which records were asked for, in a sentence; undefined where it was all of them. */
export function askedRecords({ since, until }: Asked): string | undefined {
  if (since === undefined && until === undefined) return undefined;
  const parts = [
    since === undefined ? '' : ` from ${when(since)} on`,
    until === undefined ? '' : ` before ${when(until)}`,
  ];
  return `Asked for records${parts.filter(Boolean).join(' and')}.`;
}

/** From which time to which records match, in a sentence. */
export function matchingTimes(result: BacktestResult): string {
  const range = rangeOf(result);
  return range ? `Matching records from ${when(range.from)} to ${when(range.to)}.` : 'No record matches.';
}

/** The times of the first and last matching record, in ms; undefined where none matches. */
export function rangeOf({ subjects }: BacktestResult): { from: number; to: number } | undefined {
  const ends = subjects.flatMap(({ kept }) => (kept.length > 0 ? [kept[0]?.time ?? 0, kept.at(-1)?.time ?? 0] : []));
  return ends.length > 0 ? { from: Math.min(...ends), to: Math.max(...ends) } : undefined;
}
