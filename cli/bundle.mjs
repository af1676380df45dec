// Makes the piece that bundled.mjs runs: `node cli/bundle.mjs`. A process of its own, so that whoever runs the piece does
// not keep what it took to make it in memory.
import { mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';
import { entries, folder, keyOf, list, packages, stampOf } from './bundled.mjs';
import { banner, common } from './plugins.mjs';

/** So many older pieces are kept, and all that are younger than this. */
const KEPT = 2;
const YOUNG_MS = 60 * 60_000;
const sources = new Set();
const made = `${Date.now()}-${process.pid}`;
const { metafile } = await build({
  ...common(sources),
  ...{ entryPoints: entries, outdir: join(folder, made) },
  // What only some runs need is loaded by these alone.
  ...{ format: 'esm', splitting: true, metafile: true, banner },
  ...{ sourcemap: 'linked', sourcesContent: false },
  // The SDK's CommonJS main fields would come first otherwise, and cannot be shaken.
  mainFields: ['module', 'main'],
  external: ['esbuild', 'watr'],
});
writeFileSync(join(folder, made, 'package.json'), '{"type":"module"}');

const own = [...sources, ...Object.keys(metafile.inputs)].filter((path) => !path.startsWith('node_modules/'));
const seen = Object.fromEntries([packages, ...own].map((path) => [path, stampOf(path)]));
// Under another name first: somebody may be reading the one that is there.
mkdirSync(folder, { recursive: true });
writeFileSync(`${list}.${process.pid}`, JSON.stringify({ key: keyOf(), made, seen }));
renameSync(`${list}.${process.pid}`, list);
// Others may still be running, and load from an older piece what they need at their end only.
const older = readdirSync(folder, { withFileTypes: true }).filter(
  (entry) => entry.isDirectory() && entry.name !== made,
);
const at = ({ name }) => Number(name.split('-')[0]) || 0;
for (const entry of older.sort((a, b) => at(b) - at(a)).slice(KEPT)) {
  if (Date.now() - at(entry) > YOUNG_MS) rmSync(join(folder, entry.name), { recursive: true, force: true });
}
