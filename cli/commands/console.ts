import { existsSync } from 'node:fs';
import { command } from '../command.ts';
import { CliFailure } from '../failure.ts';
import { count } from '../options.ts';

const CONSOLE = new URL('../../console/main.ts', import.meta.url);

/** `console`: the local web console, if this copy has it. It is loaded when it is asked for, since it is much. */
export default command({
  name: 'console',
  summary: 'the same in a browser, on this machine',
  options: {
    port: { type: 'string', value: 'PORT', about: 'the port on 127.0.0.1; a free one unless told', is: count(65_535) },
  },
  examples: [{ command: 'npx cordon console', about: 'prints the address to open' }],
  interruptible: true,
  run: async ({ options, desk, out, signal }) => {
    if (!existsSync(CONSOLE)) throw new CliFailure('failed', 'This copy of cordon has no console.');
    const { serve } = (await import(CONSOLE.href)) as {
      serve: (desk: unknown, told: { port: number; say: (text: string) => void; signal: AbortSignal }) => Promise<void>;
    };
    await serve(await desk(), { port: options.port ?? 0, say: out.say, signal });
    return undefined;
  },
});
