import { readFileSync } from 'node:fs';
import { type BacktestResult, backtest, type Subject } from '../../backtest/backtest.ts';

/** Has cordon try subjects on the files of a list, as all contenders do: with two workers. */
export function run(list: string, subjects: readonly Subject[]): Promise<BacktestResult> {
  const files = readFileSync(list, 'utf8').trim().split('\n');
  return backtest({
    subjects,
    files: files.map((path) => ({ name: path, source: { path }, size: 0 })),
    workers: 2,
  });
}

/** The most memory that this process had, in kB, whatever the platform's documentation says of bytes. */
export const mostMemory = (): number => process.resourceUsage().maxRSS;
