import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { DetectionAnswers, ResponseAnswers } from './answers.ts';
import { withUnit } from './catalog-line.ts';
import { detectionFile, responseFile } from './files.ts';

/** A unit of that id is there already. */
export class AlreadyThere extends Error {
  override readonly name = 'AlreadyThere';
}

const CATALOG = 'playbooks/catalog.ts';

/**
 * Writes a unit's file and its line in the catalog, and formats both. Nothing else is touched.
 * @param root the project's folder
 * @returns the files, from the root
 * @throws AlreadyThere, CatalogUnreadable
 */
export function writeUnit(
  root: string,
  unit: { kind: 'detection'; answers: DetectionAnswers } | { kind: 'response'; answers: ResponseAnswers },
): string[] {
  const folder = unit.kind === 'detection' ? 'detections' : 'responses';
  const file = `playbooks/${folder}/${unit.answers.id}.ts`;
  if (existsSync(join(root, file))) throw new AlreadyThere(`${file} is there already: choose another id.`);
  const catalog = withUnit(readFileSync(join(root, CATALOG), 'utf8'), folder, unit.answers.id, {
    last: unit.kind === 'detection' && unit.answers.pack === 'cis',
  });
  writeFileSync(join(root, file), unit.kind === 'detection' ? detectionFile(unit.answers) : responseFile(unit.answers));
  writeFileSync(join(root, CATALOG), catalog);
  const biome = join('node_modules', '@biomejs', 'biome', 'bin', 'biome');
  spawnSync(process.execPath, [biome, 'check', '--write', file, CATALOG], { cwd: root, stdio: 'ignore' });
  return [file, CATALOG];
}
