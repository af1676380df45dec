import { pastCommands } from './commands/past.ts';
import { runProcess } from './run.ts';

/** The commands over what is past, with nothing besides: bundled.mjs enters here for them. */
export const main = (): Promise<void> => runProcess(pastCommands);
