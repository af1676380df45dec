import { rmSync } from 'node:fs';
import { afterAll } from 'vitest';
import { pastCommands } from '../../cli/commands/past.ts';
import { EXIT_CODES } from '../../cli/failure.ts';
import { parseLine } from '../../cli/parse.ts';
import { fakeOut } from '../cli/out.ts';
import { delivered } from './deliveries.ts';

/** What is removed in the end. */
export const folders: string[] = [];
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

/** An archive of these records. */
export function archive(...parameters: Parameters<typeof delivered>): string {
  const folder = delivered(...parameters);
  folders.push(folder);
  return folder;
}

/** Runs a command line, and gives what it prints. */
export async function command(
  args: string[],
  signal = new AbortController().signal,
  name = 'backtest',
  instead: { say?: (text: string) => void } = {},
) {
  const line = parseLine([name, ...args, '--workers', '2'], pastCommands);
  if (line.kind === 'help') throw new Error('it is no command to run');
  const { out, said } = fakeOut();
  const desk = () => Promise.reject(new Error('files need no installation'));
  const { args: given, options, global } = line;
  const kind = await line.command.run({
    ...{ args: given, options, asked: global, signal, desk },
    out: {
      ...{ ...out, json: global.json },
      ...(instead.say ? { say: instead.say, value: (value: unknown) => instead.say?.(JSON.stringify(value)) } : {}),
    },
  });
  return { code: EXIT_CODES[kind ?? 'ok'], text: said.join('\n') };
}
