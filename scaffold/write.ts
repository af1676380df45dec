import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { DetectionAnswers, ResponseAnswers } from './answers.ts';
import { withUnit } from './catalog-line.ts';
import { detectionFile, responseFile } from './files.ts';

/** A unit of that id is there already. */
export class AlreadyThere extends Error {
  override readonly name = 'AlreadyThere';
}

/** What was written does not pass the formatter and linter, and was taken back. */
export class NotWellFormed extends Error {
  override readonly name = 'NotWellFormed';
}

type Kind = 'detection' | 'response';

const CATALOG = 'playbooks/catalog.ts';
const fileOf = (kind: Kind, id: string): string => `playbooks/${kind}s/${id}.ts`;

/**
 * Makes sure that there is no such unit yet.
 * @param root the project's folder
 * @throws AlreadyThere
 */
export function checkNew(root: string, kind: Kind, id: string): void {
  const file = fileOf(kind, id);
  if (existsSync(join(root, file))) throw new AlreadyThere(`${file} is there already: choose another id.`);
}

/**
 * Writes a unit's file and its line in the catalog, and formats both. Nothing else is touched, and nothing is left where it throws.
 * @param root the project's folder
 * @returns the files, from the root
 * @throws AlreadyThere, CatalogUnreadable, NotWellFormed
 */
export function writeUnit(
  root: string,
  unit: { kind: 'detection'; answers: DetectionAnswers } | { kind: 'response'; answers: ResponseAnswers },
): string[] {
  const { kind, answers } = unit;
  checkNew(root, kind, answers.id);
  const file = fileOf(kind, answers.id);
  const before = readFileSync(join(root, CATALOG), 'utf8');
  const catalog = withUnit(before, `${kind}s`, answers.id, {
    last: unit.kind === 'detection' && unit.answers.pack === 'cis',
  });
  writeFileSync(join(root, file), unit.kind === 'detection' ? detectionFile(unit.answers) : responseFile(unit.answers));
  writeFileSync(join(root, CATALOG), catalog);
  const biome = join('node_modules', '@biomejs', 'biome', 'bin', 'biome');
  const { status, stderr } = spawnSync(
    process.execPath,
    [biome, 'check', '--write', '--error-on-warnings', file, CATALOG],
    { cwd: root, stdio: ['ignore', 'ignore', 'pipe'], encoding: 'utf8' },
  );
  if (status === 0) return [file, CATALOG];
  rmSync(join(root, file));
  writeFileSync(join(root, CATALOG), before);
  throw new NotWellFormed(`${file} or its line in ${CATALOG} does not pass biome, so neither was kept:\n${stderr}`);
}
