import { commands } from './commands/catalog.ts';
import { runProcess } from './run.ts';

/** All commands. */
export const main = (): Promise<void> => runProcess(commands);
