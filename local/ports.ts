import { createServer } from 'node:net';
import { LocalFailure } from './failure.ts';

/** A port on 127.0.0.1 that nobody else can take until it is released. */
export interface ReservedPort {
  port: number;
  /** Lets the port go, right before its user listens on it. */
  release(): Promise<void>;
}

/**
 * Holds a port on 127.0.0.1; 0 takes a free one.
 * @throws LocalFailure of kind `busy` when the port is taken or not allowed.
 */
export async function reservePort(port = 0): Promise<ReservedPort> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => reject(portFailure(port, error)));
    server.listen(port, '127.0.0.1', resolve);
  });
  const address = server.address();
  if (address === null || typeof address === 'string') {
    throw new LocalFailure('busy', `Port ${port} could not be opened on 127.0.0.1; choose another with --port.`);
  }
  return { port: address.port, release: () => new Promise((resolve) => server.close(() => resolve())) };
}

/** The failure of listening on `port` of 127.0.0.1, in one line. */
export function portFailure(port: number, error: NodeJS.ErrnoException): LocalFailure {
  const reason =
    error.code === 'EADDRINUSE'
      ? `Port ${port} on 127.0.0.1 is in use; stop what listens there, or choose another port with --port`
      : error.code === 'EACCES'
        ? `Port ${port} on 127.0.0.1 may not be opened by this user; choose one above 1023 with --port`
        : `Port ${port} on 127.0.0.1 could not be opened (${error.code ?? error.message}); choose another with --port`;
  return new LocalFailure('busy', `${reason}.`, { cause: error });
}
