import type { Out } from './out.ts';

/** The other screen, no cursor, and long lines cut at the edge, so that each takes one row; and back. */
const ENTER = '\x1b[?1049h\x1b[?25l\x1b[?7l';
const LEAVE = '\x1b[?7h\x1b[?25h\x1b[?1049l';
/** Terminals that know it show what is between at once, so that nothing flickers. */
const [BEGIN, END] = ['\x1b[?2026h', '\x1b[?2026l'];

/**
 * A view that is redrawn in place, on the terminal's other screen: what stood there before is there again afterwards, and
 * so is the cursor, however the process ends.
 */
export class Screen {
  readonly #out: Out;
  #open = false;
  readonly #close = (): void => this.close();

  constructor(out: Out) {
    this.#out = out;
  }

  /** Shows these lines in the place of the ones before; what has no room is left out at the end. */
  draw(lines: readonly string[]): void {
    if (!this.#open) {
      this.#open = true;
      process.once('exit', this.#close);
      this.#out.raw(ENTER);
    }
    const rows = this.#out.size?.rows ?? 24;
    const shown = lines.length > rows ? [...lines.slice(0, rows - 1), '...'] : lines;
    // Each line is cleared before it is written: behind a full one, that would take its last character.
    const below = shown.length < rows ? '\r\n\x1b[J' : '';
    this.#out.raw(`${BEGIN}\x1b[H${shown.map((one) => `\x1b[2K${one}`).join('\r\n')}${below}${END}`);
  }

  /** Gives the terminal back as it was. May be called again. */
  close(): void {
    if (!this.#open) return;
    this.#open = false;
    process.off('exit', this.#close);
    this.#out.raw(LEAVE);
  }
}
