const FRAMES = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];
const QUIET_MS = 1000;
const PLAIN_EVERY_MS = 15_000;

/** Milliseconds as people read them: `0.4 s`, `12 s`. */
export function seconds(ms) {
  return ms < 10_000 ? `${(ms / 1000).toFixed(1)} s` : `${Math.round(ms / 1000)} s`;
}

/**
 * Shows on standard error, which leaves standard output to results, that something is going on: a line redrawn in place
 * on a terminal; else a plain line once a second has passed, and then every 15 s.
 */
export class Progress {
  #running = new Map();
  #frame = 0;
  #timer;
  #stream;

  constructor(stream = process.stderr) {
    this.#stream = stream;
  }

  /**
   * Shows `label` while `work` runs.
   * @template T
   * @param {string} label @param {() => Promise<T>} work @returns {Promise<T>}
   */
  async during(label, work) {
    const task = { started: performance.now(), lastTold: 0 };
    this.#running.set(label, task);
    this.#timer ??= setInterval(() => this.#show(), this.#stream.isTTY ? 100 : 250);
    try {
      return await work();
    } finally {
      this.#running.delete(label);
      this.#clear();
      if (this.#running.size === 0) {
        clearInterval(this.#timer);
        this.#timer = undefined;
      }
    }
  }

  /** Writes a line that stays. */
  say(line) {
    this.#clear();
    this.#stream.write(`${line}\n`);
  }

  #show() {
    const now = performance.now();
    const slow = [...this.#running].filter(([, task]) => now - task.started >= QUIET_MS);
    if (slow.length === 0) return;
    if (this.#stream.isTTY) {
      this.#frame = (this.#frame + 1) % FRAMES.length;
      const text = slow.map(([label, task]) => `${label} (${seconds(now - task.started)})`).join(', ');
      this.#clear();
      this.#stream.write(`${FRAMES[this.#frame]} ${text}`.slice(0, (this.#stream.columns ?? 80) - 1));
      return;
    }
    for (const [label, task] of slow) {
      if (task.lastTold !== 0 && now - task.lastTold < PLAIN_EVERY_MS) continue;
      this.#stream.write(task.lastTold === 0 ? `${label} ...\n` : `${label}: ${seconds(now - task.started)} so far\n`);
      task.lastTold = now;
    }
  }

  #clear() {
    if (this.#stream.isTTY) this.#stream.write('\r\x1b[2K');
  }
}
