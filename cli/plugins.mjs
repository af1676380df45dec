// For esbuild, where what runs should take no time to start.
import { readFileSync } from 'node:fs';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import { tsImport } from 'tsx/esm/api';
import { plainKeys } from '../infra/plain-keys.mjs';

/** In a piece made of many, files find what lies beside them by their own address, which must stay what it was. */
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

const root = new URL('../', import.meta.url);
const programs = ['scanner.wat', 'id-set.wat'];

/**
 * What a backtest would make when it starts is made before: its workers' program, and what is written in WebAssembly text.
 * `sources` gets the files that it is made of, from the project's folder on.
 */
const madeBefore = (sources) => ({
  name: 'made-before',
  setup({ onLoad }) {
    onLoad({ filter: /\/backtest\/worker-code\.ts$/ }, async ({ path }) => {
      const { outputFiles, metafile } = await build({
        ...settings,
        ...{ entryPoints: ['backtest/worker.ts'], write: false, format: 'cjs', metafile: true },
      });
      for (const source of [relative(path), ...Object.keys(metafile.inputs)]) sources.add(source);
      return {
        contents: `export const workerCode = async () => ${JSON.stringify(outputFiles[0].text)};`,
        loader: 'js',
      };
    });
    onLoad({ filter: /\/backtest\/scan\/assemble\.ts$/ }, async ({ path }) => {
      const { assemble, included } = await tsImport(pathToFileURL(path).href, import.meta.url);
      const made = programs.map((name) => [name, Buffer.from(assemble(name)).toString('base64')]);
      for (const source of [relative(path), ...[...programs, ...included].map((name) => `backtest/scan/${name}`)])
        sources.add(source);
      return {
        contents: `const made = ${JSON.stringify(Object.fromEntries(made))};
export const assemble = (name) => Buffer.from(made[name], 'base64');`,
        loader: 'js',
      };
    });
  },
});

const relative = (path) => pathToFileURL(path).href.slice(root.href.length);
const settings = { bundle: true, platform: 'node', target: 'node20', absWorkingDir: fileURLToPath(root) };

/** What every piece is made with. `sources` gets what esbuild itself does not tell of. */
export const common = (sources = new Set()) => ({ ...settings, plugins: [madeBefore(sources), ownAddress, plainKeys] });

/** Packages in the older form of modules call require(). */
export const banner = {
  js: "import { createRequire as cordonRequire } from 'node:module'; const require = cordonRequire(import.meta.url);",
};
