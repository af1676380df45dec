// Runs a TypeScript module in one piece: where every tenth of a second and every megabyte counts, the loader that runs
// TypeScript file by file is too much. The piece is made anew each time, so that it cannot be stale.
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import * as esbuild from 'esbuild';

/** Files find what lies beside them by their own address, which must stay what it was. */
const ownAddress = {
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

/**
 * Imports a TypeScript file of the project.
 * @param {string} file its path from the project's folder
 */
export async function importBundled(file) {
  const root = fileURLToPath(new URL('../', import.meta.url));
  const built = await esbuild.build({
    entryPoints: [join(root, file)],
    bundle: true,
    write: false,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    external: ['@aws-sdk/*', 'esbuild'],
    plugins: [ownAddress],
    sourcemap: 'inline',
    // Packages in the older form of modules call require().
    banner: {
      js: "import { createRequire as cordonRequire } from 'node:module'; const require = cordonRequire(import.meta.url);",
    },
  });
  // Here packages are found from it.
  const folder = join(root, 'node_modules', '.cache', 'cordon');
  mkdirSync(folder, { recursive: true });
  const piece = join(folder, `${process.pid}-${Date.now()}.mjs`);
  writeFileSync(piece, built.outputFiles[0]?.text ?? '');
  try {
    return await import(pathToFileURL(piece).href);
  } finally {
    rmSync(piece, { force: true });
  }
}
