import { describe, expect, it } from 'vitest';
import { commands } from '../../cli/commands/catalog.ts';
import { CliFailure } from '../../cli/failure.ts';
import { help, synopsis } from '../../cli/help.ts';
import { parseLine } from '../../cli/parse.ts';
import { fakeOut } from './out.ts';

const ID = 'trail-tampering-20260501-030012-4f1a';
const parse = (...argv: string[]) => parseLine(argv, commands);

function refusal(...argv: string[]): CliFailure {
  try {
    parse(...argv);
  } catch (error) {
    expect(error).toBeInstanceOf(CliFailure);
    return error as CliFailure;
  }
  throw new Error(`${argv.join(' ')} was taken`);
}

describe('a command line', () => {
  it('is taken apart into command, arguments, options and those of every command', () => {
    const line = parse('approvals', 'approve', ID, 'disable-iam-user-3f9a1c', '--note', 'not ours', '--profile', 'soc');

    expect(line).toMatchObject({
      kind: 'run',
      command: { name: 'approvals approve' },
      args: { INCIDENT: ID, KEY: 'disable-iam-user-3f9a1c' },
      options: { note: 'not ours', 'no-wait': false },
      global: { profile: 'soc', prefix: 'cordon', json: false },
    });
  });

  it('may have options of every command in front', () => {
    expect(parse('--region', 'eu-west-1', '--json', 'incidents', 'list')).toMatchObject({
      command: { name: 'incidents list' },
      global: { region: 'eu-west-1', json: true },
    });
  });

  it.each([
    ['an unknown command, with those that there are', ['incident', 'list'], /no command "incident list".*incidents/],
    ['an unknown verb, with those of its group', ['incidents', 'destroy'], /There are: incidents list, incidents show/],
    ['a missing argument', ['incidents', 'show'], /needs INCIDENT/],
    ['an argument too many', ['incidents', 'show', ID, 'x'], /does not take "x"/],
    ['an unknown option', ['incidents', 'list', '--nope'], /Unknown option '--nope'\. See/],
    ['an option without its value', ['incidents', 'list', '--since'], /--since/],
    ['a missing note', ['tasks', 'done', ID, 'task-3f9a1c'], /needs --note TEXT/],
    ['a note of blanks', ['tasks', 'done', ID, 'task-3f9a1c', '--note', '  '], /must say something/],
    ['a wrong severity', ['incidents', 'list', '--severity', 'BAD'], /LOW, MEDIUM, HIGH, CRITICAL/],
    ['a span that is none', ['incidents', 'list', '--since', 'yesterday'], /90m, 24h or 7d/],
    ['a limit of nothing', ['incidents', 'list', '--limit', '0'], /from 1 to 1000/],
  ])('is refused for %s', (_, argv, words) => {
    const failure = refusal(...argv);

    expect(failure.message).toMatch(words);
    expect(failure.message).toMatch(/See: npx cordon /);
    expect(failure.exitCode).toBe(2);
  });

  it('reads values: severities in any case, spans as times', () => {
    const before = Date.now();
    const line = parse('incidents', 'list', '--severity', 'high,CRITICAL', '--since', '90m', '--limit', '5');

    const { options } = line as unknown as { options: { severity: string[]; since: string; limit: number } };
    expect(options).toMatchObject({ severity: ['HIGH', 'CRITICAL'], limit: 5 });
    expect(before - Date.parse(options.since)).toBeGreaterThanOrEqual(90 * 60_000 - 1000);
    expect(before - Date.parse(options.since)).toBeLessThanOrEqual(90 * 60_000);
  });

  it('refuses a value that is empty, which a script did not fill in', () => {
    expect(() => parse('backtest', './AWSLogs', '--pattern', '')).toThrow(/backtest needs --pattern PATTERN/);
    expect(() => parse('backtest', './AWSLogs', '--since=')).toThrow(/backtest needs --since WHEN/);
  });

  it.each([[[]], [['help']], [['--help']]])('asks for help on everything: %j', (argv) => {
    expect(parse(...argv)).toEqual({ kind: 'help', topic: [] });
  });

  it('asks for help on a group or a command', () => {
    expect(parse('incidents')).toEqual({ kind: 'help', topic: ['incidents'] });
    expect(parse('help', 'incidents', 'show')).toEqual({ kind: 'help', topic: ['incidents', 'show'] });
    expect(parse('undo', '-h')).toEqual({ kind: 'help', topic: ['undo'] });
  });
});

describe('every command', () => {
  it.each(commands.map((command) => [command.name, command] as const))('%s: its examples can be typed', (name, one) => {
    expect(one.examples.length).toBeGreaterThan(0);
    for (const { command } of one.examples) {
      const [typed = ''] = command.split(/ \||\s\|\|/);
      const words = [...typed.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, word]) => quoted ?? word ?? '');
      expect(words.slice(0, 2)).toEqual(['npx', 'cordon']);
      expect(parseLine(words.slice(2), commands)).toMatchObject({ kind: 'run', command: { name } });
    }
  });

  it.each(commands.map((command) => [command.name, command] as const))(
    '%s: its help tells all of it, in 80 columns',
    (name, one) => {
      const text = help(name.split(' '), commands, fakeOut({ columns: 80, rows: 24 }).out);

      expect(text).toContain(synopsis(one));
      for (const option of Object.keys(one.options ?? {})) expect(text).toContain(`--${option}`);
      const prose = text.split('\n').filter((line) => !line.startsWith('  npx ') && !line.startsWith('Usage:'));
      expect(prose.filter((line) => line.length > 80)).toEqual([]);
    },
  );
});
