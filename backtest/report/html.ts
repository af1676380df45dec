import type { BacktestResult } from '../backtest.ts';
export function htmlReport(_result: BacktestResult, _about: { archive: string; now: Date }): string {
  return '';
}
