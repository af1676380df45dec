import { createServer } from 'node:http';
import { text } from 'node:stream/consumers';
import { assembly, sourcesDigest } from '../../../local/assembly.ts';
import { type Assemble, assembleHere } from '../../../local/deploy.ts';
import { startSynthesizer } from '../../../local/synthesizer.ts';
import { listening } from '../../loopback-server.ts';

/** Synthesizes apps for all test files: CDK is loaded once. */
export interface Assembler {
  /** Its address, on 127.0.0.1. */
  url: string;
  assemble: Assemble;
  close(): void;
}

declare module 'vitest' {
  export interface ProvidedContext {
    /** Its address; undefined in projects that start none. */
    assembler: string | undefined;
  }
}

/** Starts it. `POST /` with settings is answered with the folder of the app. */
export async function startAssembler(): Promise<Assembler> {
  const loaded = await sourcesDigest();
  const synthesizer = startSynthesizer();
  const assemble: Assemble = async (settings) => {
    // Sources that were edited since are not those that it has loaded, and what it made would be kept as made of them.
    if ((await sourcesDigest()) !== loaded) return assembleHere(settings);
    return assembly(settings, (dir) => synthesizer.synthesize(settings, dir));
  };
  const server = createServer(async (request, response) => {
    try {
      response.end(await assemble(JSON.parse(await text(request))));
    } catch (error) {
      response.writeHead(500).end(error instanceof Error ? error.message : String(error));
    }
  });
  const { url, close } = await listening(server);
  return {
    url,
    assemble,
    close: () => {
      void close();
      synthesizer.close();
    },
  };
}

/** Asks one at an address. */
export const assemblerAt =
  (url: string): Assemble =>
  async (settings) => {
    const answer = await fetch(url, { method: 'POST', body: JSON.stringify(settings) });
    if (!answer.ok) throw new Error(await answer.text());
    return answer.text();
  };
