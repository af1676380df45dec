import { constants, crc32, createInflateRaw } from 'node:zlib';
import { bodyOf } from './gzip.ts';

/** So many bytes are inflated at a time. */
const AT_ONCE = 128 * 1024;

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
    let checksum = 0;
    // Piece by piece: the checksum of what has just been inflated finds it in the processor's cache.
    for (let [from, at] = [body, 0]; ; ) {
      const room = Math.min(AT_ONCE, size + 1 - at);
      handle.writeSync(constants.Z_FINISH, file, from, file.length - from, output, at, room);
      const [roomLeft = 0, inputLeft = 0] = state;
      if (this.#failed) return undefined;
      checksum = crc32(output.subarray(at, Math.min(at + room - roomLeft, size)), checksum);
      at += room - roomLeft;
      from = file.length - inputLeft;
      if (roomLeft === 0 && at <= size) continue;
      return at === size && inputLeft === 8 && checksum === trailer.readUInt32LE(0) ? size : undefined;
    }
  }
}
