import { parseArgs } from 'node:util';
import * as z from 'zod';
import type { Command, Option } from './command.ts';
import { CliFailure } from './failure.ts';

/** The options that every command has. */
export const globalOptions = {
  profile: { type: 'string', value: 'NAME', about: 'the profile of ~/.aws/config, as the AWS CLI has it' },
  region: { type: 'string', value: 'REGION', about: 'the Region; else AWS_REGION, AWS_DEFAULT_REGION, the profile’s' },
  prefix: { type: 'string', value: 'PREFIX', about: 'the installation’s prefix; cordon unless told' },
  json: { type: 'boolean', about: 'for programs' },
  help: { type: 'boolean', about: 'what a command does and takes' },
} as const satisfies Record<string, Option>;

/** A command line, taken apart. */
export type Line =
  | { kind: 'help'; topic: string[]; wrong?: false }
  | {
      kind: 'run';
      command: Command;
      args: Record<string, string | undefined>;
      options: Record<string, unknown>;
      global: { profile?: string; region?: string; prefix: string; json: boolean };
    };

/** Takes a command line apart. @throws {CliFailure} of kind `usage`, saying what is wrong and what would be right */
export function parseLine(argv: readonly string[], commands: readonly Command[]): Line {
  const words = leading(argv);
  if (words[0] === 'help') return { kind: 'help', topic: topicOf(words.slice(1), commands) };
  const command = longest(words, commands);
  const asksHelp = argv.includes('--help') || argv.includes('-h');
  if (asksHelp) return { kind: 'help', topic: command ? command.name.split(' ') : topicOf(words, commands) };
  if (!command) {
    if (words.length === 0 && argv.length === 0) return { kind: 'help', topic: [] };
    const group = commands.filter(({ name }) => name.startsWith(`${words[0]} `));
    if (words.length === 1 && group.length > 0) return { kind: 'help', topic: words.slice(0, 1) };
    throw new CliFailure('usage', unknown(words, commands));
  }
  const { values, positionals } = readOptions(argv, command);
  const { profile, region, prefix, json, help: _, ...own } = values;
  return {
    kind: 'run',
    command,
    args: readArguments(positionals.slice(command.name.split(' ').length), command),
    options: readValues(own, command),
    global: {
      prefix: (prefix as string | undefined) ?? 'cordon',
      json: json === true,
      ...(profile ? { profile: profile as string } : {}),
      ...(region ? { region: region as string } : {}),
    },
  };
}

/** The words that no option comes before; options may stand in front of the command, too. */
function leading(argv: readonly string[]): string[] {
  const withValue = new Set(['--profile', '--region', '--prefix']);
  const words: string[] = [];
  for (let at = 0; at < argv.length; at++) {
    const word = argv[at] ?? '';
    if (withValue.has(word)) at++;
    else if (!word.startsWith('-')) words.push(word);
    else if (words.length > 0) break;
  }
  return words;
}

const longest = (words: readonly string[], commands: readonly Command[]): Command | undefined =>
  commands
    .filter(({ name }) => name.split(' ').every((word, index) => words[index] === word))
    .sort((a, b) => b.name.length - a.name.length)[0];

function topicOf(words: string[], commands: readonly Command[]): string[] {
  if (words.length === 0) return [];
  const command = longest(words, commands);
  if (command) return command.name.split(' ');
  if (commands.some(({ name }) => name.startsWith(`${words[0]} `))) return words.slice(0, 1);
  throw new CliFailure('usage', unknown(words, commands));
}

function unknown(words: readonly string[], commands: readonly Command[]): string {
  const typed = words.slice(0, 2).join(' ');
  const group = commands.filter(({ name }) => name.startsWith(`${words[0]} `)).map(({ name }) => name);
  const known = group.length > 0 ? group : [...new Set(commands.map(({ name }) => name.split(' ')[0] ?? ''))];
  return `There is no command "${typed}". There are: ${known.join(', ')}. See: npx cordon help`;
}

const helpOf = ({ name }: Command): string => `See: npx cordon ${name} --help`;

function readOptions(argv: readonly string[], command: Command) {
  const options = Object.fromEntries(
    Object.entries<Option>({ ...globalOptions, ...command.options }).map(([name, option]) => [
      name,
      {
        type: option.type,
        ...(name === 'help' ? { short: 'h' } : {}),
        ...(option.type === 'string' && option.many ? { multiple: true } : {}),
      },
    ]),
  );
  try {
    return parseArgs({ args: [...argv], allowPositionals: true, options });
  } catch (error) {
    const [said = ''] = (error instanceof Error ? error.message : String(error)).split('. To specify');
    throw new CliFailure('usage', `${said.replace(/\.?$/, '.')} ${helpOf(command)}`, { cause: error });
  }
}

function readArguments(given: string[], command: Command): Record<string, string | undefined> {
  const wanted = command.arguments ?? [];
  const missing = wanted.filter(({ optional }, index) => !optional && given[index] === undefined);
  if (missing.length > 0) {
    const names = missing.map(({ name, about }) => `${name} (${about})`).join(' and ');
    throw new CliFailure('usage', `${command.name} needs ${names}. ${helpOf(command)}`);
  }
  const extra = given.slice(wanted.length);
  if (extra.length > 0) {
    throw new CliFailure('usage', `${command.name} does not take "${extra[0]}". ${helpOf(command)}`);
  }
  return Object.fromEntries(wanted.map(({ name }, index) => [name, given[index]]));
}

function readValues(given: Record<string, unknown>, command: Command): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(command.options ?? {}).map(([name, option]) => {
      const value = given[name];
      if (option.type === 'boolean') return [name, value === true];
      if (option.many) return [name, value ?? []];
      // One that a script meant to fill in must not count as one that was never there.
      if (value === undefined && !option.required) return [name, undefined];
      if (value === undefined || value === '') {
        throw new CliFailure(
          'usage',
          `${command.name} needs --${name} ${option.value} (${option.about}). ${helpOf(command)}`,
        );
      }
      const { success, data, error } = (option.is ?? z.string()).safeParse(value);
      if (success) return [name, data];
      throw new CliFailure('usage', `--${name} ${value}: ${error.issues[0]?.message}. ${helpOf(command)}`);
    }),
  );
}
