import { fileURLToPath } from 'node:url';

/**
 * The workers' program in one piece. Workers run it as it is, without the loader that runs TypeScript: that would take each
 * of them a tenth of a second and tens of megabytes.
 */
export function workerCode(): Promise<string> {
  code ??= bundled();
  return code;
}

let code: Promise<string> | undefined;

async function bundled(): Promise<string> {
  const esbuild = await import('esbuild');
  const built = await esbuild.build({
    entryPoints: [fileURLToPath(new URL('./worker.ts', import.meta.url))],
    bundle: true,
    write: false,
    platform: 'node',
    format: 'cjs',
    target: 'node20',
  });
  return built.outputFiles[0]?.text ?? '';
}
