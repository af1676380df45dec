import { readFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';

/** For esbuild: in a piece made of many, files find what lies beside them by their own address, which must stay what it was. */
export const ownAddress = {
  name: 'own-address',
  setup(build) {
    build.onLoad({ filter: /\.ts$/ }, ({ path }) => {
      const contents = readFileSync(path, 'utf8');
      if (!contents.includes('import.meta.url')) return undefined;
      return {
        contents: contents.replaceAll('import.meta.url', JSON.stringify(pathToFileURL(path).href)),
        loader: 'ts',
      };
    });
  },
};
