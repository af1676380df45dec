import { pastCommands } from './commands/past.ts';
import { runProcess } from './run.ts';

/** The commands that bundled.mjs runs in one piece. */
export const main = (): Promise<void> => runProcess(pastCommands);
