import type { Command } from '../command.ts';
import backtest from './backtest.ts';
import tune from './tune.ts';

/** The commands over what is past. bundled.mjs enters the piece for them where they are alone. */
export const pastCommands: readonly Command[] = [backtest, tune];
