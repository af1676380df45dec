import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, type OutputFile } from 'esbuild';
// @ts-expect-error it is JavaScript, and has no types
import { plainKeys } from './plain-keys.mjs';
import { units } from './units.ts';

const root = fileURLToPath(new URL('../', import.meta.url));

/** The module of an entry in the bundle, as a function's handler names it. */
export const moduleOf = (entry: string): string => `${entry.replace(/^handlers\//, '').replace(/\.ts$/, '')}/index`;

/**
 * Bundles every function with one run of esbuild: ES modules with their SDK clients, and what several need once, in modules
 * beside them. All functions share the folder: apart, they were 180 MB, and each deployment uploaded forty files. A source map
 * is beside each module, so that a stack trace in the log names the file and the line that people read.
 * @param outdir gets a folder for each entry
 * @param ownRoles the names of cordon's own roles, which stand in the code: see handlers/environment.ts
 */
export async function bundle(outdir: string, ownRoles: readonly string[]): Promise<void> {
  const roles = JSON.stringify(ownRoles);
  const files = made.get(roles) ?? built(roles);
  made.set(roles, files);
  for (const { path, contents } of await files) {
    const file = join(outdir, relative(nowhere, path));
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, contents);
  }
}

/** By the names of the roles: who synthesizes several apps bundles once. */
const made = new Map<string, Promise<OutputFile[]>>();
/** Where the files would be, if they were written. */
const nowhere = join(root, '.bundle');

async function built(ownRoles: string): Promise<OutputFile[]> {
  const entries = [...new Set(units.map((unit) => unit.entry))];
  const { outputFiles } = await build({
    entryPoints: entries.map((entry) => ({ in: join(root, entry), out: moduleOf(entry) })),
    outdir: nowhere,
    write: false,
    outExtension: { '.js': '.mjs' },
    absWorkingDir: root,
    bundle: true,
    splitting: true,
    chunkNames: 'shared/[name]-[hash]',
    // A function that starts cold has to read all of it.
    minify: true,
    plugins: [plainKeys],
    platform: 'node',
    format: 'esm',
    target: 'node20',
    // The SDK's CommonJS main fields would come first otherwise, and cannot be shaken.
    mainFields: ['module', 'main'],
    define: { 'process.env.CORDON_OWN_ROLES': JSON.stringify(ownRoles) },
    sourcemap: 'linked',
    sourcesContent: false,
    // Some dependencies of dependencies are CommonJS and call require.
    banner: {
      js: "import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);",
    },
    logLevel: 'warning',
  });
  return outputFiles;
}
