import type { Command, Option } from './command.ts';
import { EXIT_CODES, EXIT_WORDS, type ExitKind } from './failure.ts';
import type { Out } from './output/out.ts';
import { wrap } from './output/table.ts';
import { globalOptions } from './parse.ts';

/** How a command is typed: `approvals approve INCIDENT KEY --note TEXT`. */
export function synopsis({ name, arguments: args = [], options = {} }: Command): string {
  const required = Object.entries(options).filter(([, option]) => option.type === 'string' && option.required);
  return [
    name,
    ...args.map((one) => (one.optional ? `[${one.name}]` : one.name)),
    ...required.map(([option, one]) => optionText(option, one)),
  ].join(' ');
}

/** `--note TEXT`, `--force`. */
export const optionText = (name: string, option: Option): string =>
  option.type === 'string' ? `--${name} ${option.value}${option.many ? ' ...' : ''}` : `--${name}`;

/** How any command may exit. */
export const commonExits: readonly ExitKind[] = ['ok', 'failed', 'usage', 'setup'];

/** The exit codes of a command: those of all, and those of its own. */
export const exitsOf = ({ exits = {}, interruptible }: Command): [code: number, words: string][] =>
  commonExits
    .concat(Object.keys(exits) as ExitKind[], interruptible ? ['interrupted'] : [])
    .filter((kind, index, all) => all.indexOf(kind) === index)
    .map((kind): [number, string] => [EXIT_CODES[kind], exits[kind] ?? EXIT_WORDS[kind]])
    .sort(([a], [b]) => a - b);

/** The help on everything, on a group of commands (`incidents`) or on one. */
export function help(topic: readonly string[], commands: readonly Command[], out: Pick<Out, 'paint' | 'size'>): string {
  const name = topic.join(' ');
  const one = commands.find((command) => command.name === name);
  if (one) return helpOn(one, out);
  const group = topic.length === 0 ? commands : commands.filter((command) => command.name.startsWith(`${name} `));
  return overview(group, topic.length === 0, out);
}

function overview(commands: readonly Command[], all: boolean, { paint, size }: Pick<Out, 'paint' | 'size'>): string {
  const width = Math.max(...commands.map(({ name }) => name.length));
  return [
    'Usage: npx cordon COMMAND [options]',
    '',
    ...pairs(
      commands.map((one): [string, string] => [one.name, one.summary]),
      width,
      size?.columns,
    ),
    '',
    paint('strong', 'Options of every command'),
    ...optionLines(globalOptions, size?.columns),
    ...(all
      ? [
          '',
          paint('strong', 'Exit codes'),
          ...pairs(
            Object.entries(EXIT_CODES).map(([kind, code]): [string, string] => [
              String(code),
              EXIT_WORDS[kind as ExitKind],
            ]),
            3,
            size?.columns,
          ),
        ]
      : []),
    '',
    'More on a command, with examples: npx cordon COMMAND --help',
  ].join('\n');
}

function helpOn(command: Command, { paint, size }: Pick<Out, 'paint' | 'size'>): string {
  const { about = [], arguments: args = [], options = {}, examples } = command;
  const columns = size?.columns;
  return [
    `Usage: npx cordon ${synopsis(command)} [options]`,
    '',
    ...wrap(`${command.summary.charAt(0).toUpperCase()}${command.summary.slice(1)}.`, columns ?? 100),
    ...about.flatMap((paragraph) => ['', ...wrap(paragraph, columns ?? 100)]),
    ...(args.length > 0
      ? [
          '',
          paint('strong', 'Arguments'),
          ...pairs(
            args.map((one): [string, string] => [one.name, one.about]),
            0,
            columns,
          ),
        ]
      : []),
    '',
    paint('strong', 'Options'),
    ...optionLines({ ...options, ...globalOptions }, columns),
    '',
    paint('strong', 'Examples'),
    ...examples.flatMap(({ command: line, about: why }) => [`  ${paint('quiet', `# ${why}`)}`, `  ${line}`]),
    '',
    paint('strong', 'Exit codes'),
    ...pairs(
      exitsOf(command).map(([code, words]): [string, string] => [String(code), words]),
      3,
      columns,
    ),
  ].join('\n');
}

const optionLines = (options: Readonly<Record<string, Option>>, columns: number | undefined): string[] =>
  pairs(
    Object.entries(options).map(([name, option]): [string, string] => [optionText(name, option), option.about]),
    0,
    columns,
  );

/** Lines of a term and what it means, the meanings below each other. */
function pairs(terms: [string, string][], least: number, columns = 100): string[] {
  const width = Math.max(least, ...terms.map(([term]) => term.length));
  return terms.flatMap(([term, meaning]) =>
    wrap(meaning, Math.max(20, columns - width - 4)).map(
      (part, index) => `  ${(index === 0 ? term : '').padEnd(width)}  ${part}`,
    ),
  );
}
