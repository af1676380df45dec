// Makes the piece that bundled.mjs runs: `node cli/bundle.mjs`. A process of its own, so that whoever runs the piece does
// not keep what it took to make it in memory.
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';
import { folder, keyOf, piece, root, stampOf } from './bundled.mjs';
import { banner, common } from './plugins.mjs';

const sources = new Set();
const made = `${Date.now()}-${process.pid}`;
const { metafile } = await build({
  ...common(sources),
  ...{ entryPoints: [piece.from], outdir: join(folder, made) },
  // What only some runs need is loaded by these alone.
  ...{ format: 'esm', splitting: true, metafile: true, banner },
  external: ['@aws-sdk/*', 'esbuild', 'watr'],
});
writeFileSync(join(folder, made, 'package.json'), '{"type":"module"}');

const before = previous();
const seen = Object.fromEntries(
  [...sources, ...Object.keys(metafile.inputs)].map((path) => [path, stampOf(join(root, path))]),
);
// Under another name first: somebody may be reading the one that is there.
mkdirSync(folder, { recursive: true });
writeFileSync(`${piece.list}.${process.pid}`, JSON.stringify({ key: keyOf(), made, seen }));
renameSync(`${piece.list}.${process.pid}`, piece.list);
// The one before may still be running.
for (const { name } of readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isDirectory())) {
  if (name !== made && name !== before) rmSync(join(folder, name), { recursive: true, force: true });
}

function previous() {
  try {
    return JSON.parse(readFileSync(piece.list, 'utf8')).made;
  } catch {
    // Nothing is kept yet.
    return undefined;
  }
}
