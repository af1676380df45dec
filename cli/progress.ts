/** What a progress line is drawn from. */
export interface Done {
  files: number;
  bytes: number;
  records: number;
}

/** How often the line is drawn anew, in ms. */
const EVERY = 200;
const WIDTH = 24;

/**
 * A line on a terminal that tells how far a run is: a bar, the rate, and the time that remains once the whole is known.
 * Where the stream is no terminal nothing is written.
 */
export class Progress {
  readonly #stream: NodeJS.WriteStream;
  readonly #now: () => number;
  readonly #started: number;
  #total: { files: number; bytes: number } | undefined;
  #last = 0;

  constructor(stream: NodeJS.WriteStream, now: () => number) {
    this.#stream = stream;
    this.#now = now;
    this.#started = now();
  }

  /** Whether anybody sees it. */
  get visible(): boolean {
    return this.#stream.isTTY === true;
  }

  /** How much there is to do, once that is known. */
  total(total: { files: number; bytes: number }): void {
    this.#total = total;
  }

  show(done: Done): void {
    const now = this.#now();
    if (!this.visible || now - this.#last < EVERY) return;
    this.#last = now;
    this.#stream.write(`\r\u001b[2K${progressLine(done, this.#total, (now - this.#started) / 1000)}`);
  }

  /** Takes the line away. */
  clear(): void {
    if (this.visible) this.#stream.write('\r\u001b[2K');
  }
}

/** The line: `[######......] 41 %  338 of 824 files  612,000 events/s  about 1 min left`. */
export function progressLine(done: Done, total: { files: number; bytes: number } | undefined, seconds: number): string {
  const rate = seconds > 0 ? Math.round(done.records / seconds) : 0;
  const speed = `${rate.toLocaleString('en-US')} events/s`;
  if (!total || total.bytes === 0) return `${done.files.toLocaleString('en-US')} files  ${speed}`;
  const part = Math.min(1, done.bytes / total.bytes);
  const bar = '#'.repeat(Math.floor(part * WIDTH)).padEnd(WIDTH, '.');
  const left = part > 0.01 ? `  about ${duration((seconds / part) * (1 - part))} left` : '';
  const files = `${done.files.toLocaleString('en-US')} of ${total.files.toLocaleString('en-US')} files`;
  return `[${bar}] ${Math.floor(part * 100)} %  ${files}  ${speed}${left}`;
}

function duration(seconds: number): string {
  if (seconds < 60) return `${Math.ceil(seconds)} s`;
  return seconds < 5400 ? `${Math.ceil(seconds / 60)} min` : `${Math.ceil(seconds / 3600)} h`;
}
