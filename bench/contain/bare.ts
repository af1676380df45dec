import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import * as z from 'zod';
import { LocalFailure } from '../../local/failure.ts';
import type { BareTimes } from './bare-calls.ts';
import type { BareOrder } from './bare-script.ts';

const SCRIPT = fileURLToPath(new URL('./bare-script.ts', import.meta.url));
const times = z.object({ alone: z.array(z.number()), atOnce: z.array(z.number()) });

/**
 * Runs the bare script in a process of its own.
 * @throws LocalFailure of kind `failed` with what it said last, when it failed
 */
export async function runBare(order: BareOrder, signal: AbortSignal): Promise<BareTimes> {
  const child = spawn(process.execPath, ['--import', 'tsx', SCRIPT], {
    stdio: ['pipe', 'pipe', 'pipe'],
    signal,
  });
  const ended = new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  child.stdin.on('error', () => {}); // the script's end says more
  child.stdin.end(JSON.stringify(order));
  const [code, output, said] = await Promise.all([ended, text(child.stdout), text(child.stderr)]);
  if (code !== 0) {
    const last = said.trim().split('\n').slice(-4).join(' | ');
    throw new LocalFailure('failed', `The bare calls of ${order.action} failed (exit code ${code}): ${last}`);
  }
  return times.parse(JSON.parse(output));
}
