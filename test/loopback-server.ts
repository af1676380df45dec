import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A test's server at work. */
export interface LoopbackServer {
  /** Its address, on 127.0.0.1. */
  url: string;
  /** Ends it, and what is connected to it. */
  close(): Promise<void>;
}

/** Has a server listen on a free port of 127.0.0.1. */
export async function listening(server: Server): Promise<LoopbackServer> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
