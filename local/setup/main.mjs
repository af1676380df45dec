import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { EXIT, Failure, Interrupted } from './failure.mjs';
import { install } from './install.mjs';
import { Progress } from './progress.mjs';
import { runChecks } from './steps.mjs';

const ROOT = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'];
// The AWS SDK warns on standard error of Node versions that it will not support one day; that is no user's business here.
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= 'true';
const PROGRAMS = {
  demo: 'local/demo.ts',
  local: 'local/cli.ts',
  docs: 'docs/generate/main.ts',
  new: 'scaffold/main.ts',
  bench: 'bench/main.ts',
};

const USAGE = `Usage: node local/bootstrap.mjs COMMAND [arguments]

  demo     four attacks on a local AWS, detected, contained and reported
  local    a local AWS in the foreground; local env, local stop
  bench    benchmarks on a local AWS; bench NAME
  test     format, lint, types and every test
  check    test, and a clean work tree
  rows     test, and write docs/rows.md from the tests
  docs     write the runbooks and the references from the units
  new      a new detection or response: its file and its line in the catalog
  install  only what the others install first

Exit codes: 0 success, ${Object.entries(EXIT)
  .map(([kind, code]) => `${code} ${kind}`)
  .join(', ')}; 128 plus the signal's number when interrupted.`;

/**
 * Runs one command: installs what it needs, then does it. Sets the process's exit code; a failure is one line on
 * standard error (with its stack when CORDON_DEBUG is set).
 * @param {string[]} argv the command and its arguments
 */
export async function run([command, ...args]) {
  try {
    if (command === undefined || command === 'help' || command === '--help') {
      console.log(USAGE);
      return;
    }
    if (command in PROGRAMS) await program(command, args);
    else if (['test', 'check', 'rows', 'install'].includes(command)) await setUpAnd(command, args);
    else throw new Failure('usage', `There is no command "${command}"; try: node local/bootstrap.mjs help`);
  } catch (error) {
    report(error);
  }
}

async function setUpAnd(command, args) {
  if (args.length > 0) throw new Failure('usage', `"${command}" takes no arguments, and got: ${args.join(' ')}`);
  const passed = await interruptible(async (context) => {
    await install(context);
    return (
      command === 'install' ||
      (await runChecks(context, { cleanTree: command === 'check', writeRows: command === 'rows' }))
    );
  });
  if (!passed) process.exitCode = EXIT.failed;
}

/** The program goes on in this process, as if it had been started by `node --import tsx`, and handles signals itself. */
async function program(command, args) {
  const file = join(ROOT, PROGRAMS[command]);
  if (!existsSync(file))
    throw new Failure('usage', `This copy of cordon has no ${command}: ${file} is missing; fetch it anew.`);
  await interruptible(install);
  process.argv = [process.execPath, file, ...args];
  await import(import.meta.resolve('tsx'));
  await import(pathToFileURL(file).href);
}

/** Does `work` with a signal that aborts on Ctrl-C and its like; when interrupted it is waited for, so that it cleans up. */
async function interruptible(work) {
  const interrupt = new AbortController();
  const listeners = SIGNALS.map((name) => {
    const listener = () => interrupt.abort(new Interrupted(name));
    process.on(name, listener);
    return [name, listener];
  });
  try {
    return await work({ root: ROOT, progress: new Progress(), signal: interrupt.signal });
  } catch (error) {
    throw interrupt.signal.aborted ? interrupt.signal.reason : error;
  } finally {
    for (const [name, listener] of listeners) process.off(name, listener);
  }
}

function report(error) {
  const exitCode = typeof error?.exitCode === 'number' ? error.exitCode : EXIT.failed;
  process.exitCode = exitCode;
  if (process.env.CORDON_DEBUG) console.error(error);
  else if (typeof error?.exitCode === 'number') console.error(error.message);
  else
    console.error(
      `Unexpected: ${String(error?.message ?? error).split('\n')[0]} (set CORDON_DEBUG=1 and run it again to see where).`,
    );
}
