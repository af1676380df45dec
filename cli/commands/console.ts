import { command } from '../command.ts';
import { count } from '../options.ts';

/** `console`: the local web console. It is loaded when it is asked for, since it is much. */
export default command({
  name: 'console',
  summary: 'the same in a browser, on this machine',
  about: [
    'It serves on 127.0.0.1 only, with your own credentials, and prints a link that works once and is opened. Enter gives a further link, Ctrl-C ends it. PREFIX-reader is enough to look, PREFIX-approver to answer.',
  ],
  options: {
    port: { type: 'string', value: 'PORT', about: 'the port on 127.0.0.1; a free one unless told', is: count(65_535) },
    'no-open': { type: 'boolean', about: 'open no browser' },
  },
  examples: [
    { command: 'npx cordon console', about: 'opens a browser' },
    { command: 'npx cordon console --port 8321 --no-open', about: 'behind an SSH tunnel' },
  ],
  interruptible: true,
  run: async ({ options, desk, out, signal }) => {
    const { runConsole } = await import('../../console/main.ts');
    const told = { port: options.port ?? 0, open: !options['no-open'], say: out.say, signal };
    await runConsole(await desk(), told);
    return undefined;
  },
});
