import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildSync } from 'esbuild';
import { units } from './units.ts';

const root = fileURLToPath(new URL('../', import.meta.url));

/** Where the bundle of an entry lies, below the folder given to {@link bundle}: functions of one entry share it. */
export const bundleOf = (entry: string): string => entry.replace(/^handlers\//, '').replace(/\.ts$/, '');

/**
 * Bundles every function with one run of esbuild: an ES module with its SDK clients, names kept and a source map beside
 * it, so that a stack trace in the log names the file and the line that people read.
 * @param outdir gets a folder for each entry
 * @param ownRoles the names of cordon's own roles, which stand in the code: see handlers/environment.ts
 */
export function bundle(outdir: string, ownRoles: readonly string[]): void {
  const entries = [...new Set(units.map((unit) => unit.entry))];
  buildSync({
    entryPoints: entries.map((entry) => ({ in: join(root, entry), out: `${bundleOf(entry)}/index` })),
    outdir,
    outExtension: { '.js': '.mjs' },
    absWorkingDir: root,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    // The SDK's CommonJS main fields would come first otherwise, and cannot be shaken.
    mainFields: ['module', 'main'],
    define: { 'process.env.CORDON_OWN_ROLES': JSON.stringify(JSON.stringify(ownRoles)) },
    keepNames: true,
    sourcemap: 'linked',
    sourcesContent: false,
    // Some dependencies of dependencies are CommonJS and call require.
    banner: {
      js: "import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);",
    },
    logLevel: 'warning',
  });
}
