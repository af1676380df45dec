import { readFileSync, writeFileSync } from 'node:fs';
import { LocalFailure } from '../local/failure.ts';
import type { Measured } from './bench.ts';
import { benches } from './catalog.ts';
import { withSection } from './document.ts';
import { machineWords, thisMachine } from './machine.ts';

const DOCUMENT = new URL('../docs/benchmarks.md', import.meta.url);
const SIGNAL_NUMBERS = { SIGHUP: 1, SIGINT: 2, SIGTERM: 15 } as const;

const USAGE = `Usage: npm run bench -- [NAME] [options]    without a name: all of them

${Object.entries(benches)
  .map(([name, { title, usage }]) => `  ${name.padEnd(10)} ${title}\n${usage.replaceAll(/^/gm, '      ')}`)
  .join('\n')}

  --json    print everything that was measured as JSON, and nothing else, on standard output
  --write   keep the tables in docs/benchmarks.md`;

class Interrupted extends Error {
  override readonly name = 'Interrupted';
  readonly exitCode: number;
  constructor(signalNumber: number) {
    super('Interrupted; nothing is left running.');
    this.exitCode = 128 + signalNumber;
  }
}

async function main(args: string[]): Promise<void> {
  const { names, named, rest, json, write } = options(args);
  if (names.length === 0) return console.log(USAGE);
  if (!named) process.stderr.write(`${USAGE}\n\n`);
  const interrupt = new AbortController();
  for (const [name, number] of Object.entries(SIGNAL_NUMBERS)) {
    process.on(name, () => interrupt.abort(new Interrupted(number)));
  }
  const progress = (text: string): void => void process.stderr.write(`${text}\n`);
  const results: Record<string, Measured> = {};
  for (const name of names) {
    progress(`${name}: ${benches[name]?.title}`);
    const result = await benches[name]?.run(rest, { signal: interrupt.signal, progress });
    interrupt.signal.throwIfAborted();
    if (!result) continue;
    const measured: Measured = { ...result, machine: thisMachine(), at: new Date().toISOString() };
    results[name] = measured;
    if (write) keep(name, measured);
    if (!json) console.log(`\n${measured.text}\n\n${head(measured)}`);
  }
  if (json) {
    const plain = Object.entries(results).map(([name, { data, machine, at }]) => [name, { at, machine, data }]);
    console.log(JSON.stringify(Object.fromEntries(plain), null, 2));
  }
}

function options(args: string[]) {
  const isFlag = (word: string): boolean => ['--json', '--write', '--help', '-h'].includes(word);
  const [name, ...more] = args.filter((word) => !isFlag(word));
  const flags = new Set(args.filter(isFlag));
  if (flags.has('--help') || flags.has('-h')) return { names: [], named: false, rest: [], json: false, write: false };
  const named = name !== undefined && !name.startsWith('-');
  if (named && !Object.hasOwn(benches, name)) {
    throw new LocalFailure('usage', `There is no bench "${name}".\n${USAGE}`);
  }
  if (name !== undefined && !named) {
    throw new LocalFailure('usage', `The options belong to a bench: name one before ${name}.\n${USAGE}`);
  }
  return {
    names: named ? [name] : Object.keys(benches),
    named,
    rest: more,
    json: flags.has('--json'),
    write: flags.has('--write'),
  };
}

const head = ({ machine, at }: Measured): string => `Measured ${at.slice(0, 10)} on ${machineWords(machine)}.`;

function keep(name: string, measured: Measured): void {
  const section = `${head(measured)}\n\n${measured.markdown}`;
  writeFileSync(DOCUMENT, withSection(readFileSync(DOCUMENT, 'utf8'), name, section));
}

try {
  await main(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof Interrupted)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = error.exitCode;
}
// Kept-alive connections must not hold the process once it is done.
if (process.exitCode !== undefined) process.exit();
