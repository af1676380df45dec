import type { Out } from '../../cli/output/out.ts';
import { noPaint, type Paint } from '../../cli/output/paint.ts';

/** An output that keeps what it is told; a terminal of that size, or none. */
export function fakeOut(size?: { columns: number; rows: number }, paint: Paint = noPaint) {
  const said: string[] = [];
  const raw: string[] = [];
  const out: Out = {
    json: false,
    size,
    paint,
    say: (text) => void said.push(text),
    value: (value) => void said.push(JSON.stringify(value)),
    note: () => {},
    raw: (text) => void raw.push(text),
  };
  return { out, said, raw };
}
