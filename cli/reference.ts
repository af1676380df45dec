import type { Command, Option } from './command.ts';
import { EXIT_CODES, EXIT_WORDS, type ExitKind } from './failure.ts';
import { commonExits, exitsOf, optionText, synopsis } from './help.ts';
import { globalOptions } from './parse.ts';

const cell = (text: string): string => text.replaceAll('|', '\\|');

/** The reference of all commands in Markdown, as docs/cli.md has it. */
export function reference(commands: readonly Command[]): string {
  return `${[
    '# The commands',
    '',
    'Made from the commands themselves; `npx cordon COMMAND --help` says the same. Every command takes:',
    '',
    ...optionTable(globalOptions),
    '',
    'Credentials come as the AWS CLI has them: environment, profile (assumed roles, IAM Identity Center and credential',
    'processes included), container or instance. Colours are off where the output is no terminal or `NO_COLOR` is set;',
    '`FORCE_COLOR` puts them on. With `--json`, standard output holds the result and nothing else, and a failure is an',
    'object on standard error: `{"error": "setup", "message": "..."}`.',
    '',
    '| Exit code | Meaning |',
    '| --- | --- |',
    ...Object.entries(EXIT_CODES).map(([kind, code]) => `| ${code} | ${EXIT_WORDS[kind as ExitKind]} |`),
    '',
    ...commands.flatMap(section),
  ]
    .join('\n')
    .trimEnd()}\n`;
}

function section(command: Command): string[] {
  const { name, summary, about = [], arguments: args = [], options = {}, examples } = command;
  const rows = [
    ...args.map((one) => `| \`${one.name}\` | ${cell(one.about)} |`),
    ...Object.entries(options).map(([key, one]) => `| \`${optionText(key, one)}\` | ${cell(one.about)} |`),
  ];
  const common = commonExits.map((kind) => EXIT_CODES[kind]);
  const own = exitsOf(command).filter(([code]) => !common.includes(code));
  return [
    `## ${name}`,
    '',
    `\`npx cordon ${synopsis(command)}\`: ${summary}.`,
    '',
    ...about.flatMap((paragraph) => [paragraph, '']),
    ...(rows.length > 0 ? ['| | |', '| --- | --- |', ...rows, ''] : []),
    ...(own.length > 0
      ? [`Exit codes besides ${common.join(', ')}: ${own.map(([code, words]) => `${code} ${words}`).join('; ')}.`, '']
      : []),
    '```sh',
    ...examples.flatMap(({ command: line, about: why }) => [`# ${why}`, line]),
    '```',
    '',
  ];
}

const optionTable = (options: Readonly<Record<string, Option>>): string[] => [
  '| Option | |',
  '| --- | --- |',
  ...Object.entries(options).map(([key, one]) => `| \`${optionText(key, one)}\` | ${cell(one.about)} |`),
];
