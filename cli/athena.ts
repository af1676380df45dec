import type { BacktestResult, Subject } from '../backtest/backtest.ts';
export async function backtestInAthena(_c: unknown, _s: readonly Subject[], _t: unknown): Promise<BacktestResult> {
  throw new Error('x');
}
