export { run } from './backtest.ts';
