// Makes the pieces that bundled.mjs runs: `node cli/bundle.mjs`. A process of its own, so that whoever runs a piece does
// not keep what it took to make it in memory.
import { mkdirSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as esbuild from 'esbuild';
import { folder, keyOf, pieces, root } from './bundled.mjs';
import { ownAddress } from './own-address.mjs';

const common = { bundle: true, write: false, platform: 'node', target: 'node20', metafile: true, absWorkingDir: root };
const [main, worker] = await Promise.all([
  esbuild.build({
    ...common,
    entryPoints: [pieces.main.from],
    format: 'esm',
    external: ['@aws-sdk/*', 'esbuild'],
    plugins: [ownAddress],
    // Packages in the older form of modules call require().
    banner: {
      js: "import { createRequire as cordonRequire } from 'node:module'; const require = cordonRequire(import.meta.url);",
    },
  }),
  esbuild.build({ ...common, entryPoints: [pieces.worker.from], format: 'cjs' }),
]);

mkdirSync(folder, { recursive: true });
const put = (name, text) => {
  // Under another name first: somebody may be reading the one that is there.
  const path = join(folder, `${name}.${process.pid}`);
  writeFileSync(path, text);
  renameSync(path, join(folder, name));
};
put(pieces.main.to, main.outputFiles[0].text);
put(pieces.worker.to, worker.outputFiles[0].text);
const inputs = [...new Set([...Object.keys(main.metafile.inputs), ...Object.keys(worker.metafile.inputs)])];
const seen = Object.fromEntries(
  inputs.map((path) => {
    const { mtimeMs, size } = statSync(join(root, path));
    return [path, [mtimeMs, size]];
  }),
);
put(pieces.list, JSON.stringify({ key: keyOf(), seen }));
