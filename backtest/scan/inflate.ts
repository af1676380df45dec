import { constants, crc32, createInflateRaw } from 'node:zlib';
import { bodyOf } from './gzip.ts';

/** The parts of Node's zlib that its own synchronous calls use: they can inflate into memory that is there already. */
interface Handle {
  reset: () => void;
  writeSync: (
    flush: number,
    input: Uint8Array,
    from: number,
    length: number,
    output: Uint8Array,
    to: number,
    room: number,
  ) => void;
  onerror: (message: string) => void;
}

/**
 * Inflates gzip files of one member into memory that is given. Node's public calls put each file into memory of its own, and
 * hundreds of megabytes of it are waiting to be collected at any time. What this relies on is not documented: where Node does not
 * have it, or a file is not plain, it declines, and the public calls are used.
 */
export class Inflate {
  readonly #handle: Handle | undefined;
  readonly #state: Uint32Array | undefined;
  #failed = false;

  /** @param engine for tests: what Node's zlib gives */
  constructor(engine: unknown = createInflateRaw()) {
    const { _handle: handle, _writeState: state } = engine as { _handle?: Partial<Handle>; _writeState?: unknown };
    if (typeof handle?.writeSync !== 'function' || typeof handle.reset !== 'function') return;
    if (!(state instanceof Uint32Array)) return;
    this.#handle = handle as Handle;
    this.#state = state;
    this.#handle.onerror = () => {
      this.#failed = true;
    };
  }

  /**
   * Inflates `file` into what `room` gives for a size. Returns the size of its text, once that and its checksum are what the file
   * says; undefined where anything is other than plain.
   */
  into(file: Uint8Array, most: number, room: (size: number) => Uint8Array): number | undefined {
    const handle = this.#handle;
    const state = this.#state;
    const body = bodyOf(file, 0);
    if (!handle || !state || body === undefined || file.length < body + 8) return undefined;
    const trailer = Buffer.from(file.buffer, file.byteOffset + file.length - 8, 8);
    const size = trailer.readUInt32LE(4);
    if (size > most) return undefined;
    // One byte more tells a text that is as long as the file says from one that goes on.
    const output = room(size + 1);
    this.#failed = false;
    handle.reset();
    handle.writeSync(constants.Z_FINISH, file, body, file.length - body, output, 0, size + 1);
    const [roomLeft, inputLeft] = state;
    if (this.#failed || roomLeft !== 1 || inputLeft !== 8) return undefined;
    return crc32(output.subarray(0, size)) === trailer.readUInt32LE(0) ? size : undefined;
  }
}
