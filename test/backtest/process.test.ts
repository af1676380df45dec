import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
// @ts-expect-error it is JavaScript, and has no types
import { entryFor, past } from '../../cli/bundled.mjs';
import { pastCommands } from '../../cli/commands/past.ts';
import { attack, delivered } from './deliveries.ts';

const CORDON = fileURLToPath(new URL('../../cli/cordon.mjs', import.meta.url));
const folders: string[] = [];
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

/** A command as people start it, and what it has written so far. */
function started(...args: string[]) {
  const child = spawn(process.execPath, [CORDON, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  const written = { stdout: '', stderr: '' };
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    written.stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    written.stderr += text;
  });
  const ended = once(child, 'close').then(([code]) => ({ code: code as number, ...written }));
  return { child, ended };
}

describe('the process', { timeout: 120_000 }, () => {
  it.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)(
    'row: backtest: %s to a run under way: the result of what was read is printed, says that it is partial, and is right',
    async (signal, expected) => {
      const folder = delivered(attack, 20);
      folders.push(folder);
      const day = join(folder, 'AWSLogs/111122223333/CloudTrail/us-east-1/2026/05/01');
      // The third file is a pipe that holds the run up, until the signal was taken.
      const pipe = join(day, '111122223333_CloudTrail_us-east-1_20260501T0307Z_pipe.json');
      const fifo = join(day, '.fifo');
      spawnSync('mkfifo', [fifo]);
      spawnSync('ln', ['-s', fifo, pipe]);
      const { child, ended } = started('backtest', folder, '--workers', '1', '--json');
      const writer = await open(fifo, 'w');
      child.kill(signal);
      await once(child.stderr, 'data');
      await writer.write(JSON.stringify({ Records: [{ ...attack[0], eventID: 'the-last-one' }] }));
      await writer.close();

      const { code, stdout, stderr } = await ended;

      expect(code).toBe(expected);
      expect(stderr).toMatch(/^Ending early: what is being read is still counted/);
      const report = JSON.parse(stdout);
      // Two files before the pipe, the pipe, and of the others at most those that the worker had at hand: two tasks of four files.
      expect(report).toMatchObject({ partial: true, problems: [] });
      expect([4, 8]).toContain(report.files);
      expect(report.events).toBe(1 + attack.filter((_, k) => k % 20 < report.files - 1).length);
    },
  );

  it('reads a pipe', () => {
    const folder = delivered(attack, 1);
    folders.push(folder);
    const command = `find "$1" -name '*.gz' -exec cat {} + | "$2" "$3" backtest /dev/stdin --json`;
    const { status, stdout } = spawnSync('sh', ['-c', command, 'sh', folder, process.execPath, CORDON], {
      encoding: 'utf8',
    });

    expect(status).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ files: 1, events: attack.length });
  });

  it('enters the piece where the commands over what is past alone are, wherever options stand, and no others', () => {
    expect(past).toEqual(pastCommands.map(({ name }) => name));
    for (const line of [
      ['--region', 'backtest', '--json', 'tune', 'x'],
      ['backtest', '--help'],
    ]) {
      expect(entryFor(line)).toBe('cli/past-main.ts');
    }
    for (const other of [[], ['help', 'backtest'], ['incidents', 'list'], ['--profile', 'tune', 'doctor']]) {
      expect(entryFor(other)).toBe('cli/main.ts');
    }
  });
});
