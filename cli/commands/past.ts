import type { Command } from '../command.ts';
import backtest from './backtest.ts';
import tune from './tune.ts';

/** The commands over what is past. cordon.mjs runs them in one piece, where every tenth of a second counts. */
export const pastCommands: readonly Command[] = [backtest, tune];
