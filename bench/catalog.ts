import backtest from './backtest/backtest.ts';
import type { Bench } from './bench.ts';
import console from './console/console.ts';
import contain from './contain/contain.ts';

/** Every bench by its name, in the order in which all are run. */
export const benches: Readonly<Record<string, Bench>> = { contain, console, backtest };
