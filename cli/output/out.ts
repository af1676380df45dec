import { type Paint, paintFor, takesColours } from './paint.ts';

/** Where a command says what it has to say. */
export interface Out {
  /** For people, or, with `--json`, for programs. */
  readonly json: boolean;
  /** Width and height of the terminal; absent where it is none, and nothing is cut or wrapped. */
  readonly size: { columns: number; rows: number } | undefined;
  readonly paint: Paint;
  /** Writes a line, or several. */
  say(text: string): void;
  /** Writes a value as JSON, indented, or on one line where many follow each other. */
  value(value: unknown, oneLine?: boolean): void;
  /** Writes a line that is no result: progress, a warning. It goes to standard error. */
  note(text: string): void;
  /** Writes as it stands, without a line break: control sequences of live views. */
  raw(text: string): void;
}

/** The process's own standard output. */
export function processOut(json: boolean, stream = process.stdout, env = process.env): Out {
  const paint = paintFor(!json && takesColours(stream.isTTY, env));
  return {
    json,
    paint,
    get size() {
      return stream.isTTY ? { columns: stream.columns || 80, rows: stream.rows || 24 } : undefined;
    },
    say: (text) => void stream.write(`${text}\n`),
    value: (value, oneLine = false) => void stream.write(`${JSON.stringify(value, null, oneLine ? 0 : 2)}\n`),
    note: (text) => void process.stderr.write(`${text}\n`),
    raw: (text) => void stream.write(text),
  };
}
