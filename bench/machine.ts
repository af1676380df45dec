import { readFileSync } from 'node:fs';
import { cpus, release, totalmem, type } from 'node:os';

/** What the figures depend on. */
export interface Machine {
  /** The processor as the system names it. */
  cpu: string;
  cores: number;
  /** In GiB. */
  memory: number;
  system: string;
  node: string;
  /** Versions of the packages that take part, by name, as they are installed. */
  packages: Record<string, string>;
}

const ROOT = new URL('../', import.meta.url);
const PACKAGES = ['@aws-sdk/client-dynamodb', '@aws-sdk/lib-dynamodb', 'aws-cdk-lib', 'esbuild', 'zod'];

/** The machine that this process runs on. */
export function thisMachine(): Machine {
  const processors = cpus();
  return {
    cpu: processors[0]?.model.trim() || 'unknown',
    cores: processors.length,
    memory: Math.round(totalmem() / 2 ** 30),
    system: `${type()} ${release().split('-')[0]}`,
    node: process.versions.node,
    packages: {
      ministack: emulatorVersion(readFileSync(new URL('local/requirements.in', ROOT), 'utf8')),
      ...Object.fromEntries(PACKAGES.map((name) => [name, installed(name)])),
    },
  };
}

/** The emulator's version among the locked requirements. */
export function emulatorVersion(requirements: string): string {
  return /^ministack==(\S+)/m.exec(requirements)?.[1] ?? 'unknown';
}

function installed(name: string): string {
  const manifest = readFileSync(new URL(`node_modules/${name}/package.json`, ROOT), 'utf8');
  return (JSON.parse(manifest) as { version: string }).version;
}

/** The machine in a sentence. */
export function machineWords({ cpu, cores, memory, system, node, packages }: Machine): string {
  const versions = Object.entries(packages).map(([name, version]) => `${name} ${version}`);
  return `${cpu}, ${cores} cores, ${memory} GiB, ${system}; Node ${node}, ${versions.join(', ')}`;
}
