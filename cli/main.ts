import { commands } from './commands/catalog.ts';
import { runProcess } from './run.ts';

await runProcess(commands);
