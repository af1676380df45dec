import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rename, rm, stat, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const PROJECT = fileURLToPath(new URL('../', import.meta.url));
const FOLDER = join(PROJECT, '.local', 'assemblies');
/** What a synthesized app depends on, besides its settings. */
const SOURCES = [
  ...['playbooks', 'handlers', 'infra', 'local/synthesize.ts'],
  ...['cdk.json', 'package-lock.json', 'tsconfig.json'],
];
/** How many assemblies are kept: the newest. */
const KEPT = 40;

/**
 * The folder of the synthesized app for `settings`, as `-c` takes them: the one made before where nothing that it depends on
 * has changed since, otherwise a new one that `synthesize` makes in the folder it is given.
 */
export async function assembly(
  settings: Record<string, string>,
  synthesize: (dir: string) => Promise<void>,
): Promise<string> {
  const dir = join(FOLDER, await keyOf(settings));
  if (existsSync(join(dir, 'manifest.json'))) {
    const now = new Date();
    await utimes(dir, now, now);
    return dir;
  }
  await mkdir(FOLDER, { recursive: true });
  const draft = await mkdtemp(join(FOLDER, 'draft-'));
  try {
    await synthesize(draft);
    // Somebody else may have made the same one meanwhile: theirs is as good.
    await rename(draft, dir).catch((error: unknown) => {
      if (!existsSync(join(dir, 'manifest.json'))) throw error;
    });
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
  await prune();
  return dir;
}

async function keyOf(settings: Record<string, string>): Promise<string> {
  const hash = createHash('sha256').update(await sourcesDigest());
  hash.update(JSON.stringify(Object.entries(settings).sort(([a], [b]) => a.localeCompare(b))));
  return hash.digest('hex').slice(0, 20);
}

/** A digest of all that an app is made of, besides its settings, as it is now. */
export async function sourcesDigest(): Promise<string> {
  const hash = createHash('sha256').update(process.version);
  for (const source of SOURCES) {
    for (const file of await filesOf(join(PROJECT, source))) {
      hash
        .update(file.slice(PROJECT.length))
        .update('\0')
        .update(await readFile(file))
        .update('\0');
    }
  }
  return hash.digest('hex');
}

async function filesOf(path: string): Promise<string[]> {
  if (!(await stat(path)).isDirectory()) return [path];
  const entries = await readdir(path, { withFileTypes: true, recursive: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name))
    .sort();
}

/** Removes what is older than the newest few, and drafts of processes that were killed. */
async function prune(): Promise<void> {
  const entries = await Promise.all(
    (await readdir(FOLDER)).map(async (name) => ({
      name,
      at: await stat(join(FOLDER, name)).then(
        (s) => s.mtimeMs,
        () => 0,
      ),
    })),
  );
  const old = entries
    .sort((a, b) => b.at - a.at)
    .filter(({ name, at }, index) => {
      const abandoned = name.startsWith('draft-') && Date.now() - at > 600_000;
      return abandoned || (!name.startsWith('draft-') && index >= KEPT);
    });
  for (const { name } of old) await rm(join(FOLDER, name), { recursive: true, force: true });
}
